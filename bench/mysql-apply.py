#!/usr/bin/env python3
"""Catching up: a backlog of single-row transactions, and one of ten-row transactions, on tables like sysbench's, applied by
OpenDRS and by the native replica of the same server with 1 and 4 parallel threads. All begin with a copy of the same data
folder and end when the last transaction is visible; both targets write a binary log. Interleaved in the same run. At the end
one transaction that does not fit into memory, by OpenDRS alone."""
import argparse
import os
import pathlib
import shutil
import statistics
import sys
import threading
import time

import common
from support import servers
from support.drsd import Drsd, job, wait_for, whole

TABLES = 4
SINGLE, TENFOLD = 300_000, 30_000
WRITERS = 4
RATE, SECONDS, ROWS = 500, 10, 4  # of the measurement of delays: 2,000 row changes per second
DURABILITY = {"durable": ["--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1"], "relaxed": ["--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0"]}
MARIADB = ["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=1G", "--innodb-flush-method=O_DIRECT", "--skip-slave-start", "--log-slave-updates=1"]
MYSQL = ["--innodb-buffer-pool-size=1G", "--innodb-redo-log-capacity=2G", "--skip-replica-start", "--log-replica-updates=1"]

TEXT = "CONCAT(SHA2({0},256),'-',LEFT(SHA2({0}+1,256),54))"
# One change each: of the index, of the text, or a row that goes and comes back.
SINGLE_PROCEDURE = """CREATE PROCEDURE {name}(IN changes INT) BEGIN
DECLARE n, row_id INT DEFAULT 0; DECLARE kind DOUBLE;
WHILE n < changes DO
  SET row_id = 1+FLOOR(RAND()*{rows}), kind = RAND();
  IF kind < 0.34 THEN UPDATE {table} SET k=k+1 WHERE id=row_id; SET n = n+ROW_COUNT();
  ELSEIF kind < 0.67 THEN UPDATE {table} SET c={text} WHERE id=row_id; SET n = n+ROW_COUNT();
  ELSE DELETE FROM {table} WHERE id=row_id; SET n = n+ROW_COUNT();
    INSERT IGNORE INTO {table} VALUES (row_id, 1+FLOOR(RAND()*{rows}), {text}, LEFT(SHA2(row_id,256),60)); SET n = n+ROW_COUNT();
  END IF;
END WHILE; END"""
TENFOLD_PROCEDURE = """CREATE PROCEDURE {name}(IN transactions INT) BEGIN
DECLARE n, i, row_id INT DEFAULT 0;
DECLARE EXIT HANDLER FOR SQLSTATE '40001' BEGIN ROLLBACK; RESIGNAL; END;
WHILE n < transactions DO
  START TRANSACTION;
  SET i = 0;
  WHILE i < 4 DO
    SET row_id = 1+FLOOR(RAND()*{rows}); UPDATE {table} SET k=k+1 WHERE id=row_id;
    SET row_id = 1+FLOOR(RAND()*{rows}); UPDATE {table} SET c={text} WHERE id=row_id;
    SET i = i+1;
  END WHILE;
  SET row_id = 1+FLOOR(RAND()*{rows});
  DELETE FROM {table} WHERE id=row_id; INSERT IGNORE INTO {table} VALUES (row_id, 1+FLOOR(RAND()*{rows}), {text}, LEFT(SHA2(row_id,256),60));
  COMMIT;
  SET n = n+1;
END WHILE; END"""


def fill(server, rows):
    """The same rows on every server, not logged."""
    numbers = f"seq_1_to_{rows}" if server.mariadb else f"(WITH RECURSIVE s (seq) AS (SELECT 1 UNION ALL SELECT seq+1 FROM s WHERE seq<{rows}) SELECT seq FROM s) AS s"
    begin = ["SET sql_log_bin=0"] + ([] if server.mariadb else [f"SET cte_max_recursion_depth={rows + 1}"])
    server.execute(*begin, "CREATE DATABASE bench CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", "USE bench",
                   "CREATE TABLE big (id INT NOT NULL PRIMARY KEY, body VARCHAR(1100) NOT NULL)", "CREATE TABLE done (id INT NOT NULL PRIMARY KEY)", "CREATE TABLE tick (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)",
                   *[s for i in range(1, TABLES + 1) for s in (
                       f"CREATE TABLE sbtest{i} (id INT NOT NULL PRIMARY KEY, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', KEY k_{i} (k)) ENGINE=InnoDB",
                       f"INSERT INTO sbtest{i} SELECT seq, (seq*7919)%{rows}+1, {TEXT.format('seq')}, LEFT(SHA2(seq,256),60) FROM {numbers}")])


