"""Shards of a cluster: dealt to sub-tasks, their lags, and what they leave behind."""
import json
import os
import time

import pytest
import requests

from support import redis_servers
from support.drsd import Drsd, wait_for
from support.redis_jobs import caught_up, redis_job

CONFIG = "[worker]\npoll_millis = 100\nretry_limit = 5\nretry_max_seconds = 1\n[redis]\nspool_bytes = 33554432\n"


@pytest.fixture(scope="module")
def drsd(server_folder):
    folder = server_folder / "redis-shards-drsd"
    folder.mkdir()
    with Drsd(folder, CONFIG) as running:
        yield running


def end(drsd, one, force=True):
    drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": force})
    drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")


def test_sub_tasks_load_two_shards_at_a_time(drsd, server_folder):
    """The largest shards first; all are followed in the end."""
    with redis_servers.cluster("redis70", server_folder, shards=5) as nodes, redis_servers.single("redis70", server_folder) as target:
        client = nodes.client()
        for i in range(1000):
            client.set(f"key:{i}", os.urandom(8000))
        job = redis_job("sub-tasks", ",".join(node.address for node in nodes.masters), target.address, cluster=True)
        job["target_endpoint"][0]["config"] = {"node_num": 1}
        job["speed_limit"] = [{"begin": "00:00", "end": "23:59", "speed": "1"}]
        (one,) = drsd.client.start(job)
        most, waited = 0, 0

        def loaded():
            nonlocal most, waited
            shards = drsd.client.progress(one).get("shards", [])
            most = max(most, sum(s["transfer_status"] == "FULL_TRANSFER_STARTED" for s in shards))
            waited = max(waited, sum(s["transfer_status"] == "WAITING_FOR_START" for s in shards))
            assert {s["sub_task"] for s in shards} <= {"1"}
            return len(shards) == 5 and all(s["transfer_status"] == "INCRE_TRANSFER_STARTED" for s in shards)
        wait_for(loaded, 90, "all shards", lambda: json.dumps(drsd.client.progress(one)))
        assert 1 <= most <= 2 and waited >= 3
        for tag in "abcdef":
            client.set(f"{{{tag}}}token", tag)
        wait_for(lambda: all(target.client().get(f"{{{tag}}}token") for tag in "abcdef"), 60, "what is written now")
        assert sorted(s["name"] for s in drsd.client.progress(one)["shards"]) == sorted(str(16384 * i // 5) for i in range(5))
        end(drsd, one)


def test_more_sub_tasks_load_at_once(drsd, server_folder):
    with redis_servers.cluster("redis70", server_folder, shards=4) as nodes, redis_servers.single("redis70", server_folder) as target:
        job = redis_job("many-sub-tasks", ",".join(node.address for node in nodes.masters), target.address, cluster=True)
        job["target_endpoint"][0]["config"] = {"node_num": 4}
        (one,) = drsd.client.start(job)
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        shards = wait_for(lambda: len(s := drsd.client.progress(one).get("shards", [])) == 4 and s, 30, "the shards")
        assert sorted(s["sub_task"] for s in shards) == ["1", "2", "3", "4"]
        end(drsd, one)


def test_three_lags(drsd, server_folder):
    """A target that stands still: what is received waits here, and when the spool is full what the source has written waits there."""
    with redis_servers.single("redis70", server_folder, "client-output-buffer-limit replica 0 0 0", "repl-backlog-size 256mb") as source, \
            redis_servers.single("redis70", server_folder) as target:
        (one,) = drsd.client.start(redis_job("lags", source.address, target.address))
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        caught_up(drsd.client, one, source, target)

        def shard():
            return drsd.client.progress(one)["shards"][0]

        def none():
            """The source's own pings are on their way at any time."""
            lags = shard()
            return "receive_lag_bytes" in lags and int(lags["receive_lag_bytes"]) < 1000 and int(lags["apply_lag_bytes"]) < 1000
        wait_for(none, 30, "no lag", lambda: str(shard()))
        target.client().execute_command("CLIENT", "PAUSE", "60000", "WRITE")
        pipe = source.client().pipeline(transaction=False)
        for i in range(90):
            pipe.set(f"key:{i}", bytes(1 << 20))
        pipe.execute()
        wait_for(lambda: int(shard()["apply_lag_bytes"]) > 20 << 20 and int(shard()["receive_lag_bytes"]) > 20 << 20 and int(shard()["incr_trans_delay_millis"]) > 1000,
                 30, "the lags", lambda: str(shard()))
        text = requests.get(f"{drsd.client.endpoint}/metrics", timeout=10).text
        for name in ("drs_lane_receive_lag_bytes", "drs_lane_apply_lag_bytes", "drs_lane_delay_seconds"):
            assert f'{name}{{job="{one}",lane="0"}}' in text
        assert "NOT RECEIVED" in drsd.ctl("job", one)
        target.client().execute_command("CLIENT", "UNPAUSE")
        caught_up(drsd.client, one, source, target, 90)
        wait_for(none, 30, "no lag any more", lambda: str(shard()))
        end(drsd, one)


def test_what_a_task_has_left_goes(server_folder):
    """Ended by force while the target was away; a paused task keeps what it has."""
    folder = server_folder / "redis-left"
    folder.mkdir()
    with Drsd(folder, CONFIG) as mine, redis_servers.single("redis70", server_folder) as source, redis_servers.single("redis70", server_folder) as target, \
            redis_servers.single("redis70", server_folder) as other:
        source.client().set("a", 1)
        one, kept = mine.client.start(redis_job("left", source.address, target.address))[0], mine.client.start(redis_job("kept", source.address, other.address))[0]
        for each in (one, kept):
            mine.client.wait_status(each, "INCRE_TRANSFER_STARTED")
        mine.client.action(kept, "stop", pause_mode="target")
        mine.client.wait_status(kept, "PAUSING")
        target.stop(hard=True)
        mine.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": True})
        mine.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
        spool = mine.data / "spool"
        assert (spool / one).exists() and (spool / kept).exists()
        mine.stop()
        mine.run()
        wait_for(lambda: not (spool / one).exists(), 30, "the removal")
        time.sleep(0.5)
        assert (spool / kept / "0" / "stream").exists()
        mine.client.action(kept, "restart")
        mine.client.wait_status(kept, "INCRE_TRANSFER_STARTED")
        assert not any("copied again" in text for _, text in mine.client.logs(kept))
        end(mine, kept)
