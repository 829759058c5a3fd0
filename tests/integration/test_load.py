"""How the full load cuts tables and sends rows: LOAD DATA and INSERT, long chunks, small tables, uneven keys, speed."""
import re
import time

import pytest

from support import rows, servers
from support.drsd import Drsd, job, wait_for, whole

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
        assert client.detail(name, "progress")["progress_info"]["progress"] == "100"


def test_uneven_integer_keys_reach_both_ends_of_their_type(folder, pair, database):
    source, target = pair
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
        most = 0
        while client.status(name) == "FULL_TRANSFER_STARTED":
            reading = source.execute(f"SELECT COUNT(*) FROM information_schema.processlist WHERE user='{servers.USER}' AND info LIKE 'SELECT%FROM `{database}`.`wide`%FORCE INDEX%' AND info NOT LIKE '%processlist%'")
            most = max(most, reading[0][0])
            time.sleep(0.05)
        assert 1 <= most <= 2, most
        wait_for(lambda: client.status(name) == "INCRE_TRANSFER_STARTED", 60, "the incremental phase")
        rows.assert_equal(source, database, target, database + "_c", "wide")
