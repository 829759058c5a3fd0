"""Faults of Redis tasks at given places: each stops, or goes on by itself, as docs/reference/faults.md says, and loses nothing."""
import contextlib
import os
import signal
import time

import pytest
import redis
import redis.sentinel

from support import redis_servers
from support.drsd import Drsd, wait_for
from support.faults import small_disk
from support.redis_jobs import HELD, Load, caught_up, equal, redis_job, values

CONFIG = """[worker]
poll_millis = 100
retry_limit = 12
retry_max_seconds = 1
poison_limit = 30
lease_ttl_seconds = 3
lease_renew_seconds = 1
lease_margin_seconds = 1
"""
AGAIN = "everything is copied again"
SLOW = [{"begin": "00:00", "end": "23:59", "speed": "1"}]
MIB = 1 << 20


@pytest.fixture
def pair(server_folder):
    with redis_servers.single("valkey91", server_folder) as a, redis_servers.single("redis70", server_folder) as b:
        yield a, b


@contextlib.contextmanager
def service(folder, points="", config=CONFIG):
    with Drsd(folder, config, environment={"OPENDRS_FAILPOINTS": points}) as running:
        yield running


def set_points(drsd, points):
    drsd.kill()
    drsd.environment["OPENDRS_FAILPOINTS"] = points
    drsd.run()


def dies(drsd, seconds=60):
    """It ends itself at its point; afterwards it runs again without one."""
    wait_for(lambda: drsd.process.poll() is not None, seconds, "drsd to die at its point", drsd.tail)
    drsd.environment["OPENDRS_FAILPOINTS"] = ""
    drsd.run()


def begin(drsd, name, source, target, *wait, **more):
    (one,) = drsd.client.start(redis_job(name, source if isinstance(source, str) else source.address, target.address, **more))
    if wait != (None,):
        drsd.client.wait_status(one, *(wait or ("INCRE_TRANSFER_STARTED",)))
    return one


def ask_end(drsd, one):
    drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})


def end(drsd, one):
    ask_end(drsd, one)
    drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")


def numbered(source, n):
    """So many keys in each of two databases."""
    for db in (0, 1):
        pipe = source.client(db).pipeline(transaction=False)
        for i in range(n):
            pipe.set(f"key:{i}", i)
        pipe.execute()


def said(drsd, one, words):
    return [text for _, text in drsd.client.logs(one) if words in text]


def ours(target):
    """Without what a probe has left that was killed: that expires."""
    return [key for db in range(16) for key in target.client(db).scan_iter(match="__drs:*") if not key.startswith(b"__drs:probe:")]


# -- drsd dies -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("task_type,status", [("FULL_INCR_TRANS", "INCRE_TRANSFER_STARTED"), ("FULL_TRANS", "FULL_TRANSFER_COMPLETE")])
def test_killed_between_the_last_key_and_the_note_that_it_is_loaded(folder, pair, task_type, status):
    source, target = pair
    redis_servers.fill(source.client())
    with service(folder, "redis.loaded=kill@1") as drsd:
        one = begin(drsd, "loaded", source, target, None, task_type=task_type)
        dies(drsd)
        drsd.client.wait_status(one, status, seconds=30)
        equal(source, target, held=task_type != "FULL_TRANS")
        assert not said(drsd, one, AGAIN)
        end(drsd, one)


@pytest.mark.parametrize("at", [1, 6])
def test_killed_while_deadlines_are_given_back(folder, pair, at):
    source, target = pair
    far = int(time.time() * 1000) + 10**9
    for db in (0, 5):
        pipe = source.client(db).pipeline(transaction=False)
        for i in range(2000):
            pipe.set(f"key:{i}", i, pxat=far + i)
        pipe.execute()
    with service(folder) as drsd:
        one = begin(drsd, "release", source, target)
        caught_up(drsd.client, one, source, target)
        assert {deadline for key, (_, deadline) in values(target).items() if key[1].startswith(b"key:")} == {HELD}
        set_points(drsd, f"redis.releasing=kill@{at}")
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        ask_end(drsd, one)
        dies(drsd)
        drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
        assert values(source) == values(target)
        assert not ours(target)


@pytest.mark.parametrize("at", [1, 2500])
def test_killed_in_a_reset(folder, pair, at):
    source, target = pair
    redis_servers.fill(source.client())
    numbered(source, 2000)
    with service(folder) as drsd:
        one = begin(drsd, "reset", source, target)
        caught_up(drsd.client, one, source, target)
        drsd.client.action(one, "stop", pause_mode="target")
        drsd.client.wait_status(one, "PAUSING")
        source.client().delete(*[f"key:{i}" for i in range(0, 2000, 4)])
        set_points(drsd, f"redis.sweeping=kill@{at}")
        drsd.client.action(one, "reset")
        dies(drsd)
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        caught_up(drsd.client, one, source, target)
        equal(source, target)
        end(drsd, one)
        assert not ours(target)


