"""Every kind of source with every kind of target: single servers and clusters, one to one and with another number of shards.
The ordinary run covers each kind on each side; --all each with each, and further releases."""
import os
import time

import pytest

from support import redis_servers
from support.drsd import Drsd, wait_for
from support.redis_faults import Audit, audit
from support.redis_jobs import HELD, Load, redis_job, values

CONFIG = "[worker]\npoll_millis = 100\nretry_limit = 5\nretry_max_seconds = 1\n"
ALL = "OPENDRS_ALL" in os.environ
SOURCES = ["redis70", "redis80", "valkey91", "redis70x3", "redis80x3", "valkey91x3"]
TARGETS = ["redis70", "redis80", "valkey91"]
OLDER = ["redis60", "valkey81"]
# Each source, each target; with test_redis.py's three pairs of single servers.
PAIRS = [("redis80", "valkey91"), ("redis70x3", "redis80"), ("redis80x3", "redis70"), ("valkey91x3", "valkey91")]
if ALL:
    PAIRS = [(a, b) for a in SOURCES + OLDER for b in TARGETS + OLDER] + [("redis70x6", "valkey91"), ("valkey91x6", "redis80")]


@pytest.fixture(scope="module")
def drsd(server_folder):
    folder = server_folder / "redis-matrix"
    folder.mkdir()
    with Drsd(folder, CONFIG) as running:
        yield running


class Source:
    """A single server, or a cluster: what a test needs of both."""

    def __init__(self, layout, folder):
        self.kind, _, shards = layout.partition("x")
        self.held = redis_servers.cluster(self.kind, folder, shards=int(shards)) if shards else redis_servers.single(self.kind, folder)
        self.servers = self.held.masters if shards else [self.held]
        self.sharded = bool(shards)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.held.__exit__()

    def client(self):
        return self.held.client()

    def tags(self):
        """A tag on each server."""
        if not self.sharded:
            return {"a": self.held.client}
        found = {}
        for n in range(10_000):
            owner = self.held.owner(redis_servers.redis.cluster.key_slot(f"a{n}".encode()))
            if owner.client not in found.values():
                found[f"a{n}"] = owner.client
            if len(found) == len(self.servers):
                return found
        raise LookupError

    def values(self):
        return {key: value for server in self.servers for key, value in values(server).items()}


def differences(source, target, held):
    """`held`: deadlines are held back at the target. Servers before 7.0 tell deadlines by a clock that is read apart."""
    a, b = ({key: value for key, value in found.items() if value[1] != -2} for found in (source.values(), values(target)))  # -2: went while it was read
    now, near = time.time() * 1000, 1000 if "redis60" in (source.kind, target.kind) else 0

    def same(x, y):
        if x is None or y is None:  # it passed while the task ended
            return not held and 0 < (x or y)[1] < now + 90_000_000
        deadline = held and abs(y[1] - HELD) <= 60 * near and x[1] > 0
        return x[0] == y[0] and (deadline or x[1] == y[1] or (min(x[1], y[1]) > 0 and abs(x[1] - y[1]) <= near))
    return [(key, a.get(key), b.get(key)) for key in a.keys() | b.keys() if not same(a.get(key), b.get(key))]


@pytest.mark.parametrize("source_layout,target_kind", PAIRS)
def test_copies_follows_and_ends(drsd, server_folder, source_layout, target_kind):
    with Source(source_layout, server_folder) as source, redis_servers.single(target_kind, server_folder) as target:
        tags = source.tags()
        oldest = next((kind for kind in ("redis60", "redis70", "valkey81") if kind in (source.kind, target_kind)), source.kind)
        for tag, connect in tags.items():
            redis_servers.fill(connect(), prefix=f"{{{tag}}}", kind="redis70" if oldest == "valkey81" else oldest)
        (one,) = drsd.client.start(redis_job(f"{source_layout}-{target_kind}", ",".join(server.address for server in source.servers), target.address, cluster=source.sharded))
        audits = [Audit(connect, tag, 1) for tag, connect in tags.items()]
        load = Load(source.client, 51, pause=0.005)
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        wait_for(lambda: load.done > 100 and all(each.done > 50 for each in audits), 60, "the load", lambda: [load.error, *(each.error for each in audits)])
        for each in [load, *audits]:
            each.stop()
        for tag, connect in tags.items():
            connect().set(f"{{{tag}}}token", "last")
            wait_for(lambda t=tag: target.client().get(f"{{{t}}}token") == b"last", 60, "the token", lambda: f"{drsd.client.status(one)} {drsd.client.logs(one)[:5]}")
        wait_for(lambda: not differences(source, target, True), 40, "both sides to be the same", lambda: differences(source, target, True)[:6])
        assert {tag: audit(target.client(), tag) for tag in tags} == {tag: audit(connect(), tag) for tag, connect in tags.items()}
        drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
        drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
        left = differences(source, target, False)
        assert not left, left[:5]
        assert HELD not in [deadline for _, deadline in values(target).values()]
