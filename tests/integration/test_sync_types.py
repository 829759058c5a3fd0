"""policy_config.sync_type_policy: structure, rows and indexes in tasks of their own."""
from support import rows
from support.drsd import job, wait_for, whole

TABLE = ("CREATE TABLE item (id INT PRIMARY KEY AUTO_INCREMENT, code VARCHAR(20) NOT NULL, weight INT, at DATETIME, UNIQUE KEY code (code), KEY weight (weight), KEY at (at))")


def indexes(server, database):
    return {row[0] for row in server.execute(f"SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema='{database}'")}


def run(client, source, target, database, types, task_type="FULL_TRANS"):
    into = database + "_c"
    (name,) = client.start(job(types.replace(",", "-"), source, target, whole(database, into), policy={"sync_type_policy": types}, task_type=task_type))
    client.wait_status(name, "FULL_TRANSFER_COMPLETE" if task_type == "FULL_TRANS" else "INCRE_TRANSFER_STARTED")
    return name


def end(client, name):
    client.call("POST", f"/jobs/{name}/stop", {"is_force_stop": False})
    client.wait_status(name, "RELEASE_RESOURCE_COMPLETE")


def failed(client, *jobs):
    batch = client.create(*jobs)
    client.validated(batch)
    return {i["item"]: i["failed_reason"] for j in client.batch_jobs(batch) for i in j["precheck_result"]["precheck_results"] if i["result"] == "FAILED"}


def test_structure_rows_and_indexes_one_after_the_other(drsd, pair, database):
    source, target = pair
    client = drsd.client
    source.execute(f"CREATE DATABASE {database}")
    source.execute(TABLE, "CREATE VIEW heavy AS SELECT * FROM item WHERE weight > 500", *(f"INSERT INTO item (code, weight, at) VALUES ('c{n}', {n}, '2024-01-01 00:00:00')" for n in range(100)), database=database)
    into = database + "_c"

    reasons = failed(client, job("early", source, target, whole(database, into), policy={"sync_type_policy": "tableData"}, task_type="FULL_TRANS"))
    assert f"{into}.item" in reasons.get("checkEmptyDstDb", ""), reasons

    end(client, run(client, source, target, database, "tableStructure"))
    assert target.execute("SELECT COUNT(*) FROM item", database=into) == ((0,),)
    assert indexes(target, into) == {"PRIMARY", "code"}
    assert target.execute("SELECT COUNT(*) FROM heavy", database=into)[0][0] == 0, "the view belongs to the structure"

    end(client, run(client, source, target, database, "tableData"))
    rows.assert_equal(source, database, target, into, "item")
    assert indexes(target, into) == {"PRIMARY", "code"}

    run(client, source, target, database, "constraintData")
    rows.assert_equal(source, database, target, into, "item")
    assert indexes(target, into) == {"PRIMARY", "code", "weight", "at"}


def test_a_reset_leaves_rows_that_are_not_the_tasks_own(drsd, pair, database):
    source, target = pair
    client = drsd.client
    into = database + "_c"
    long = "CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(500) CHARACTER SET utf8mb4 NOT NULL{}) ROW_FORMAT={}"
    for server, name, key, layout in ((source, database, ", KEY name (name)", "DYNAMIC"), (target, into, "", "COMPACT")):
        server.execute(f"CREATE DATABASE {name}")
        server.execute(long.format(key, layout), "INSERT INTO item VALUES (1,'one'),(2,'two')", database=name)
    (one,) = client.start(job("refused-index", source, target, whole(database, into), policy={"sync_type_policy": "constraintData"}, task_type="FULL_TRANS"))
    wait_for(lambda: client.status(one) == "FULL_TRANSFER_FAILED", 60, "an index too long for the row format")
    target.execute("ALTER TABLE item ROW_FORMAT=DYNAMIC", database=into)
    client.action(one, "reset")
    client.wait_status(one, "FULL_TRANSFER_COMPLETE")
    rows.assert_equal(source, database, target, into, "item")
    assert indexes(target, into) == {"PRIMARY", "name"}


def test_without_indexes_changes_are_still_followed(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    client = drsd.client
    source.execute(f"CREATE DATABASE {database}")
    source.execute(TABLE, *(f"INSERT INTO item (code, weight) VALUES ('c{n}', {n})" for n in range(100)), database=database)
    run(client, source, target, database, "tableData,tableStructure", "FULL_INCR_TRANS")
    source.execute("UPDATE item SET weight=weight+1", "DELETE FROM item WHERE id % 3 = 0", database=database)
    wait_for(lambda: target.execute("SELECT COUNT(*) FROM item", database=database + "_c") == ((67,),), 60, "the deletion")
    rows.assert_equal(source, database, target, database + "_c", "item")
    assert indexes(target, database + "_c") == {"PRIMARY", "code"}


def test_without_rows_there_is_nothing_to_follow(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    source.execute(f"CREATE DATABASE {database}")
    source.execute(TABLE, database=database)
    reasons = failed(drsd.client, job("follow", source, target, whole(database, database + "_c"), policy={"sync_type_policy": "tableStructure,constraintData"}))
    assert "FULL_TRANS" in str(reasons), reasons
