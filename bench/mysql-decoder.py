#!/usr/bin/env python3
"""Reading the log: rows per second out of a file in memory, and from a server against clients that only receive."""
import argparse
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import common
from support import servers

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "build/release/bin/bench_log"
ROWS = 200_000  # of each of the three parts, at scale 1
IN_ONE = 100    # rows of a transaction in the first two parts


def write(source, rows):
    """Inserts, updates, and single-row transactions, in a log file of their own; returns its name."""
    source.execute("CREATE DATABASE IF NOT EXISTS b")
    source.execute("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, d DATETIME(3) NOT NULL, m DECIMAL(12,2) NOT NULL)", database="b")
    source.execute("FLUSH BINARY LOGS")
    with source.connect("b") as c, c.cursor() as cursor:
        for first in range(0, rows, IN_ONE):
            values = ",".join(f"({n * 7919 % 100003},REPEAT('{n % 10}',120),REPEAT('{n % 7}',60),'2026-01-01 00:00:00.123',{n}.25)" for n in range(first, first + IN_ONE))
            cursor.execute(f"INSERT INTO t (k,c,pad,d,m) VALUES {values}")
        for first in range(0, rows, IN_ONE):
            cursor.execute("UPDATE t SET k=k+1 WHERE id BETWEEN %s AND %s", (first + 1, first + IN_ONE))
        for first in range(0, rows, 1000):
            cursor.execute("BEGIN NOT ATOMIC DECLARE i INT DEFAULT 0; WHILE i < 1000 DO UPDATE t SET k=k+1 WHERE id=%s+i; SET i=i+1; END WHILE; END" if source.mariadb else "CALL single(%s)", (first + 1,))
    name = source.execute("SHOW BINARY LOGS")[-1][0]
    source.execute("FLUSH BINARY LOGS")
    return name


def measure(mode, source, place, *more):
    run = subprocess.run([PROGRAM, mode, "127.0.0.1", str(source.port), servers.USER, servers.PASSWORD, "b", place, *more], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr)
    rows, seconds, cpu, size = run.stdout.split()
    return int(rows), float(seconds), float(cpu), int(size)


def raw_copy(source, folder, file):
    program = shutil.which("mariadb-binlog") or shutil.which("mysqlbinlog")
    if not program or not source.mariadb:
        return None
    begin = time.monotonic()
    subprocess.run([program, "--read-from-remote-server", "--raw", f"--result-file={folder}/", "--host=127.0.0.1", f"--port={source.port}", f"--user={servers.USER}", f"--password={servers.PASSWORD}", file],
                   check=True, capture_output=True)
    return time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="mariadb", choices=["mariadb", "mysql"])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    subprocess.run(["cmake", "--build", ROOT / "build/release", "--target", "bench_log"], check=True, capture_output=True)
    rows = max(1000, int(ROWS * options.scale) // 1000 * 1000)
    with common.folder() as folder, servers.start(options.kind, folder, "--max-binlog-size=1G") as source:
        if not source.mariadb:
            source.execute("CREATE DATABASE b", "CREATE PROCEDURE b.single(first INT) BEGIN DECLARE i INT DEFAULT 0; WHILE i < 1000 DO UPDATE t SET k=k+1 WHERE id=first+i; SET i=i+1; END WHILE; END")
        file = write(source, rows)
        place, path = f"{file}:4", f"{source.folder}/data/{file}"
        results = {"decode": [], "read": [], "receive": [], "raw": []}
        for _ in range(options.rounds):  # in turn: a disturbance hits all of them
            results["decode"].append(measure("decode", source, place, path))
            results["read"].append(measure("read", source, place))
            results["receive"].append(measure("receive", source, place))
            raw = raw_copy(source, folder, file)
            if raw:
                results["raw"].append((0, raw, 0, 0))
    if {r[0] for r in results["decode"] + results["read"]} != {3 * rows}:
        raise RuntimeError(f"{3 * rows} rows were written, read were {results}")
    middle = lambda mode, index: statistics.median(r[index] for r in results[mode])  # noqa: E731
    # A read ends about a second behind the last event, with the source's heartbeat; so does the bare client's.
    idle = 1.0
    busy = {mode: max(0.001, middle(mode, 1) - idle) for mode in ("read", "receive")}
    ratios = {"read_to_receive_speed": round(busy["receive"] / busy["read"], 2)}
    if results["raw"]:
        ratios["read_to_raw_copy_speed"] = round(middle("raw", 1) / busy["read"], 2)
    common.finish("mysql-decoder", ratios, {
        "rows": 3 * rows, "log_mib": round(middle("decode", 3) / 2**20, 1), "decoder_rows_per_s": round(3 * rows / middle("decode", 2)), "decoder_mib_per_s": round(middle("decode", 3) / 2**20 / middle("decode", 2)),
        "read_rows_per_s": round(3 * rows / busy["read"]), "read_cpu_s": round(middle("read", 2), 2), "receive_cpu_s": round(middle("receive", 2), 2)})


if __name__ == "__main__":
    sys.exit(main())
