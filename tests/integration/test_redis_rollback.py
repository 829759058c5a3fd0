"""A target whose data goes back: it was restarted without its last writes, or restored from a file, or another server with
older data took its place. Nothing of what it had acknowledged may be missing, and nothing may be done twice."""
import os
import pathlib
import shutil
import time

import pytest

from support import redis_servers
from support.drsd import Drsd, wait_for
from support.redis_jobs import Load, caught_up, equal, redis_job

CONFIG = "[worker]\npoll_millis = 100\nretry_limit = 10\nretry_max_seconds = 1\n"
AGAIN = "everything is copied again"


@pytest.fixture(scope="module")
def drsd(server_folder):
    folder = server_folder / "redis-rollback"
    folder.mkdir()
    with Drsd(folder, CONFIG) as running:
        yield running


@pytest.fixture
def pair(server_folder):
    with redis_servers.single("redis70", server_folder) as a, redis_servers.single("valkey91", server_folder) as b:
        yield a, b


def begin(drsd, name, source, target, **more):
    (one,) = drsd.client.start(redis_job(name, source.address, getattr(target, "address", target), **more))
    drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
    return one


def end(drsd, one):
    drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
    drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")


def said(drsd, one, words):
    return [text for _, text in drsd.client.logs(one) if words in text]


def kill_and_restart(target):
    target.stop(hard=True)
    target.run()


def reload(target):
    """The connections stay."""
    target.raw("DEBUG", "RELOAD", "NOSAVE")


def count(source, db, n):
    """What counts twice, or not at all, if it is done so."""
    pipe = source.client(db).pipeline(transaction=False)
    for i in range(n):
        pipe.incr(f"n:{i % 7}")
        pipe.rpush("list", i)
        pipe.append("text", "x")
    pipe.execute()


@pytest.mark.parametrize("goes_back", [kill_and_restart, reload])
def test_goes_on_from_the_mark_that_went_back_with_the_data(drsd, pair, goes_back):
    source, target = pair
    redis_servers.fill(source.client())
    one = begin(drsd, f"back-{goes_back.__name__}", source, target)
    load = Load(source.client, 11)
    for _ in range(2):
        caught_up(drsd.client, one, source, target)
        target.client().save()
        done = load.done
        wait_for(lambda: load.done > done + 200, 30, "the load")
        caught_up(drsd.client, one, source, target)  # the target had acknowledged it
        goes_back(target)
    load.stop()
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    assert not said(drsd, one, AGAIN)  # the spool had it
    end(drsd, one)


@pytest.mark.parametrize("databases", [(0, 3, 3), (3, 0, 3), (3, 3, 0), (0, 0, 3)], ids=str)
def test_goes_back_between_databases(drsd, pair, databases):
    """A quiet task, whose connection stays: the next batch may be for another database than the one that was lost."""
    source, target = pair
    before, lost, behind = databases
    one = begin(drsd, f"databases-{before}{lost}{behind}", source, target)
    count(source, before, 50)
    caught_up(drsd.client, one, source, target)
    wait_for(lambda: target.client(before).llen("list") == 50, 20, "the first part")
    time.sleep(2)  # quiet: the mark says that all answers were seen
    target.client().save()
    count(source, lost, 30)
    wait_for(lambda: target.client(lost).llen("list") == 30 + 50 * (lost == before), 20, "the part that is lost")
    time.sleep(2)
    reload(target)
    assert target.client(lost).llen("list") == 50 * (lost == before)
    count(source, behind, 5)
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    end(drsd, one)


def test_goes_back_further_than_the_spool_reaches(drsd, server_folder):
    """Neither the spool nor the source has what is missing: a new snapshot, and what vanished meanwhile goes."""
    with redis_servers.single("redis70", server_folder, "repl-backlog-size 16kb") as source, redis_servers.single("redis70", server_folder) as target:
        redis_servers.fill(source.client())
        one = begin(drsd, "further", source, target)
        caught_up(drsd.client, one, source, target)
        target.client().save()
        source.client().delete("s:int", "l:many")
        for i in range(50):  # segments of the spool are of 16 MiB
            source.client().set(f"big:{i % 10}", bytes([i]) * 1_000_000)
        count(source, 0, 100)
        caught_up(drsd.client, one, source, target)
        kill_and_restart(target)
        assert target.client().exists("s:int")
        caught_up(drsd.client, one, source, target)
        equal(source, target)
        assert said(drsd, one, AGAIN)
        end(drsd, one)


