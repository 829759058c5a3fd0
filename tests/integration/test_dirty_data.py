"""Conflicts of the replay: what each policy does, and that each conflict is listed exactly once."""
import datetime
import re
import time

import pytest

from support.drsd import job, tables, wait_for

CREATE = ["CREATE TABLE thing (id INT NOT NULL PRIMARY KEY, a INT NOT NULL, b VARCHAR(300) CHARACTER SET utf8mb4 NULL, c VARBINARY(20), UNIQUE KEY a (a), UNIQUE KEY b (b))",
          "CREATE TABLE counter (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)",
          "INSERT INTO thing VALUES (1,1,'one',NULL),(2,2,'two',NULL),(3,3,'three',NULL),(4,4,'four',NULL),(5,5,'five',x'00ff')"]


@pytest.fixture
def running(drsd, pair, database):
    """start(policy) → (client, job, source(sql…), target(sql…), caught_up())."""
    source, target = pair

    def start(policy):
        source.execute(f"CREATE DATABASE {database}")
        source.execute(*CREATE, database=database)
        (name,) = drsd.client.start(job("dirty", source, target, tables(database, "thing", "counter", target=database + "_c"), policy={"conflict_policy": policy}))
        drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")

        def at_source(*sql):
            return source.execute(*sql, database=database)

        def at_target(*sql):
            return target.execute(*sql, database=database + "_c")

        def caught_up():
            value = int(time.time() * 1000) % 10**12
            at_source(f"REPLACE INTO counter VALUES (999, {value})")
            wait_for(lambda: at_target("SELECT n FROM counter WHERE id=999") == ((value,),), 120, "the marker row", lambda: drsd.client.logs(name)[:6])
        caught_up()
        return drsd.client, name, at_source, at_target, caught_up
    return start


def listed(client, name, count, **query):
    """The list, once it has `count` elements."""
    def look():
        found = client.call("GET", f"/jobs/{name}/dirty-data", query=[("limit", 100), *query.items()])
        return found if found["count"] == count else None
    return wait_for(look, 20, f"{count} conflicts", lambda: client.call("GET", f"/jobs/{name}/dirty-data", query=[("limit", 100)]))["dirty_data_list"]


def make_conflicts(at_source, at_target, caught_up):
    at_target("INSERT INTO thing VALUES (70,70,'seventy','mine')", "INSERT INTO thing VALUES (80,80,'eighty','mine')", "INSERT INTO thing VALUES (90,90,'ninety','mine')",
              "DELETE FROM thing WHERE id IN (2,3)", "INSERT INTO thing VALUES (100,100,'same key','mine')")
    at_source("INSERT INTO thing VALUES (10,70,'eighty','theirs')")  # two rows in the way
    at_source("UPDATE thing SET c='new' WHERE id=2")                 # no such row
    at_source("DELETE FROM thing WHERE id=3")                       # no such row
    at_source("UPDATE thing SET a=90 WHERE id=4")                   # a row in the way
    at_source("INSERT INTO thing VALUES (100,101,'other','theirs')")  # the key is there
    caught_up()


def test_ignore_keeps_the_rows_of_the_target(running, drsd):
    client, name, at_source, at_target, caught_up = running("ignore")
    make_conflicts(at_source, at_target, caught_up)
    assert at_target("SELECT id, a, b, c FROM thing ORDER BY id") == (
        (1, 1, "one", None), (4, 4, "four", None), (5, 5, "five", b"\0\xff"), (70, 70, "seventy", b"mine"), (80, 80, "eighty", b"mine"), (90, 90, "ninety", b"mine"), (100, 100, "same key", b"mine"))
    found = listed(client, name, 5)[::-1]
    assert [re.match(r"\w+( INTO)?", one["error_sql"])[0] for one in found] == ["INSERT INTO", "UPDATE", "DELETE", "UPDATE", "INSERT INTO"]
    for one in found:
        assert one["table_name"] == "thing" and one["schema_name"] == "" and "were kept" in one["error_msg"]
    assert "`b`='eighty'" in found[0]["error_sql"] and "0x" not in found[0]["error_sql"]
    assert "(70)" in found[0]["error_msg"] or "'70'" in found[0]["error_msg"]
    assert "SET `id`=2, `a`=2, `b`='two', `c`='new' WHERE `id`=2 AND `a`=2 AND `b`='two' AND `c`=NULL" in found[1]["error_sql"]
    # Anonymous: no value of a row.
    for one in listed(client, name, 5, anonymize_mode="true"):
        assert "eighty" not in str(one) and "theirs" not in str(one) and "`c`=?" in one["error_sql"]
    # Times.
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)
    assert listed(client, name, 0, end_time=f"{now - hour:%Y-%m-%dT%H:%M:%SZ}") == []
    assert len(listed(client, name, 5, begin_time=f"{now - hour:%Y-%m-%dT%H:%M:%SZ}", end_time=f"{now:%Y-%m-%dT%H:%M:%SZ}")) == 5
    assert len(client.call("GET", f"/jobs/{name}/dirty-data", query=[("offset", 1), ("limit", 2)])["dirty_data_list"]) == 2
    assert listed(client, name, 0, task_mode="FULL_TRANSFER") == []
    assert any("did not fit" in text for _, text in client.logs(name))
    shown = drsd.ctl("conflicts", name, "-n", "2").splitlines()
    assert len(shown) == 5 and "UPDATE" in shown[1] and "INSERT INTO" in shown[3] and shown[4] == "2 of 5", shown


