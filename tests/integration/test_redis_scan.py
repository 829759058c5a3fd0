"""redis-to-gaussredis from a source that gives nothing to replicas: read by SCAN, followed by its notifications."""
import os
import random
import threading
import time

import pytest

from support import redis_servers
from support.drsd import Drsd, wait_for
from support.redis_jobs import Load, equal, redis_job, values

CONFIG = "[worker]\npoll_millis = 100\nretry_limit = 5\nretry_max_seconds = 1\n[redis]\nrescan_seconds = 3600\n"
ALL = "OPENDRS_ALL" in os.environ
NO_PSYNC = ('rename-command PSYNC ""', 'rename-command SYNC ""')
TELLS = "notify-keyspace-events EA"
PAIRS = [(a, b) for a in redis_servers.KINDS for b in redis_servers.KINDS] if ALL else [("redis70", "redis70"), ("valkey91", "redis80")]


@pytest.fixture(scope="module")
def drsd(server_folder):
    folder = server_folder / "redis-scan-drsd"
    folder.mkdir()
    with Drsd(folder, CONFIG) as running:
        yield running


@pytest.fixture
def pair(server_folder):
    with redis_servers.single("redis70", server_folder, *NO_PSYNC, TELLS) as a, redis_servers.single("redis70", server_folder) as b:
        yield a, b


def checked(drsd, name, source, target, **more):
    """The batch and its job behind a validation that must fail, and the item of its pre-check."""
    batch = drsd.client.create(redis_job(name, source.address, target.address, **more))
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    (job,) = drsd.client.batch_jobs(batch)
    (item,) = [row for row in job["precheck_result"]["precheck_results"] if row["result"] == "FAILED"]
    return batch, job["id"], item


def skip(drsd, batch, one, *items):
    drsd.client.action(one, "skip_precheck", skip_precheck_info={"skipped_precheck_list": list(items), "skip_reason": "the provider has no PSYNC"})
    drsd.client.call("POST", f"/batch-async-jobs/{batch}/commit")


def begin(drsd, name, source, target, wanted="INCRE_TRANSFER_STARTED", **more):
    batch, one, item = checked(drsd, name, source, target, **more)
    assert item["item"] == "srcCommandCheck" and item["is_support_skip"], item
    skip(drsd, batch, one, "srcCommandCheck")
    drsd.client.wait_status(one, wanted)
    assert any("read by SCAN" in text for _, text in drsd.client.logs(one))
    return one


def end(drsd, one, force=False):
    drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": force})
    drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")


@pytest.mark.parametrize("kinds", PAIRS, ids=["-".join(p) for p in PAIRS])
def test_everything_arrives_and_converges(drsd, server_folder, kinds):
    with redis_servers.single(kinds[0], server_folder, *NO_PSYNC, TELLS) as source, redis_servers.single(kinds[1], server_folder) as target:
        redis_servers.fill(source.client(), kind="redis70" if target.kind == "redis70" else source.kind)
        source.client(9).set("nine", 9, px=500_000)
        one = begin(drsd, f"scan-{kinds[0]}-{kinds[1]}", source, target)
        load = Load(source.client, 1)
        time.sleep(2)
        source.client(9).set("nine", 10)
        source.client().rename("s:int", "s:renamed")
        source.client().delete("l:many")
        source.client().set("short", 1, px=300)
        load.stop()
        assert load.done > 100
        equal(source, target, held=False)
        (shard,) = drsd.client.progress(one)["shards"]
        assert shard["transfer_status"] == "INCRE_TRANSFER_STARTED" and shard["position"].startswith("scan:")
        assert "receive_lag_bytes" not in shard  # nothing has offsets here
        end(drsd, one)
        assert not [k for db in range(16) for k in target.client(db).scan_iter() if k.startswith(b"__drs:")]


