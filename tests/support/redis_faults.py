"""What can break around a Redis task, and a load whose effects can be counted."""
import contextlib
import random
import threading
import time

import redis

from support.bad_network import DOWN, UP
from support.drsd import Refused, wait_for

POINTS = ["redis.before_exec", "redis.after_exec", "redis.loaded", "task.claimed", "store.before_commit"]


class Audit(threading.Thread):
    """Transactions, each of which counts in every kind of value: whatever took effect half, twice or not at all shows in
    audit(). The keys share a tag. `connect`: a client of the server that has them."""

    def __init__(self, connect, tag, seed):
        super().__init__(daemon=True)
        self.connect, self.tag, self.random = connect, tag, random.Random(f"{seed} {tag}")
        self.stopping, self.done, self.error, self.number = threading.Event(), 0, None, 0
        self.start()

    def run(self):
        client = self.connect()
        while not self.stopping.wait(0.001):
            try:
                self.one(client)
                self.done += 1
            except (redis.exceptions.ConnectionError, redis.exceptions.BusyLoadingError, redis.exceptions.TimeoutError, redis.exceptions.ExecAbortError):
                time.sleep(0.05)  # the server is away; whether the transaction counted shows in the audit
            except redis.exceptions.RedisError as error:
                if "CLUSTERDOWN" not in str(error):
                    self.error = error
                    return
                time.sleep(0.05)

    def one(self, client):
        self.number += 1
        n, key = self.number, lambda name: f"{{{self.tag}}}{name}"
        pipe = client.pipeline(transaction=True)
        pipe.incr(key("count")).lpush(key("list"), n).xadd(key("stream"), {"n": n}).sadd(key("set"), n)
        pipe.hincrby(key("hash"), f"f{n % 9}", 1).zincrby(key("zset"), 1, f"m{n % 7}").append(key("text"), "x")
        pipe.set(key(f"short{n % 5}"), n, px=self.random.randrange(300, 3000)).pexpire(key("renewed"), 1500)
        if n % 10 == 0:
            pipe.set(key("renewed"), n, px=1500)
        if n % 50 == 0:
            pipe.rename(key(f"short{n % 5}"), key("moved")).persist(key("moved"))
        pipe.execute()

    def stop(self):
        self.stopping.set()
        self.join()
        if self.error:
            raise self.error


def audit(client, tag):
    """How many transactions the server has; each kind of value must say the same."""
    key = lambda name: f"{{{tag}}}{name}"
    pipe = client.pipeline(transaction=True)
    pipe.get(key("count")).llen(key("list")).xlen(key("stream")).scard(key("set")).hvals(key("hash")).zrange(key("zset"), 0, -1, withscores=True).strlen(key("text"))
    count, items, entries, members, fields, scores, text = pipe.execute()
    found = [int(count or 0), items, entries, members, sum(map(int, fields)), int(sum(score for _, score in scores)), text]
    assert len(set(found)) == 1, f"{tag}: {found}"
    return found[0]


