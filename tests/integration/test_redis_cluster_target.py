"""Clusters as targets: exactly once over kill -9, slots that move there, and fail-overs that lose acknowledged writes."""
import os
import random
import signal
import socket
import threading
import time

import pytest

from support import redis_servers
from support.drsd import Drsd, wait_for
from support.redis_jobs import HELD, Load, redis_job, sharded_values, values

CONFIG = "[worker]\npoll_millis = 100\nretry_limit = 20\nretry_max_seconds = 1\nlease_ttl_seconds = 3\nlease_renew_seconds = 1\nlease_margin_seconds = 1\npoison_limit = 30\n"
ALL = "OPENDRS_ALL" in os.environ
TAGS = [f"{{{tag}}}token" for tag in "abcdefghij"]  # in slots of all shards


def addresses(nodes):
    return ",".join(node.address for node in nodes.nodes)


@pytest.fixture(scope="module")
def target(server_folder):
    with redis_servers.cluster("redis70", server_folder, shards=3) as nodes:
        yield nodes


@pytest.fixture
def empty(target):
    for node in target.masters:
        node.client().flushall()
    return target


@pytest.fixture
def source(server_folder):
    with redis_servers.single("redis70", server_folder) as server:
        yield server


def of(side):
    found = sharded_values(side) if hasattr(side, "nodes") else set(values(side).items())
    return {key: value for (_, key), value in found}


def equal(source, target, seconds=60, held=True):
    def same(a, b):
        return a == b or (held and a and b and a[0] == b[0] and b[1] == HELD and a[1] > 0)

    def differences():
        a, b = of(source), of(target)
        return [(k, a.get(k), b.get(k)) for k in a.keys() | b.keys() if not same(a.get(k), b.get(k))]
    deadline = time.monotonic() + seconds
    while (found := differences()) and time.monotonic() < deadline:
        time.sleep(0.3)
    assert not found, f"{len(found)} differ: {found[:8]}"


def caught_up(drsd, one, source, target, seconds=90):
    client = source.client()
    tokens = {key: str(random.random()) for key in TAGS}
    for key, value in tokens.items():
        client.set(key, value)

    def came():
        try:
            there = target.client()
            return all(there.get(k) == v.encode() for k, v in tokens.items())
        except redis_servers.redis.exceptions.RedisError:
            return False  # a node is away
    wait_for(came, seconds, "the tokens", lambda: f"{drsd.client.status(one)} {drsd.client.logs(one)[:8]}")


def ours(target):
    """Without what a probe has left that was killed: that expires."""
    return [k for node in target.masters for k in node.client().scan_iter(count=1000) if k.startswith(b"__drs:{")]


def end(drsd, one, target):
    drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
    drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
    assert not ours(target)
    assert HELD not in [deadline for _, deadline in of(target).values()]


def test_single_to_cluster(folder, source, empty):
    """Everything arrives in its slots, commands and transactions over several slots are divided, FLUSHALL empties all nodes."""
    redis_servers.fill(source.client())
    with Drsd(folder, CONFIG) as drsd:
        (one,) = drsd.client.start(redis_job("to-cluster", source.address, addresses(empty)))
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        load = Load(source.client, 1)
        client = source.client()
        client.mset({f"many:{i}": i for i in range(100)})
        client.delete(*[f"many:{i}" for i in range(50)])
        client.msetnx({f"new:{i}": i for i in range(20)})
        pipe = client.pipeline(transaction=True)
        for i in range(300):
            pipe.incr(f"part:{i % 30}")
        pipe.execute()
        client.execute_command("FUNCTION", "LOAD", "#!lua name=mylib\nredis.register_function('f', function() return 7 end)")
        wait_for(lambda: load.done > 100, 60, "load", lambda: f"{load.done} {load.error}")
        load.stop()
        caught_up(drsd, one, source, empty)
        equal(source, empty)
        for node in empty.masters:
            assert node.client().execute_command("FCALL", "f", 0) == 7
        assert any("slot by slot" in text for _, text in drsd.client.logs(one))
        client.flushall()
        for i in range(100):
            client.incr(f"after:{i}")
        caught_up(drsd, one, source, empty)
        equal(source, empty)
        end(drsd, one, empty)


