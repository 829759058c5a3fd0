"""Objects beside tables on real servers: views, procedures, functions; triggers and events at the end."""
import time

import pytest

from support.drsd import Drsd, job, tables, wait_for, whole

FILL = ("CREATE DATABASE {d}",
        "CREATE TABLE {d}.item (id INT PRIMARY KEY, name VARCHAR(100), price INT)",
        "CREATE TABLE {d}.history (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(200))",
        "CREATE TABLE {d}.counter (id INT PRIMARY KEY, n BIGINT)",
        "INSERT INTO {d}.item VALUES (1,'a',10),(2,'b',20)")
OBJECTS = (
    "CREATE FUNCTION double_of(a INT) RETURNS INT DETERMINISTIC RETURN a * 2 /* {d}.item stays in a comment */",
    "CREATE VIEW z_base AS SELECT id, name, price FROM item",
    # Its name comes before that of the view it stands on.
    "CREATE VIEW a_top AS SELECT z_base.id, {d}.double_of(z_base.price) AS twice, '{d}.item 😀' AS text FROM z_base JOIN {d}.item i ON i.id = z_base.id",
    "CREATE PROCEDURE fill(IN n INT) BEGIN INSERT INTO item VALUES (n, CONCAT(\"{d}.\", 'it''s'), n); INSERT INTO {d}.history (what) VALUES ('filled'); END",
    "CREATE TRIGGER on_item AFTER INSERT ON item FOR EACH ROW INSERT INTO history (what) VALUES (CONCAT('first ', NEW.id))",
    "CREATE TRIGGER on_item_later AFTER INSERT ON item FOR EACH ROW INSERT INTO history (what) VALUES (CONCAT('third ', NEW.id))",
    "CREATE TRIGGER between_them AFTER INSERT ON {d}.item FOR EACH ROW FOLLOWS on_item INSERT INTO {d}.history (what) VALUES (CONCAT('second ', NEW.id))",
    "SET time_zone='+02:00'",
    "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00' DO DELETE FROM history WHERE id < 0",
    "CREATE EVENT asleep ON SCHEDULE EVERY 1 HOUR DISABLE DO DELETE FROM {d}.history WHERE id < 0")
KINDS = {"view": {"a_top", "z_base"}, "function": {"double_of"}, "procedure": {"fill", "quoting"},
         "trigger": {"on_item", "on_item_later", "between_them"}, "event": {"nightly", "asleep"}}


def fill(server, database):
    server.execute(*(s.format(d=database) for s in FILL))
    with server.connect(database) as c, c.cursor() as cursor:
        for statement in OBJECTS:
            cursor.execute(statement.format(d=database))
        cursor.execute("SET sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'")
        cursor.execute(f'CREATE PROCEDURE quoting() SELECT \'\\\' AS "a", name AS "b" FROM "{database}"."item" ORDER BY id')


def names(server, database):
    """The names of each kind that has some."""
    wanted = {"view": "table_name FROM information_schema.views WHERE table_schema",
              "procedure": "routine_name FROM information_schema.routines WHERE routine_type='PROCEDURE' AND routine_schema",
              "function": "routine_name FROM information_schema.routines WHERE routine_type='FUNCTION' AND routine_schema",
              "trigger": "trigger_name FROM information_schema.triggers WHERE trigger_schema",
              "event": "event_name FROM information_schema.events WHERE event_schema"}
    found = {kind: {n for (n,) in server.execute(f"SELECT {rest}='{database}'")} for kind, rest in wanted.items()}
    return {kind: all for kind, all in found.items() if all}


def caught_up(client, name, source, target, source_db, target_db):
    value = int(time.time() * 1000) % 10**12
    source.execute(f"REPLACE INTO counter VALUES (999, {value})", database=source_db)
    wait_for(lambda: target.execute("SELECT n FROM counter WHERE id=999", database=target_db) == ((value,),), 60, "the marker row",
             lambda: f"{client.status(name)} {client.logs(name)[:6]}")


def end(client, name):
    client.call("POST", f"/jobs/{name}/stop", {"is_force_stop": False})
    client.wait_status(name, "RELEASE_RESOURCE_COMPLETE")


