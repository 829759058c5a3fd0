"""How the full load cuts tables and sends rows: LOAD DATA and INSERT, long chunks, small tables, uneven keys, speed."""
import re
import threading
import time

import pytest

from support import rows, servers
from support.drsd import Drsd, job, tables, wait_for, whole
from support.replay import caught_up, create_database

TRAPS = ["", "NULL", "\\N", "\\", "\t\n\r\0\x1a", "'\"`;--", "ä€😀", "trailing  "]


def create_traps(server, database):
    """One row for each text that a file or a statement could take apart, with every way in which a value is sent."""
    server.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
    server.execute("CREATE TABLE trap (id INT PRIMARY KEY, t TEXT, l VARCHAR(50) CHARACTER SET latin1, b BLOB, n INT, u BIGINT UNSIGNED, d DECIMAL(40,20), f FLOAT, r DOUBLE, bits BIT(64),"
                   " e ENUM('x','3','1'), s SET('a','b','c'), j JSON, dt DATETIME(6), tm TIME(3), y YEAR, z YEAR)", database=database)
    with server.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode=''")
        for number, text in enumerate(TRAPS):
            cursor.execute("INSERT INTO trap VALUES (%s,%s,'caf\xe9\\\\',%s,%s,18446744073709551615,-0.00000000000000000001,0.1,-0e0,18446744073709551615,%s,%s,%s,'2024-02-29 23:59:59.999999','-838:59:59.000','1901',0)",
                           (number, text, text.encode() + bytes(range(256)), -number, ("x", "3", "1", "nothing")[number % 4], ("a,c", "", "b")[number % 3], '{"a\\\\tb": [1, "\\u0000", null]}'))
        cursor.execute("INSERT INTO trap (id) VALUES (1000)")
        cursor.execute("SELECT COUNT(*) FROM trap WHERE e+0=0")
        assert cursor.fetchone()[0] == 2, "two rows have ENUM index 0"


@pytest.mark.smoke
def test_load_data_and_insert_write_the_same_bytes(drsd, pair, database):
    source, target = pair
    create_traps(source, database)
    client = drsd.client
    try:
        for name, allowed in (("_file", 1), ("_insert", 0)):
            target.execute(f"SET GLOBAL local_infile={allowed}")
            before = int(target.execute("SHOW GLOBAL STATUS LIKE 'Com_load'")[0][1])
            (one,) = client.start(job("load" + name, source, target, whole(database, database + name), task_type="FULL_TRANS"))
            client.wait_status(one, "FULL_TRANSFER_COMPLETE")
            rows.assert_equal(source, database, target, database + name, "trap")
            loads = int(target.execute("SHOW GLOBAL STATUS LIKE 'Com_load'")[0][1]) - before
            assert bool(loads) == bool(allowed), f"{loads} LOAD DATA with local_infile={allowed}"
    finally:
        target.execute("SET GLOBAL local_infile=1")


def test_a_chunk_that_turns_out_long_is_divided(folder, pair, database):
    source, target = pair
    source.execute(f"CREATE DATABASE {database}")
    # Statistics promise a kilobyte for each row; the last rows have a hundred times that.
    source.execute("CREATE TABLE uneven (a VARCHAR(20), b INT, body LONGTEXT, PRIMARY KEY (a,b))", database=database)
    with source.connect(database) as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO uneven VALUES (%s,%s,%s)", [(f"a{n % 7}", n, "small") for n in range(20000)])
        cursor.executemany("INSERT INTO uneven VALUES (%s,%s,%s)", [("z", n, "x" * 100000) for n in range(150)])
        cursor.execute("ANALYZE TABLE uneven")
    with Drsd(folder, "[worker]\nchunk_bytes = 524288\n") as drsd:
        client = drsd.client
        (name,) = client.start(job("uneven", source, target, whole(database, database + "_c")))
        client.wait_status(name, "INCRE_TRANSFER_STARTED")
        planned = next(int(found[1]) for _, text in client.logs(name) if (found := re.search(r"Planned: 1 tables, (\d+) chunks", text)))
        (committed,), = target.execute(f"SELECT COUNT(*) FROM drs_ctl.chunk WHERE job_id='{name}' AND done=1")
        assert committed > planned, f"{planned} chunks were planned and {committed} committed"
        rows.assert_equal(source, database, target, database + "_c", "uneven")
        assert_nothing_gave_way(target, name)
        assert client.detail(name, "progress")["progress_info"]["progress"] == "100"