def test_commands_over_slots_stop_by_name(folder, source, empty):
    with Drsd(folder, CONFIG) as drsd:
        (one,) = drsd.client.start(redis_job("crossing", source.address, addresses(empty)))
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        source.client().set("{a}1", 1)
        source.client().rename("{a}1", "{b}1")
        wait_for(lambda: drsd.client.status(one) == "INCRE_TRANSFER_FAILED", 60, "the stop", lambda: f"{drsd.client.status(one)} {drsd.client.logs(one)[:5]}")
        assert any("rename" in text and "several slots" in text for _, text in drsd.client.logs(one))
        drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": True})
        drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
        assert not ours(empty)


def test_a_worker_that_was_replaced_writes_nothing(folder, source, empty):
    """Not even in slots that nobody has written to yet."""
    with Drsd(folder, CONFIG) as drsd:
        (one,) = drsd.client.start(redis_job("fenced", source.address, addresses(empty)))
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        caught_up(drsd, one, source, empty)

        def replace(before, by):
            for node in empty.masters:
                client = node.client()
                keys = [k for k in client.scan_iter(match="__drs:{*", count=1000) if not k.endswith(b":mark")]  # and not what a probe makes
                pipe = client.pipeline(transaction=False)
                for key in keys:
                    pipe.zrange(key, 0, -1, withscores=True)
                for key, members in zip(keys, pipe.execute()):
                    for member, score in members:
                        words = member.split()
                        if len(words) == 3 and (before is None or words[1] == before):
                            pipe.zrem(key, member)
                            pipe.zadd(key, {b" ".join([words[0], by, words[2]]): int(score)})
                pipe.execute()
                assert len(keys) > 5000
        replace(None, b"999999")
        for i in range(50):
            source.client().incr(f"behind:{i}")
        time.sleep(4)
        assert not [k for node in empty.masters for k in node.client().scan_iter(match="behind:*")]
        replace(b"999999", b"1")
        caught_up(drsd, one, source, empty)
        equal(source, empty)
        end(drsd, one, empty)


class Guards(threading.Thread):
    """What a predecessor still has on its way to one node: guards that fail, in all slots again and again."""

    def __init__(self, node):
        super().__init__(daemon=True)
        client = node.client()
        keys = [key for key in client.scan_iter(match="__drs:{*", count=1000) if not key.endswith(b":mark")]
        plan = client.zrange(keys[0], 0, 0)[0].split()[0]
        def pack(score):
            lines = (b"*4\r\n$4\r\nZADD\r\n$%d\r\n%s\r\n$3\r\n%s\r\n$%d\r\n%s 0 9\r\n" % (len(key), key, score, len(plan) + 4, plan) for key in keys)
            return b"".join(lines)
        self.rounds, self.replies = [pack(b"0.5"), pack(b"1.5")], 4 * len(keys)
        self.address, self.stopping = ("127.0.0.1", node.port), threading.Event()
        self.start()

    def run(self):
        with socket.create_connection(self.address) as link:
            while not self.stopping.is_set():
                for sent in self.rounds:
                    link.sendall(sent)
                    left = self.replies
                    while left > 0:
                        left -= len(link.recv(left))

    def stop(self):
        self.stopping.set()
        self.join()


def epochs(target):
    """The epoch of the newest owner of each slot's state, and how many slots have it."""
    found = {}
    for node in target.masters:
        client = node.client()
        pipe = client.pipeline(transaction=False)
        for key in client.scan_iter(match="__drs:{*", count=1000):  # and not what a probe makes
            if not key.endswith(b":mark"):
                pipe.zrange(key, 0, -1, withscores=True)
        for members in pipe.execute():
            newest = max(int(member.split()[1]) for member, score in members if not member.startswith(b"m ") and score == int(score))
            found[newest] = found.get(newest, 0) + 1
    return found