def progress(client, name, kind, **query):
    answer = client.call("GET", f"/jobs/{name}/progress-data/{kind}", query=list(query.items()))
    return answer["count"], {row["dst_tb"]: row["progress"] for row in answer["flow_compare_data"]}


def overview(client, name):
    """type → (source's count, target's count, status)."""
    found = client.detail(name, "progress")["migration_object_progress_info"]["migration_object_overview"]
    return {row["type"]: (row["src_count"], row["dst_count"], row["status"]) for row in found}


def failed_items(client, batch):
    (listed,) = client.batch_jobs(batch)
    return {i["item"]: i for i in listed["precheck_result"]["precheck_results"] if i["result"] == "FAILED"}, listed["id"]


@pytest.mark.parametrize("copy", ["", "_c"])
def test_triggers_do_not_fire_twice(drsd, pair, database, copy):
    source, target = pair
    fill(source, database)
    client = drsd.client
    target_db = database + copy
    (name,) = client.start(job("objects", source, target, whole(database, target_db)))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    assert names(target, target_db) == {k: v for k, v in KINDS.items() if k not in ("trigger", "event")}
    assert progress(client, name, "view") == (2, {"a_top": 100, "z_base": 100})
    assert progress(client, name, "trigger", search_name="later") == (1, {"on_item_later": 0})
    assert progress(client, name, "procedure", limit=1, offset=1) == (2, {"quoting": 100})
    assert overview(client, name)["TRIGGER"] == ("3", "0", "TRANSFER_WHEN_END")

    source.execute("CALL fill(7)", database=database)
    caught_up(client, name, source, target, database, target_db)
    history = source.execute("SELECT what FROM history ORDER BY id", database=database)
    assert history == (("first 7",), ("second 7",), ("third 7",), ("filled",))
    assert target.execute("SELECT what FROM history ORDER BY id", database=target_db) == history
    view = "SELECT id, twice, text FROM a_top ORDER BY id"
    assert target.execute(view, database=target_db) == source.execute(view, database=database)
    assert target.execute("CALL quoting()", database=target_db) == source.execute("CALL quoting()", database=database)

    end(client, name)
    assert names(target, target_db) == KINDS
    assert progress(client, name, "event") == (2, {"nightly": 100, "asleep": 100})
    assert overview(client, name)["TRIGGER"] == ("3", "3", "COMPLETED")
    for columns in ("event_name, time_zone, starts, interval_value, interval_field, status, sql_mode, collation_connection FROM information_schema.events WHERE event_schema",
                    "trigger_name, action_order, action_timing, sql_mode, character_set_client FROM information_schema.triggers WHERE trigger_schema",
                    "routine_name, sql_mode, character_set_client, collation_connection, definer FROM information_schema.routines WHERE routine_schema"):
        assert target.execute(f"SELECT {columns}='{target_db}' ORDER BY 1") == source.execute(f"SELECT {columns}='{database}' ORDER BY 1")
    if copy:
        source.execute(f"DROP DATABASE {database}")  # nothing of the copy leans on the original
    target.execute("CALL fill(8)", database=target_db)
    assert target.execute("SELECT what FROM history WHERE id > 4 ORDER BY id", database=target_db) == (("first 8",), ("second 8",), ("third 8",), ("filled",))
    assert target.execute("SELECT name FROM item WHERE id=8", database=target_db) == ((f"{database}.it's",),)
    events = dict(target.execute(f"SELECT event_name, status FROM information_schema.events WHERE event_schema='{target_db}'"))
    assert events == {"nightly": "ENABLED", "asleep": "DISABLED"}
    modes = dict(target.execute(f"SELECT routine_name, sql_mode FROM information_schema.routines WHERE routine_schema='{target_db}'"))
    assert "ANSI_QUOTES" in modes["quoting"] and "ANSI_QUOTES" not in modes["fill"]


def test_full_only_creates_triggers_and_events_when_it_is_ended(drsd, pair, database):
    source, target = pair
    fill(source, database)
    client = drsd.client
    (name,) = client.start(job("objects-full", source, target, whole(database, database + "_c"), task_type="FULL_TRANS"))
    client.wait_status(name, "FULL_TRANSFER_COMPLETE")
    assert "view" in names(target, database + "_c") and "trigger" not in names(target, database + "_c")
    end(client, name)
    assert names(target, database + "_c") == KINDS
    assert target.execute("SELECT COUNT(*) FROM history", database=database + "_c") == ((0,),)