def test_without_notifications_only_a_full_copy(drsd, server_folder):
    with redis_servers.single("redis70", server_folder, *NO_PSYNC) as source, redis_servers.single("redis70", server_folder) as target:
        redis_servers.fill(source.client())
        _, one, item = checked(drsd, "scan-silent", source, target)
        assert not item["is_support_skip"] and "notify-keyspace-events" in item["failed_reason"]
        one = begin(drsd, "scan-full", source, target, "FULL_TRANSFER_COMPLETE", task_type="FULL_TRANS")
        equal(source, target, held=False)
        end(drsd, one)


def test_large_values_come_in_pieces(drsd, pair):
    """Of every type, with what belongs to them; a list that moves all the time is right once it rests."""
    source, target = pair
    client = source.client()
    pipe = client.pipeline(transaction=False)
    for at in range(0, 20_000, 1000):
        pipe.sadd("large:set", *[f"member-{i}-{'x' * 20}" for i in range(at, at + 1000)])
        pipe.hset("large:hash", mapping={f"field-{i}": "v" * (i % 60) for i in range(at, at + 1000)})
        pipe.zadd("large:zset", {f"member-{i}": i / 7 for i in range(at, at + 1000)})
    pipe.zadd("large:zset", {"inf": float("inf"), "tiny": 5e-324})
    pipe.set("large:string", os.urandom(3_500_000), px=900_000)
    for i in range(20_000):
        pipe.xadd("large:stream", {"field": "x" * 80, "n": i}, id=f"{1000 + i}-1")
    pipe.xgroup_create("large:stream", "group", id="1005-1")
    pipe.xreadgroup("group", "consumer", {"large:stream": ">"}, count=30)
    pipe.xgroup_createconsumer("large:stream", "group", "idle")
    pipe.xdel("large:stream", "1500-1")
    for _ in range(36):
        pipe.rpush("large:list", *[random.randbytes(1000) for _ in range(1000)])
    pipe.execute()
    assert client.memory_usage("large:list") > 32 << 20
    one = begin(drsd, "scan-large", source, target)
    equal(source, target, held=False)
    assert target.client().xpending("large:stream", "group")["pending"] == client.xpending("large:stream", "group")["pending"] > 0
    ended = threading.Event()

    def rotate():
        mine = source.client()
        while not ended.wait(0.001):
            mine.lpush("large:list", random.randbytes(1000))
            mine.rpop("large:list")
            mine.hset("large:hash", f"field-{random.randrange(25_000)}", "changed")
    thread = threading.Thread(target=rotate)
    thread.start()
    time.sleep(2)
    ended.set()
    thread.join()
    equal(source, target, 180, held=False)  # it rests between two tries
    end(drsd, one)


