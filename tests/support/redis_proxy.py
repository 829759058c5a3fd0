"""A proxy that speaks Redis's protocol before a server, as providers put them before their clusters: some commands it does not
know, and of transactions it wants all keys in one slot."""
import contextlib
import socket
import threading

import redis
import redis.crc

from support.proxy import Listening


def _command(file):
    """(words, raw bytes) of the next command of a client; nothing at the end."""
    line = file.readline()
    if not line.startswith(b"*"):
        return None
    raw, words = [line], []
    for _ in range(int(line[1:])):
        head = file.readline()
        body = file.read(int(head[1:]) + 2)
        raw += [head, body]
        words.append(body[:-2])
    return words, b"".join(raw)


def _reply(file):
    """The bytes of the next reply."""
    line = file.readline()
    if not line:
        raise ConnectionError
    kind, rest = line[:1], line[1:-2]
    if kind == b"$" and rest != b"-1":
        return line + file.read(int(rest) + 2)
    if kind == b"*" and rest != b"-1":
        return line + b"".join(_reply(file) for _ in range(int(rest)))
    return line


class RedisProxy(Listening):
    """`unknown`: commands that it does not know. `crossing`: what becomes of a transaction over several slots: "refused",
    "split" (silently, into single commands) or "passed". `seen` counts the words of all commands. `closes_on`: commands, or first
    words of some, at the next of which the connection is lost, once for each."""

    def __init__(self, server, unknown=("INFO", "SELECT", "CLIENT"), crossing="refused"):
        self.unknown, self.crossing, self.seen, self.closes_on = set(unknown), crossing, {}, set()
        super().__init__(server)

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with contextlib.suppress(OSError, ConnectionError, ValueError), client, socket.create_connection(("127.0.0.1", self.server.port)) as upstream:
            for end in (client, upstream):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _Session(self, client, upstream).run()


class _Session:
    """One client's connection, and one of its own at the server."""

    def __init__(self, proxy, client, upstream):
        self.proxy, self.client, self.upstream = proxy, client, upstream
        self.commands, self.replies = client.makefile("rb"), upstream.makefile("rb")
        self.asker = proxy.server.client()
        self.asker.response_callbacks.clear()
        self.queue = None  # of a transaction: (words, raw)
        self.refused = False

    def run(self):
        while found := _command(self.commands):
            name = found[0][0].decode().upper()
            self.proxy.seen[name] = self.proxy.seen.get(name, 0) + 1
            if lost := self.proxy.closes_on & {name, b" ".join(found[0]).decode("latin-1")}:
                self.proxy.closes_on -= lost
                self.client.shutdown(socket.SHUT_RDWR)
                return
            self.client.sendall(self._answer(name, *found))

    def _forward(self, raw):
        self.upstream.sendall(raw)
        return _reply(self.replies)

    def _answer(self, name, words, raw):
        if name in self.proxy.unknown:
            self.refused = True
            return b"-ERR unknown command '%s', with args beginning with: %s\r\n" % (words[0], b" ".join(b"'%s'" % w for w in words[1:3]))
        if name == "MULTI":
            self.queue, self.refused = [], False
            return b"+OK\r\n"
        if self.queue is None:
            return self._forward(raw)
        if name == "DISCARD":
            self.queue = None
            return b"+OK\r\n"
        if name != "EXEC":
            return self._enqueue(words, raw)
        queue, self.queue = self.queue, None
        if self.refused:
            self._forward(b"*1\r\n$7\r\nUNWATCH\r\n")
            return b"-EXECABORT Transaction discarded because of previous errors.\r\n"
        return self._execute(queue)

    def _slots(self, words):
        try:
            keys = self.asker.execute_command("COMMAND", "GETKEYS", *words)
        except redis.exceptions.RedisError:  # it has none
            return set()
        return {redis.crc.key_slot(key if isinstance(key, bytes) else key.encode()) for key in keys}

    def _enqueue(self, words, raw):
        slots = self._slots(words)
        if self.proxy.crossing == "refused" and len(slots.union(*(before for _, before in self.queue))) > 1:
            self.refused = True
            return b"-ERR the keys of a transaction must be in one slot\r\n"
        self.queue.append((raw, slots))
        return b"+QUEUED\r\n"

    def _execute(self, queue):
        slots = set().union(*(each for _, each in queue))
        if len(slots) > 1 and self.proxy.crossing == "split":
            self._forward(b"*1\r\n$7\r\nUNWATCH\r\n")
            return b"*%d\r\n" % len(queue) + b"".join(self._forward(raw) for raw, _ in queue)
        self._forward(b"*1\r\n$5\r\nMULTI\r\n")
        for raw, _ in queue:
            self._forward(raw)
        return self._forward(b"*1\r\n$4\r\nEXEC\r\n")
