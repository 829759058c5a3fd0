"""redis-to-gaussredis: the snapshot and the stream of real servers, exactly once."""
import os
import random
import time

import pytest

from support import redis_servers
from support.drsd import Drsd, wait_for
from support.redis_jobs import HELD, Load, caught_up, equal, redis_job, sharded_values, values

CONFIG = "[worker]\npoll_millis = 100\nretry_limit = 5\nretry_max_seconds = 1\n"
ALL = "OPENDRS_ALL" in os.environ
# Pairwise in the ordinary run; every source with every target with --all.
PAIRS = [(a, b) for a in redis_servers.KINDS for b in redis_servers.KINDS] if ALL else [("redis70", "valkey91"), ("redis80", "redis70"), ("valkey91", "redis80")]


@pytest.fixture(scope="module")
def drsd(server_folder):
    folder = server_folder / "redis-drsd"
    folder.mkdir()
    with Drsd(folder, CONFIG) as running:
        yield running


@pytest.fixture(params=PAIRS, ids=["-".join(p) for p in PAIRS])
def two(request, server_folder):
    with redis_servers.single(request.param[0], server_folder) as a, redis_servers.single(request.param[1], server_folder) as b:
        yield a, b


@pytest.fixture
def pair(server_folder):
    with redis_servers.single("redis70", server_folder) as a, redis_servers.single("redis70", server_folder) as b:
        yield a, b


def free(found, source):
    """Of the target's values: the deadlines that are held back are the source's."""
    return {(k, (v, source.execute_command("PEXPIRETIME", k[1]) if deadline == HELD else deadline)) for k, (v, deadline) in found.items()}


def begin(drsd, name, source, target, *wait, **more):
    (one,) = drsd.client.start(redis_job(name, source.address, target.address, **more))
    drsd.client.wait_status(one, *(wait or ("INCRE_TRANSFER_STARTED",)))
    return one


def end(drsd, one, source, target):
    """Behind it the keys have their own deadlines, to the millisecond."""
    drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
    drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
    now = time.time() * 1000
    there, here = values(source), values(target)
    soon = {k for k, (_, deadline) in {**there, **here}.items() if 0 < deadline < now + 2000}  # may have expired at one of the two
    left = [k for k in there.keys() | here.keys() if there.get(k) != here.get(k) and k not in soon]
    # What expired at the source while the task ended has a day at the target.
    left = [k for k in left if k in there or not now < here[k][1] < now + 90_000_000]
    assert not left, [(k, there.get(k), here.get(k)) for k in left[:5]]
    assert HELD not in [deadline for _, deadline in here.values()]


def test_everything_arrives_and_follows(drsd, two):
    source, target = two
    # What the target does not know is refused by the pre-check (fields with deadlines).
    redis_servers.fill(source.client(), kind="redis70" if target.kind == "redis70" else source.kind)
    source.client(9).set("nine", 9, px=500_000)
    source.client(15).rpush("fifteen", *range(1000))
    one = begin(drsd, f"all-{source.kind}-{target.kind}", source, target)
    load = Load(source.client, 1)
    time.sleep(2)
    source.client(9).set("nine", 10)
    source.client().rename("s:int", "s:renamed")
    source.client().execute_command("SPOP", "set:int16")
    load.stop()
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    assert load.done > 200
    end(drsd, one, source, target)
    assert not [k for db in range(16) for k in target.client(db).scan_iter() if k.startswith(b"__drs:")]


def test_full_only(drsd, pair):
    source, target = pair
    redis_servers.fill(source.client())
    one = begin(drsd, "full-only", source, target, "FULL_TRANSFER_COMPLETE", task_type="FULL_TRANS")
    equal(source, target, 5, held=False)
    end(drsd, one, source, target)


def test_renewed_deadlines_do_not_lose_keys(drsd, pair):
    """The target must not let go of a key whose deadline was put off while the lane lay behind."""
    source, target = pair
    client = source.client()
    for i in range(300):
        client.set(f"short:{i}", i, px=1500)
        client.hset(f"hash:{i}", "f", i)
        client.pexpire(f"hash:{i}", 1500)
    source.client().set("far", 1, px=10_000_000)
    (one,) = drsd.client.start(redis_job("renewed", source.address, target.address))
    until = time.monotonic() + 6
    while time.monotonic() < until:  # the keys live at the source for as long as they are renewed
        pipe = client.pipeline(transaction=False)
        for i in range(300):
            pipe.pexpire(f"short:{i}", 1500)
            pipe.pexpire(f"hash:{i}", 1500)
        pipe.execute()
        time.sleep(0.3)
    pipe = client.pipeline(transaction=False)
    for i in range(300):
        pipe.pexpire(f"short:{i}", 600_000)
        pipe.pexpire(f"hash:{i}", 600_000)
    assert all(pipe.execute())
    drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    end(drsd, one, source, target)


