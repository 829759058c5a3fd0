"""Transactions that do not fit into memory: they wait on disk, are applied alone and whole, and cost no memory."""
import os
import re

import pytest

from support import replay, servers
from support.drsd import PRESET, Drsd, job, wait_for, whole

MIB = 1024 if os.environ.get("OPENDRS_ALL") else 96
BOUND = 128  # MiB of drsd, all in all


@pytest.fixture(scope="module", params=["mariadb", "mysql"])
def roomy_pair(request, server_folder):
    redo = ["--innodb-log-file-size=1G"] if request.param == "mariadb" else ["--innodb-redo-log-capacity=2G"]
    options = [*redo, "--innodb-buffer-pool-size=512M", "--innodb-doublewrite=0", "--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0"]
    with servers.start(request.param, server_folder, *options) as source, servers.start(request.param, server_folder, *options) as target:
        yield source, target


def numbers(server, count):
    if server.mariadb:
        return f"SELECT seq AS n FROM seq_1_to_{count}"
    return f"SELECT n FROM (WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s WHERE n<{count}) SELECT n FROM s) AS s"


def peak_mib(drsd):
    text = open(f"/proc/{drsd.process.pid}/status", encoding="ascii").read()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024


def content(server, database):
    return [server.execute(f"SELECT COUNT(*), COALESCE(SUM(id), 0), BIT_XOR(CRC32(CONCAT(id, ':', n, ':', body))) FROM {table}", database=database)[0] for table in ("big", "other")]


def changed(source, database, mib):
    """One transaction of so many MiB of rows: inserts, a roll-back to a savepoint, updates, deletes, of two tables."""
    rows = mib * 1024
    with source.connect(database, autocommit=False) as connection, connection.cursor() as cursor:
        if not source.mariadb:
            cursor.execute(f"SET cte_max_recursion_depth={rows + 1}")
        cursor.execute("START TRANSACTION")
        cursor.execute("INSERT INTO other VALUES (2, 2, 'first')")
        cursor.execute(f"INSERT INTO big SELECT n, 0, CONCAT(n, REPEAT('x', 1000)) FROM ({numbers(source, rows * 3 // 4)}) AS s")
        cursor.execute("SAVEPOINT here")
        cursor.execute(f"INSERT INTO big SELECT n + {10 * rows}, 1, REPEAT('y', 1000) FROM ({numbers(source, rows // 20)}) AS s")
        cursor.execute("DELETE FROM other WHERE id=1")
        cursor.execute("ROLLBACK TO here")
        cursor.execute(f"UPDATE big SET n=n+1 WHERE id <= {rows // 10}")
        cursor.execute("UPDATE other SET n=3 WHERE id=2")
        cursor.execute(f"DELETE FROM big WHERE id > {rows // 20} AND id <= {rows // 16}")
        connection.commit()


def begun(service, source, target, database):
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE marker (id INT PRIMARY KEY, n BIGINT)", "CREATE TABLE other (id INT PRIMARY KEY, n INT, body VARCHAR(20))",
                   "CREATE TABLE big (id INT PRIMARY KEY, n INT NOT NULL, body VARCHAR(1100) NOT NULL)", "INSERT INTO other VALUES (1, 1, 'stays')", database=database)
    (name,) = service.client.start(job("large", source, target, whole(database, database + "_c")))
    service.client.wait_status(name, "INCRE_TRANSFER_STARTED")
    return name


def test_transaction_larger_than_memory_is_applied_whole_over_kills(folder, roomy_pair, database):
    source, target = roomy_pair
    copy = database + "_c"
    applied = f"SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_rows_modified > {MIB * 50}"
    with Drsd(folder) as service:
        name = begun(service, source, target, database)
        changed(source, database, MIB)
        wait_for(lambda: target.execute(applied)[0][0] > 0, 120, "the transaction at the target", lambda: str(service.client.logs(name)[:3]))
        assert target.execute("SELECT COUNT(*) FROM big", database=copy) == ((0,),), "a part of it is visible"
        service.kill()
        service.run()
        source.execute("INSERT INTO other VALUES (7, 7, 'behind it')", database=database)
        replay.caught_up(service.client, name, source, target, database, copy) if MIB < 1000 else wait_for(
            lambda: target.execute("SELECT COUNT(*) FROM other WHERE id=7", database=copy)[0][0], 1200, "the rows")
        peak = peak_mib(service)
        print(f"{MIB} MiB: {peak:.0f} MiB of memory")
        assert content(source, database) == content(target, copy)
        assert not list((service.data / "spill").iterdir())
        if PRESET == "release":
            assert peak < BOUND, f"{peak:.0f} MiB"


def test_transaction_larger_than_the_limit_stops_by_name(folder, roomy_pair, database):
    source, target = roomy_pair
    copy = database + "_c"
    with Drsd(folder, "[worker]\ntransaction_memory_bytes = 1048576\nmax_transaction_bytes = 3000000\n") as service:
        name = begun(service, source, target, database)
        changed(source, database, 2)
        replay.caught_up(service.client, name, source, target, database, copy)
        changed_rows = content(source, database)
        assert changed_rows == content(target, copy)
        source.execute("DELETE FROM big", "DELETE FROM other WHERE id=2", database=database)
        replay.caught_up(service.client, name, source, target, database, copy)
        changed(source, database, 6)
        wait_for(lambda: service.client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop", lambda: str(service.client.logs(name)[:3]))
        assert any("max_transaction_bytes" in text and "3000000 bytes" in text for _, text in service.client.logs(name)), service.client.logs(name)
        service.stop()
        service.config.write_text("[worker]\n")
        service.run()
        service.client.action(name, "restart")
        replay.caught_up(service.client, name, source, target, database, copy)
        assert content(source, database) == content(target, copy)


def test_single_deletes_between_other_changes_of_a_large_transaction(folder, roomy_pair, database):
    """Each change is read from disk by itself: nothing of the one before may be needed any more."""
    source, target = roomy_pair
    copy = database + "_c"
    with Drsd(folder, "[worker]\ntransaction_memory_bytes = 1048576\n") as service:
        name = begun(service, source, target, database)
        source.execute(f"INSERT INTO big SELECT n, 0, REPEAT('x', 900) FROM ({numbers(source, 100)}) AS s", f"INSERT INTO other SELECT n + 1, 0, 'goes' FROM ({numbers(source, 100)}) AS s", database=database)
        with source.connect(database, autocommit=False) as connection, connection.cursor() as cursor:
            if not source.mariadb:
                cursor.execute("SET cte_max_recursion_depth=4000")
            cursor.execute("START TRANSACTION")
            cursor.execute(f"INSERT INTO big SELECT n + 1000, 0, REPEAT('y', 1000) FROM ({numbers(source, 3000)}) AS s")
            for i in range(1, 61):  # each time the other table has a row of the key that comes next
                cursor.execute(f"DELETE FROM big WHERE id={i}")
                cursor.execute(f"DELETE FROM other WHERE id={i + 1}")
            cursor.execute("UPDATE big SET n=n+1 WHERE id=62")
            connection.commit()
        replay.caught_up(service.client, name, source, target, database, copy)
        assert content(source, database) == content(target, copy)
        assert service.client.status(name) == "INCRE_TRANSFER_STARTED"
