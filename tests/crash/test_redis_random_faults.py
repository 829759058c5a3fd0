"""Random faults, one upon the other, while a Redis task loads and follows, under a load: afterwards both sides hold the same,
every transaction took effect exactly once, and nobody had to help.

OPENDRS_REDIS_RUNS: tasks in all, over the layouts below; OPENDRS_SEED repeats a run's faults and load, not the moments at which
they meet. A run that fails prints the seed with which it is the first."""
import contextlib
import os
import random
import time

import pytest

from support import redis_servers
from support.bad_network import BadNetwork
from support.drsd import Drsd, wait_for
from support.redis_faults import Audit, Faults, audit
from support.redis_jobs import HELD, Load, redis_job, values

RUNS = int(os.environ.get("OPENDRS_REDIS_RUNS", "200" if "OPENDRS_ALL" in os.environ else "20"))
SEED = int(os.environ.get("OPENDRS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
LAYOUTS = [("redis70", 1, "valkey91"), ("valkey91", 1, "redis70"), ("redis70", 3, "valkey91"), ("valkey91", 3, "redis70")]
IN_LOAD, IN_STREAM = 2, 3  # faults of one run
CONFIG = """[worker]
poll_millis = 50
retry_limit = 60
retry_max_seconds = 1
poison_limit = 50
network_timeout_seconds = 4
lease_ttl_seconds = 3
lease_renew_seconds = 1
lease_margin_seconds = 1
"""
DURABLE = ("appendonly yes", "appendfsync no")  # a killed process loses nothing of it


@contextlib.contextmanager
def source_of(kind, shards, folder):
    """(its servers, address by which they are given, network or nothing)."""
    if shards > 1:
        with redis_servers.cluster(kind, folder, *DURABLE, "cluster-require-full-coverage no", shards=shards) as nodes:
            yield nodes, nodes.masters, None
    else:
        with redis_servers.single(kind, folder, *DURABLE) as server, BadNetwork(server, SEED) as network:
            yield None, [server], network


def everything(servers):
    return {key: value for server in servers for key, value in values(server).items() if value[1] != -2}  # not what went while it was read


def differences(sources, target, held):
    a, b = everything(sources), everything([target])
    now = time.time() * 1000

    def same(x, y):
        if x is None and y is not None:  # what expired at the source while the task ended has a day at the target
            return not held and now < y[1] < now + 90_000_000
        if y is None and x is not None:  # it had its own deadline
            return not held and 0 < x[1] < now + 3000
        return x == y or (held and x[0] == y[0] and abs(y[1] - HELD) < 60_000 and x[1] > 0)  # some go as a rest of life
    return [(key, a.get(key), b.get(key)) for key in a.keys() | b.keys() if not same(a.get(key), b.get(key))]


class Run:
    """One task from its start to its end."""

    def __init__(self, seed, service, nodes, sources, target, networks, faults):
        self.rnd, self.seed, self.service, self.nodes = random.Random(f"{seed} {len(sources)} {target.kind}"), seed, service, nodes
        self.sources, self.target, self.networks, self.faults = sources, target, networks, faults
        faults.rnd = self.rnd

    def run(self, began):
        for server in [*self.sources, self.target]:
            server.client().flushall()
        self.fill()
        address = self.networks["source"].address if "source" in self.networks else ",".join(server.address for server in self.sources)
        (one,) = self.service.client.start(redis_job(f"faults{self.seed}", address, self.networks["target"].address, cluster=self.nodes is not None,
                                                     speed_limit=[{"begin": "00:00", "end": "23:59", "speed": "1"}]))
        self.faults.task = one
        self.service.client.wait_status(one, "FULL_TRANSFER_STARTED", "INCRE_TRANSFER_STARTED", seconds=60)  # faults before are the plan's
        tags = self.tags()
        audits = [Audit(connect, tag, self.seed) for tag, connect in tags.items()]
        load = Load(self.nodes.client if self.nodes else self.sources[0].client, self.seed, pause=0.003)
        try:
            for _ in range(IN_LOAD):
                self.faults.hold(0.05, 0.7)
                self.faults.one(began)
            self.service.client.wait_status(one, "INCRE_TRANSFER_STARTED", seconds=90)
            for _ in range(IN_STREAM):
                self.faults.hold(0.05, 0.7)
                self.faults.one(began)
        finally:
            for each in [*audits, load]:
                each.stop()
        if self.nodes:
            self.nodes.wait_ok()
        self.arrive(one, tags)
        wait_for(lambda: not differences(self.sources, self.target, True), 40, "both sides to be the same",
                 lambda: f"{differences(self.sources, self.target, True)[:6]} {self.service.client.logs(one)[:6]}")
        counts = {tag: audit(connect(), tag) for tag, connect in tags.items()}
        assert {tag: audit(self.target.client(), tag) for tag in tags} == counts
        assert all(each.done <= counts[each.tag] for each in audits)
        self.end(one)
        return sum(counts.values())

    def fill(self):
        pipe = self.sources[0].client().pipeline(transaction=False) if self.nodes is None else self.nodes.client().pipeline()
        for i in range(25):
            pipe.set(f"big:{i}", self.rnd.randbytes(60_000))
        for i in range(500):
            pipe.set(f"key:{i}", i, px=600_000 if i % 3 == 0 else None)
        pipe.execute()
        if self.nodes is None:
            redis_servers.fill(self.sources[0].client())

    def tags(self):
        """A tag on each server."""
        if self.nodes is None:
            return {"a": self.sources[0].client}
        found = {}
        for n in range(1000):
            owner = self.nodes.owner(redis_servers.redis.cluster.key_slot(f"a{n}".encode()))
            if owner.client not in found.values():
                found[f"a{n}"] = owner.client
            if len(found) == len(self.sources):
                return found
        raise LookupError

    def arrive(self, one, tags):
        """Behind its last write each server has sent everything when the target has a key of its own."""
        for tag, connect in tags.items():
            token = str(self.rnd.random())
            connect().set(f"{{{tag}}}token", token)
            wait_for(lambda t=tag, v=token: self.target.client().get(f"{{{t}}}token") == v.encode(), 90, "the token",
                     lambda: f"{self.service.client.status(one)} {self.service.client.logs(one)[:8]}")

    def end(self, one):
        client = self.service.client
        client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
        wait_for(lambda: client.status(one) == "RELEASE_RESOURCE_COMPLETE", 60, "the end", lambda: f"{client.status(one)} {client.logs(one)[:5]}")
        left = differences(self.sources, self.target, False)
        assert not left, left[:6]
        # Those of a probe that lost its connection go by themselves, within a minute.
        assert not [key for key in self.target.client().scan_iter(match="__drs:*") if not key.startswith(b"__drs:probe:")]
        self.networks["target"].end_lost()
        if "source" in self.networks:
            self.networks["source"].end_lost()


@pytest.mark.parametrize("layout", range(len(LAYOUTS)), ids=["{}x{}-{}".format(*each) for each in LAYOUTS])
def test_random_faults_around_redis_lose_and_double_nothing(folder, server_folder, layout):
    kind, shards, target_kind = LAYOUTS[layout]
    runs = len(range(layout, RUNS, len(LAYOUTS)))
    if runs == 0:
        pytest.skip("fewer runs than layouts")
    began = time.monotonic()
    with source_of(kind, shards, server_folder) as (nodes, sources, to_source), redis_servers.single(target_kind, server_folder) as target, \
            BadNetwork(target, SEED) as to_target, Drsd(folder, CONFIG, environment={"OPENDRS_FAILPOINTS": ""}) as service:
        networks = {"target": to_target, **({"source": to_source} if to_source else {})}
        faults = Faults(random.Random(SEED), service, {"source": sources, "target": [target]}, networks, RUNS >= 100)
        transactions = 0
        for number in range(runs):
            seed = SEED + number
            print(f"\n{kind} x {shards} > {target_kind}: OPENDRS_SEED={seed}", flush=True)
            faults.deck = []
            try:
                transactions += Run(seed, service, nodes, sources, target, networks, faults).run(began)
            except BaseException:
                print(service.tail(), flush=True)
                raise
        print(f"{runs} runs, {len(faults.done)} faults, {transactions} counted transactions in {time.monotonic() - began:.0f} s: "
              + ", ".join(f"{faults.done.count(k)} {k}" for k in sorted(set(faults.done))))
