"""Values and rows arrive exactly, or the task stops by name: other character sets, proxies, huge rows, grown tables."""
import contextlib
import sqlite3
import threading
import time

import pytest

from support import rows, servers, workload
from support.proxy import RefusingProxy
from support.drsd import Drsd, Refused, job, tables, wait_for, whole
from test_mysql import caught_up


def failed_items(client, batch):
    (listed,) = client.batch_jobs(batch)
    return {i["item"]: i for i in listed["precheck_result"]["precheck_results"] if i["result"] != "PASSED"}, listed["id"]


def fails(client, name, *words, status="INCRE_TRANSFER_FAILED"):
    wait_for(lambda: client.status(name) == status, 60, "the task to stop", lambda: str(client.logs(name)))
    assert any(all(word in text for word in words) for _, text in client.logs(name)), client.logs(name)


def test_column_of_another_character_set_cannot_be_skipped(drsd, pair, database):
    source, target = pair
    for server, name, charset in ((source, database, "cp1251"), (target, database + "_c", "cp1250")):
        server.execute(f"CREATE DATABASE {name}")
        server.execute(f"CREATE TABLE word (id INT PRIMARY KEY, w VARCHAR(20) CHARACTER SET {charset})", database=name)
    client = drsd.client
    batch = client.create(job("other-charset", source, target, tables(database, "word", target=database + "_c"), task_type="INCR_TRANS"))
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    items, one = failed_items(client, batch)
    reason = items["dbParamConsistency"]["failed_reason"]
    assert "word: column w has character set cp1251 at the source and cp1250 at the target" in reason, reason
    with pytest.raises(Refused):
        client.action(one, "skip_precheck", skip_precheck_info={"skipped_precheck_list": ["dbParamConsistency"], "skip_reason": "known"})


