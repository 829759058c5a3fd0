"""Events of the log that ordinary changes do not write: what becomes of them at the target."""
import pathlib

from support import replay
from support.drsd import job, wait_for, whole

PARTIAL_JSON = pathlib.Path(__file__).parents[1] / "wire/data/partial-json.sql"


def test_changes_within_json_values_are_replayed(drsd, mysql_pair, database):
    source, target = mysql_pair
    lines = [line for line in PARTIAL_JSON.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    before = [line for line in lines if line.startswith(("CREATE", "INSERT"))]
    after = [line for line in lines if line not in before and not line.startswith("SET")]
    source.execute("SET GLOBAL binlog_row_value_options='PARTIAL_JSON'")
    try:
        replay.copy_change_compare(drsd, source, target, database, before, after)
        assert sum(1 for line in after if "JSON_" in line) > 70
    finally:
        source.execute("SET GLOBAL binlog_row_value_options=''")


def test_changes_within_json_values_without_the_value_before_are_refused(drsd, mysql_pair, database):
    source, target = mysql_pair
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE doc (id INT PRIMARY KEY, j JSON)", "INSERT INTO doc VALUES (1, JSON_OBJECT('a', 1, 'b', REPEAT('x', 100)))", database=database)
    client = drsd.client
    (name,) = client.start(job("partial", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    source.execute("SET SESSION binlog_row_image='MINIMAL', binlog_row_value_options='PARTIAL_JSON'", "UPDATE doc SET j=JSON_SET(j, '$.a', 2)", database=database)
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop", lambda: str(client.logs(name)[:3]))
    assert any("doc" in text and "binlog_row_image=FULL" in text for _, text in client.logs(name)), client.logs(name)
    assert target.execute("SELECT j->'$.a' FROM doc", database=database + "_c") == (("1",),)


def test_prepared_xa_transactions_take_effect_when_they_commit(drsd, pair, database):
    source, target = pair
    copy = database + "_c"
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE marker (id INT PRIMARY KEY, n BIGINT)", "CREATE TABLE item (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO item VALUES (1,'one'),(2,'two')", database=database)
    client = drsd.client
    (name,) = client.start(job("xa-held", source, target, whole(database, copy)))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")

    def prepare(xid, *statements):
        source.execute(f"XA START '{xid}'", *statements, f"XA END '{xid}'", f"XA PREPARE '{xid}'", database=database)

    kept, dropped, before = (f"{database[-40:]}{n}" for n in "abc")
    prepare(before, "INSERT INTO item VALUES (5,'at once')")
    source.execute(f"XA COMMIT '{before}'")
    prepare(kept, "UPDATE item SET v='later' WHERE id=1", "INSERT INTO item VALUES (3,'later')")
    prepare(dropped, "DELETE FROM item WHERE id=2")
    source.execute("INSERT INTO item VALUES (4,'between')", database=database)
    replay.caught_up(client, name, source, target, database, copy)
    content = "SELECT id, v FROM item ORDER BY id"
    assert target.execute(content, database=copy) == ((1, "one"), (2, "two"), (4, "between"), (5, "at once"))
    # The worker that read the prepared rows is gone; its successor reads them again.
    drsd.kill()
    drsd.run()
    client = drsd.client
    source.execute("INSERT INTO item VALUES (6,'between')", database=database)
    replay.caught_up(client, name, source, target, database, copy)
    assert target.execute("SELECT COUNT(*) FROM item WHERE id=3", database=copy) == ((0,),)
    source.execute(f"XA COMMIT '{kept}'", f"XA ROLLBACK '{dropped}'")
    replay.caught_up(client, name, source, target, database, copy)
    expected = ((1, "later"), (2, "two"), (3, "later"), (4, "between"), (5, "at once"), (6, "between"))
    assert source.execute(content, database=database) == target.execute(content, database=copy) == expected
    marks = target.execute(f"SELECT position_text FROM drs_ctl.mark WHERE job_id='{name}' ORDER BY sequence_no DESC LIMIT 1")
    assert ";xa=" not in str(marks), marks


def test_a_prepared_xa_transaction_outlives_a_schema_change(drsd, pair, database):
    """The replay begins anew behind the statement, and reads what was prepared again."""
    source, target = pair
    copy = database + "_c"
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE marker (id INT PRIMARY KEY, n BIGINT)", "CREATE TABLE item (id INT PRIMARY KEY, v VARCHAR(20))", "CREATE TABLE other (id INT PRIMARY KEY)",
                   "INSERT INTO item VALUES (1,'one'),(2,'two')", database=database)
    client = drsd.client
    (name,) = client.start(job("xa-ddl", source, target, whole(database, copy)))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    replay.caught_up(client, name, source, target, database, copy)
    xid = database[-40:]
    source.execute(f"XA START '{xid}'", "UPDATE item SET v='later' WHERE id=1", "DELETE FROM item WHERE id=2", f"XA END '{xid}'", f"XA PREPARE '{xid}'", database=database)
    source.execute("ALTER TABLE other ADD v INT NOT NULL DEFAULT 5", "INSERT INTO other VALUES (1,2)", "CREATE TABLE aaa (id INT PRIMARY KEY)", "INSERT INTO aaa VALUES (1)", database=database)
    replay.caught_up(client, name, source, target, database, copy)
    assert target.execute("SELECT * FROM item ORDER BY id", database=copy) == ((1, "one"), (2, "two"))
    source.execute(f"XA COMMIT '{xid}'")
    replay.caught_up(client, name, source, target, database, copy)
    assert target.execute("SELECT * FROM item ORDER BY id", database=copy) == ((1, "later"),)
    assert target.execute("SELECT * FROM other", database=copy) == ((1, 2),)
