#!/usr/bin/env python3
"""How exactly a speed limit is kept: the bytes that drsd has read from the source, sampled ten times a second from the
kernel (what its sockets received, less what still waits in them), over every ten seconds of a copy. Rows of one width
each, so that protocol bytes are row data times a constant."""
import argparse
import bisect
import re
import subprocess
import sys
import threading
import time

import common
from support import servers
from support.drsd import Drsd, job, whole

SAMPLE = 0.1
WINDOW = 10.0
# So that the limit, and not the servers, decides.
SERVER = ["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M"]
FOLLOWS = 3.0  # seconds after which a changed limit holds: it is read anew every two
MEGABYTE = 1e6


def fill(source, megabytes):
    """Narrow rows are 30 bytes of text in three columns, wide ones 100,007. Then waits until the server has written them."""
    source.execute("CREATE DATABASE narrow", "CREATE DATABASE wide")
    source.execute("CREATE TABLE t (id INT PRIMARY KEY, k INT NOT NULL, c CHAR(16) CHARACTER SET latin1 NOT NULL)",
                   f"INSERT INTO t SELECT 1000000+seq, 9000000-seq%1000000, CONCAT('c-', LPAD(seq,14,'0')) FROM seq_1_to_{int(megabytes['narrow'] * MEGABYTE / 30)}", "ANALYZE TABLE t", database="narrow")
    source.execute("CREATE TABLE t (id INT PRIMARY KEY, body MEDIUMTEXT CHARACTER SET latin1 NOT NULL)",
                   f"INSERT INTO t SELECT 1000000+seq, REPEAT(CHAR(97+seq%26),100000) FROM seq_1_to_{int(megabytes['wide'] * MEGABYTE / 100_007)}", "ANALYZE TABLE t", database="wide")
    source.execute("SET GLOBAL innodb_max_dirty_pages_pct_lwm=0.001", "SET GLOBAL innodb_max_dirty_pages_pct=0")
    for _ in range(600):
        (_, dirty), = source.execute("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'")
        if int(dirty) < 100:
            return
        time.sleep(0.1)


class Sampler(threading.Thread):
    """Bytes read from a server by clients on this machine, over time."""

    def __init__(self, port):
        super().__init__()
        self.port, self.of, self.times, self.totals, self.ended = port, {}, [], [], threading.Event()

    def look(self):
        lines = subprocess.run(["ss", "-Htin", "dst", f"127.0.0.1:{self.port}"], capture_output=True, text=True, check=True).stdout.splitlines()
        for head, info in zip(lines[::2], lines[1::2]):
            fields = head.split()
            received = re.search(r"bytes_received:(\d+)", info)
            if received:  # a socket that has gone keeps what it had
                self.of[fields[3]] = int(received[1]) - int(fields[1])
        self.times.append(time.monotonic())
        self.totals.append(sum(self.of.values()))

    def run(self):
        while not self.ended.wait(SAMPLE):
            self.look()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def at(self, moment):
        """Bytes read until then, between two samples in proportion."""
        i = min(max(bisect.bisect_left(self.times, moment), 1), len(self.times) - 1)
        t0, t1, b0, b1 = self.times[i - 1], self.times[i], self.totals[i - 1], self.totals[i]
        return b0 + (b1 - b0) * min(1, max(0, (moment - t0) / (t1 - t0)))

    def moment_of(self, total):
        return self.times[bisect.bisect_left(self.totals, total)]


def worst(sampler, begin, end, limit, row_share):
    """The largest deviation, in percent, of any ten seconds between two moments."""
    deviations, moment = [], begin
    while moment + WINDOW <= end:
        rate = (sampler.at(moment + WINDOW) - sampler.at(moment)) * row_share / WINDOW
        deviations.append((rate / limit - 1) * 100)
        moment += SAMPLE
    assert deviations, f"the copy ran for {end - begin:.1f} s only"
    print(f"MB in each second, limit {limit / MEGABYTE:.0f}:", *(round((sampler.at(begin + i + 1) - sampler.at(begin + i)) * row_share / MEGABYTE, 2) for i in range(int(end - begin))), flush=True)
    return max(deviations, key=abs)


def copy(client, ctl, source, target, database, limits, change_after):
    """Copies a database under the limits, one after the other; the worst deviation under each."""
    window = lambda limit: [{"begin": "00:00", "end": "23:59", "speed": str(limit)}]
    changes = []
    with Sampler(source.port) as sampler:
        (name,) = client.start(job(f"speed-{database}", source, target, whole(database, f"{database}_c"), speed_limit=window(limits[0])))
        client.wait_status(name, "FULL_TRANSFER_STARTED")
        for limit in limits[1:]:
            time.sleep(change_after)
            assert client.status(name) == "FULL_TRANSFER_STARTED", "the copy was over before its limit was changed"
            ctl("limit", f"speed-{database}", "--window", f"00:00-23:59={limit}")
            changes.append(time.monotonic())
        client.wait_status(name, "INCRE_TRANSFER_STARTED", seconds=600)
    (data,), = source.execute("SELECT SUM(LENGTH(id)+" + ("LENGTH(k)+LENGTH(c)" if database == "narrow" else "LENGTH(body)") + ") FROM t", database=database)
    (rows,), = source.execute("SELECT COUNT(*) FROM t", database=database)
    assert target.execute("SELECT COUNT(*) FROM t", database=f"{database}_c") == ((rows,),)
    # What is not row data: lengths before the values and a packet's head before each row. The rest (answers to other
    # questions) is small and lies before and behind the copy.
    overhead = rows * (4 + (3 if database == "narrow" else 1 + 4))
    share = float(data) / (float(data) + overhead)
    first, last = sampler.moment_of(sampler.totals[-1] * 0.005), sampler.moment_of(sampler.totals[-1] * 0.98)
    edges = [first, *changes, last]
    return [worst(sampler, edges[i] + (FOLLOWS if i else 0), edges[i + 1], limit * MEGABYTE, share) for i, limit in enumerate(limits)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--narrow", type=int, default=3, help="megabytes per second for narrow rows")
    parser.add_argument("--wide", type=int, default=8, help="megabytes per second for wide rows, halved while the copy runs")
    parser.add_argument("--seconds", type=int, default=40, help="how long each limit holds")
    args = parser.parse_args()
    half = args.wide // 2
    with common.folder() as folder, servers.start("mariadb", folder, *SERVER) as source, servers.start("mariadb", folder, *SERVER) as target, Drsd(folder, check=False) as service:
        fill(source, {"narrow": args.narrow * args.seconds, "wide": (args.wide + half) * args.seconds})
        narrow, = copy(service.client, service.ctl, source, target, "narrow", [args.narrow], args.seconds)
        wide, changed = copy(service.client, service.ctl, source, target, "wide", [args.wide, half], args.seconds)
    common.finish("speed-limit", {}, {
        "worst_10s_deviation_percent": round(max(narrow, wide, changed, key=abs), 2), "narrow_rows_percent": round(narrow, 2),
        "wide_rows_percent": round(wide, 2), "changed_limit_percent": round(changed, 2), "narrow_limit_mb_s": args.narrow,
        "wide_limit_mb_s": args.wide, "changed_limit_mb_s": half})


if __name__ == "__main__":
    sys.exit(main())