def test_pause_goes_on_where_it_was(drsd, pair):
    source, target = pair
    redis_servers.fill(source.client())
    one = begin(drsd, "pause", source, target)
    load = Load(source.client, 2)
    for _ in range(2):
        drsd.client.action(one, "stop", pause_mode="target")
        drsd.client.wait_status(one, "PAUSING")
        time.sleep(0.5)
        drsd.client.action(one, "restart")
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        time.sleep(0.7)
    load.stop()
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    assert not [text for level, text in drsd.client.logs(one) if "copied again" in text or "were not seen" in text]
    end(drsd, one, source, target)


def test_flush_and_transactions(drsd, pair):
    source, target = pair
    redis_servers.fill(source.client())
    source.client(3).set("three", 3)
    one = begin(drsd, "flush", source, target)
    pipe = source.client().pipeline(transaction=True)
    for i in range(3000):
        pipe.incr("one-transaction")
    pipe.execute()
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    source.client(3).flushdb()
    source.client(3).set("three-again", 1)
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    source.client().flushall()
    for i in range(100):
        source.client(i % 4).incr(f"after:{i}")
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    end(drsd, one, source, target)


def test_kill_at_random_moments(folder, pair):
    """Counters, lists and streams are exact whenever drsd dies: before, during and behind the snapshot."""
    source, target = pair
    redis_servers.fill(source.client())
    kills, rnd = int(os.environ.get("OPENDRS_KILLS", "60" if ALL else "20")), random.Random(int(os.environ.get("OPENDRS_SEED", "1")))
    with Drsd(folder, CONFIG + "lease_ttl_seconds = 3\nlease_renew_seconds = 1\nlease_margin_seconds = 1\npoison_limit = 30\n") as drsd:
        loads = [Load(source.client, seed) for seed in (3, 4)]
        (one,) = drsd.client.start(redis_job("kills", source.address, target.address))
        for _ in range(kills):
            time.sleep(rnd.random() * 1.5)
            drsd.kill()
            drsd.run()
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED", seconds=60)
        for load in loads:
            load.stop()
        caught_up(drsd.client, one, source, target)
        equal(source, target)
        assert sum(load.done for load in loads) > 300
        end(drsd, one, source, target)


def test_source_and_target_restart(drsd, server_folder):
    keep = ("appendonly yes", "appendfsync always")
    with redis_servers.single("redis70", server_folder, *keep) as source, redis_servers.single("redis70", server_folder, *keep) as target:
        redis_servers.fill(source.client())
        one = begin(drsd, "restart", source, target)
        load = Load(source.client, 5)
        time.sleep(0.5)
        target.stop(hard=True)
        time.sleep(0.5)
        target.run()
        time.sleep(1)
        load.stop()
        caught_up(drsd.client, one, source, target)
        equal(source, target)  # before the source's restart, behind which all is copied again
        load = Load(source.client, 15)
        source.stop()
        source.run()
        time.sleep(1)
        load.stop()
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        caught_up(drsd.client, one, source, target)
        equal(source, target)
        end(drsd, one, source, target)


def test_lost_backlog_copies_again_and_sweeps(drsd, server_folder):
    with redis_servers.single("redis70", server_folder, "repl-backlog-size 16kb") as source, redis_servers.single("redis70", server_folder) as target:
        redis_servers.fill(source.client())
        one = begin(drsd, "backlog", source, target)
        caught_up(drsd.client, one, source, target)
        drsd.client.action(one, "stop", pause_mode="target")
        drsd.client.wait_status(one, "PAUSING")
        gone = [k for k in source.client().scan_iter() if k.startswith(b"s:") or k.startswith(b"set:")]
        assert len(gone) > 10
        source.client().delete(*gone)
        for i in range(2000):
            source.client().set(f"new:{i}", "x" * 100)
        drsd.client.action(one, "restart")
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        caught_up(drsd.client, one, source, target)
        equal(source, target)
        assert any("everything is copied again" in text for _, text in drsd.client.logs(one))
        end(drsd, one, source, target)


def test_a_slot_that_moved_during_a_pause_removes_nothing(drsd, server_folder):
    """The old server's stream removes the keys of the slot; nothing of it is applied before somebody looks at the slots."""
    with redis_servers.cluster("redis70", server_folder, shards=2) as nodes, redis_servers.single("redis70", server_folder) as target:
        client = nodes.client()
        keys = [f"{{moves}}{n}" for n in range(50)]
        for key in keys:
            client.set(key, key)
        (one,) = drsd.client.start(redis_job("moved-in-pause", ",".join(node.address for node in nodes.masters), target.address, cluster=True))
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        drsd.client.action(one, "stop", pause_mode="target")
        drsd.client.wait_status(one, "PAUSING")
        slot = redis_servers.redis.cluster.key_slot(b"{moves}")
        owner = nodes.owner(slot)
        nodes.move_slot(slot, next(node for node in nodes.masters if node is not owner))
        drsd.client.action(one, "restart")
        wait_for(lambda: drsd.client.status(one) == "INCRE_TRANSFER_FAILED", 60, "the stop", lambda: f"{drsd.client.status(one)} {drsd.client.logs(one)[:5]}")
        assert any("slots of the source's cluster are moving" in text for _, text in drsd.client.logs(one))
        assert target.client().mget(keys) == [key.encode() for key in keys]
        drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": True})
        drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")


