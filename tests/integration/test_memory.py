"""Memory of drsd with large rows, of several tables at once, in FULL_TRANS."""
import os
import re

import pytest

from support import servers
from support.drsd import PRESET, Drsd, job, whole

# The sanitizers keep memory of their own; the bound holds for what is installed.
pytestmark = pytest.mark.skipif(PRESET != "release", reason="the bound is of the release build")


@pytest.fixture(scope="module")
def wide_pair(server_folder):
    options = ["--max-allowed-packet=1G", "--innodb-log-file-size=512M", "--innodb-flush-method=O_DIRECT_NO_FSYNC", "--innodb-doublewrite=0", "--innodb-flush-log-at-trx-commit=0"]
    with servers.start("mariadb", server_folder, *options) as source, servers.start("mariadb", server_folder, *options) as target:
        yield source, target


def fill(source, database, tables, count, mib, small=0):
    """Tables t0… of `count` rows of `mib` MiB, and of `small` rows of a few bytes before them."""
    source.execute(f"CREATE DATABASE {database}")
    with source.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_log_bin=0")  # the copy does not read them in the log
        for number in range(tables):
            cursor.execute(f"CREATE TABLE t{number} (id INT PRIMARY KEY, body LONGBLOB NOT NULL)")
            if small:
                cursor.execute(f"INSERT INTO t{number} SELECT seq, 'small' FROM seq_1_to_{small}")
            for row in range(count):
                # Not all bytes alike, and a few that must be escaped.
                cursor.execute(f"INSERT INTO t{number} VALUES ({10**6 + row}, REPEAT(CONCAT(CHAR({row % 9}), 'a\\t\\'\\\\', REPEAT('{number}', 1019)), {mib} * 1024))")


def peak_mib(drsd):
    text = open(f"/proc/{drsd.process.pid}/status", encoding="ascii").read()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024


def sums(server, database, tables):
    return [server.execute(f"SELECT COUNT(*), SUM(id), SUM(LENGTH(body)), BIT_XOR(CRC32(body)) FROM t{n}", database=database) for n in range(tables)]


def copied(drsd, pair, database, tables):
    """Copies the database; the peak of drsd."""
    source, target = pair
    client = drsd.client
    (name,) = client.start(job("wide", source, target, whole(database, database + "_c"), task_type="FULL_TRANS"))
    client.wait_status(name, "FULL_TRANSFER_COMPLETE", seconds=600)
    peak = peak_mib(drsd)
    print(f"{database}: {peak:.0f} MiB")
    assert sums(source, database, tables) == sums(target, database + "_c", tables)
    return name, peak


def drop(pair, database):
    for server, name in zip(pair, (database, database + "_c")):
        server.execute(f"DROP DATABASE IF EXISTS {name}")


def bound(mib):
    return 256 if mib <= 32 else 256 + 3 * mib


def compared(drsd, name):
    drsd.ctl("compare", name)
    return peak_mib(drsd)


def test_rows_of_32_mib_in_eight_tables_at_once(folder, wide_pair, database):
    source, _ = wide_pair
    fill(source, database, 8, 2, 32)
    try:
        with Drsd(folder, "[worker]\nsessions_per_job = 8\n") as drsd:
            name, peak = copied(drsd, wide_pair, database, 8)
            assert peak < bound(32), f"{peak:.0f} MiB while they were copied"
            peak = compared(drsd, name)
        assert peak < bound(32), f"{peak:.0f} MiB while they were compared"
    finally:
        drop(wide_pair, database)


def test_large_rows_that_no_statistics_promise(folder, wide_pair, database):
    """The piece is read as an ordinary one, given up at the first such row and read again: each row is there once. By INSERT."""
    source, target = wide_pair
    target.execute("SET GLOBAL local_infile=0")
    fill(source, database, 6, 1, 64, small=20000)
    source.execute("ANALYZE TABLE " + ", ".join(f"t{n}" for n in range(6)), database=database)
    try:
        with Drsd(folder, "[worker]\nsessions_per_job = 6\n") as drsd:
            name, peak = copied(drsd, wide_pair, database, 6)
            assert peak < bound(64), f"{peak:.0f} MiB while they were copied"
            assert "it is read again when no other such part is" in drsd.log.read_text()
            target.execute("UPDATE t3 SET body='other' WHERE id=7", "UPDATE t4 SET body=CONCAT(body,'.') WHERE id=1000000", database=database + "_c")
            assert "2 differ" in drsd.ctl("compare", name, ok=(1,))
            peak = peak_mib(drsd)
        assert peak < bound(64), f"{peak:.0f} MiB while they were compared"
    finally:
        target.execute("SET GLOBAL local_infile=1")
        drop(wide_pair, database)


@pytest.mark.skipif(not os.environ.get("OPENDRS_ALL"), reason="takes some minutes and 8 GiB of disk: ./x test --all")
def test_rows_of_512_mib(folder, wide_pair, database):
    source, _ = wide_pair
    fill(source, database, 2, 1, 512)
    try:
        with Drsd(folder) as drsd:
            name, peak = copied(drsd, wide_pair, database, 2)
            assert peak < bound(512), f"{peak:.0f} MiB while they were copied"
            peak = compared(drsd, name)
            print(f"compared: {peak:.0f} MiB")
        assert peak < bound(512), f"{peak:.0f} MiB while they were compared"
    finally:
        drop(wide_pair, database)