def test_take_over_among_guards(folder, source, empty):
    """Every slot is claimed, and once, while batches of the predecessor arrive."""
    with Drsd(folder, CONFIG) as drsd:
        (one,) = drsd.client.start(redis_job("among", source.address, addresses(empty)))
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        load = Load(source.client, 7)
        caught_up(drsd, one, source, empty)
        drsd.kill()
        (before,) = epochs(empty)
        guards = [Guards(node) for node in empty.masters]
        drsd.run()

        def claimed():
            found = epochs(empty)
            return len(found) == 1 and before not in found
        wait_for(claimed, 60, "claims of all slots", lambda: f"{before} {epochs(empty)} {drsd.client.logs(one)[:6]}")
        for each in guards:
            each.stop()
        load.stop()
        caught_up(drsd, one, source, empty)
        equal(source, empty)
        assert sum(epochs(empty).values()) == 16384
        end(drsd, one, empty)


def test_kills_and_moving_slots(folder, server_folder, empty):
    """Counters, lists and streams are exact while drsd dies at random and slots move at the target."""
    rnd = random.Random(int(os.environ.get("OPENDRS_SEED", "1")))
    with redis_servers.cluster("redis70", server_folder, shards=3) as source, Drsd(folder, CONFIG) as drsd:
        loads = [Load(source.client, seed, keys=8) for seed in (3, 4)]
        (one,) = drsd.client.start(redis_job("kills", addresses(source), addresses(empty), cluster=True))
        slots = [redis_servers.redis.cluster.key_slot(f"count:3:{i}".encode()) for i in range(8)]
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        for i in range(20 if ALL else 6):
            time.sleep(rnd.random() * 2)
            drsd.kill()
            drsd.run()
            time.sleep(rnd.random())
            slot = slots[i % len(slots)]
            owner = empty.owner(slot)
            empty.move_slot(slot, rnd.choice([node for node in empty.masters if node is not owner]))
        wait_for(lambda: sum(load.done for load in loads) > 300, 60, "load", lambda: f"{[load.done for load in loads]}")
        for load in loads:
            load.stop()
        caught_up(drsd, one, source, empty)
        equal(source, empty)
        assert not [text for _, text in drsd.client.logs(one) if "copied again" in text]
        end(drsd, one, empty)


def test_fail_over_that_loses_writes(folder, source, server_folder):
    """The replica lacks what its master had acknowledged: that is applied again, out of the spool."""
    with redis_servers.cluster("redis70", server_folder, shards=3, replicas=1) as target, Drsd(folder, CONFIG) as drsd:
        (one,) = drsd.client.start(redis_job("lost", source.address, addresses(target)))
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        load = Load(source.client, 5)
        time.sleep(2)
        master = target.masters[1]
        replica = next(n for n in target.nodes if n not in target.masters and n.info()["master_port"] == master.port)
        # The replica gets nothing more, as if the network between them were cut.
        os.kill(replica.process.pid, signal.SIGSTOP)
        master.raw("CLIENT", "KILL", "TYPE", "replica")
        lost = [f"lost:{i}" for i in range(200)]
        for key in lost:
            source.client().incr(key)
        caught_up(drsd, one, source, target)
        master.stop(hard=True)
        os.kill(replica.process.pid, signal.SIGCONT)
        wait_for(lambda: replica.raw("CLUSTER", "FAILOVER", "TAKEOVER") == b"OK", 20, "the fail-over", str)
        target.masters[1] = replica
        target.wait_ok()
        load.stop()
        caught_up(drsd, one, source, target)
        equal(source, target)
        assert any("has lost writes" in text or "does not hold" in text for _, text in drsd.client.logs(one)), drsd.client.logs(one)[:20]