@pytest.mark.parametrize("change", ["MODIFY w VARCHAR(20) CHARACTER SET cp1250", "MODIFY n INT UNSIGNED", "MODIFY n BIGINT"])
def test_stream_refuses_a_column_that_takes_values_for_others(drsd, pair, database, change):
    source, target = pair
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE word (id INT PRIMARY KEY, w VARCHAR(20) CHARACTER SET cp1251, n INT)", database=database)
    client = drsd.client
    (name,) = client.start(job("drift", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    target.execute(f"ALTER TABLE word {change}", database=database + "_c")
    source.execute("INSERT INTO word VALUES (1, '\u0436', 1)", database=database)
    fails(client, name, "word", "column " + change.split()[1], "at the target")
    assert target.execute("SELECT COUNT(*) FROM word", database=database + "_c") == ((0,),)


def test_no_trigger_is_made_before_one_that_fires_earlier(drsd, mysql_pair, mariadb_pair, database):
    source, target = mariadb_pair[0], mysql_pair[1]
    trigger = "CREATE TRIGGER {} {} INSERT ON item FOR EACH ROW "
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE item (id INT PRIMARY KEY, n INT)",
                   trigger.format("g1", "BEFORE") + "BEGIN FOR i IN 1..1 DO SET NEW.n = NEW.n + 1; END FOR; END",  # MySQL has no such loop
                   trigger.format("g2", "BEFORE") + "SET NEW.n = NEW.n * 10", trigger.format("g3", "AFTER") + "SET @after = NEW.n", database=database)
    client = drsd.client
    (name,) = client.start(job("trigger-order", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    made = f"SELECT trigger_name, action_order FROM information_schema.triggers WHERE trigger_schema='{database}_c' ORDER BY 1"
    client.call("POST", f"/jobs/{name}/stop", {"is_force_stop": False})
    wait_for(lambda: any("trigger" in text and "g1" in text and "1064" in text for _, text in client.logs(name)), 60, "the failure", lambda: str(client.logs(name)))
    assert any("g2: not created before the" in text for _, text in client.logs(name)), client.logs(name)
    assert target.execute(made) == (("g3", 1),)
    target.execute(trigger.format("g1", "BEFORE") + "SET NEW.n = NEW.n + 1", database=database + "_c")  # the remedy
    client.call("POST", f"/jobs/{name}/stop", {"is_force_stop": False})
    wait_for(lambda: client.status(name) == "RELEASE_RESOURCE_COMPLETE", 60, "the end", lambda: str(client.logs(name)))
    assert target.execute(made) == (("g1", 1), ("g2", 2), ("g3", 1))


def killed_at_the_first_rows(folder, source, target, database, config="", **more):
    """A full copy that was planned and killed before it wrote a row; the program is down."""
    drsd = Drsd(folder, config, environment={"OPENDRS_FAILPOINTS": "copy.read=kill@1"})
    drsd.run()
    (name,) = drsd.client.start(job("killed", source, target, whole(database, database + "_c"), **more))
    drsd.process.wait(60)
    drsd.environment = {}
    return drsd, name


def test_row_that_takes_the_place_of_another_of_its_part_stops_the_copy(folder, pair, database):
    source, target = pair
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE word (w VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, n INT)", "INSERT INTO word VALUES ('a',1),('A',2),('b',3)", database=database)
    drsd, name = killed_at_the_first_rows(folder, source, target, database)
    target.execute("ALTER TABLE word MODIFY w VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL", database=database + "_c")
    drsd.run()
    fails(drsd.client, name, "word", "3 rows were read, 2 were written", "took the place of others", status="FULL_TRANSFER_FAILED")
    assert target.execute("SELECT COUNT(*) FROM word", database=database + "_c") == ((0,),)
    drsd.stop()


def test_packed_table_that_has_grown_is_divided(folder, pair, database):
    source, target = pair
    source.execute(f"CREATE DATABASE {database}")
    for n in range(9):
        source.execute(f"CREATE TABLE t{n} (id INT PRIMARY KEY, body VARCHAR(1000))", f"INSERT INTO t{n} VALUES (1,'one'),(2,'two')", database=database)
    drsd, name = killed_at_the_first_rows(folder, source, target, database, "[worker]\nchunk_bytes = 262144\n")
    with source.connect(database) as connection, connection.cursor() as cursor:
        for table in ("t2", "t5", "t8"):
            cursor.executemany(f"INSERT INTO {table} VALUES (%s,%s)", [(n, "x" * 1000) for n in range(10, 2000)])
        connection.commit()
    drsd.run()
    drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
    (count, done), = target.execute(f"SELECT COUNT(*), SUM(done) FROM drs_ctl.chunk WHERE job_id='{name}'")
    assert count == done and count >= 6, (count, done)
    assert target.execute(f"SELECT SUM(replaced) FROM drs_ctl.chunk WHERE job_id='{name}'") == ((0,),)
    rows.assert_equal(source, database, target, database + "_c", *(f"t{n}" for n in range(9)))
    assert drsd.client.progress(name)["progress"] == "100"
    assert all(row["progress"] == 100 for row in drsd.client.call("GET", f"/jobs/{name}/progress-data/table")["flow_compare_data"])
    drsd.stop()


def test_definitions_of_objects_are_not_kept_behind_the_end(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE item (id INT PRIMARY KEY)", "CREATE VIEW shown AS SELECT id, 'a word of its own' AS w FROM item", database=database)
    client = drsd.client
    (name,) = client.start(job("kept", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    assert client.call("GET", f"/jobs/{name}/progress-data/view")["count"] == 1
    client.call("POST", f"/jobs/{name}/stop", {"is_force_stop": False})
    client.wait_status(name, "RELEASE_RESOURCE_COMPLETE")
    assert client.call("GET", f"/jobs/{name}/progress-data/view")["flow_compare_data"][0]["progress"] == 100
    documents = stored(drsd, f"SELECT name, text FROM job_document WHERE job_id='{name}'")
    assert [n for n, _ in documents] == ["object_list"] and "a word of its own" not in str(documents), documents


def stored(drsd, sql):
    """Rows of the metadata store."""
    (path,) = drsd.data.glob("*.db")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("closes", [False, True])
def test_a_proxy_that_refuses_load_data_gets_inserts(drsd, pair, database, closes):
    source, target = pair
    workload.create(source, database, rows=300)
    client = drsd.client
    with RefusingProxy(target, closes) as proxy:
        (name,) = client.start(job("proxy", source, proxy, whole(database, database + "_c"), task_type="FULL_TRANS"))
        client.wait_status(name, "FULL_TRANSFER_COMPLETE", seconds=60)
        assert proxy.refused > 0
    rows.assert_equal(source, database, target, database + "_c", *workload.TABLES)
    assert "LOAD DATA is refused" in drsd.log.read_text(errors="replace")


def test_halves_of_surrogate_pairs_in_ucs2_are_loaded_and_replayed(drsd, pair, database):
    source, target = pair
    source.execute(f"CREATE DATABASE {database}")
    insert = "INSERT INTO half VALUES ({0}, X'D83D', X'0041DC00', X'D83DDE00')"
    source.execute("CREATE TABLE half (id INT PRIMARY KEY, a VARCHAR(5) CHARACTER SET ucs2, b CHAR(5) CHARACTER SET ucs2, c TEXT CHARACTER SET ucs2)", insert.format(1), database=database)
    client = drsd.client
    (name,) = client.start(job("halves", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    source.execute(insert.format(2), "UPDATE half SET b=X'DFFF' WHERE id=1", "INSERT INTO half VALUES (3,'','','')", database=database)
    content = "SELECT id, HEX(a), HEX(b), HEX(c) FROM half ORDER BY id"
    expected = ((1, "D83D", "DFFF", "D83DDE00"), (2, "D83D", "0041DC00", "D83DDE00"), (3, "", "", ""))
    assert source.execute(content, database=database) == expected
    wait_for(lambda: target.execute(content, database=database + "_c") == expected, 30, "the changes", lambda: str((client.status(name), client.logs(name)[:3])))


def test_tables_without_a_key_where_the_target_logs_statements(drsd, pair, database):
    source, target = pair
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE heap (a INT, b VARCHAR(9))", "INSERT INTO heap VALUES (1,'x'),(1,'x'),(2,'y')", database=database)
    target.execute("SET GLOBAL binlog_format='STATEMENT'")
    client = drsd.client
    try:
        (name,) = client.start(job("statements", source, target, whole(database, database + "_c")))
        client.wait_status(name, "INCRE_TRANSFER_STARTED")
        source.execute("UPDATE heap SET b='z' WHERE a=1 LIMIT 1", "DELETE FROM heap WHERE a=2", "INSERT INTO heap VALUES (3,NULL)", database=database)
        content = "SELECT a, b FROM heap ORDER BY 1, 2"
        wait_for(lambda: target.execute(content, database=database + "_c") == source.execute(content, database=database), 30, "the changes",
                 lambda: str((client.status(name), client.logs(name)[:3])))
    finally:
        target.execute("SET GLOBAL binlog_format='ROW'")


def test_target_account_that_may_not_log_rows_is_named_before(drsd, pair, database):
    source, target = pair
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE heap (a INT)", "CREATE TABLE keyed (a INT PRIMARY KEY)", database=database)
    target.execute("DROP USER IF EXISTS 'weak'@'%'", "CREATE USER 'weak'@'%' IDENTIFIED BY 'drs'",
                   "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES ON *.* TO 'weak'@'%'", "SET GLOBAL binlog_format='STATEMENT'")
    request = job("weak", source, target, tables(database, "heap", "keyed", target=database + "_c"))
    request["target_endpoint"][0]["endpoint"]["db_user"] = "weak"
    client = drsd.client
    try:
        batch = client.create(request)
        client.validated(batch)
        item = failed_items(client, batch)[0]["dstBinlogFormatCheck"]
        assert item["result"] == "FAILED" and "heap" in item["failed_reason"] and "keyed" not in item["failed_reason"], item
    finally:
        target.execute("SET GLOBAL binlog_format='ROW'")


def test_comparison_of_repeated_rows_under_load_finds_no_difference(drsd, pair, database):
    source, target = pair
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE heap (a INT, b VARCHAR(200))", f"SET SESSION {'max_recursive_iterations' if source.mariadb else 'cte_max_recursion_depth'}=1000000",
                   "INSERT INTO heap WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i+1 FROM n WHERE i<150000) SELECT i, REPEAT('x',100) FROM n", database=database)
    client = drsd.client
    (name,) = client.start(job("repeated", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    done = threading.Event()

    def load():
        with source.connect(database) as connection, connection.cursor() as cursor:
            while not done.wait(0.01):  # no deletes: each reads the whole table at the target
                cursor.execute("INSERT INTO heap VALUES (-1,'again')")

    thread = threading.Thread(target=load)
    thread.start()
    try:
        out = drsd.ctl("compare", name)
    finally:
        done.set()
        thread.join()
    assert "compared: 0 differ" in out, out
    caught = "SELECT COUNT(*) FROM heap"
    wait_for(lambda: source.execute(caught, database=database) == target.execute(caught, database=database + "_c"), 60, "the changes")
    target.execute("DELETE FROM heap WHERE a=-1 LIMIT 2", "UPDATE heap SET b='' WHERE a=77", database=database + "_c")
    out = drsd.ctl("compare", name, ok=(0, 1, 2, 3))
    assert "compared: 1 differ" in out, out
