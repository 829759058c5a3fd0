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