def test_end_by_force_creates_none(drsd, pair, database):
    source, target = pair
    fill(source, database)
    client = drsd.client
    (name,) = client.start(job("objects-force", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    client.call("POST", f"/jobs/{name}/stop", {"is_force_stop": True})
    client.wait_status(name, "RELEASE_RESOURCE_COMPLETE")
    assert "trigger" not in names(target, database + "_c") and "event" not in names(target, database + "_c")
    assert any("not created" in text for _, text in client.logs(name))


def test_reset_drops_what_it_made_and_nothing_else(drsd, pair, database):
    source, target = pair
    fill(source, database)
    client = drsd.client
    target.execute(f"CREATE DATABASE {database}_c", f"CREATE PROCEDURE {database}_c.mine() SELECT 1")
    (name,) = client.start(job("objects-reset", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    source.execute("DROP VIEW a_top", database=database)
    client.action(name, "stop", pause_mode="target")
    client.wait_status(name, "PAUSING")
    client.action(name, "reset")
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    assert names(target, database + "_c") == {"view": {"z_base"}, "function": {"double_of"}, "procedure": {"fill", "quoting", "mine"}}


@pytest.mark.parametrize("definer", ["keep", "strip", "'other'@'%'"])
def test_definer(folder, pair, database, definer):
    source, target = pair
    fill(source, database)
    for server in pair:
        server.execute("CREATE USER IF NOT EXISTS 'own`er'@'10.%'", "CREATE USER IF NOT EXISTS 'other'@'%'", "GRANT ALL ON *.* TO 'other'@'%'")
    source.execute("CREATE DEFINER='own`er'@'10.%' PROCEDURE owned() SQL SECURITY INVOKER SELECT 1",
                   "CREATE DEFINER='own`er'@'10.%' EVENT owned ON SCHEDULE EVERY 1 DAY DO SELECT 1", database=database)
    expected = {"keep": "own`er@10.%", "strip": "drs@%", "'other'@'%'": "other@%"}[definer]
    with Drsd(folder, config=f'[mysql]\ndefiner = "{definer}"\n') as drsd:
        client = drsd.client
        (name,) = client.start(job("definer", source, target, whole(database, database + "_c")))
        client.wait_status(name, "INCRE_TRANSFER_STARTED")
        end(client, name)
    found = target.execute(f"SELECT definer, security_type FROM information_schema.routines WHERE routine_schema='{database}_c' AND routine_name='owned'")
    assert found == ((expected, "INVOKER"),)
    assert target.execute(f"SELECT definer FROM information_schema.events WHERE event_schema='{database}_c' AND event_name='owned'") == ((expected,),)


def test_what_cannot_be_copied_is_named_and_may_be_skipped(drsd, pair, database):
    source, target = pair
    fill(source, database)
    for server in pair:
        server.execute("DROP USER IF EXISTS 'gone'@'nowhere'")
    source.execute("CREATE TABLE gone (a INT PRIMARY KEY)", "CREATE VIEW broken AS SELECT a FROM gone", "CREATE VIEW on_broken AS SELECT 1 AS one FROM z_base WHERE EXISTS (SELECT 1 FROM gone)",
                   "DROP TABLE gone", "CREATE DEFINER='gone'@'nowhere' PROCEDURE orphan() SELECT 1", database=database)
    target.execute(f"CREATE DATABASE {database}_c", f"CREATE FUNCTION {database}_c.double_of(a INT) RETURNS INT DETERMINISTIC RETURN 5")
    client = drsd.client
    batch = client.create(job("named", source, target, whole(database, database + "_c")))
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    items, one = failed_items(client, batch)
    assert set(items) == {"srcTriggerAndEventCheck", "userPrivilegeIsEnoughForDefiner", "targetObjectCheck"}, items
    assert "broken" in items["srcTriggerAndEventCheck"]["failed_reason"] and "on_broken" in items["srcTriggerAndEventCheck"]["failed_reason"]
    assert "gone@nowhere" in items["userPrivilegeIsEnoughForDefiner"]["failed_reason"]
    assert "double_of" in items["targetObjectCheck"]["failed_reason"]
    skip(client, one, *items)
    client.call("POST", f"/batch-async-jobs/{batch}/commit")
    client.wait_status(one, "INCRE_TRANSFER_STARTED")
    assert names(target, database + "_c") == {"view": {"a_top", "z_base"}, "function": {"double_of"}, "procedure": {"fill", "quoting"}}
    assert target.execute("SELECT double_of(1)", database=database + "_c") == ((5,),)
    assert any("orphan" in text for _, text in client.logs(one))


def skip(client, one, *items):
    client.action(one, "skip_precheck", skip_precheck_info={"skipped_precheck_list": list(items), "skip_reason": "known"})


def test_selected_tables_take_their_triggers_and_listed_objects(drsd, pair, database):
    source, target = pair
    fill(source, database)
    client = drsd.client
    objects = tables(database, "item", "counter", "history", target=database + "_c")
    objects[database]["tables"].update({"z_base": {"type": "view"}, "quoting": {"type": "procedure"}})
    (name,) = client.start(job("listed", source, target, objects))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    assert names(target, database + "_c") == {"view": {"z_base"}, "procedure": {"quoting"}}
    end(client, name)
    assert names(target, database + "_c") == {"view": {"z_base"}, "procedure": {"quoting"}, "trigger": KINDS["trigger"]}


@pytest.mark.parametrize("point", ["objects.noted=kill@3", "objects.created=kill@2", "end.released=kill@1"], ids=["noted", "created", "released"])
def test_a_killed_end_goes_on(folder, mariadb_pair, database, point):
    source, target = mariadb_pair
    fill(source, database)
    drsd = Drsd(folder)
    drsd.run()
    client = drsd.client
    (name,) = client.start(job("killed", source, target, whole(database, database + "_c")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    drsd.stop()
    drsd.environment = {"OPENDRS_FAILPOINTS": point}
    drsd.run()
    drsd.client.call("POST", f"/jobs/{name}/stop", {"is_force_stop": False})
    drsd.process.wait(60)
    drsd.environment = {}
    drsd.run()
    drsd.client.wait_status(name, "RELEASE_RESOURCE_COMPLETE")
    assert names(target, database + "_c") == KINDS
    assert not any("left as it is" in text for _, text in drsd.client.logs(name)), drsd.client.logs(name)
    drsd.stop()


def test_a_finish_that_is_killed_goes_on(folder, mariadb_pair, database):
    source, target = mariadb_pair
    fill(source, database)
    drsd = Drsd(folder, environment={"OPENDRS_FAILPOINTS": "objects.created=kill@2"})
    drsd.run()
    (name,) = drsd.client.start(job("killed-finish", source, target, whole(database, database + "_c")))
    drsd.process.wait(60)
    drsd.environment = {}
    drsd.run()
    drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
    assert names(target, database + "_c") == {k: v for k, v in KINDS.items() if k not in ("trigger", "event")}
    drsd.stop()


def test_what_the_other_flavour_cannot_parse_stops_with_its_name(drsd, mysql_pair, mariadb_pair, database):
    source, target = mariadb_pair[0], mysql_pair[1]
    workload_tables = [s.format(d=database) for s in FILL]
    source.execute(*workload_tables, f"CREATE PROCEDURE {database}.loops() BEGIN FOR i IN 1..3 DO SELECT i; END FOR; END",
                   f"CREATE VIEW {database}.plain AS SELECT id FROM {database}.item")
    client = drsd.client
    (name,) = client.start(job("flavour", source, target, whole(database, database + "_c")))
    wait_for(lambda: client.status(name).endswith("_FAILED"), 60, "the task to stop", lambda: client.logs(name)[:6])
    assert any("loops" in text and "1064" in text for _, text in client.logs(name)), client.logs(name)
    target.execute(f"CREATE PROCEDURE {database}_c.loops() SELECT 1")  # the remedy
    client.action(name, "restart")
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    assert names(target, database + "_c") == {"view": {"plain"}, "procedure": {"loops"}}
    assert target.execute(f"CALL {database}_c.loops()") == ((1,),)