def test_gtids_of_one_place_in_the_log_are_asked_for_once(folder, mariadb_pair, database):
    """MariaDB reads the log file from its beginning for each answer."""
    source, target = mariadb_pair
    source.execute(f"CREATE DATABASE {database}", f"CREATE TABLE {database}.t (id INT PRIMARY KEY, body VARCHAR(1100) NOT NULL)")
    with source.connect(database) as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s,%s)", [(n, "x" * 1000) for n in range(3000)])
        cursor.execute("ANALYZE NO_WRITE_TO_BINLOG TABLE t")
    source.execute("SET GLOBAL log_output='TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log=1")
    try:
        with Drsd(folder, "[worker]\nchunk_bytes = 65536\n") as drsd:
            (name,) = drsd.client.start(job("once", source, target, whole(database, database + "_c")))
            drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
    finally:
        source.execute("SET GLOBAL general_log=0", "SET GLOBAL log_output='FILE'")
    (asked,), = source.execute("SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE 'SELECT BINLOG\\_GTID\\_POS%'")
    (chunks,), = target.execute(f"SELECT COUNT(*) FROM drs_ctl.chunk WHERE job_id='{name}' AND done=1")
    assert chunks > 20 and 0 < asked < chunks / 2, f"{asked} questions for {chunks} chunks"
    rows.assert_equal(source, database, target, database + "_c", "t")


def test_under_writes_gtids_are_asked_for_now_and_then(folder, mariadb_pair, database):
    """Each snapshot is at another place of the log then; what is between two places is replayed over the rows."""
    source, target = mariadb_pair
    create_database(source, database)
    source.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY, v INT NOT NULL, body VARCHAR(1100) NOT NULL, UNIQUE KEY v (v))")
    with source.connect(database) as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s,%s,%s)", [(n, n, "x" * 1000) for n in range(3000)])
        cursor.execute("ANALYZE NO_WRITE_TO_BINLOG TABLE t")
    ended = threading.Event()

    def write():
        with source.connect(database) as connection, connection.cursor() as cursor:
            n = 3000
            while not ended.is_set():
                cursor.execute(f"UPDATE t SET v={1_000_000 + n} WHERE v={n % 3000}")
                cursor.execute(f"INSERT INTO t VALUES ({n},{n % 3000},'new')")
                n += 1

    source.execute("SET GLOBAL log_output='TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log=1")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        with Drsd(folder, "[worker]\nchunk_bytes = 65536\n") as drsd:
            (name,) = drsd.client.start(job("busy", source, target, whole(database, database + "_c"), speed_limit=[{"begin": "00:00", "end": "23:59", "speed": "1"}]))
            drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
            ended.set()
            writer.join()
            caught_up(drsd.client, name, source, target, database, database + "_c")
            rows.assert_equal(source, database, target, database + "_c", "t")
    finally:
        ended.set()
        writer.join()
        source.execute("SET GLOBAL general_log=0", "SET GLOBAL log_output='FILE'")
    asked = source.execute("SELECT TIMESTAMPDIFF(MICROSECOND, MIN(event_time), MAX(event_time))/1e6, COUNT(*) FROM mysql.general_log WHERE argument LIKE 'SELECT BINLOG\\_GTID\\_POS%'")[0]
    windows, = target.execute(f"SELECT COUNT(*), SUM(low_text<>high_text) FROM drs_ctl.chunk WHERE job_id='{name}' AND done=1")
    # The plan asks too, and each of the four sessions may before the first has its answer.
    assert windows[0] > 20 and windows[1] > windows[0] / 2, windows
    assert asked[1] <= 8 + 4 * float(asked[0] or 0) / 10 < windows[0] / 2, f"{asked} questions for {windows[0]} chunks"


def test_a_snapshot_of_a_table_without_a_key_is_limited(folder, mariadb_pair, database):
    """The source keeps old row versions for it; tables with a key are read in pieces, however long they take together."""
    source, target = mariadb_pair
    source.execute(f"CREATE DATABASE {database}")
    for name, key in (("keyed", "id INT PRIMARY KEY"), ("heap", "id INT")):
        source.execute(f"CREATE TABLE {name} ({key}, body LONGTEXT NOT NULL)", f"INSERT INTO {name} SELECT seq, REPEAT('x',100000) FROM seq_1_to_100", f"ANALYZE TABLE {name}", database=database)
    started = lambda client, name, **more: client.start(job(name, source, target, tables(database, name, target=f"{database}_{name}"), speed_limit=[{"begin": "00:00", "end": "23:59", "speed": "2"}], **more))[0]
    with Drsd(folder, "[worker]\nchunk_bytes = 1048576\n[mysql]\nkeyless_snapshot_seconds = 1\n") as drsd:
        client = drsd.client
        keyed, heap = started(client, "keyed"), started(client, "heap")
        wait_for(lambda: client.status(heap) == "FULL_TRANSFER_FAILED", 60, "the task to stop", lambda: f"{client.status(heap)} {client.logs(heap)[:6]}")
        assert any(f"{database}.heap" in text and "keyless_snapshot_seconds" in text for _, text in client.logs(heap)), client.logs(heap)
        client.wait_status(keyed, "INCRE_TRANSFER_STARTED")
    with Drsd(folder, "[mysql]\nkeyless_snapshot_seconds = 0\n") as drsd:
        drsd.client.action(heap, "restart")
        drsd.client.wait_status(heap, "INCRE_TRANSFER_STARTED")
        rows.assert_equal(source, database, target, database + "_heap", "heap")