def test_overwrite_makes_the_rows_of_the_source(running):
    client, name, at_source, at_target, caught_up = running("overwrite")
    make_conflicts(at_source, at_target, caught_up)
    assert at_target("SELECT * FROM thing ORDER BY id") == at_source("SELECT * FROM thing ORDER BY id")
    found = listed(client, name, 5)[::-1]
    gave_way = [int(re.search(r"overwritten, (\d+) rows", one["error_msg"])[1]) for one in found]
    assert gave_way == [2, 0, 0, 1, 1], found
    assert "on key a was deleted" in found[0]["error_msg"] and "on key b was deleted" in found[0]["error_msg"], found[0]


def test_conflicts_are_listed_once_over_restarts_and_go_with_a_reset(running, drsd, pair):
    client, name, at_source, at_target, caught_up = running("ignore")
    _, target = pair
    make_conflicts(at_source, at_target, caught_up)
    drsd.kill()
    client = drsd.run().client
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    at_source("DELETE FROM thing WHERE id=2")
    caught_up()
    found = listed(client, name, 6)
    assert found[0]["error_sql"].startswith("DELETE")
    numbers = target.execute(f"SELECT number FROM drs_ctl.conflict WHERE job_id='{name}' ORDER BY number")
    assert [number for (number,) in numbers] == [1, 2, 3, 4, 5, 6]
    client.action(name, "stop", pause_mode="target")
    client.wait_status(name, "PAUSING")
    client.action(name, "reset")
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up()
    listed(client, name, 0)
    at_target("DELETE FROM thing WHERE id=1")
    at_source("DELETE FROM thing WHERE id=1")
    caught_up()
    listed(client, name, 1)
    assert target.execute(f"SELECT number FROM drs_ctl.conflict WHERE job_id='{name}'") == ((1,),)


def test_stop_names_table_key_and_both_images(running):
    client, name, at_source, at_target, _ = running("stop")
    at_target("DELETE FROM thing WHERE id=5")
    long = "ü" * 200
    at_source(f"UPDATE thing SET b='{long}' WHERE id=5")
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop")
    (text,) = {text for _, text in client.logs(name) if "update expected this row" in text and "key (5)" in text}
    assert "thing" in text and "before {" in text and "after {" in text and "0x00ff" in text and "'five'" in text
    assert "ü" * 30 in text and len(text) < 1200 and long not in text, text
    listed(client, name, 0)


def test_the_oldest_conflicts_make_room(running, pair):
    client, name, at_source, at_target, caught_up = running("ignore")
    _, target = pair
    at_source("CREATE TABLE digit (d INT)", "INSERT INTO digit VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)",
              "INSERT INTO thing SELECT 1000+a.d+10*b.d+100*c.d+1000*d.d, 1000+a.d+10*b.d+100*c.d+1000*d.d, NULL, NULL FROM digit a, digit b, digit c, digit d",
              "DROP TABLE digit")
    caught_up()
    at_target("DELETE FROM thing")
    at_source("DELETE FROM thing")
    caught_up()
    listed(client, name, 10_000)
    (numbers,) = target.execute(f"SELECT COUNT(*), MIN(number), MAX(number) FROM drs_ctl.conflict WHERE job_id='{name}'")
    assert numbers == (10_000, 6, 10_005)
