#!/usr/bin/env python3
"""./x demo redis: a real Redis cluster of three shards, a single server as target, a live load, and a task from create to equality.

Ends with 0 only if both sides hold the same keys, values and deadlines.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from support import redis_servers  # noqa: E402
from support.drsd import DRSCTL, Drsd, wait_for  # noqa: E402
from support.redis_jobs import Load, redis_job  # noqa: E402

KEYS = 300_000


def say(text):
    print(f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text, flush=True)


def fill(nodes):
    """Strings, hashes and lists, a tenth with a deadline; straight to the shard that owns each slot."""
    clients = {node.port: node.client() for node in nodes.masters}
    owners = {}
    for low, high, owner, *_ in nodes.nodes[0].raw("CLUSTER", "SLOTS"):
        owners.update(dict.fromkeys(range(low, high + 1), owner[1]))
    pipes = {port: client.pipeline(transaction=False) for port, client in clients.items()}
    for i in range(KEYS):
        key = f"key:{i}"
        pipe = pipes[owners[redis_servers.redis.cluster.key_slot(key.encode())]]
        if i % 20 == 0:
            pipe.hset(key, mapping={f"field{j}": i * j for j in range(8)})
        elif i % 20 == 1:
            pipe.rpush(key, *range(i % 30 + 1))
        else:
            pipe.set(key, f"value of {i}", px=3_600_000 if i % 10 == 3 else None)
        if i % 5000 == 0:
            for each in pipes.values():
                each.execute()
    for each in pipes.values():
        each.execute()


def keys_of(server):
    return int(server.raw("DBSIZE"))


def run(folder):
    began = time.monotonic()
    say("1. A Redis cluster of three shards, and a single server as target")
    with redis_servers.cluster("redis70", folder, shards=3) as nodes, redis_servers.single("redis70", folder) as target:
        fill(nodes)
        total = sum(keys_of(node) for node in nodes.masters)
        print(f"  source {', '.join(n.address for n in nodes.masters)}, target {target.address}: {total:,} keys in {time.monotonic() - began:.1f} s")
        say("2. drsd, and a write load on the source")
        with Drsd(folder, check=False) as service:
            client = service.client
            loads = [Load(nodes.client, seed, pause=0.001) for seed in (1, 2)]
            say("3. POST /v5/{project_id}/jobs/batch-async-create, validate, commit")
            (job,) = client.start(redis_job("demo-redis", ",".join(n.address for n in nodes.masters), target.address, cluster=True))
            say("4. The snapshot of each shard, then its stream")
            copying = time.monotonic()
            client.wait_status(job, "INCRE_TRANSFER_STARTED", seconds=600)
            full = time.monotonic() - copying
            time.sleep(5)
            say("5. The load stops; wait until all of it has arrived")
            for load in loads:
                load.stop()
            stopped = time.monotonic()
            wait_for(lambda: client.progress(job)["incr_trans_delay"] == "0", 120, "delay 0",
                     lambda: str(client.progress(job)))
            drained = time.monotonic() - stopped
            say("6. drsctl compare: every key, its value and its deadline, both sides")
            equal = subprocess.run([DRSCTL, "--data", service.data, "--endpoint", client.endpoint, "compare", "demo-redis"]).returncode == 0
            say("7. The number of keys by both sides")
            mine, theirs = sum(keys_of(node) for node in nodes.masters), sum(not k.startswith(b"__drs:") for k in target.client().scan_iter(count=1000))
            print(f"  source {mine:,}, target {theirs:,}")
            equal = equal and abs(mine - theirs) <= 5  # what expires between the two counts
            say("EQUAL" if equal else "NOT EQUAL")
            print(f"  {total:,} keys; full phase {full:.1f} s; {sum(load.done for load in loads):,} operations meanwhile; drained {drained:.1f} s after the load stopped; "
                  f"all in {time.monotonic() - began:.0f} s")
            return equal


def main():
    with tempfile.TemporaryDirectory(prefix="opendrs-demo-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        return 0 if run(pathlib.Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
