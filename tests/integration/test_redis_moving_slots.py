"""rediscluster-to-gaussredis while slots of the source move: every element of the source comes to the target once, whoever
has had its slot."""
import os
import time

import pytest

from support import redis_servers
from support.drsd import Drsd, wait_for
from support.moving_slots import Work, migrate, tag_names, wait_equal, wait_migrated
from support.redis_jobs import redis_job

CONFIG = "[worker]\npoll_millis = 100\nretry_limit = 5\nretry_max_seconds = 1\n[redis]\nfollow_moving_slots = 1\n"
ALL = "OPENDRS_ALL" in os.environ
pytestmark = pytest.mark.skipif(not ALL, reason="the setting is off unless it is set, and this takes minutes; part of ./x test --all")
SLOTS = 110 if ALL else 40
HALF = 16384 // 2


@pytest.fixture(scope="module")
def drsd(server_folder):
    folder = server_folder / "moving-drsd"
    folder.mkdir()
    with Drsd(folder, CONFIG) as running:
        yield running


@pytest.fixture(scope="module", params=["redis70", "valkey91"])
def servers(request, server_folder):
    with redis_servers.cluster(request.param, server_folder, shards=2) as nodes, redis_servers.single("valkey91" if request.param == "valkey91" else "redis80",
                                                                                                      server_folder) as target:
        yield nodes, target


@pytest.fixture
def empty(servers):
    nodes, target = servers
    for node in [*nodes.masters, target]:
        node.client().flushall()
    return servers


@pytest.fixture
def begin(drsd):
    """Starts a task; at the end of the test, however it ends, the task is ended."""
    begun = []

    def start(name, nodes, target, wait="INCRE_TRANSFER_STARTED", **more):
        (one,) = drsd.client.start(redis_job(f"{name}-{nodes.kind}", ",".join(node.address for node in nodes.masters), target.address, cluster=True, **more))
        begun.append(one)
        if wait:
            drsd.client.wait_status(one, wait)
        return one
    yield start
    for one in begun:
        drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": True})
        drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")


def told(drsd, one):
    return lambda: f"{drsd.client.status(one)} {drsd.client.logs(one)[:6]}"


def other(nodes, node):
    return next(each for each in nodes.masters if each is not node)


def both_ways(nodes, slots):
    """(slot, where it is to go): every slot goes to the other server."""
    return [(slot, other(nodes, nodes.owner(slot))) for slot in slots]


