#!/usr/bin/env python3
"""Full load: OpenDRS against mydumper + myloader, mysqldump piped into mysql, and a bare copy (SELECT piped into LOAD
DATA, two at a time, indexes behind the data), between the same two servers, interleaved in the same run."""
import argparse
import os
import pathlib
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time

import common
from support import servers
from support.drsd import Drsd, job, whole

WIDE = 200_000
SMALL_TABLES = 5_000
ACCOUNT = f"-h 127.0.0.1 -u {servers.USER} --password={servers.PASSWORD}"
MARIADB = ["--innodb-buffer-pool-size=2G", "--innodb-log-file-size=1G", "--innodb-flush-log-at-trx-commit=1", "--innodb-flush-method=O_DIRECT", "--innodb-io-capacity=2000"]
MYSQL = ["--innodb-buffer-pool-size=2G", "--innodb-redo-log-capacity=2G", "--innodb-flush-log-at-trx-commit=1"]
# Secondary indexes, which the bare copy makes behind the data.
INDEXES = {"sbtest1": ["KEY k_1 (k)"], "wide1": ["KEY dtm (dtm)", "KEY vc (vc(20))"]}
GROUP = "LPAD(FLOOR(RAND()*1e11),11,'0')"


def shell(command):
    subprocess.run(command, shell=True, check=True, executable="/bin/bash", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def numbers(server, count):
    """A FROM clause with the column seq, 1 … count."""
    if server.mariadb:
        return f"seq_1_to_{count}"
    return f"(WITH RECURSIVE s (seq) AS (SELECT 1 UNION ALL SELECT seq+1 FROM s WHERE seq<{count}) SELECT seq FROM s) AS s"


def fill(source, rows):
    source.execute("CREATE DATABASE bench CHARACTER SET utf8mb4")
    begin = [] if source.mariadb else [f"SET cte_max_recursion_depth={max(rows, WIDE) + 1}"]
    text = lambda groups: f"CONCAT_WS('-',{','.join([GROUP] * groups)})"
    source.execute(
        *begin,
        "CREATE TABLE sbtest1 (id INT NOT NULL PRIMARY KEY, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', KEY k_1 (k)) ENGINE=InnoDB",
        f"INSERT INTO sbtest1 SELECT seq, 1+FLOOR(RAND()*{rows}), {text(10)}, {text(5)} FROM {numbers(source, rows)}",
        "CREATE TABLE wide1 (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, ti TINYINT NOT NULL, si SMALLINT NOT NULL, mi MEDIUMINT NOT NULL, bi BIGINT NOT NULL, d DECIMAL(30,10) NOT NULL,"
        " f FLOAT NOT NULL, db DOUBLE NOT NULL, b BIT(17) NOT NULL, dt DATE NOT NULL, tm TIME(3) NOT NULL, dtm DATETIME(6) NOT NULL, y YEAR NOT NULL, vc VARCHAR(200) NOT NULL,"
        " l1 VARCHAR(60) CHARACTER SET latin1 NOT NULL, vb VARBINARY(64) NOT NULL, e ENUM('a','b','c') NOT NULL, s SET('x','y','z') NOT NULL, j JSON NOT NULL, tx TEXT NOT NULL, bl BLOB NOT NULL,"
        " uuid CHAR(36) NOT NULL, UNIQUE KEY u (uuid), KEY dtm (dtm), KEY vc (vc(20))) ENGINE=InnoDB",
        "INSERT INTO wide1 SELECT seq*3, CAST(seq%256 AS SIGNED)-128, CAST(seq%65536 AS SIGNED)-32768, CAST(seq%16777216 AS SIGNED)-8388608, CAST(RAND()*9e18 AS SIGNED), RAND()*1e15, RAND()*1e6, RAND()*1e200, seq%131072,"
        " '2000-01-01' + INTERVAL seq%14000 DAY, SEC_TO_TIME(seq%86400), '2000-01-01' + INTERVAL seq*7919 MICROSECOND, 1970+seq%100, CONCAT('näme ',seq), CONCAT('café ',seq%1000),"
        f" UNHEX(LEFT(SHA2(RAND(),256),32)), 1+seq%3, seq%8, CONCAT('{{\"a\": ',seq,', \"b\": [1, 2, \"x\"]}}'), {text(20)}, UNHEX(SHA2(RAND(),512)), UUID() FROM {numbers(source, WIDE)}",
        "ANALYZE TABLE sbtest1, wide1", database="bench")


def fill_tables(source):
    source.execute("CREATE DATABASE small")
    with source.connect("small") as connection, connection.cursor() as cursor:
        for i in range(SMALL_TABLES):
            cursor.execute(f"CREATE TABLE t{i} (id INT PRIMARY KEY, name VARCHAR(40), at DATETIME, KEY n (name)) ENGINE=InnoDB")
            cursor.execute(f"INSERT INTO t{i} VALUES " + ",".join(f"({n},'name {n}','2024-01-01 00:00:{n:02}')" for n in range(10)))


def quiet(*running):
    """Waits until the servers have done what the last copy left them to do."""
    for _ in range(60):
        before = sum(common.cpu_seconds(server.process.pid) for server in running)
        time.sleep(0.5)
        if sum(common.cpu_seconds(server.process.pid) for server in running) - before < 0.1:
            return


class Bench:
    def __init__(self, folder, source, target, service):
        self.folder, self.source, self.target, self.service = folder, source, target, service
        self.times, self.spent, self.cpu = {}, {}, []

    def mydumper(self, database, into):
        dump = self.folder / "dump"
        shutil.rmtree(dump, ignore_errors=True)
        shell(f"mydumper {ACCOUNT} -P {self.source.port} -B {database} -t 2 -r 100000 -o {dump}")
        shell(f"myloader {ACCOUNT} -P {self.target.port} -B {into} -t 2 -o -d {dump}")

    def mysqldump(self, database, into):
        self.target.execute(f"CREATE DATABASE {into}")
        shell(f"set -o pipefail; mariadb-dump {ACCOUNT} -P {self.source.port} --single-transaction --quick --hex-blob {database} | mariadb {ACCOUNT} -P {self.target.port} {into}")

    def bare(self, database, into):
        self.target.execute(f"CREATE DATABASE {into} CHARACTER SET utf8mb4")
        for table, indexes in INDEXES.items():
            definition = self.source.execute(f"SHOW CREATE TABLE {table}", database=database)[0][1]
            self.target.execute(definition, f"ALTER TABLE {table} " + ", ".join("DROP " + index.split(" (")[0] for index in indexes), database=into)
            (last,), = self.source.execute(f"SELECT MAX(id) FROM {table}", database=database)
            load = "SET sql_mode='NO_AUTO_VALUE_ON_ZERO'; LOAD DATA LOCAL INFILE '/dev/stdin' INTO TABLE {} CHARACTER SET binary".format(table)
            halves = [subprocess.Popen(f"set -o pipefail; mariadb {ACCOUNT} -P {self.source.port} --quick --skip-column-names --batch --default-character-set=binary {database} "
                                       f"-e 'SELECT * FROM {table} WHERE id {condition} {last // 2}' | mariadb {ACCOUNT} -P {self.target.port} --local-infile=1 {into} -e \"{load}\"",
                                       shell=True, executable="/bin/bash") for condition in ("<=", ">")]
            assert not any(half.wait() for half in halves), "the bare copy failed"
            self.target.execute(f"ALTER TABLE {table} " + ", ".join("ADD " + index for index in indexes), database=into)

    def ours(self, database, into):
        before = common.cpu_seconds(self.service.process.pid)
        (name,) = self.service.client.start(job(f"full-{into}", self.source, self.target, whole(database, into), task_type="FULL_TRANS"))
        self.service.client.wait_status(name, "FULL_TRANSFER_COMPLETE", seconds=1800)
        self.cpu.append(common.cpu_seconds(self.service.process.pid) - before)

    def processor_seconds(self):
        """Used so far by the source, by the target, and by whatever copies."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return common.cpu_seconds(self.source.process.pid), common.cpu_seconds(self.target.process.pid), common.cpu_seconds(self.service.process.pid) + children.ru_utime + children.ru_stime

    def round(self, database, tools, number):
        for tool in tools:
            into = f"{tool}_{number}"
            quiet(self.source, self.target)
            began, before = time.monotonic(), self.processor_seconds()
            getattr(self, tool)(database, into)
            wall, spent = time.monotonic() - began, [b - a for a, b in zip(before, self.processor_seconds())]
            self.times.setdefault((database, tool), []).append(wall)
            self.spent.setdefault((database, tool), []).append(sum(spent))
            print(f"{database:8} {tool:10} {wall:7.1f} s, processor seconds: source {spent[0]:.1f}, target {spent[1]:.1f}, tool {spent[2]:.1f}", flush=True)
            self.check(database, into)
            # A file system that has just removed thousands of files is slow to make new ones: the next tool's loss.
            if database != "small":
                self.target.execute(f"DROP DATABASE {into}")

    def check(self, database, into):
        tables = [t for (t,) in self.source.execute("SHOW TABLES", database=database)]
        for table in tables if len(tables) < 10 else tables[:: len(tables) // 10]:
            (copied,), = self.target.execute(f"SELECT COUNT(*) FROM {table}", database=into)
            (all_,), = self.source.execute(f"SELECT COUNT(*) FROM {table}", database=database)
            assert copied == all_, f"{into}.{table}: {copied} of {all_} rows"

    def median(self, database, tool):
        return statistics.median(self.times[database, tool])

    def ratio(self, tool, database="bench"):
        return round(self.median(database, "ours") / self.median(database, tool), 2)


def peak_mib(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii"))[1]) / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="mariadb", choices=["mariadb", "mysql"])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="the peers, a comma list; mydumper and the bare copy know MariaDB only (MySQL takes no JSON from a binary file)")
    parser.add_argument("--no-tables", action="store_true", help="without the 5,000 small tables")
    args = parser.parse_args()
    if not shutil.which("mydumper"):
        shell("apt-get install -y mydumper || sudo apt-get install -y mydumper")
    options = MARIADB if args.kind == "mariadb" else MYSQL
    peers = (args.only if args.only is not None else "mydumper,mysqldump,bare" if args.kind == "mariadb" else "mysqldump").split(",")
    peers = [peer for peer in peers if peer]
    with common.folder() as folder, servers.start(args.kind, folder, *options) as source, servers.start(args.kind, folder, *options) as target, \
            Drsd(folder, check=False) as service:
        bench = Bench(folder, source, target, service)
        fill(source, args.rows)
        for number in range(args.rounds):
            bench.round("bench", [*peers, "ours"], number)
        rows = args.rows + WIDE
        figures = {"rows": rows, "opendrs_s": round(bench.median("bench", "ours"), 1), "opendrs_rows_per_s": round(rows / bench.median("bench", "ours")),
                   "cpu_us_per_row": round(statistics.median(bench.cpu) / rows * 1e6, 2), "rss_mib_max": round(peak_mib(service.process.pid), 1)}
        figures["opendrs_cpu_s"] = round(statistics.median(bench.spent["bench", "ours"]), 1)
        figures.update({f"{peer}_cpu_s": round(statistics.median(bench.spent["bench", peer]), 1) for peer in peers})
        figures.update({f"{peer}_s": round(bench.median("bench", peer), 1) for peer in peers})
        names = {"mydumper": "time_vs_mydumper", "mysqldump": "time_vs_mysqldump", "bare": "time_vs_raw_load"}
        ratios = {names[peer]: bench.ratio(peer) for peer in peers}
        if not args.no_tables:
            fill_tables(source)
            bench.round("small", [*[peer for peer in peers if peer == "mydumper"], "ours"], 9)
            figures["opendrs_5000_tables_s"] = round(bench.median("small", "ours"), 1)
            if "mydumper" in peers:
                ratios["time_vs_mydumper_5000_tables"] = bench.ratio("mydumper", "small")
                figures["mydumper_5000_tables_s"] = round(bench.median("small", "mydumper"), 1)
        common.finish("mysql-full", ratios, figures)


if __name__ == "__main__":
    sys.exit(main())
