"""A cluster whose slots move while an application works on it, and what a test needs to judge the copy."""
import random
import threading
import time

import redis
import redis.cluster

from support.redis_jobs import HELD, values

AWAY = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, redis.exceptions.BusyLoadingError,
        redis.exceptions.AskError, redis.exceptions.MovedError, redis.exceptions.TryAgainError,
        redis.exceptions.ClusterDownError, redis.exceptions.ClusterError, redis.exceptions.SlotNotCoveredError)


def names_in(slots, each):
    """{slot: names of keys in it}, `each` of them."""
    found, n = {slot: [] for slot in slots}, 0
    while any(len(names) < each for names in found.values()):
        name = f"k{n}"
        slot = redis.cluster.key_slot(name.encode())
        if slot in found and len(found[slot]) < each:
            found[slot].append(name)
        n += 1
    return found


class Work(threading.Thread):
    """Counters, lists, deletes, deadlines and fresh keys, in the slots that move. What a client does not know the outcome
    of does not matter: both sides are compared as they are."""

    def __init__(self, nodes, names, seed, pause=0.001):
        super().__init__(daemon=True)
        self.nodes, self.names, self.random, self.pause = nodes, names, random.Random(seed), pause
        self.stopping, self.done, self.error = threading.Event(), 0, None
        self.start()

    def run(self):
        client = self.nodes.client()
        while not self.stopping.wait(self.pause):
            try:
                self.one(client)
                self.done += 1
            except AWAY:
                time.sleep(0.02)
            except redis.exceptions.ResponseError as error:
                if not str(error).startswith(("ASK", "MOVED", "TRYAGAIN", "CLUSTERDOWN", "READONLY")):
                    self.error = error
                    return

    def one(self, client):
        rnd = self.random
        name = rnd.choice(self.names)
        what = rnd.randrange(10)
        if what < 3:
            client.incr(f"{{{name}}}count")
        elif what < 6:
            client.rpush(f"{{{name}}}list", self.done)
        elif what == 6:
            client.lpop(f"{{{name}}}list")
        elif what == 7:
            client.delete(f"{{{name}}}{rnd.choice(['count', 'list', 'fresh'])}")
        elif what == 8:
            client.set(f"{{{name}}}soon", self.done, px=rnd.randrange(200, 3000))
        else:
            client.append(f"{{{name}}}fresh", "x")

    def stop(self):
        self.stopping.set()
        self.join()
        if self.error:
            raise self.error


def tag_names(slots, each=2):
    """Names that lie in these slots, for `{name}…` keys."""
    return [name for names in names_in(slots, each).values() for name in names]


def migrate(nodes, slots, to, seconds=60):
    """CLUSTER MIGRATESLOTS of Valkey 9: the slots as a whole. Returns the last state of the job."""
    by_owner = {}
    for slot in slots:
        by_owner.setdefault(nodes.owner(slot), []).append(slot)
    state = b""
    for source, own in by_owner.items():
        ranges = [word for slot in own for word in (slot, slot)]
        source.raw("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", *ranges, "NODE", nodes.id_of(to))
        state = wait_migrated(source, seconds)
    return state


def last_migration(source):
    jobs = source.raw("CLUSTER", "GETSLOTMIGRATIONS")
    flat = jobs[0]
    return dict(zip(flat[::2], flat[1::2]))


def wait_migrated(source, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        state = last_migration(source)[b"state"]
        if state in (b"success", b"failed", b"cancelled"):
            return state
        time.sleep(0.02)
    raise RuntimeError(f"the slots did not move: {last_migration(source)}")


def content(nodes):
    """{key: value} of a cluster as its clients see it: each key at the owner of its slot."""
    out = {}
    for node in nodes.masters:
        own = set()
        for line in node.raw("CLUSTER", "NODES").decode().splitlines():
            words = line.split()
            if "myself" in words[2]:
                for piece in words[8:]:
                    if not piece.startswith("["):
                        first, _, last = piece.partition("-")
                        own |= set(range(int(first), int(last or first) + 1))
        out.update({k: v for k, v in values(node).items() if redis.cluster.key_slot(k[1]) in own})
    return out


def differences(nodes, target):
    there, here = content(nodes), values(target)

    def same(a, b):
        return a == b or (a and b and a[0] == b[0] and b[1] == HELD and a[1] > 0)
    return [(k, there.get(k), here.get(k)) for k in there.keys() | here.keys() if not same(there.get(k), here.get(k))]


def wait_equal(nodes, target, told, seconds=60):
    deadline = time.monotonic() + seconds
    while (found := differences(nodes, target)) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert not found, f"{len(found)} differ: {found[:6]} {told()}"
