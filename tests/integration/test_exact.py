"""Values and rows arrive exactly, or the task stops by name: other character sets, proxies, huge rows, grown tables."""
import time

import pytest

from support import rows, servers, workload
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
