#!/usr/bin/env python3
"""A full copy of one Redis server against its own replica that stores the snapshot to disk before it loads it, and a copy by
SCAN against that, same servers, same run, in turn."""
import argparse
import statistics
import threading
import time

import common
import redis_data
from support.drsd import Drsd
from support.redis_jobs import redis_job


class Peak(threading.Thread):
    """The most memory that a process has had."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most, self.ended = pid, 0, threading.Event()
        self.start()

    def run(self):
        while not self.ended.wait(0.05):
            self.most = max(self.most, common.rss_mib(self.pid))

    def stop(self):
        self.ended.set()
        self.join()
        return self.most


def native(source, target):
    target.client().flushall()
    began = time.monotonic()
    target.client().execute_command("REPLICAOF", "127.0.0.1", str(source.port))
    while target.info()["master_link_status"] != "up":
        time.sleep(0.05)
    seconds = time.monotonic() - began
    target.client().execute_command("REPLICAOF", "NO", "ONE")
    return seconds


def ours(service, source, target, name, scan=False):
    """`scan`: as a user that must not replicate, so that the source is read by SCAN."""
    target.client().flushall()
    client = service.client
    wanted = redis_job(name, source.address, target.address, task_type="FULL_TRANS")
    if scan:
        wanted["source_endpoint"][0]["endpoint"].update(db_user="scan", db_password="pw")
    batch = client.create(wanted)
    client.validated(batch)
    (job,) = [j["id"] for j in client.batch_jobs(batch)]
    if scan:
        client.action(job, "skip_precheck", skip_precheck_info={"skipped_precheck_list": ["srcDbPrivilegesIsEnoughForIncre"], "skip_reason": "bench"})
    peak, cpu = Peak(service.process.pid), common.cpu_seconds(service.process.pid)
    began = time.monotonic()
    client.call("POST", f"/batch-async-jobs/{batch}/commit")
    client.wait_status(job, "FULL_TRANSFER_COMPLETE", seconds=600)
    seconds = time.monotonic() - began
    used = common.cpu_seconds(service.process.pid) - cpu
    memory = peak.stop()
    client.call("POST", f"/jobs/{job}/stop", {"is_force_stop": True})
    client.wait_status(job, "RELEASE_RESOURCE_COMPLETE")
    return seconds, used, memory


def main():
    parser = argparse.ArgumentParser(prog="./x bench redis-full")
    parser.add_argument("--scale", type=float, default=1.0, help="1: 5 million strings, 200,000 hashes, five sorted sets of 200,000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--big", type=int, default=0, help="a sorted set of so many million members beside: memory")
    options = parser.parse_args()
    with common.folder() as folder, redis_data.start(folder) as source, redis_data.start(folder, "repl-diskless-load disabled") as target:
        keys, _ = redis_data.write_commands(folder / "commands", int(5_000_000 * options.scale), int(200_000 * options.scale), int(200_000 * options.scale))
        redis_data.pipe("redis70", source.port, folder / "commands")
        for million in range(options.big):
            source.client().eval("for i = 1, 1000000 do redis.call('ZADD', KEYS[1], i, ARGV[1] .. i) end", 1, "big", f"a member of some length {million} ")
        with Drsd(folder, "[worker]\npoll_millis = 50\n", check=False) as service:
            pairs, cpu, memory, scans = [], [], [], []
            source.raw("ACL", "SETUSER", "scan", "on", ">pw", "~*", "&*", "+@all", "-psync")
            for i in range(options.rounds):
                theirs = native(source, target)
                seconds, used, most = ours(service, source, target, f"full-{i}")
                print(f"round {i}: replica {theirs:.1f} s, drsd {seconds:.1f} s, {used:.2f} s of processor time, {most:.0f} MiB", flush=True)
                scanned, scan_cpu, _ = ours(service, source, target, f"scan-{i}", scan=True)
                print(f"round {i}: by SCAN {scanned:.1f} s, {scan_cpu:.2f} s of processor time", flush=True)
                scans.append(scanned / seconds)
                pairs.append((theirs, seconds))
                cpu.append(used)
                memory.append(most)
    common.finish("redis-full", {"time_vs_replicaof_disk": round(statistics.median(b / a for a, b in pairs), 2), "scan_time_vs_full": round(statistics.median(scans), 2)},
                  {"keys": keys, "keys_per_s": round(keys / statistics.median(b for _, b in pairs)), "cpu_us_per_key": round(statistics.median(cpu) / keys * 1e6, 2),
                   "rss_mib_max": round(max(memory))})


if __name__ == "__main__":
    main()
