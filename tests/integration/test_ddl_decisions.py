"""A statement that stops a task is skipped, or replaced by another one: once, for this very statement, with rows right behind it."""
import pytest

from support.drsd import Drsd, Refused, wait_for
from support.lane import FAST, ITEM, Lane


@pytest.fixture
def service(folder):
    with Drsd(folder, config=FAST) as running:
        yield running


def runs(lane):
    lane.client.wait_status(lane.id, "INCRE_TRANSFER_STARTED")


def refused(call, *parts):
    with pytest.raises(Refused) as error:
        call()
    for part in parts:
        assert part in str(error.value), error.value


def test_what_stops_a_task_is_listed_and_skipped(service, pair, database):
    lane = Lane(service, pair, database, (*ITEM, "CREATE TABLE keyless (v INT)", "INSERT INTO keyless VALUES (1),(2)"))
    path = f"/jobs/{lane.id}/ddl"
    lane.run("ALTER TABLE item ADD c INT", "INSERT INTO item VALUES (9,'before',1,2)", "ALTER TABLE keyless ADD id INT AUTO_INCREMENT PRIMARY KEY")
    lane.stopped("by chance", "drsctl ddl")
    assert [state for state, _ in lane.ddl()] == ["applied", "failed"]
    one = lane.listed(status=1)
    assert one["count"] == 1, one
    (one,) = one["ddl_list"]
    assert (one["kind"], one["state"], one["exe_result"], one["clean_time"]) == ("ALTER TABLE", "failed", False, 0) and one["ddl_text"].startswith("ALTER TABLE keyless ADD id")
    assert "by chance" in one["reason"] and one["checkpoint"] and one["ddl_timestamp"] > 10**12 and one["record_time"] > 10**12
    assert lane.listed(end_seq_no=one['seqno'] - 1)["count"] == 1
    # Another statement, or none, is not what the task stands at.
    first = lane.listed(offset=1, limit=1)["ddl_list"][0]["seqno"]
    refused(lambda: lane.client.call("POST", f"{path}/{first}/skip"), "does not stand at statement")
    refused(lambda: lane.client.call("POST", f"{path}/{one['seqno'] + 1}/skip"), "does not exist")
    lane.client.action(lane.id, "restart")  # the statement itself, once more
    lane.stopped("by chance")
    # Skipped: the source's table has a column more. Its rows have no place at the target until this has it too.
    out = service.ctl("ddl", lane.id, "skip")
    assert "skipped" in out, out
    runs(lane)
    lane.equal("item")
    assert lane.states() == ["done", "skipped"]
    assert any("skipped" in text and "keyless" in text for _, text in lane.client.logs(lane.id)), lane.client.logs(lane.id)
    refused(lambda: lane.client.call("POST", f"{path}/{one['seqno']}/skip"), "is not possible while")
    assert lane.listed(status=1)["count"] == 1
    lane.client.call("POST", f"/jobs/{lane.id}/alarms/{one['seqno']}/clean")
    assert lane.listed(status=1)["count"] == 0
    assert "ALTER TABLE keyless" in service.ctl("ddl", lane.id)
    lane.run("INSERT INTO keyless (v) VALUES (3)")
    wait_for(lambda: lane.client.status(lane.id) == "INCRE_TRANSFER_FAILED", 60, "the stop", lane.state)
    assert "has no column id" in lane.client.logs(lane.id)[0][1], lane.client.logs(lane.id)
    assert lane.target.execute("SELECT v FROM keyless ORDER BY v", database=lane.copy) == ((1,), (2,)), "no row without its column"
    rows = lane.source.execute("SELECT v, id FROM keyless WHERE v < 3 ORDER BY v", database=lane.database)
    lane.target.execute("ALTER TABLE keyless ADD id INT NOT NULL", *[f"UPDATE keyless SET id={id} WHERE v={v}" for v, id in rows], "ALTER TABLE keyless ADD PRIMARY KEY (id)", database=lane.copy)
    lane.client.action(lane.id, "restart")
    runs(lane)
    lane.run("UPDATE keyless SET v=v+10")
    lane.equal("keyless", "item")


