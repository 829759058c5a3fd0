"""A proxy between drsd and a server that refuses LOAD DATA: with an error of its own, or by closing the connection."""
import socket
import threading


class RefusingProxy:
    """Listens on a free port of 127.0.0.1; `closes`: what the refusal is. `refused` counts."""

    def __init__(self, server, closes=False):
        self.server, self.closes, self.refused = server, closes, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", self.server.port))
            threading.Thread(target=self._pass, args=(upstream, client), daemon=True).start()
            threading.Thread(target=self._requests, args=(client, upstream), daemon=True).start()

    @staticmethod
    def _pass(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()

    def _requests(self, client, upstream):
        """Packets of the client: 3 bytes of length, a number, the body."""
        file = client.makefile("rb")
        try:
            while len(head := file.read(4)) == 4:
                body = file.read(int.from_bytes(head[:3], "little"))
                if body[:1] == b"\x03" and body[1:].lstrip().upper().startswith(b"LOAD DATA"):
                    self.refused += 1
                    if self.closes:
                        break
                    text = b"\xff" + (1148).to_bytes(2, "little") + b"#42000" + b"The used command is not allowed here"
                    client.sendall(len(text).to_bytes(3, "little") + bytes([head[3] + 1]) + text)
                    continue
                upstream.sendall(head + body)
        except OSError:
            pass
        for end in (client, upstream):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