def test_cluster_to_single_server(drsd, server_folder):
    """Each shard is a lane; a slot that moves stops the task with its reason."""
    with redis_servers.cluster("redis70", server_folder, shards=3, replicas=1) as nodes, redis_servers.single("redis70", server_folder) as target:
        client = nodes.client()
        for i in range(3000):
            client.set(f"key:{i}", i, px=900_000 if i % 10 == 0 else None)
        addresses = ",".join(node.address for node in nodes.masters)
        (one,) = drsd.client.start(redis_job("cluster", addresses, target.address, cluster=True))
        load = Load(nodes.client, 6)
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        time.sleep(2)
        load.stop()
        assert load.done > 100
        # Behind its last write each shard has sent everything when the target has a key of its own.
        tokens = {f"{{{tag}}}token": str(random.random()) for tag in ("a", "b", "c", "d", "e", "f")}
        for key, value in tokens.items():
            client.set(key, value)
        wait_for(lambda: all(target.client().get(k) == v.encode() for k, v in tokens.items()), 30, "the tokens", lambda: f"{drsd.client.logs(one)[:6]}")
        until = time.monotonic() + 40
        while (differing := sharded_values(nodes) ^ free(values(target), client)) and time.monotonic() < until:
            time.sleep(0.5)
        assert not differing, f"{len(differing)}: {list(differing)[:6]}"
        slot = redis_servers.redis.cluster.key_slot(b"key:1")
        owner = nodes.owner(slot)
        nodes.move_slot(slot, next(node for node in nodes.masters if node is not owner))
        wait_for(lambda: drsd.client.status(one) == "INCRE_TRANSFER_FAILED", 60, "the stop", lambda: f"{drsd.client.status(one)} {drsd.client.logs(one)[:5]}")
        assert any("slots of the source's cluster are moving" in text for _, text in drsd.client.logs(one))
        drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": True})
        drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")


def test_a_lane_that_was_taken_over_writes_nothing(drsd, pair):
    source, target = pair
    source.client().set("before", 1)
    one = begin(drsd, "fenced", source, target)
    caught_up(drsd.client, one, source, target)
    (owner,) = [k for k in target.client().scan_iter() if k.endswith(b":owner")]
    version, plan, epoch = target.client().get(owner).split()
    target.client().set(owner, b" ".join([version, plan, b"999999"]))
    for i in range(50):
        source.client().incr("behind")
    time.sleep(3)
    assert target.client().get("behind") is None
    assert drsd.client.status(one) == "INCRE_TRANSFER_STARTED"  # another run of it is at work, as far as this one knows
    target.client().set(owner, b" ".join([version, plan, epoch]))
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    end(drsd, one, source, target)


def test_a_pause_longer_than_a_life_loses_nothing(drsd, pair):
    """The source prolongs what the target, left to itself, would have let go of meanwhile."""
    source, target = pair
    source.client().set("session", 1, px=3000)
    one = begin(drsd, "long-pause", source, target)
    caught_up(drsd.client, one, source, target)
    drsd.client.action(one, "stop", pause_mode="target")
    drsd.client.wait_status(one, "PAUSING")
    for _ in range(6):
        time.sleep(0.8)
        assert source.client().pexpire("session", 3000)
    assert source.client().pexpire("session", 400_000)
    drsd.client.action(one, "restart")
    drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    end(drsd, one, source, target)


def test_transactions_in_several_databases_and_functions(drsd, pair):
    source, target = pair
    one = begin(drsd, "databases", source, target)
    for n in range(300):
        source.client(n % 3).set(f"plain:{n}", n)
        pipe = source.client((n + 1) % 3).pipeline(transaction=True)
        pipe.incr("count")
        pipe.incr("count2")
        pipe.execute()
    source.client().execute_command("FUNCTION", "LOAD", "#!lua name=mylib\nredis.register_function('f', function() return 7 end)")
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    assert target.client().execute_command("FCALL", "f", 0) == 7
    end(drsd, one, source, target)


def test_a_source_that_failed_over_is_followed_and_a_restart_goes_on(folder, server_folder):
    """The marks follow the new name of the stream, so that a restart of drsd copies nothing again."""
    with redis_servers.replica_set("redis70", server_folder, replicas=1) as servers, redis_servers.single("redis70", server_folder) as target, Drsd(folder, CONFIG) as drsd:
        addresses = ",".join(server.address for server in servers.all)
        redis_servers.fill(servers.master.client())
        (one,) = drsd.client.start(redis_job("failover", addresses, target.address))
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        caught_up(drsd.client, one, servers.master, target)
        servers.fail_over(servers.replicas[0])
        for i in range(200):
            servers.master.client().incr("behind")
        caught_up(drsd.client, one, servers.master, target)
        time.sleep(1.5)  # the marks follow
        drsd.kill()
        servers.master.client().incr("behind")
        drsd.run()
        caught_up(drsd.client, one, servers.master, target)
        equal(servers.master, target)
        assert not [text for _, text in drsd.client.logs(one) if "copied again" in text]
        end(drsd, one, servers.master, target)