class Faults:
    """Each call of one() breaks one thing for a while and mends it. `servers`, `networks`: of "source" and "target"; a network
    may be missing. `patient`: there is time for a source whose network is lost without a word, which shows after a minute."""

    def __init__(self, rnd, service, servers, networks, patient=False):
        self.rnd, self.service, self.servers, self.networks = rnd, service, servers, networks
        self.task, self.deck, self.done = None, [], []
        self.kinds = [(self.kill_drsd,), (self.kill_drsd,), (self.kill_drsd_at_a_point,), (self.kill_drsd_at_a_point,), (self.stop_drsd,), (self.pause,),
                      (self.target_goes_back, True), (self.target_goes_back, False)]
        for side in servers:
            self.kinds += [(self.kill_server, side), (self.restart_server, side), (self.kill_connections, side)]
        for side in networks:
            self.kinds += [(how, side, direction) for direction in (UP, DOWN) for how in (self.cut, self.cut, self.stall, self.slice)]
            self.kinds += [(self.delay, side, rnd.choice([UP, DOWN]))]
            if side == "target" or patient:
                self.kinds += [(self.lose, side, rnd.choice([UP, DOWN]))]

    def one(self, began):
        """The next fault of the deck, which has each kind once."""
        if not self.deck:
            self.deck = self.rnd.sample(self.kinds, len(self.kinds))
        fault, *where = self.deck.pop()
        phase = self.service.client.status(self.task)
        assert not phase.endswith("_FAILED"), f"{phase}: {self.service.client.logs(self.task)[:5]}"
        more = fault(*where)
        self.done.append(fault.__name__)
        print(f"{time.monotonic() - began:6.1f} s {phase:24} {fault.__name__} {' '.join(map(str, where))} {more or ''}", flush=True)

    def hold(self, least, most):
        time.sleep(least + self.rnd.random() * (most - least))

    # -- drsd ----------------------------------------------------------------------------------------------------------
    def kill_drsd(self):
        self.service.kill()
        self.hold(0, 0.5)
        self.service.run()

    def kill_drsd_at_a_point(self):
        """It ends itself as it comes past the point for the n-th time, if it does within some seconds."""
        point = f"{self.rnd.choice(POINTS)}=kill@{self.rnd.randrange(1, 9)}"
        self.service.kill()
        self.service.environment["OPENDRS_FAILPOINTS"] = point
        self.service.launch()
        deadline = time.monotonic() + 2
        while self.service.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        died = self.service.process.poll() is not None
        self.service.kill()
        self.service.environment["OPENDRS_FAILPOINTS"] = ""
        self.service.run()
        return f"{point} {'' if died else '(not met)'}"

    def stop_drsd(self):
        self.service.stop()
        self.service.run()

    def pause(self):
        client = self.service.client

        def accepted(name, **params):
            try:
                return client.action(self.task, name, **params).get("status") == "success"
            except Refused as refused:
                if "Another operation" in str(refused):
                    return False
                raise
        wait_for(lambda: accepted("stop", pause_mode="target"), 30, "the pause", lambda: client.logs(self.task)[:5])
        wait_for(lambda: client.status(self.task) == "PAUSING", 30, "the pause", lambda: client.logs(self.task)[:5])
        self.hold(0, 1)
        wait_for(lambda: accepted("restart"), 60, "the restart", lambda: client.logs(self.task)[:5])

    # -- servers -------------------------------------------------------------------------------------------------------
    def _server(self, side):
        return self.rnd.choice(self.servers[side])

    def kill_server(self, side):
        """The source keeps everything in its AOF; the target, in a file, what it had some moments before."""
        server = self._server(side)
        if side == "target":
            server.client().save()
            self.hold(0, 0.5)
        server.stop(hard=True)
        self.hold(0, 0.7)
        server.run()

    def restart_server(self, side):
        server = self._server(side)
        if side == "target":
            server.client().save()
        server.stop()
        self.hold(0, 0.7)
        server.run()

    def target_goes_back(self, connected):
        """Acknowledged writes are lost, with or without the connections."""
        server = self._server("target")
        server.client().save()
        self.hold(0.2, 0.8)
        if connected:
            server.raw("DEBUG", "RELOAD", "NOSAVE")
        else:
            server.stop(hard=True)
            server.run()

    def kill_connections(self, side):
        killed = 0
        for server in self.servers[side]:
            for kind in ("normal", "replica"):
                with contextlib.suppress(redis.exceptions.RedisError):
                    killed += server.raw("CLIENT", "KILL", "TYPE", kind)
        return f"{killed} connections"

    # -- networks ------------------------------------------------------------------------------------------------------
    def cut(self, side, direction):
        after, closes = self.rnd.choice([0, self.rnd.randrange(1, 3000), self.rnd.randrange(1, 200000)]), self.rnd.random() < 0.5
        self.networks[side].cut(direction, after, closes)
        self.hold(0.1, 1)
        self.networks[side].heal()
        return f"after {after} bytes{', and closed' if closes else ''}"

    def _bad(self, how, side, direction, most):
        getattr(self.networks[side], how)(direction)
        self.hold(0.3, most)
        self.networks[side].heal()

    def lose(self, side, direction):
        self._bad("lose", side, direction, 1.5)

    def stall(self, side, direction):
        self._bad("stall", side, direction, 1.5)

    def delay(self, side, direction):
        self._bad("delay", side, direction, 1)

    def slice(self, side, direction):
        self._bad("slice_up", side, direction, 1)