def log_end(source):
    return source.execute("SHOW MASTER STATUS" if source.mariadb else "SHOW BINARY LOG STATUS")[0][:2]


def write_big(source, mib):
    """Writes one transaction with so many MiB of rows; returns where it begins."""
    at, rows = log_end(source), mib * 1024
    numbers = f"seq_1_to_{rows}" if source.mariadb else f"(WITH RECURSIVE s (seq) AS (SELECT 1 UNION ALL SELECT seq+1 FROM s WHERE seq<{rows}) SELECT seq FROM s) AS s"
    deep = [] if source.mariadb else [f"SET cte_max_recursion_depth={rows + 1}"]
    source.execute(*deep, f"INSERT INTO big SELECT seq, CONCAT(seq, REPEAT('x', 1000)) FROM {numbers}", "INSERT INTO done VALUES (1)", database="bench")
    return at


def write(source, procedure, count):
    """Writes a backlog with several sessions; returns where it begins."""
    at = log_end(source)
    errors = []

    def writer(table):
        try:
            left = count // WRITERS
            with source.connect("bench") as c, c.cursor() as cursor:
                cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
                cursor.execute(f"CALL churn_{procedure}_{table}({left})")
        except Exception as e:  # noqa: BLE001 - raised below
            errors.append(e)
    threads = [threading.Thread(target=writer, args=(i + 1,)) for i in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    source.execute(f"INSERT INTO done VALUES ({count})", database="bench")
    return at


def peak_mib(pid):
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status", encoding="ascii") if line.startswith("VmHWM:")) / 1024


class Bench:
    def __init__(self, folder, source, target):
        self.folder, self.source, self.target = folder, source, target
        self.times, self.cpu, self.rss, self.delays = {}, [], [], []
        self.last, self.ticks, self.note, self.server = 0, 0, [], 0.0
        self.target.stop()
        self.template = folder / "template"
        shutil.move(self.target.folder / "data", self.template)
        (self.template / "auto.cnf").unlink(missing_ok=True)  # a server is told by what stands there
        self.options = list(target.options)

    def fresh_target(self, durability):
        self.target.stop()
        shutil.rmtree(self.target.folder / "data", ignore_errors=True)
        shutil.copytree(self.template, self.target.folder / "data", symlinks=True)
        os.sync()
        self.target.options = [*self.options, *DURABILITY[durability]]
        self.target.run()
        self.target.execute(*[f"SELECT COUNT(*), SUM(LENGTH(c)) FROM bench.sbtest{i}" for i in range(1, TABLES + 1)])  # into memory

    def wait_done(self, began):
        with self.target.connect("bench") as c, c.cursor() as cursor:
            while not cursor.execute(f"SELECT 1 FROM done WHERE id={self.last}"):
                if time.monotonic() - began > 3600:
                    raise TimeoutError("the target does not catch up")
                time.sleep(0.02)
        self.server = common.cpu_seconds(self.target.process.pid) - self.server
        return time.monotonic() - began

    def native(self, at, threads):
        file, offset = at
        if self.target.mariadb:
            self.target.execute(f"SET GLOBAL slave_parallel_threads={threads if threads > 1 else 0}", "SET GLOBAL slave_parallel_mode='optimistic'",
                                f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={self.source.port}, MASTER_USER='{servers.USER}', MASTER_PASSWORD='{servers.PASSWORD}',"
                                f" MASTER_LOG_FILE='{file}', MASTER_LOG_POS={offset}, MASTER_USE_GTID=no")
            start, stop = "START SLAVE", "STOP SLAVE"
        else:
            self.target.execute(f"SET GLOBAL replica_parallel_workers={threads}",
                                f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={self.source.port}, SOURCE_USER='{servers.USER}', SOURCE_PASSWORD='{servers.PASSWORD}',"
                                f" SOURCE_LOG_FILE='{file}', SOURCE_LOG_POS={offset}, SOURCE_AUTO_POSITION=0, GET_SOURCE_PUBLIC_KEY=1")
            start, stop = "START REPLICA", "STOP REPLICA"
        began = time.monotonic()
        self.target.execute(start)
        took = self.wait_done(began)
        self.target.execute(stop)
        return took

    def ours(self, at, appliers, measured, delays):
        place = self.folder / f"drsd-{time.monotonic_ns()}"
        place.mkdir()
        with Drsd(place, f"[worker]\nappliers_per_job = {appliers}\npoll_millis = 50\n", check=False) as service:
            client = service.client
            batch = client.create(job("apply", self.source, self.target, whole("bench"), task_type="INCR_TRANS"))
            client.validated(batch)
            (listed,) = client.batch_jobs(batch)
            client.call("PUT", f"/jobs/{listed['id']}/start-position", {"file_and_position": f"{at[0]}:{at[1]}"})
            client.call("PUT", f"/batch-async-jobs/{batch}", {"jobs": [{"type": "precheck", "params": {"job_id": listed["id"]}}]})
            assert client.validated(batch) == "AUTO_PARAM_VALIDATE_SUCCESS", client.batch_jobs(batch)
            before = common.cpu_seconds(service.process.pid)
            began = time.monotonic()
            client.call("POST", f"/batch-async-jobs/{batch}/commit")
            took = self.wait_done(began)
            used = common.cpu_seconds(service.process.pid) - before
            if measured:
                self.cpu.append(used / measured)
            self.rss.append(peak_mib(service.process.pid))
            self.verify()
            if delays:
                self.delays += self.delay()
            client.action(listed["id"], "stop", pause_mode="target")
            client.wait_status(listed["id"], "PAUSING", "INCRE_TRANSFER_PAUSED", "PAUSED", seconds=30)
            time.sleep(0.3)
            self.note = [line for line in service.log.read_text(errors="replace").splitlines() if "replay ends" in line][-1:]
            self.note = [f"drsd {used:.1f} s CPU"] + [line.split("replay ends: ")[1] for line in self.note]
        return took

    def verify(self):
        for table in ["done", "big", *[f"sbtest{i}" for i in range(1, TABLES + 1)]]:
            sums = [server.execute(f"CHECKSUM TABLE bench.{table}")[0][1] for server in (self.source, self.target)]
            assert sums[0] == sums[1], f"{table} differs"

    def delay(self):
        """Seconds from the commit at the source to the visible row at the target, at 2,000 row changes per second."""
        committed, seen = {}, {}
        first, last = self.ticks, self.ticks + RATE * SECONDS
        self.ticks = last

        def watch():
            at = first
            with self.target.connect("bench") as c, c.cursor() as cursor:
                deadline = time.monotonic() + SECONDS + 60
                while at < last and time.monotonic() < deadline:
                    cursor.execute("SELECT COALESCE(MAX(n), 0) FROM tick")
                    found = cursor.fetchone()[0]
                    now = time.monotonic()
                    for n in range(at + 1, found + 1):
                        seen[n] = now
                    at = max(at, found)
                    time.sleep(0.001)
        watcher = threading.Thread(target=watch)
        watcher.start()
        with self.source.connect("bench") as c, c.cursor() as cursor:
            began = time.monotonic()
            for n in range(first + 1, last + 1):
                if (wait := began + (n - first) / RATE - time.monotonic()) > 0:
                    time.sleep(wait)
                cursor.execute("INSERT INTO tick VALUES " + ",".join(f"({n * ROWS + i},{n})" for i in range(ROWS)))
                committed[n] = time.monotonic()
        watcher.join()
        assert len(seen) == len(committed), f"only {len(seen)} of {len(committed)} transactions arrived"
        return [max(0.0, seen[n] - committed[n]) for n in committed]

    def contender(self, backlog, durability, name, run):
        self.fresh_target(durability)
        self.server = common.cpu_seconds(self.target.process.pid)
        took = run()
        if name != "ours":
            self.verify()
            self.note = []
        self.times.setdefault((backlog, durability, name), []).append(took)
        print(f"{backlog:6} {durability:8} {name:9} {took:7.1f} s  server {self.server:5.1f} s CPU  {' '.join(self.note)[-95:]}", flush=True)

    def median(self, *key):
        return statistics.median(self.times[key])

    def best_native(self, backlog, durability):
        return min(self.median(backlog, durability, name) for name in ("native-1", "native-4"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="mariadb", choices=["mariadb", "mysql"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the backlog: 0.1 = 30,000 and 3,000 transactions")
    parser.add_argument("--rows", type=int, default=250_000, help="of each of the four tables")
    parser.add_argument("--appliers", type=int, default=4)
    parser.add_argument("--no-delays", action="store_true", help="without the measurement of delays")
    parser.add_argument("--big", type=int, default=1024, help="MiB of the transaction that does not fit into memory; 0: none")
    parser.add_argument("--only", help="a comma list of durable, relaxed, 1row, 10row, big, ours, native")
    args = parser.parse_args()
    only = set((args.only or "").split(",")) - {""}
    durabilities = [name for name in DURABILITY if name in only or not only & set(DURABILITY)]
    backlogs = [name for name in ("1row", "10row", "big") if name in only or not only & {"1row", "10row", "big"}]
    big = args.big if "big" in backlogs and "native" not in only else 0
    backlogs = [name for name in backlogs if name != "big"]
    counts = {"1row": int(SINGLE * args.scale), "10row": int(TENFOLD * args.scale)}
    changes = {"1row": counts["1row"], "10row": counts["10row"] * 10}
    options = MARIADB if args.kind == "mariadb" else MYSQL
    with common.folder() as folder, servers.start(args.kind, folder, *options) as source, servers.start(args.kind, folder, *options) as target:
        for server in (source, target):
            fill(server, args.rows)
        source.execute("SET sql_log_bin=0", *[
            text.format(name=f"churn_{name}_{i}", rows=args.rows, table=f"sbtest{i}", text=TEXT.format("RAND()"))
            for name, text in (("1row", SINGLE_PROCEDURE), ("10row", TENFOLD_PROCEDURE)) for i in range(1, TABLES + 1)], database="bench")
        bench = Bench(folder, source, target)
        for backlog in backlogs:
            at = write(source, backlog, counts[backlog])
            bench.last = counts[backlog]
            for _ in range(args.rounds):
                for durability in durabilities:
                    for threads in () if "ours" in only else (1, 4):
                        bench.contender(backlog, durability, f"native-{threads}", lambda threads=threads: bench.native(at, threads))
                    if "native" in only:
                        continue
                    measured = changes[backlog] if (backlog, durability) == ("1row", "relaxed") else None
                    bench.contender(backlog, durability, "ours", lambda measured=measured: bench.ours(at, args.appliers, measured, measured and not args.no_delays))
            # The next backlog begins where this one ends.
            shutil.rmtree(bench.template)
            bench.target.stop()
            shutil.move(target.folder / "data", bench.template)
            (bench.template / "auto.cnf").unlink(missing_ok=True)
        ratios = {}
        rss = list(bench.rss)
        if big:
            at = write_big(source, big)
            bench.last = 1
            bench.contender("big", "relaxed", "ours", lambda: bench.ours(at, args.appliers, None, False))
        figures = {f"{backlog}_{durability}_{name.replace('-', '_')}_s": round(bench.median(backlog, durability, name), 1) for backlog, durability, name in bench.times}
        for backlog, durability in sorted({key[:2] for key in bench.times if key[0] != "big"}):
            if not only & {"ours", "native"}:
                ratios[f"speed_vs_native_{backlog}_{durability}"] = round(bench.best_native(backlog, durability) / bench.median(backlog, durability, "ours"), 2)
        if bench.cpu:
            figures["cpu_us_per_row"] = round(statistics.median(bench.cpu) * 1e6, 2)
        if bench.delays:
            ordered = sorted(bench.delays)
            figures.update(delay_ms_p50=round(statistics.median(ordered) * 1000, 1), delay_ms_p99=round(ordered[int(len(ordered) * 0.99)] * 1000, 1))
        if rss:
            figures["rss_mib_max"] = round(max(rss), 1)
        if big:
            figures["rss_mib_big_transaction"] = round(bench.rss[-1], 1)
        common.finish("mysql-apply", ratios, figures)


if __name__ == "__main__":
    sys.exit(main())
