"""Proxies between drsd and a server: one refuses LOAD DATA, with an error of its own or by closing the connection; one
delivers late; one loses the network."""
import contextlib
import ctypes
import socket
import struct
import threading


_SO_ATTACH_FILTER, _SO_DETACH_FILTER = 26, 27
_RETURN_NOTHING = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # BPF: every packet is dropped


def drop_packets(end):
    """From now on nothing that the peer sends to the socket is acknowledged."""
    end.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(_RETURN_NOTHING)))


class Listening:
    """Stands before a server at a free port of 127.0.0.1; _accept() runs in a thread, until the listener is closed."""

    def __init__(self, server):
        self.server = server
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def __enter__(self):
        return self


class RefusingProxy(Listening):
    """`closes`: what the refusal is. `refused` counts."""

    def __init__(self, server, closes=False):
        self.closes, self.refused = closes, 0
        super().__init__(server)

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


class LateProxy(RefusingProxy):
    """Keeps back the first `count` requests that hold the text, also when their sender has gone, until release(); what is
    behind them on their connections waits with them. `held`: the events that let them go."""

    def __init__(self, server, text, count=1):
        self.text, self.count, self.held, self.late, self.answered = text, count, [], {}, threading.Event()
        super().__init__(server)

    def release(self, number):
        """Lets one go and waits until the server has answered it, or has ended its connection."""
        self.answered.clear()
        self.held[number].set()
        assert self.answered.wait(30), "no answer"

    def _requests(self, client, upstream):
        file = client.makefile("rb")
        try:
            while len(head := file.read(4)) == 4:
                body = file.read(int.from_bytes(head[:3], "little"))
                if self.text in body and len(self.held) < self.count:
                    self.late[upstream] = threading.Event()
                    self.held.append(self.late[upstream])
                    self.late[upstream].wait()
                upstream.sendall(head + body)
        except OSError:
            pass
        for end in (client, upstream):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _pass(self, source, sink):
        try:
            while data := source.recv(65536):
                if source in self.late:
                    self.answered.set()
                sink.sendall(data)
        except OSError:
            pass
        if source in self.late:
            self.late[source].wait()
            self.answered.set()
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class LostNetwork(Listening):
    """Passes bytes on until cut() or hang(). After cut() nothing that drsd sends is acknowledged, new connections neither: a
    cable that was pulled out. After hang() connections are taken and what they send is swallowed: a server that stands still.
    After stall() nobody takes what the server sends, which waits to send more. No connection is closed at either side. heal():
    new connections pass; those of before stay dead."""

    def __init__(self, server):
        self.lost, self.hanging, self.ends, self.lock = threading.Event(), False, [], threading.Lock()
        self.stalled = set()
        super().__init__(server)

    def __exit__(self, *_):
        self.listener.close()
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.close()

    def cut(self):
        with self.lock:
            self.lost.set()
            for end in [self.listener, *self.ends[::2]]:
                with contextlib.suppress(OSError):
                    drop_packets(end)

    def hang(self):
        with self.lock:
            self.lost.set()
            self.hanging = True

    def stall(self):
        with self.lock:
            self.stalled.add(self.lost)
            self.lost.set()
            self.hanging = True

    def heal(self):
        with self.lock:
            if not self.hanging:
                self.listener.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)
            self.lost, self.hanging = threading.Event(), False

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                upstream = socket.create_connection(("127.0.0.1", self.server.port))
                self.ends += [client, upstream]
                lost = self.lost
            for source, sink in ((client, upstream), (upstream, client)):
                threading.Thread(target=self._pass, args=(source, sink, lost), daemon=True).start()

    def _pass(self, source, sink, lost):
        try:
            while data := source.recv(65536):
                if lost in self.stalled:
                    return
                if not lost.is_set():
                    sink.sendall(data)
        except OSError:
            pass
        if not lost.is_set():
            for end in (source, sink):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