def test_uneven_integer_keys_reach_both_ends_of_their_type(folder, usual_pair, database):
    source, target = usual_pair
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE low_high (id BIGINT PRIMARY KEY, body CHAR(200) NOT NULL)", "CREATE TABLE unsigned_key (id BIGINT UNSIGNED PRIMARY KEY, body CHAR(200) NOT NULL)", database=database)
    with source.connect(database) as connection, connection.cursor() as cursor:
        low, high = -(2**63), 2**63 - 1
        cursor.executemany("INSERT INTO low_high VALUES (%s,'x')", [(low + n,) for n in range(4000)] + [(n * 1000003,) for n in range(-2000, 2000)] + [(high - n,) for n in range(4000)])
        cursor.executemany("INSERT INTO unsigned_key VALUES (%s,'x')", [(n,) for n in range(4000)] + [(2**64 - 1 - n,) for n in range(4000)])
        cursor.execute("ANALYZE TABLE low_high, unsigned_key")
    with Drsd(folder, "[worker]\nchunk_bytes = 65536\n") as drsd:
        client = drsd.client
        (name,) = client.start(job("ends", source, target, whole(database, database + "_c")))
        client.wait_status(name, "INCRE_TRANSFER_STARTED")
        (committed,), = target.execute(f"SELECT COUNT(*) FROM drs_ctl.chunk WHERE job_id='{name}' AND done=1")
        assert committed > 20, f"4 MB in pieces of 64 KiB are {committed} chunks"
        rows.assert_equal(source, database, target, database + "_c", "low_high", "unsigned_key")
        assert_nothing_gave_way(target, name)


def assert_nothing_gave_way(target, name):
    """With a quiet source no row takes the place of another one."""
    assert target.execute(f"SELECT SUM(replaced) FROM drs_ctl.chunk WHERE job_id='{name}'") == ((0,),)


