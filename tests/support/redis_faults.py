"""What can break around a Redis task, and a load whose effects can be counted."""
import contextlib
import random
import threading
import time

import redis

from support.bad_network import DOWN, UP
from support.fault_deck import FaultDeck

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


class Faults(FaultDeck):
    """What can break. `servers`, `networks`: of "source" and "target"; a network may be missing. `patient`: there is time for a source
    whose network is lost without a word, which shows after a minute."""

    calm, bad, slow = 1, 1.5, 1

    def __init__(self, rnd, service, servers, networks, patient=False):
        super().__init__(rnd, service, networks)
        self.servers = servers
        self.kinds = [(self.kill_drsd,), (self.kill_drsd,), (self.kill_drsd_at_a_point,), (self.kill_drsd_at_a_point,), (self.stop_drsd,), (self.pause,),
                      (self.target_goes_back, True), (self.target_goes_back, False)]
        for side in servers:
            self.kinds += [(self.kill_server, side), (self.restart_server, side), (self.kill_connections, side)]
        for side in networks:
            self.kinds += [(how, side, direction) for direction in (UP, DOWN) for how in (self.cut, self.cut, self.stall, self.slice)]
            self.kinds += [(self.delay, side, rnd.choice([UP, DOWN]))]
            if side == "target" or patient:
                self.kinds += [(self.lose, side, rnd.choice([UP, DOWN]))]

    def points(self, phase):
        return POINTS

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