def test_reset_and_compare(folder, source, empty):
    redis_servers.fill(source.client())
    with Drsd(folder, CONFIG) as drsd:
        (one,) = drsd.client.start(redis_job("compared", source.address, addresses(empty)))
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        caught_up(drsd, one, source, empty)
        assert ours(empty)
        assert "differ" in (out := drsd.ctl("compare", "compared")) and ": 0 differ" in out, out
        empty.client().set("s:emb", "changed")
        assert ": 1 differ" in (out := drsd.ctl("compare", "compared", ok=(1,))), out
        drsd.client.action(one, "stop", pause_mode="target")
        drsd.client.wait_status(one, "PAUSING")
        drsd.client.action(one, "reset")
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        caught_up(drsd, one, source, empty)
        equal(source, empty)
        end(drsd, one, empty)


def test_a_slot_that_stays_open(folder, source, empty):
    """While a slot is half moved, no scan sees all keys: the end of the task names it, and goes on when it is closed."""
    with Drsd(folder, CONFIG) as drsd:
        (one,) = drsd.client.start(redis_job("open", source.address, addresses(empty)))
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        source.client().set("{a}held", 1, ex=1000)
        caught_up(drsd, one, source, empty)
        slot = redis_servers.redis.cluster.key_slot(b"a")
        here = empty.owner(slot)
        there = next(node for node in empty.masters if node is not here)
        there.raw("CLUSTER", "SETSLOT", slot, "IMPORTING", empty.id_of(here))
        here.raw("CLUSTER", "SETSLOT", slot, "MIGRATING", empty.id_of(there))
        try:
            drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})

            def said():
                return any(f"on the move ({slot})" in text for _, text in drsd.client.logs(one))
            wait_for(said, 60, "the open slot's name", lambda: f"{drsd.client.status(one)} {drsd.client.logs(one)[:6]}")
        finally:
            for node in (here, there):
                node.raw("CLUSTER", "SETSLOT", slot, "STABLE")
        wait_for(lambda: drsd.client.status(one) == "RELEASE_RESOURCE_COMPLETE", 60, "the end", lambda: f"{drsd.client.status(one)} {drsd.client.logs(one)[:6]}")
        assert not ours(empty)
        assert HELD not in [deadline for _, deadline in of(empty).values()]


def test_slots_that_move_during_a_full_copy(folder, server_folder, empty):
    """Nothing follows a FULL_TRANS: a slot that leaves its shard meanwhile stops it by name."""
    with redis_servers.cluster("redis70", server_folder, shards=3) as source, Drsd(folder, CONFIG) as drsd:
        for i in range(400):  # a dozen seconds
            source.client().set(f"big:{i}", os.urandom(30_000))
        speed = [{"begin": "00:00", "end": "23:59", "speed": "1"}]
        (one,) = drsd.client.start(redis_job("full", addresses(source), addresses(empty), cluster=True, task_type="FULL_TRANS", speed_limit=speed))
        wait_for(lambda: sum(node.client().dbsize() for node in empty.masters) > 16384, 60, "the load", lambda: f"{drsd.client.status(one)} {drsd.client.logs(one)[:5]}")
        slot = redis_servers.redis.cluster.key_slot(b"big:7")
        source.move_slot(slot, next(node for node in source.masters if node is not source.owner(slot)))
        wait_for(lambda: drsd.client.status(one) in ("FULL_TRANSFER_FAILED", "FULL_TRANSFER_COMPLETE"), 90, "the stop", lambda: f"{drsd.client.status(one)} {drsd.client.logs(one)[:5]}")
        assert drsd.client.status(one) == "FULL_TRANSFER_FAILED"
        assert any("slots of the source's cluster" in text and "mov" in text for _, text in drsd.client.logs(one)), drsd.client.logs(one)[:5]