def test_another_statement_runs_in_its_place(service, pair, database):
    lane = Lane(service, pair, database, ITEM)
    lane.target.execute("INSERT INTO item VALUES (50,'eins',1)", database=lane.copy)  # somebody else's row: a unique key cannot be made
    lane.run("ALTER TABLE item ADD UNIQUE ua (a), ADD c INT NOT NULL DEFAULT 4 FIRST", "INSERT INTO item VALUES (8,9,'nine',1)")
    lane.stopped("Duplicate entry")
    number = lane.number()
    for statement, why in (("DROP TABLE item", "must be an ALTER TABLE"), ("ALTER TABLE item ADD c INT; DROP TABLE marker", "more than one statement"),
                           ("ALTER TABLE elsewhere ADD c INT", "is no table of the task"), (f"ALTER TABLE {database}_c.item ADD c INT", "is no table of the task"),
                           ("ALTER TABLE item ADD c INT REFERENCES nobody.p (id), ADD FOREIGN KEY (c) REFERENCES nobody.p (id)", "not selected"),
                           ("ALTER TABLE item ADD x INT AUTO_INCREMENT UNIQUE", "by chance"), ("ALTER TABLE item ADD UNIQUE ua (a)", "Duplicate entry")):
        lane.client.call("POST", f"/jobs/{lane.id}/ddl/{number}/replace", {"statement": statement})
        wait_for(lambda: why.lower() in lane.client.logs(lane.id)[0][1].lower(), 60, f"{statement}: {why}", lane.state)
        lane.stopped(why)
    assert lane.states() == ["failed"]
    refused(lambda: lane.client.call("POST", f"/jobs/{lane.id}/ddl/{number}/replace", {}), "statement")
    service.ctl("ddl", lane.id, "replace", "--by", "ALTER TABLE item ADD KEY ua (a), ADD c INT NOT NULL DEFAULT 4 COMMENT 'ä'")
    runs(lane)
    lane.arrive()
    assert lane.states() == ["replaced"]
    assert [state for state, _ in lane.ddl()] == ["replaced"]
    assert any("replaced" in text and "ADD KEY ua" in text for _, text in lane.client.logs(lane.id))
    # By name, not by place.
    assert lane.target.execute("SELECT id, a, b, c FROM item ORDER BY id", database=lane.copy) == ((1, "eins", 10, 4), (2, "zwei", 20, 4), (3, None, None, 4), (9, "nine", 1, 8), (50, "eins", 1, 4))
    comment = lane.target.execute(f"SELECT column_comment FROM information_schema.columns WHERE table_schema='{lane.copy}' AND table_name='item' AND column_name='c'")
    assert comment == (("ä",),)
    lane.run("ALTER TABLE item ADD d INT", "UPDATE item SET d=5, c=1 WHERE id=2")
    lane.arrive()
    assert lane.target.execute("SELECT c, d FROM item WHERE id=2", database=lane.copy) == ((1, 5),)


def test_what_cannot_be_followed_is_not_skipped(service, mariadb_pair, database):
    lane = Lane(service, mariadb_pair, database, ITEM)
    lane.run("CREATE OR REPLACE TABLE item (b INT, id INT PRIMARY KEY)", "INSERT INTO item VALUES (7, 70)")
    lane.stopped("empties the table")
    service.ctl("ddl", lane.id, "skip")
    wait_for(lambda: "cannot be followed" in lane.client.logs(lane.id)[0][1], 60, "the refusal", lane.state)
    lane.stopped("cannot be followed")
    assert lane.target.execute("SELECT COUNT(*) FROM item", database=lane.copy) == ((3,),)
    assert lane.states() == ["failed"]


@pytest.mark.parametrize("point", ["ddl.intended", "ddl.executed", "sink.before_commit", "sink.after_commit"])
def test_killed_around_a_replacement_it_takes_effect_once(folder, mariadb_pair, database, point):
    with Drsd(folder, config=FAST) as service:
        lane = Lane(service, mariadb_pair, database, ITEM)
        lane.run("ALTER TABLE item ADD c CHAR(36) DEFAULT (UUID())", "INSERT INTO item VALUES (7,'x',1,'seven')", "ALTER IGNORE TABLE item ADD UNIQUE (a)", "INSERT INTO item VALUES (8,'y',1,'eight')")
        lane.stopped("uuid")
        service.stop()
        service.environment["OPENDRS_FAILPOINTS"] = f"{point}=kill@1"
        service.run()
        lane.client.call("POST", f"/jobs/{lane.id}/ddl/{lane.number()}/replace", {"statement": "ALTER TABLE item ADD c CHAR(36) DEFAULT 'none'"})
        wait_for(lambda: service.process.poll() is not None, 60, f"the kill at {point}")
        service.kill()
        service.environment.pop("OPENDRS_FAILPOINTS")
        service.run()
        wait_for(lambda: len(lane.ddl()) == 2, 60, "the next statement", lane.state)
        lane.stopped("by chance")  # the decision was about the first one only
        assert lane.states() == ["replaced", "failed"]
        service.stop()
        service.environment["OPENDRS_FAILPOINTS"] = f"{point}=kill@1"
        if point.startswith("ddl"):
            service.environment.pop("OPENDRS_FAILPOINTS")
        service.run()
        service.ctl("ddl", lane.id, "skip")
        if not point.startswith("ddl"):
            wait_for(lambda: service.process.poll() is not None, 60, f"the kill at {point}")
            service.kill()
            service.environment.pop("OPENDRS_FAILPOINTS")
            service.run()
        lane.arrive()
        assert lane.states() == ["replaced", "skipped"]
        assert lane.target.execute("SELECT id, c FROM item ORDER BY id", database=lane.copy) == ((1, "none"), (2, "none"), (3, "none"), (7, "seven"), (8, "eight"))