def test_a_moving_list_stops_a_full_copy(drsd, pair):
    """Nobody would bring it again: better no copy than one that never was."""
    source, target = pair
    client = source.client()
    for _ in range(144):  # it takes long enough to be read that a busy machine cannot hold back all who move it
        client.rpush("list", *[random.randbytes(1000) for _ in range(1000)])
    ended = threading.Event()

    def rotate():
        mine = source.client()
        while not ended.is_set():
            mine.lpush("list", random.randbytes(1000))
            mine.rpop("list")
    threads = [threading.Thread(target=rotate) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        one = begin(drsd, "scan-moving", source, target, "FULL_TRANSFER_FAILED", task_type="FULL_TRANS")
        assert any("changes all the time" in text for _, text in drsd.client.logs(one))
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    end(drsd, one, force=True)


def test_what_notifications_miss(drsd, pair):
    """FLUSHDB and SWAPDB tell nothing of keys; a pause and a lost connection tell nothing at all."""
    source, target = pair
    client = source.client()
    for i in range(3000):
        client.set(f"key:{i}", i)
    one = begin(drsd, "scan-missed", source, target)
    drsd.client.action(one, "stop", pause_mode="target")
    drsd.client.wait_status(one, "PAUSING")
    client.delete(*[f"key:{i}" for i in range(0, 3000, 3)])
    client.set("key:1", "changed")
    drsd.client.action(one, "restart")
    drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
    equal(source, target, held=False)
    client.execute_command("CONFIG", "SET", "notify-keyspace-events", "")
    client.delete(*[f"key:{i}" for i in range(1, 3000, 3)])
    client.set("key:2", "changed")
    client.execute_command("CONFIG", "SET", "notify-keyspace-events", "EA")
    time.sleep(1)
    assert target.client().exists("key:4")  # nobody has told
    client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    equal(source, target, held=False)
    assert any("Notifications of the source are lost" in text for _, text in drsd.client.logs(one))
    end(drsd, one)


def test_other_keys_of_the_target_stay(drsd, pair):
    """What the source does not have is deleted only if everything there came from it."""
    source, target = pair
    source.client().set("mine", 1)
    target.client().set("yours", 1)
    batch = drsd.client.create(redis_job("scan-others", source.address, target.address))
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    (job,) = drsd.client.batch_jobs(batch)
    skip(drsd, batch, job["id"], "srcCommandCheck", "checkEmptyDstDb")
    drsd.client.wait_status(job["id"], "INCRE_TRANSFER_STARTED")
    source.client().execute_command("CLIENT", "KILL", "TYPE", "pubsub")  # another pass
    wait_for(lambda: any("not the task's" in text for _, text in drsd.client.logs(job["id"])), 30, "the note")
    source.client().delete("mine")
    wait_for(lambda: not target.client().exists("mine"), 30, "the deletion")
    assert target.client().get("yours") == b"1"
    end(drsd, job["id"])


def test_a_source_that_goes_away_comes_back(drsd, server_folder):
    with redis_servers.single("redis70", server_folder, *NO_PSYNC, TELLS, "appendonly yes") as source, redis_servers.single("redis70", server_folder) as target:
        source.client().mset({f"key:{i}": i for i in range(1000)})
        one = begin(drsd, "scan-away", source, target)
        source.client().set("before", 1)
        source.stop()
        time.sleep(8)  # longer than a task's tries last
        source.run()
        source.client().delete("key:1")
        source.client().set("behind", 1)
        equal(source, target, 60, held=False)
        assert drsd.client.status(one) == "INCRE_TRANSFER_STARTED"
        end(drsd, one)


def test_kill_in_the_middle(drsd, pair, server_folder):
    source, target = pair
    source.client().mset({f"key:{i}": i for i in range(20_000)})
    folder = server_folder / "redis-scan-killed"
    folder.mkdir()
    with Drsd(folder, CONFIG) as mine:
        batch, one, _ = checked(mine, "scan-killed", source, target)
        skip(mine, batch, one, "srcCommandCheck")
        wait_for(lambda: target.client().dbsize() > 2000, 60, "some keys")
        mine.kill()
        source.client().delete(*[f"key:{i}" for i in range(0, 20_000, 7)])
        mine.run()
        mine.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        equal(source, target, held=False)
        end(mine, one)


def test_dump_and_exact_deadlines_refused(drsd, pair):
    """Values by the commands of their types, deadlines by PTTL and the source's clock."""
    source, target = pair
    redis_servers.fill(source.client())
    source.raw("ACL", "SETUSER", "drs", "on", ">pw", "~*", "&*", "+@all", "-dump", "-pexpiretime", "-memory")
    job = redis_job("scan-commands", source.address, target.address)
    job["source_endpoint"][0]["endpoint"].update(db_user="drs", db_password="pw")
    batch = drsd.client.create(job)
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    (found,) = drsd.client.batch_jobs(batch)
    one = found["id"]
    skip(drsd, batch, one, "srcCommandCheck", "srcDbPrivilegesIsEnoughForIncre")
    drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")

    def differing():
        a, b = values(source), values(target)
        return [k for k in a.keys() | b.keys() if k not in a or k not in b or a[k][0] != b[k][0] or abs(a[k][1] - b[k][1]) > 1000]
    wait_for(lambda: not differing(), 30, "equal values", lambda: str(differing()[:5]))
    end(drsd, one)