def test_small_tables_share_chunks(drsd, pair, database):
    source, target = pair
    source.execute(f"CREATE DATABASE {database}")
    with source.connect(database) as connection, connection.cursor() as cursor:
        for n in range(150):
            cursor.execute(f"CREATE TABLE t{n} (id INT PRIMARY KEY, v VARCHAR(20), KEY v (v))")
            cursor.execute(f"INSERT INTO t{n} SELECT {n}, 'one' UNION SELECT {n + 1}, 'two'")
    client = drsd.client
    (name,) = client.start(job("small", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    planned = next(int(found[1]) for _, text in client.logs(name) if (found := re.search(r"Planned: 150 tables, (\d+) chunks", text)))
    assert planned < 10, planned
    rows.assert_equal(source, database, target, database + "_c", *(f"t{n}" for n in range(150)))
    index = f"SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema='{database}_c' AND index_name='v'"
    assert target.execute(index) == ((150,),)


def test_a_job_opens_no_more_sessions_than_it_may(folder, mariadb_pair, database):
    source, target = mariadb_pair
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE wide (id INT PRIMARY KEY, body LONGTEXT NOT NULL)", *(f"INSERT INTO wide VALUES ({i}, REPEAT('x', 500000))" for i in range(40)), database=database)
    with Drsd(folder, "[worker]\nchunk_bytes = 1048576\nsessions_per_job = 2\n") as drsd:
        client = drsd.client
        (name,) = client.start(job("sessions", source, target, whole(database, database + "_c"), speed_limit=[{"begin": "00:00", "end": "23:59", "speed": "4"}]))
        client.wait_status(name, "FULL_TRANSFER_STARTED")
        reading = lambda: {row[0] for row in source.execute(
            f"SELECT id FROM information_schema.processlist WHERE user='{servers.USER}' AND info LIKE 'SELECT%FROM `{database}`.`wide`%FORCE INDEX%' AND info NOT LIKE '%processlist%'")}
        most = 0
        while client.status(name) == "FULL_TRANSFER_STARTED":
            seen = reading()
            if len(seen) > 2:  # the server may not have noticed yet that we have closed one
                time.sleep(0.3)
                seen &= reading()
            most = max(most, len(seen))
            time.sleep(0.05)
        assert 1 <= most <= 2, most
        wait_for(lambda: client.status(name) == "INCRE_TRANSFER_STARTED", 60, "the incremental phase")
        rows.assert_equal(source, database, target, database + "_c", "wide")


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_a_source_without_a_log_is_copied_in_one_snapshot(folder, kind):
    with servers.start(kind, folder, "--skip-log-bin") as source, servers.start(kind, folder) as target, Drsd(folder) as drsd:
        client = drsd.client
        source.execute("CREATE DATABASE bank")
        source.execute("CREATE TABLE left_side (id INT PRIMARY KEY AUTO_INCREMENT, amount BIGINT NOT NULL, pad CHAR(200) NOT NULL DEFAULT 'x')",
                       "CREATE TABLE no_key (amount BIGINT NOT NULL, at INT NOT NULL)",
                       "CREATE TABLE right_side LIKE left_side", database="bank")
        with source.connect("bank") as connection, connection.cursor() as cursor:
            for table in ("left_side", "right_side"):
                cursor.executemany(f"INSERT INTO {table} (amount) VALUES (%s)", [(1000,)] * 20000)
            cursor.executemany("INSERT INTO no_key VALUES (%s,%s)", [(n % 7, n) for n in range(5000)])
        # Money moves from side to side and from id to id: any two moments mixed show another sum.
        stop = threading.Event()

        def move():
            with source.connect("bank") as connection, connection.cursor() as cursor:
                number = 0
                while not stop.is_set():
                    number += 1
                    cursor.execute("START TRANSACTION")
                    cursor.execute("UPDATE left_side SET amount=amount-1 WHERE id=%s", (number * 7919 % 20000 + 1,))
                    cursor.execute("UPDATE right_side SET amount=amount+1 WHERE id=%s", (number * 104729 % 20000 + 1,))
                    cursor.execute("UPDATE no_key SET amount=amount+1 WHERE at=0")
                    cursor.execute("COMMIT")

        mover = threading.Thread(target=move)
        mover.start()
        try:
            refused = client.create(job("incremental", source, target, whole("bank", "other")))
            client.validated(refused)
            failed = {i["item"]: i["failed_reason"] for j in client.batch_jobs(refused) for i in j["precheck_result"]["precheck_results"] if i["result"] == "FAILED"}
            assert "FULL_TRANS" in failed.get("srcDbBinlogIsOff", ""), failed
            (name,) = client.start(job("once", source, target, whole("bank", "bank"), task_type="FULL_TRANS"))
            client.wait_status(name, "FULL_TRANSFER_COMPLETE")
        finally:
            stop.set()
            mover.join()
        (total,), = target.execute("SELECT (SELECT SUM(amount) FROM left_side) + (SELECT SUM(amount) FROM right_side)", database="bank")
        (moved,), = target.execute("SELECT 20000000 - SUM(amount) FROM left_side", database="bank")
        (noted,), = target.execute("SELECT amount FROM no_key WHERE at=0", database="bank")
        assert total == 40000000 and moved == noted, (total, moved, noted)
        assert any("writes no log" in text for _, text in client.logs(name)), client.logs(name)


def test_a_table_redefined_behind_the_plan_stops_a_copy_without_a_log(folder, mariadb_pair):
    _, target = mariadb_pair
    with servers.start("mariadb", folder, "--skip-log-bin") as source, Drsd(folder) as drsd:
        client = drsd.client
        source.execute("CREATE DATABASE nolog")
        source.execute("CREATE TABLE a (id INT PRIMARY KEY, body LONGTEXT)", "CREATE TABLE z (id INT PRIMARY KEY)", *(f"INSERT INTO a VALUES ({n}, REPEAT('x', 500000))" for n in range(40)), "INSERT INTO z VALUES (1)", database="nolog")
        (name,) = client.start(job("redefined", source, target, whole("nolog", "nolog_c"), task_type="FULL_TRANS", speed_limit=[{"begin": "00:00", "end": "23:59", "speed": "2"}]))
        client.wait_status(name, "FULL_TRANSFER_STARTED")
        source.execute("ALTER TABLE z ADD COLUMN later INT DEFAULT 5, ALGORITHM=INSTANT", database="nolog")
        wait_for(lambda: client.status(name) == "FULL_TRANSFER_FAILED", 60, "the fault")
        fault = str(client.logs(name))
        assert "nolog.z" in fault and "definition has changed" in fault, fault