@pytest.mark.parametrize("at", [1, 2500])
def test_killed_in_the_sweep_behind_a_second_snapshot(folder, server_folder, at):
    with redis_servers.single("redis70", server_folder, "repl-backlog-size 16kb") as source, redis_servers.single("valkey91", server_folder) as target, service(folder) as drsd:
        numbered(source, 3000)
        one = begin(drsd, "sweep", source, target)
        caught_up(drsd.client, one, source, target)
        drsd.client.action(one, "stop", pause_mode="target")
        drsd.client.wait_status(one, "PAUSING")
        for db in (0, 1):
            source.client(db).delete(*[f"key:{i}" for i in range(2500)])
        source.client().set("long", "x" * 50_000)
        set_points(drsd, f"redis.sweeping=kill@{at}")
        drsd.client.action(one, "restart")
        dies(drsd)
        caught_up(drsd.client, one, source, target)
        equal(source, target)
        assert said(drsd, one, AGAIN)
        end(drsd, one)


# -- the spool -----------------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def stopped(server):
    """It takes connections and bytes, and answers nothing."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


def write(source, mib, name="big", waits=True):
    """In portions that the source's buffers hold, each of which somebody has taken before the next, if anybody does."""
    client = source.client()
    for i in range(2 * mib):
        for n in range(16):
            client.set(f"{name}:{(16 * i + n) % 500}", os.urandom(32768))
        client.incr("count")
        if waits:
            waits = client.wait(1, 5000) == 1
    return waits


CUTS_EARLY = ("repl-backlog-size 1mb", "client-output-buffer-limit replica 1mb 1mb 1")


def test_the_spool_saves_what_the_source_does_not_keep_for_a_stopped_target(folder, server_folder):
    with redis_servers.single("redis70", server_folder, *CUTS_EARLY) as source, redis_servers.single("redis70", server_folder) as target, service(folder) as drsd:
        redis_servers.fill(source.client())
        one = begin(drsd, "stopped", source, target)
        caught_up(drsd.client, one, source, target)
        load = Load(source.client, 21, pause=0.002)
        with stopped(target):
            assert write(source, 20)
        load.stop()
        caught_up(drsd.client, one, source, target)
        equal(source, target)
        assert not said(drsd, one, AGAIN)
        end(drsd, one)


def test_a_full_spool_ends_in_a_new_snapshot(folder, server_folder):
    config = CONFIG + "[redis]\nspool_bytes = 33554432\n"
    with redis_servers.single("redis70", server_folder, *CUTS_EARLY) as source, redis_servers.single("redis70", server_folder) as target, service(folder, config=config) as drsd:
        redis_servers.fill(source.client())
        one = begin(drsd, "full", source, target)
        caught_up(drsd.client, one, source, target)
        with stopped(target):
            assert not write(source, 60)
            source.client().delete("s:int", "l:many")
            wait_for(lambda: said(drsd, one, "The spool is full"), 30, "a full spool")
        caught_up(drsd.client, one, source, target)
        equal(source, target)
        assert said(drsd, one, "does not have its stream")
        end(drsd, one)


def test_full_disk_under_the_spool(folder, server_folder):
    """It is tried again, with a line that names the folder, until there is room."""
    with small_disk(40) as disk, redis_servers.single("redis70", server_folder) as source, redis_servers.single("valkey91", server_folder) as target:
        (folder / "drsd").mkdir(mode=0o700)
        (folder / "drsd/spool").symlink_to(disk)
        with service(folder) as drsd:
            redis_servers.fill(source.client())
            one = begin(drsd, "disk", source, target)
            caught_up(drsd.client, one, source, target)
            ballast = disk / "ballast"
            with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as file:
                while True:
                    file.write(bytes(MIB // 4))
            write(source, 3, waits=False)
            wait_for(lambda: len(said(drsd, one, "cannot be kept in the folder")) > 2, 60, "the full disk", lambda: drsd.client.logs(one)[:5])
            write(source, 2, "more", waits=False)
            ballast.unlink()
            caught_up(drsd.client, one, source, target)
            equal(source, target)
            end(drsd, one)


# -- Sentinel ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("phase", ["FULL_TRANSFER_STARTED", "INCRE_TRANSFER_STARTED"])
def test_sentinels_make_another_server_the_source(folder, server_folder, phase):
    with redis_servers.replica_set("redis70", server_folder, replicas=2, sentinels=3) as servers, redis_servers.single("valkey91", server_folder) as target, service(folder) as drsd:
        redis_servers.fill(servers.master.client())
        for i in range(60):
            servers.master.client().set(f"big:{i}", os.urandom(60_000))
        known = [("127.0.0.1", sentinel.port) for sentinel in servers.sentinels]
        address = "sentinel://main@" + ",".join(f"{host}:{port}" for host, port in known)
        one = begin(drsd, "sentinel", address, target, None, speed_limit=SLOW)
        drsd.client.wait_status(one, phase)
        load = Load(lambda: redis.sentinel.Sentinel(known, socket_timeout=2).master_for("main", socket_timeout=2), 31)
        wait_for(lambda: load.done > 50, 20, "the load", lambda: load.error)
        old, master = servers.master, lambda: servers.sentinels[0].client().execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main")
        old.stop(hard=True)
        wait_for(lambda: int(master()[1]) != old.port, 60, "the fail-over")
        new = next(server for server in servers.all if server.port == int(master()[1]))
        wait_for(lambda: new.info()["role"] == "master", 30, "the new master")
        done = load.done
        wait_for(lambda: load.done > done + 100, 60, "the load behind it", lambda: load.error)
        load.stop()
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED", seconds=90)
        caught_up(drsd.client, one, new, target)
        equal(new, target)
        end(drsd, one)
