"""MySQL→MySQL on real servers: full load, incremental, mapping, pause and resume, what is refused."""
import time

import pytest

from support import rows, workload
from support.drsd import job, tables, wait_for, whole


def caught_up(client, name, source, target, source_db, target_db, probe="counter"):
    """Waits until a marker row written now has arrived."""
    value = int(time.time() * 1000) % 10**12
    source.execute(f"REPLACE INTO {probe} VALUES (999, {value})", database=source_db)
    wait_for(lambda: target.execute(f"SELECT n FROM {probe} WHERE id=999", database=target_db) == ((value,),), 60, "the marker row",
             lambda: f"{client.status(name)} {client.logs(name)[:6]}")


@pytest.mark.smoke
def test_full_then_incremental_is_equal_to_the_row(drsd, pair, database):
    source, target = pair
    workload.create(source, database)
    load = workload.Load(source, database, writers=2, pause=0.002)
    client = drsd.client
    (name,) = client.start(job("full-incr", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    time.sleep(3)
    transactions = load.stop()
    caught_up(client, name, source, target, database, database + "_c")
    rows.assert_equal(source, database, target, database + "_c", *workload.TABLES)
    indexes = "SELECT table_name, index_name, non_unique, seq_in_index, column_name FROM information_schema.statistics WHERE table_schema='{}' ORDER BY 1,2,4"
    assert source.execute(indexes.format(database)) == target.execute(indexes.format(database + "_c"))
    assert transactions > 100
    out = drsd.ctl("compare", name)
    assert "0 differ" in out or "equal" in out.lower(), out


def test_full_only_ends_at_one_point_in_time(drsd, pair, database):
    source, target = pair
    workload.create(source, database)
    load = workload.Load(source, database, writers=2, pause=0.002)
    client = drsd.client
    (name,) = client.start(job("full-only", source, target, whole(database, database + "_c"), task_type="FULL_TRANS"))
    client.wait_status(name, "FULL_TRANSFER_COMPLETE")
    load.stop()
    # A point in time: whatever the counter says at the target, that many tokens are there.
    workload.assert_exactly_once(target, database + "_c")


def test_tables_are_mapped_and_others_left_alone(drsd, pair, database):
    source, target = pair
    workload.create(source, database)
    client = drsd.client
    (name,) = client.start(job("mapped", source, target, tables(database, "item", "counter", target=database + "_c", rename={"item": "thing"})))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    source.execute("UPDATE item SET price=price+1 WHERE id<100", "DELETE FROM item WHERE id=100", "UPDATE token SET writer=1", database=database)
    caught_up(client, name, source, target, database, database + "_c")
    rows.assert_equal(source, database, target, database + "_c", ("item", "thing"), "counter")
    assert {t[0] for t in target.execute("SHOW TABLES", database=database + "_c")} == {"thing", "counter"}


def test_pause_and_resume(drsd, pair, database):
    source, target = pair
    workload.create(source, database, rows=200)
    client = drsd.client
    (name,) = client.start(job("pause", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    assert client.action(name, "stop", pause_mode="target")["status"] == "success"
    client.wait_status(name, "PAUSING")
    source.execute("UPDATE item SET price=5", database=database)
    time.sleep(1)
    assert target.execute("SELECT COUNT(*) FROM item WHERE price=5", database=database + "_c")[0][0] < 200
    client.action(name, "restart")
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up(client, name, source, target, database, database + "_c")
    rows.assert_equal(source, database, target, database + "_c", *workload.TABLES)


def test_ending_leaves_nothing_of_ours(drsd, pair, database):
    source, target = pair
    before = set(source.execute("SHOW DATABASES"))
    workload.create(source, database, rows=50)
    client = drsd.client
    (name,) = client.start(job("ending", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")

    def traces():
        """Rows of the control tables that name the job; other tests' jobs may keep the schema alive."""
        controls = [t for (t,) in target.execute("SELECT table_name FROM information_schema.tables WHERE table_schema='drs_ctl'")]
        return sum(name in str(target.execute(f"SELECT * FROM drs_ctl.`{t}`")) for t in controls)

    assert traces() > 0
    client.call("POST", f"/jobs/{name}/stop", {"is_force_stop": False})
    client.wait_status(name, "RELEASE_RESOURCE_COMPLETE")
    assert traces() == 0
    assert set(source.execute("SHOW DATABASES")) - {(database,)} == before
    assert {t for (t,) in target.execute("SHOW TABLES", database=database + "_c")} == set(workload.TABLES)
    client.call("DELETE", f"/jobs/{name}")


def test_truncate_is_replicated(drsd, pair, database):
    source, target = pair
    workload.create(source, database, rows=100)
    client = drsd.client
    (name,) = client.start(job("truncate", source, target, tables(database, "item", "counter", target=database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    source.execute("TRUNCATE TABLE item", "INSERT INTO item (id,shelf,slot) VALUES (1,1,'after')", database=database)
    caught_up(client, name, source, target, database, database + "_c")
    rows.assert_equal(source, database, target, database + "_c", "item", "counter")


def test_set_statement_counts_as_what_it_executes(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    workload.create(source, database, rows=100)
    client = drsd.client
    (name,) = client.start(job("set-statement", source, target, tables(database, "item", "counter", target=database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    source.execute("SET STATEMENT lock_wait_timeout=5 FOR TRUNCATE TABLE item", "INSERT INTO item (id,shelf,slot) VALUES (1,1,'after')", database=database)
    caught_up(client, name, source, target, database, database + "_c")
    rows.assert_equal(source, database, target, database + "_c", "item", "counter")
    source.execute("SET STATEMENT lock_wait_timeout=5 FOR RENAME TABLE item TO item_old", database=database)
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop")
    assert any("RENAME TABLE item" in text for _, text in client.logs(name)), client.logs(name)


def test_xa_transaction_of_others_may_stay_open_over_a_pause(drsd, pair, database):
    source, target = pair
    workload.create(source, database, rows=10)
    source.execute(f"CREATE DATABASE {database}_x", f"CREATE TABLE {database}_x.other (id INT PRIMARY KEY)")
    client = drsd.client
    (name,) = client.start(job("xa-open", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    xid = f"'{database}'"
    source.execute(f"XA START {xid}", f"INSERT INTO {database}_x.other VALUES (1)", f"XA END {xid}", f"XA PREPARE {xid}")
    caught_up(client, name, source, target, database, database + "_c")
    client.action(name, "stop", pause_mode="target")
    client.wait_status(name, "PAUSING")
    client.action(name, "restart")
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    source.execute(f"XA COMMIT {xid}")
    caught_up(client, name, source, target, database, database + "_c")
    marks = target.execute(f"SELECT position_text FROM drs_ctl.mark WHERE job_id='{name}'")
    assert ";xa=" not in str(marks), marks


def test_decimals_within_json_arrive_and_more_than_their_bound_are_refused(drsd, mysql_pair, database):
    source, target = mysql_pair
    workload.create(source, database, rows=10)
    price = "JSON_OBJECT('p', CAST('12345678901234567890.12' AS DECIMAL(30,2)))"
    source.execute("CREATE TABLE doc (id INT PRIMARY KEY, j JSON)",
                   "INSERT INTO doc VALUES (1, JSON_ARRAY(1, 1.5, 1e20, 1e0/3, CAST(18446744073709551615 AS UNSIGNED), '1.10', CAST(2.5 AS DECIMAL(9,1))))",
                   f"INSERT INTO doc VALUES (2, {price})", database=database)
    client = drsd.client
    (name,) = client.start(job("json", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    source.execute("INSERT INTO doc SELECT id + 2, j FROM doc", "UPDATE doc SET j = JSON_ARRAY(j, CAST('1.10' AS DECIMAL(5,2))) WHERE id = 2", database=database)
    caught_up(client, name, source, target, database, database + "_c")
    rows.assert_equal(source, database, target, database + "_c", "doc")
    kinds = "SELECT id, JSON_TYPE(j->'$.p'), JSON_TYPE(j->'$[1]') FROM doc WHERE id IN (2, 4) ORDER BY id"
    assert target.execute(kinds, database=database + "_c") == ((2, None, "DECIMAL"), (4, "DECIMAL", None))
    source.execute("INSERT INTO doc WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i+1 FROM n WHERE i<999) "
                   "SELECT 5, JSON_ARRAYAGG(CAST('1.10' AS DECIMAL(5,2))) FROM n", database=database)
    caught_up(client, name, source, target, database, database + "_c")
    rows.assert_equal(source, database, target, database + "_c", "doc")
    source.execute("INSERT INTO doc SELECT 77, JSON_ARRAY_APPEND(j, '$', CAST('1.10' AS DECIMAL(5,2))) FROM doc WHERE id = 5", database=database)
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop")
    assert any(all(part in text for part in (f"{database}.doc", "(77)", "`j`")) for _, text in client.logs(name)), client.logs(name)


@pytest.mark.parametrize("policy", ["stop", "ignore", "overwrite"])
def test_conflict_policy(drsd, pair, database, policy):
    source, target = pair
    workload.create(source, database, rows=20)
    client = drsd.client
    (name,) = client.start(job("conflict", source, target, tables(database, "item", "counter", target=database + "_c"), policy={"conflict_policy": policy}))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up(client, name, source, target, database, database + "_c")
    target.execute("INSERT INTO item (id,shelf,slot,label) VALUES (7777,1,'taken','mine')", database=database + "_c")
    source.execute("INSERT INTO item (id,shelf,slot,label) VALUES (8888,1,'taken','theirs')", database=database)
    if policy == "stop":
        wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop")
        assert any("item" in text for _, text in client.logs(name))
        target.execute("DELETE FROM item WHERE id=7777", database=database + "_c")
        client.action(name, "restart")
        client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up(client, name, source, target, database, database + "_c")
    found = target.execute("SELECT id FROM item WHERE slot='taken'", database=database + "_c")
    assert found == (((7777,),) if policy == "ignore" else ((8888,),))


def test_reset_copies_from_scratch(drsd, pair, database):
    source, target = pair
    workload.create(source, database, rows=100)
    client = drsd.client
    (name,) = client.start(job("reset", source, target, tables(database, "item", "counter", target=database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    target.execute("DELETE FROM item WHERE id=3", database=database + "_c")
    source.execute("UPDATE item SET price=9 WHERE id=3", database=database)
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the conflict")
    client.action(name, "reset")
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up(client, name, source, target, database, database + "_c")
    rows.assert_equal(source, database, target, database + "_c", "item", "counter")


def test_incremental_only_from_a_given_position(drsd, pair, database):
    source, target = pair
    for server, name in ((source, database), (target, database + "_c")):
        workload.create(server, name, rows=50)
    client = drsd.client
    status = "SHOW BINARY LOG STATUS" if not source.mariadb else "SHOW MASTER STATUS"
    file, offset, *_ = source.execute(status)[0]
    source.execute("UPDATE item SET label='moved', changed=changed", "DELETE FROM item WHERE id=5", database=database)
    batch = client.create(job("incr-only", source, target, tables(database, "item", "counter", target=database + "_c"), task_type="INCR_TRANS"))
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"  # no start position yet, by name
    (listed,) = client.batch_jobs(batch)
    assert "start" in str(listed["precheck_result"]).lower()
    client.call("PUT", f"/jobs/{listed['id']}/start-position", {"file_and_position": f"{file}:{offset}"})
    client.call("PUT", f"/batch-async-jobs/{batch}", {"jobs": [{"type": "precheck", "params": {"job_id": listed["id"]}}]})
    assert client.validated(batch) == "AUTO_PARAM_VALIDATE_SUCCESS", client.batch_jobs(batch)
    client.call("POST", f"/batch-async-jobs/{batch}/commit")
    client.wait_status(listed["id"], "INCRE_TRANSFER_STARTED")
    caught_up(client, listed["id"], source, target, database, database + "_c")
    assert target.execute("SELECT COUNT(*), SUM(label='moved') FROM item", database=database + "_c") == ((49, 49),)


def test_what_cannot_be_copied_fails_the_precheck_by_name(drsd, pair, database):
    source, target = pair
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE islands (a INT PRIMARY KEY) ENGINE=MyISAM", "CREATE TABLE broken (id INT PRIMARY KEY, `a\nb` INT)", "CREATE TABLE fine (id INT PRIMARY KEY)", database=database)
    client = drsd.client
    batch = client.create(job("refused", source, target, whole(database, database + "_c")))
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    (listed,) = client.batch_jobs(batch)
    failed = [i for i in listed["precheck_result"]["precheck_results"] if i["result"] == "FAILED"]
    text = str(failed)
    for name in ("islands", "broken"):
        assert name in text, failed
    assert "fine" not in text


def test_target_that_holds_rows_is_refused(drsd, pair, database):
    source, target = pair
    workload.create(source, database, rows=10)
    target.execute(f"CREATE DATABASE {database}_c")
    target.execute("CREATE TABLE counter (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)", "INSERT INTO counter VALUES (1,1)", database=database + "_c")
    client = drsd.client
    batch = client.create(job("nonempty", source, target, whole(database, database + "_c")))
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    (listed,) = client.batch_jobs(batch)
    items = {i["item"]: i for i in listed["precheck_result"]["precheck_results"]}
    assert items["checkEmptyDstDb"]["result"] == "FAILED" and "counter" in items["checkEmptyDstDb"]["failed_reason"]


def test_wrong_password_and_dead_address_are_found_by_the_validation(drsd, pair, database):
    source, target = pair
    workload.create(source, database, rows=10)
    client = drsd.client
    wrong = job("wrong-password", source, target, whole(database, database + "_c"))
    wrong["source_endpoint"][0]["endpoint"]["db_password"] = "not-it-at-all"
    dead = job("dead-address", source, target, whole(database, database + "_d"))
    dead["target_endpoint"][0]["endpoint"]["db_port"] = "1"
    batch = client.create(wrong, dead)
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    listed = {j["base_info"]["name"]: j for j in client.batch_jobs(batch)}
    assert any(n["success"] is False and n.get("error_code") == "DRS.KE0002" for n in listed["wrong-password"]["network_results"])
    assert any(n["success"] is False for n in listed["dead-address"]["network_results"])
    assert "not-it-at-all" not in str(listed)


def test_row_by_row_without_the_mark_writes_nothing(drsd, pair, database):
    source, target = pair
    workload.create(source, database, rows=20)
    client = drsd.client
    (name,) = client.start(job("no-mark", source, target, tables(database, "item", "counter", target=database + "_c"), policy={"conflict_policy": "overwrite"}))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up(client, name, source, target, database, database + "_c")
    time.sleep(2)  # the mark is at the end: nothing but the conflict will touch it
    target.execute("INSERT INTO item (id,shelf,slot,label) VALUES (7777,1,'taken','mine')", database=database + "_c")
    target.execute("RENAME TABLE drs_ctl.mark TO drs_ctl.mark_away")
    try:
        source.execute("INSERT INTO item (id,shelf,slot,label) VALUES (8888,1,'taken','theirs')", database=database)
        wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop", lambda: client.logs(name)[:6])
        assert target.execute("SELECT id FROM item WHERE slot='taken'", database=database + "_c") == ((7777,),)
        assert any("mark" in text for _, text in client.logs(name)), client.logs(name)
    finally:
        target.execute("RENAME TABLE drs_ctl.mark_away TO drs_ctl.mark")
    client.action(name, "restart")
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up(client, name, source, target, database, database + "_c")
    assert target.execute("SELECT id FROM item WHERE slot='taken'", database=database + "_c") == ((8888,),)


FAMILY = ["CREATE TABLE parent (id INT PRIMARY KEY)",
          "CREATE TABLE child (id INT PRIMARY KEY, parent_id INT, KEY (parent_id), CONSTRAINT family FOREIGN KEY (parent_id) REFERENCES parent (id){})"]


def family(server, database, action):
    server.execute(f"CREATE DATABASE {database}")
    server.execute(FAMILY[0], FAMILY[1].format(action), database=database)


def failed_reasons(client, batch):
    return {i["item"]: i["failed_reason"] for j in client.batch_jobs(batch) for i in j["precheck_result"]["precheck_results"] if i["result"] == "FAILED"}


@pytest.mark.parametrize("task_type", ["FULL_INCR_TRANS", "INCR_TRANS"])
def test_cascades_compared(drsd, pair, database, task_type):
    source, target = pair
    family(source, database, " ON DELETE CASCADE")
    family(target, database + "_c", "")
    client = drsd.client
    batch = client.create(job("cascades", source, target, whole(database, database + "_c"), task_type=task_type))
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    reason = failed_reasons(client, batch)["targetForeignKeyCheck"]
    assert f"{database}_c.child" in reason and "CASCADE" in reason, reason
    if task_type == "INCR_TRANS":
        return
    target.execute("ALTER TABLE child DROP FOREIGN KEY family", "ALTER TABLE child ADD CONSTRAINT mine FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE", database=database + "_c")
    source.execute("INSERT INTO parent VALUES (1),(2)", "INSERT INTO child VALUES (10,1),(20,2)", database=database)
    (name,) = client.start(job("cascades-now", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    source.execute("DELETE FROM parent WHERE id=1", database=database)
    wait_for(lambda: target.execute("SELECT id FROM child", database=database + "_c") == ((20,),), 30, "the cascade", lambda: client.logs(name)[:6])


def test_cascade_that_only_the_target_has_is_refused(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    family(source, database, "")
    family(target, database + "_c", " ON DELETE CASCADE")
    batch = drsd.client.create(job("cascade-there", source, target, whole(database, database + "_c")))
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    assert "the source has no foreign key" in failed_reasons(drsd.client, batch)["targetForeignKeyCheck"]


def test_reset_that_was_replaced_removes_nothing(drsd, pair, database):
    source, target = pair
    workload.create(source, database, rows=20)
    target.execute(f"CREATE DATABASE {database}_c")
    target.execute("CREATE TABLE counter (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)", database=database + "_c")  # one that stood there
    client = drsd.client
    (name,) = client.start(job("fenced-reset", source, target, tables(database, "item", "counter", target=database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up(client, name, source, target, database, database + "_c")
    client.action(name, "stop", pause_mode="target")
    client.wait_status(name, "PAUSING")
    count = "SELECT (SELECT COUNT(*) FROM item), (SELECT COUNT(*) FROM counter)"
    target.execute("INSERT INTO counter VALUES (5555,1)", database=database + "_c")  # gone when the table is emptied
    target.execute(f"UPDATE drs_ctl.job SET epoch=epoch+1000000 WHERE job_id='{name}'")  # a successor stands there
    client.action(name, "reset")
    time.sleep(3)
    assert target.execute(count, database=database + "_c") == ((20, 18),)
    target.execute(f"UPDATE drs_ctl.job SET epoch=epoch-1000000 WHERE job_id='{name}'")
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_STARTED", 60, "the reset to go on", lambda: f"{client.status(name)} {client.logs(name)[:8]}")
    caught_up(client, name, source, target, database, database + "_c")
    rows.assert_equal(source, database, target, database + "_c", "item", "counter")


def test_reset_goes_on_after_kill_9_in_the_middle_of_a_drop(drsd, pair, database):
    source, target = pair
    workload.create(source, database, rows=20)
    client = drsd.client
    (name,) = client.start(job("killed-reset", source, target, tables(database, "item", "counter", target=database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    client.action(name, "stop", pause_mode="target")
    client.wait_status(name, "PAUSING")
    waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DROP TABLE%%' AND info LIKE %s"
    with target.connect(database + "_c", autocommit=False) as holder, holder.cursor() as cursor, target.connect() as watcher, watcher.cursor() as look:
        cursor.execute("SELECT COUNT(*) FROM item")  # its metadata lock keeps the table from being dropped

        def drops():
            look.execute(waiting, (f"%{database}%",))
            return look.fetchone()[0]

        client.action(name, "reset")
        wait_for(lambda: drops() == 1, 30, "the DROP TABLE", lambda: client.logs(name)[:6])
        ((sessions,),) = target.execute(f"SELECT COUNT(*) FROM drs_ctl.session WHERE job_id='{name}'")
        assert sessions == 1  # a successor finds it
        drsd.kill()
        client = drsd.run().client
        time.sleep(3)
        assert drops() <= 1
        holder.rollback()
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_STARTED", 60, "the reset to go on", lambda: f"{client.status(name)} {client.logs(name)[:8]}")
    rows.assert_equal(source, database, target, database + "_c", "item", "counter")


def test_many_invalid_enum_values_in_a_table_of_short_rows(drsd, pair, database):
    source, target = pair
    workload.create(source, database, rows=5)
    source.execute("SET sql_mode=''", "CREATE TABLE odd (id INT NOT NULL PRIMARY KEY, e ENUM('x') NOT NULL)",
                   "INSERT INTO odd WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i+1 FROM n WHERE i<999) SELECT a.i*1000+b.i, '' FROM n a, n b WHERE a.i<80",
                   database=database)
    client = drsd.client
    (name,) = client.start(job("enum-zeros", source, target, tables(database, "odd", "counter", target=database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    count = "SELECT COUNT(*) FROM odd WHERE e+0=0"
    assert target.execute(count, database=database + "_c") == ((80000,),)
    source.execute("SET sql_mode=''", "INSERT INTO odd SELECT id+100000, '' FROM odd", database=database)
    caught_up(client, name, source, target, database, database + "_c")
    assert target.execute(count, database=database + "_c") == ((160000,),)
