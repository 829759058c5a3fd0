#!/usr/bin/env python3
"""Memory of drsd: with no job, and with 100 idle incremental jobs."""
import sys
import time

import common
from support import servers
from support.drsd import Drsd, job, tables, wait_for

JOBS = 100


def main():
    with common.folder() as folder, servers.start("mariadb", folder, "--max-connections=2000") as source, \
            servers.start("mariadb", folder, "--max-connections=2000") as target, Drsd(folder, check=False) as service:
        time.sleep(2)
        empty = common.rss_mib(service.process.pid)
        source.execute("CREATE DATABASE b", *[f"CREATE TABLE b.t{i} (id INT PRIMARY KEY, v INT)" for i in range(JOBS)], *[f"INSERT INTO b.t{i} VALUES (1,1)" for i in range(JOBS)])
        ids = service.client.start(*[job(f"idle-{i}", source, target, tables("b", f"t{i}", target="c")) for i in range(JOBS)])
        wait_for(lambda: all(service.client.status(j) == "INCRE_TRANSFER_STARTED" for j in ids), 600, "all jobs to stream")
        time.sleep(20)
        loaded = common.rss_mib(service.process.pid)
        cpu = lambda: sum(int(x) for x in open(f"/proc/{service.process.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[11:13])  # noqa: E731
        before = cpu()
        time.sleep(10)
        common.finish("idle", {"rss_100_jobs_to_none": round(loaded / empty, 2)}, {
            "rss_no_job_mib": round(empty, 1), "rss_100_idle_jobs_mib": round(loaded, 1), "kib_per_idle_job": round((loaded - empty) * 1024 / JOBS), "rss_mib_per_idle_job": round((loaded - empty) / JOBS, 3),
            "cpu_percent_100_idle_jobs": round((cpu() - before) / 10, 1)})


if __name__ == "__main__":
    sys.exit(main())
