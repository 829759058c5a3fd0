"""A network between drsd and a server that cuts, loses, stalls, delays and slices, in either direction."""
import contextlib
import random
import socket
import struct
import threading
import time

from support.proxy import Listening, drop_packets

UP, DOWN = "to the server", "to drsd"
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: a close is a RST
_MOST_PIECES = 64  # of what was received at once: then the rest goes on whole


class _Link:
    """One connection: the two sockets, and whether bytes of it were lost."""

    def __init__(self, client, upstream):
        self.ends = {UP: (client, upstream), DOWN: (upstream, client)}
        self.lost = False

    def lose(self):
        """From now on nothing that drsd sends is acknowledged."""
        if not self.lost:
            drop_packets(self.ends[UP][0])
        self.lost = True

    def shut(self, reset=False):
        for end in self.ends[UP]:
            with contextlib.suppress(OSError):
                if reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)


class BadNetwork(Listening):
    """Passes bytes between a port of its own and the server, until one of the calls below; heal() ends them all.

    cut(): every connection ends when so many more bytes have passed in the direction; with `closes` none is let in until heal().
    stall(): bytes wait. lose(): whoever sends in the direction loses the connection, which nobody closes, also behind heal().
    delay(): each piece comes late. slice_up(): odd small pieces, a few bytes at first."""

    def __init__(self, server, seed=0):
        self.seed = seed
        self.changed = threading.Condition()  # guards what follows
        self.how, self.left, self.closed, self.links = {}, {}, False, []
        super().__init__(server)

    def __exit__(self, *_):
        self.heal()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.changed:
            for link in self.links:
                link.shut()

    def _set(self, direction, how):
        with self.changed:
            self.how[direction] = how
            self.changed.notify_all()

    def stall(self, direction):
        self._set(direction, "stall")

    def lose(self, direction):
        self._set(direction, "lose")

    def delay(self, direction):
        self._set(direction, "delay")

    def slice_up(self, direction):
        self._set(direction, "slice")

    def cut(self, direction, after=0, closes=True):
        with self.changed:
            self.closed = closes
            if after:
                self.left[direction] = after
            else:
                self._shut_all()

    def heal(self):
        with self.changed:
            if self.left:  # too little passed
                self._shut_all()
            self.how, self.left, self.closed = {}, {}, False
            self.changed.notify_all()

    def end_lost(self):
        """The servers learn of the connections that were lost, as their keepalive would tell them after hours."""
        with self.changed:
            for link in self.links:
                if link.lost:
                    link.shut()

    def _shut_all(self):
        for link in self.links:
            if not link.lost:
                link.shut(reset=True)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.changed:
                refused = self.closed
            try:
                if refused:
                    raise ConnectionRefusedError
                upstream = socket.create_connection(("127.0.0.1", self.server.port), timeout=5)
            except OSError:  # the server is away
                client.close()
                continue
            upstream.settimeout(None)
            for end in (client, upstream):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = _Link(client, upstream)
            with self.changed:
                self.links.append(link)
            threads = [threading.Thread(target=self._pass, args=(link, direction), daemon=True) for direction in (UP, DOWN)]
            for thread in threads:
                thread.start()
            threading.Thread(target=self._bury, args=(link, threads), daemon=True).start()

    def _bury(self, link, threads):
        for thread in threads:
            thread.join()
        with self.changed:
            self.links.remove(link)
        for end in link.ends[UP]:
            end.close()

    def _pass(self, link, direction):
        source, sink = link.ends[direction]
        rnd = random.Random(f"{self.seed} {direction}")
        try:
            while data := source.recv(65536):
                self._forward(link, direction, sink, data, rnd)
        except OSError:
            pass
        with self.changed:
            if link.lost:  # nobody at the other end can hear of it
                return
        link.shut()

    def _forward(self, link, direction, sink, data, rnd):
        with self.changed:
            self.changed.wait_for(lambda: self.how.get(direction) != "stall")
            how = self.how.get(direction)
            if how == "lose":
                link.lose()
            if link.lost:
                return
            left = self.left.get(direction)
            if left is not None:
                self.left[direction] = left - len(data)
                if left <= len(data):
                    del self.left[direction]
                    with contextlib.suppress(OSError):
                        sink.sendall(data[:max(left, 0)])
                    self._shut_all()
                    return
        if how == "delay":
            time.sleep(rnd.random() * 0.05)
        at = 0
        if how == "slice":
            for piece in range(_MOST_PIECES):
                size = rnd.randrange(1, 8 if piece < _MOST_PIECES // 2 else 600)
                sink.sendall(data[at:at + size])
                at += size
                if at >= len(data):
                    return
        sink.sendall(data[at:])