def some_slots():
    """As many of each server."""
    return [s for i in range(SLOTS // 2) for s in (10 + 7 * i, HALF + 10 + 7 * i)]


def test_slots_that_move_key_by_key(drsd, begin, empty):
    """SETSLOT and MIGRATE, both ways at the same time, and drsd is killed among it."""
    nodes, target = empty
    slots = some_slots()
    work = [Work(nodes, tag_names(slots, 1), seed) for seed in (1, 2)]
    one = begin("by-key", nodes, target)
    moves = both_ways(nodes, slots)
    for i, (slot, to) in enumerate(moves):
        nodes.move_slot(slot, to)
        if i in (len(moves) // 3, len(moves) * 2 // 3):
            drsd.kill()
            drsd.run()
    for each in work:
        each.stop()
        assert each.done > 100
    wait_equal(nodes, target, told(drsd, one))
    # And back, with nobody at work: what is behind must be right without another write.
    for slot, to in both_ways(nodes, slots[:20]):
        nodes.move_slot(slot, to)
    wait_equal(nodes, target, told(drsd, one))


def test_slots_that_move_as_a_whole(drsd, begin, empty):
    """CLUSTER MIGRATESLOTS of Valkey 9: the new owner gets the data while the old one still serves the slot."""
    nodes, target = empty
    if nodes.kind != "valkey91":
        pytest.skip("Valkey 9 only")
    slots = some_slots()
    work = [Work(nodes, tag_names(slots, 1), seed) for seed in (3, 4)]
    one = begin("as-a-whole", nodes, target)
    for at in range(0, len(slots), 10):
        part = slots[at:at + 10]
        for to in nodes.masters:
            assert migrate(nodes, [s for s in part if nodes.owner(s) is other(nodes, to)], to) in (b"success", b"")
        if at in (10, 70):
            drsd.kill()
            drsd.run()
    for each in work:
        each.stop()
        assert each.done > 100
    wait_equal(nodes, target, told(drsd, one))


def test_a_slot_that_is_cancelled_in_the_middle_stays_where_it_was(drsd, begin, empty):
    """Both methods: what the other server had of it in the meantime does not count."""
    nodes, target = empty
    slots = some_slots()[:20]
    names = tag_names(slots, 3)
    work = Work(nodes, names, 5)
    one = begin("cancelled", nodes, target)
    time.sleep(1)
    for slot in slots:
        source, to = nodes.owner(slot), other(nodes, nodes.owner(slot))
        to.raw("CLUSTER", "SETSLOT", slot, "IMPORTING", nodes.id_of(source))
        source.raw("CLUSTER", "SETSLOT", slot, "MIGRATING", nodes.id_of(to))
        keys = source.raw("CLUSTER", "GETKEYSINSLOT", slot, 3)
        if keys:
            source.raw("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
        time.sleep(0.05)
        # Back: the source sends nobody over any more, takes its keys in again, and the other one forgets the slot.
        source.raw("CLUSTER", "SETSLOT", slot, "STABLE")
        time.sleep(0.05)
        while keys := to.raw("CLUSTER", "GETKEYSINSLOT", slot, 100):
            to.raw("MIGRATE", "127.0.0.1", source.port, "", 0, 5000, "REPLACE", "KEYS", *keys)
        to.raw("CLUSTER", "SETSLOT", slot, "STABLE")
    if nodes.kind == "valkey91":
        for node in nodes.masters:
            own = [s for s in slots if nodes.owner(s) is node]
            node.raw("DEBUG", "SLOTMIGRATION", "PREVENT-PAUSE", "1")
            node.raw("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", *[w for s in own for w in (s, s)], "NODE", nodes.id_of(other(nodes, node)))
            time.sleep(1)
            node.raw("CLUSTER", "CANCELSLOTMIGRATIONS")
            assert wait_migrated(node) in (b"failed", b"cancelled")
            node.raw("DEBUG", "SLOTMIGRATION", "PREVENT-PAUSE", "0")
    work.stop()
    wait_equal(nodes, target, told(drsd, one))


def test_slots_that_move_while_nobody_looks(drsd, begin, empty):
    """drsd is away: some slots go, some go and come back, some are emptied in between and filled anew."""
    nodes, target = empty
    client = nodes.client()
    slots = some_slots()[:30]
    names = {slot: tag_names([slot], 2) for slot in slots}
    for slot in slots:
        for name in names[slot]:
            client.rpush(f"{{{name}}}list", "before")
            client.set(f"{{{name}}}gone", 1)
            client.set(f"{{{name}}}back", 1)
    one = begin("away", nodes, target)
    wait_equal(nodes, target, told(drsd, one))
    drsd.kill()
    for slot in slots:
        a, b = nodes.owner(slot), other(nodes, nodes.owner(slot))
        turns = [b, a, b][: 1 + slot % 3]
        for i, to in enumerate(turns):
            for name in names[slot]:
                client.rpush(f"{{{name}}}list", i)
                client.delete(f"{{{name}}}gone")
                client.delete(f"{{{name}}}back")
            nodes.move_slot(slot, to)
            client = nodes.client()
            for name in names[slot]:
                client.rpush(f"{{{name}}}list", f"after {i}")
                client.incr(f"{{{name}}}back")
                client.rpush(f"{{{name}}}only{i}", 1)
                if i + 1 < len(turns):
                    client.delete(f"{{{name}}}only{i}")
    drsd.run()
    wait_equal(nodes, target, told(drsd, one))


@pytest.mark.parametrize("late", [False, True], ids=["both-begun", "one-begins-later"])
def test_slots_that_move_in_the_full_phase(drsd, begin, empty, late):
    """Behind both snapshots, or between the two: in both of them, or in none."""
    nodes, target = empty
    slots = some_slots()[:40]
    names = tag_names(slots, 1)
    client = nodes.client()
    for i in range(400):
        client.set(f"big:{i}", os.urandom(10_000))
    for name in names:
        client.rpush(f"{{{name}}}list", "before")
        client.set(f"{{{name}}}gone", 1)
    late_node = nodes.masters[1]
    if late:
        late_node.raw("CONFIG", "SET", "repl-diskless-sync-delay", "6")
    work = Work(nodes, names, 6)
    one = begin(f"full-{late}", nodes, target, None, speed_limit=[{"begin": "00:00", "end": "23:59", "speed": "1"}])
    wait_for(lambda: target.client().dbsize() > 20, 60, "the load to begin", told(drsd, one))
    for slot, to in both_ways(nodes, slots):
        for name in [n for n in names if redis_servers.redis.cluster.key_slot(n.encode()) == slot]:
            nodes.client().delete(f"{{{name}}}gone")
        nodes.move_slot(slot, to)
    drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
    late_node.raw("CONFIG", "SET", "repl-diskless-sync-delay", "0")
    time.sleep(1)
    work.stop()
    wait_equal(nodes, target, told(drsd, one))


def force_away(nodes, slot, to):
    """The slot goes with its keys left behind: the server that had it deletes them, Redis 6 and 7.0 without a word to its replicas."""
    source = nodes.owner(slot)
    to.raw("CLUSTER", "SETSLOT", slot, "IMPORTING", nodes.id_of(source))
    to.raw("CLUSTER", "SETSLOT", slot, "NODE", nodes.id_of(to))
    redis_servers.wait_until("the old owner has lost the slot", lambda: nodes.owner(slot) is to and not source.raw("CLUSTER", "COUNTKEYSINSLOT", slot))


@pytest.mark.parametrize("kind", ["redis70", pytest.param("redis60", marks=pytest.mark.skipif(not ALL, reason="part of ./x test --all"))])
def test_a_slot_that_is_forced_away_takes_its_keys_along(drsd, begin, server_folder, kind):
    with redis_servers.cluster(kind, server_folder, shards=2) as nodes, redis_servers.single("redis70", server_folder) as target:
        slots = [10, 17, HALF + 10]
        names = tag_names(slots, 1)
        client = nodes.client()
        for name in names:
            client.set(f"{{{name}}}count", 100)
            client.rpush(f"{{{name}}}list", "old")
        one = begin("forced", nodes, target)
        wait_equal(nodes, target, told(drsd, one))
        for slot in slots:
            force_away(nodes, slot, other(nodes, nodes.owner(slot)))
        client = nodes.client()
        for name in names:
            assert client.incr(f"{{{name}}}count") == 1
        wait_equal(nodes, target, told(drsd, one))


def test_a_new_shard_stops_the_task_by_name(drsd, begin, server_folder):
    with redis_servers.cluster("redis70", server_folder, shards=2) as nodes, redis_servers.single("redis70", server_folder) as target, \
            redis_servers.single("redis70", server_folder, "cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 2000") as stranger:
        client = nodes.client()
        client.set("{a}1", 1)
        one = begin("stranger", nodes, target)
        stranger.raw("CLUSTER", "MEET", "127.0.0.1", nodes.nodes[0].port)
        redis_servers.wait_until("the new node is known", lambda: all(str(stranger.port).encode() in n.raw("CLUSTER", "NODES") and b"handshake" not in n.raw("CLUSTER", "NODES")
                                                                      for n in [*nodes.nodes, stranger]) and stranger.raw("CLUSTER", "NODES").count(b"master") == 3)
        nodes.masters.append(stranger)
        nodes.nodes.append(stranger)
        redis_servers.wait_until("the new node is in", lambda: b"cluster_state:ok" in stranger.raw("CLUSTER", "INFO"))
        nodes.move_slot(redis_servers.redis.cluster.key_slot(b"a"), stranger)
        wait_for(lambda: drsd.client.status(one) == "INCRE_TRANSFER_FAILED", 60, "the stop", told(drsd, one))
        assert any(stranger.address in text and "none of the shards" in text for _, text in drsd.client.logs(one)), drsd.client.logs(one)[:5]
    