def test_comes_back_empty(drsd, pair):
    source, target = pair
    redis_servers.fill(source.client())
    one = begin(drsd, "empty", source, target)
    load = Load(source.client, 12)
    caught_up(drsd.client, one, source, target)
    kill_and_restart(target)
    caught_up(drsd.client, one, source, target)
    load.stop()
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    assert said(drsd, one, "has no mark of it any more")
    end(drsd, one)


def test_emptied_by_hand_while_connected(drsd, pair):
    source, target = pair
    redis_servers.fill(source.client())
    one = begin(drsd, "emptied", source, target)
    caught_up(drsd.client, one, source, target)
    target.client().flushall()
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    assert said(drsd, one, "has no mark of it any more")
    end(drsd, one)


@pytest.mark.parametrize("goes_back", [kill_and_restart, reload])
def test_goes_back_during_the_load(folder, pair, goes_back):
    source, target = pair
    redis_servers.fill(source.client())
    for i in range(100):
        source.client().set(f"big:{i}", os.urandom(100_000))
    with Drsd(folder, CONFIG) as drsd:
        speed = [{"begin": "00:00", "end": "23:59", "speed": "1"}]
        (one,) = drsd.client.start(redis_job("load", source.address, target.address, speed_limit=speed))
        load = Load(source.client, 13)
        wait_for(lambda: target.client().dbsize() > 20, 60, "the load")
        for _ in range(2):
            target.client().save()
            keys = target.client().dbsize()
            wait_for(lambda: target.client().dbsize() > keys, 60, "the load", lambda: keys)
            assert drsd.client.status(one) == "FULL_TRANSFER_STARTED"
            goes_back(target)
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED", seconds=120)
        load.stop()
        caught_up(drsd.client, one, source, target)
        equal(source, target)
        end(drsd, one)


def test_a_server_with_older_data_takes_its_place(drsd, server_folder):
    """A fail-over of the target to a replica that lacks what the master had acknowledged."""
    with redis_servers.single("redis70", server_folder) as source, redis_servers.replica_set("redis70", server_folder) as targets:
        redis_servers.fill(source.client())
        one = begin(drsd, "target-failover", source, ",".join(server.address for server in targets.all))
        load = Load(source.client, 14)
        caught_up(drsd.client, one, source, targets.master)
        behind = targets.replicas[0]
        behind.client().execute_command("REPLICAOF", "NO", "ONE")  # it hears no more of the master, and the task does not hear of it
        done = load.done
        wait_for(lambda: load.done > done + 200, 30, "the load")
        caught_up(drsd.client, one, source, targets.master)
        targets.master.stop(hard=True)
        caught_up(drsd.client, one, source, behind)
        load.stop()
        caught_up(drsd.client, one, source, behind)
        equal(source, behind)
        assert not said(drsd, one, AGAIN)
        end(drsd, one)


def test_goes_back_while_the_task_is_paused(drsd, pair):
    source, target = pair
    one = begin(drsd, "paused", source, target)
    count(source, 0, 50)
    caught_up(drsd.client, one, source, target)
    target.client().save()
    saved = target.folder / "saved.rdb"
    shutil.copy(pathlib.Path(target.folder) / "dump.rdb", saved)
    count(source, 0, 50)
    caught_up(drsd.client, one, source, target)
    drsd.client.action(one, "stop", pause_mode="target")
    drsd.client.wait_status(one, "PAUSING")
    count(source, 0, 50)
    target.stop(hard=True)
    shutil.copy(saved, target.folder / "dump.rdb")
    target.run()
    drsd.client.action(one, "restart")
    drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
    caught_up(drsd.client, one, source, target)
    equal(source, target)
    assert not said(drsd, one, AGAIN)
    end(drsd, one)
