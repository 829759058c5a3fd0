"""Tools that change a table beside its use, and what else makes tables with rows: their statements end in equal tables, without anything left over."""
import shutil
import subprocess
import threading

import pytest

from support import faults, rows, servers
from support.drsd import Drsd, tables, wait_for
from support.lane import FAST, ITEM, Lane

BIG = ("CREATE TABLE item (id INT PRIMARY KEY, a VARCHAR(20), b INT, KEY kb (b))", "INSERT INTO item SELECT seq, CONCAT('row ', seq), seq % 7 FROM seq_1_to_3000",
       "CREATE TABLE other (id INT PRIMARY KEY)")
ALTER = "ADD COLUMN c INT NOT NULL DEFAULT 7 FIRST, MODIFY a VARCHAR(60), ADD KEY ka (a), DROP KEY kb"


@pytest.fixture
def service(folder):
    with Drsd(folder, config=FAST) as running:
        yield running


def selection_of(scope, database):
    if scope == "database":
        return None
    return tables(database, "item", "marker", target=database + "_c", rename={"item": "thing"})


class Writer(threading.Thread):
    """Changes rows while the tool works."""

    def __init__(self, lane):
        super().__init__(daemon=True)
        self.lane, self.ended, self.failures = lane, threading.Event(), []

    def run(self):
        number = 10_000
        while not self.ended.wait(0.02):
            number += 1
            try:
                self.lane.run(f"INSERT INTO item (id, a, b) VALUES ({number}, 'new', 1)", f"UPDATE item SET a='changed' WHERE id={number % 3000 + 1}", f"DELETE FROM item WHERE id={number - 9500}")
            except Exception as error:  # pylint: disable=broad-except
                self.failures.append(repr(error))


@pytest.mark.parametrize("scope", ["tables", "database"])
def test_pt_online_schema_change(service, mariadb_pair, database, scope):
    tool = shutil.which("pt-online-schema-change")
    assert tool, "./x deps installs percona-toolkit"
    lane = Lane(service, mariadb_pair, database, BIG, selection=selection_of(scope, database))
    name = "item" if scope == "database" else "thing"
    writer = Writer(lane)
    writer.start()
    run = subprocess.run([tool, "--alter", ALTER, "--execute", "--chunk-size", "300", "--max-load", "Threads_running=200", "--critical-load", "Threads_running=500", "--no-version-check",
                          f"h=127.0.0.1,P={lane.source.port},u={servers.USER},p={servers.PASSWORD},D={database},t=item"], capture_output=True, text=True, timeout=300, check=False)
    writer.ended.set()
    writer.join()
    assert run.returncode == 0, run.stdout + run.stderr
    assert not writer.failures, writer.failures[:3]
    lane.run("INSERT INTO item VALUES (1, 70000, 'behind it', 2)", "DELETE FROM item WHERE id=3")
    lane.equal(("item", name))
    lane.same("item", name)
    assert lane.tables() == {"marker", name} | ({"other"} if scope == "database" else set())
    lane.run("ALTER TABLE item DROP c", "UPDATE item SET b=b+1 WHERE id < 50")
    lane.equal(("item", name))


GHOST = ("DROP /* gh-ost */ TABLE IF EXISTS `_item_gho`", "DROP /* gh-ost */ TABLE IF EXISTS `_item_del`", "DROP /* gh-ost */ TABLE IF EXISTS `_item_ghc`",
         "CREATE /* gh-ost */ TABLE `_item_ghc` (id BIGINT AUTO_INCREMENT, last_update TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, "
         "hint VARCHAR(64) CHARSET ascii NOT NULL, value VARCHAR(4096) CHARSET ascii NOT NULL, PRIMARY KEY (id), UNIQUE KEY hint_uidx (hint)) AUTO_INCREMENT=256",
         "CREATE /* gh-ost */ TABLE `_item_gho` LIKE `item`", "ALTER /* gh-ost */ TABLE `_item_gho` ADD c INT NOT NULL DEFAULT 7 FIRST, CHANGE a `new name` TEXT",
         "INSERT /* gh-ost */ INTO `_item_ghc` (id, hint, value) VALUES (2, 'state', 'GhostTableMigrated') ON DUPLICATE KEY UPDATE value=VALUES(value)",
         "INSERT /* gh-ost */ IGNORE INTO `_item_gho` (id, `new name`, b) SELECT id, a, b FROM `item` LOCK IN SHARE MODE", "UPDATE item SET b=77 WHERE id=1",
         "REPLACE /* gh-ost */ INTO `_item_gho` (id, `new name`, b) VALUES (1, 'eins', 77)", "DELETE FROM item WHERE id=2", "DELETE /* gh-ost */ FROM `_item_gho` WHERE id=2",
         "CREATE /* gh-ost */ TABLE `_item_del` (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB COMMENT='ghost-cut-over-sentry'", "DROP TABLE `_item_del`",
         "RENAME /* gh-ost */ TABLE `item` TO `_item_del`, `_item_gho` TO `item`", "INSERT INTO item VALUES (5, 90, 'new', 1)", "DROP /* gh-ost */ TABLE IF EXISTS `_item_ghc`")


@pytest.mark.parametrize("scope", ["tables", "database"])
def test_gh_ost(service, pair, database, scope):
    lane = Lane(service, pair, database, ITEM, selection=selection_of(scope, database))
    name = "item" if scope == "database" else "thing"
    lane.run(*GHOST)
    lane.equal(("item", name))
    lane.same("item", name)
    assert lane.target.execute(f"SELECT COUNT(*) FROM {name}", database=lane.copy) == ((3,),)
    assert lane.tables() == {"marker", name} | ({"_item_del"} if scope == "database" else set()), "the old table is there as long as the source has it, if it is selected"
    lane.run("DROP /* gh-ost */ TABLE IF EXISTS `_item_del`", "UPDATE item SET c=1")
    lane.equal(("item", name))
    assert lane.tables() == {"marker", name}


def test_killed_around_the_swap(folder, mariadb_pair, database):
    with Drsd(folder, config=FAST) as service:
        lane = Lane(service, mariadb_pair, database, ITEM, selection=selection_of("tables", database))
        lane.client.action(lane.id, "stop", pause_mode="all")
        wait_for(lambda: lane.client.status(lane.id) == "PAUSING", 60, "the pause", lane.state)
        swap = next(i for i, sql in enumerate(GHOST) if sql.startswith("RENAME"))
        lane.run(*GHOST[:swap])
        service.stop()
        service.run()
        lane.client.action(lane.id, "restart")
        lane.arrive()
        for point in ("ddl.executed", "sink.before_commit"):
            lane.client.action(lane.id, "stop", pause_mode="all")
            wait_for(lambda: lane.client.status(lane.id) == "PAUSING", 60, "the pause", lane.state)
            if point == "ddl.executed":
                lane.run(*GHOST[swap:])
            else:
                lane.run("DROP TABLE IF EXISTS `_item_del`", GHOST[4], "INSERT INTO _item_gho SELECT * FROM item", GHOST[swap], "UPDATE item SET b=12")
            service.stop()
            service.environment["OPENDRS_FAILPOINTS"] = f"{point}=kill@{1 if point == 'ddl.executed' else 3}"
            service.run()
            lane.client.action(lane.id, "restart")
            wait_for(lambda: service.process.poll() is not None, 60, f"the kill at {point}")
            service.kill()
            service.environment.pop("OPENDRS_FAILPOINTS")
            service.run()
            lane.equal(("item", "thing"))
            lane.same("item", "thing")
            assert lane.tables() == {"marker", "thing"}


def test_a_swap_whose_beginning_was_not_seen_stops_the_task(service, pair, database):
    lane = Lane(service, pair, database, (*ITEM, "CREATE TABLE _item_new LIKE item", "INSERT INTO _item_new SELECT * FROM item"), selection=selection_of("tables", database))
    lane.run("RENAME TABLE item TO _item_old, _item_new TO item", "INSERT INTO item VALUES (80,'x',1)")
    lane.stopped("outside of the selection")
    assert lane.target.execute("SELECT COUNT(*) FROM thing", database=lane.copy) == ((3,),)


def test_create_table_select(service, pair, database):
    lane = Lane(service, pair, database, ITEM)
    lane.run("CREATE TABLE made (extra INT DEFAULT 4, PRIMARY KEY (id)) AS SELECT id, a, b * 2 AS twice FROM item", "INSERT INTO made (id, a) VALUES (70,'x')", "CREATE TABLE bare AS SELECT id FROM item WHERE id > 900",
             "INSERT INTO bare VALUES (5)", "UPDATE made SET a='y' WHERE id=1")
    lane.equal("made", "bare", "item")
    lane.same("made")
    assert lane.target.execute("SELECT COUNT(*) FROM made", database=lane.copy) == ((4,),)
    assert set(lane.states()) == {"done"}
    # Tables that came stand in the lists of the task.
    listed = lane.client.call("GET", f"/jobs/{lane.id}/progress-data/table")["flow_compare_data"]
    assert {(one["src_tb"], one["dst_db"], one["progress"]) for one in listed} == {(name, lane.copy, 100) for name in ("marker", "item", "made", "bare")}, listed
    lane.run("DROP TABLE bare", "RENAME TABLE made TO built")
    lane.equal("built")
    listed = lane.client.call("GET", f"/jobs/{lane.id}/progress-data/table")["flow_compare_data"]
    assert {one["src_tb"] for one in listed} == {"marker", "item", "built"}, listed
    out = service.ctl("compare", lane.id)
    assert "built" in out and "made" not in out, out


def test_create_table_select_killed_between_the_table_and_its_rows(folder, pair, database):
    with Drsd(folder, config=FAST) as service:
        lane = Lane(service, pair, database, ITEM)
        lane.client.action(lane.id, "stop", pause_mode="all")
        wait_for(lambda: lane.client.status(lane.id) == "PAUSING", 60, "the pause", lane.state)
        lane.run("CREATE TABLE made AS SELECT id, a FROM item")
        service.stop()
        for kill in (1, 2):
            service.environment["OPENDRS_FAILPOINTS"] = "sink.after_commit=kill@1"
            service.run() if kill == 1 else service.launch()
            if kill == 1:
                lane.client.action(lane.id, "restart")
            wait_for(lambda: service.process.poll() is not None, 60, f"kill {kill}")
            service.kill()
        service.environment.pop("OPENDRS_FAILPOINTS")
        service.run()
        lane.equal("made", "item")
        assert lane.target.execute("SELECT COUNT(*) FROM made", database=lane.copy) == ((3,),)
        assert lane.states() == ["done"]


def test_new_tables_while_the_load_is_brought_to_one_moment(folder, mariadb_pair, database):
    with faults.service(folder) as service:
        task = faults.Task(service, *mariadb_pair, database).loading()
        task.source.execute("UPDATE big SET n=n+1 WHERE id%3=0", "CREATE TABLE fresh (id INT PRIMARY KEY, v INT)", "INSERT INTO fresh VALUES (1,1),(2,2)", "DELETE FROM big WHERE id%50=4",
                            "CREATE TABLE made (PRIMARY KEY (id)) AS SELECT id, n FROM big WHERE id < 40", "UPDATE fresh SET v=7 WHERE id=1", "INSERT INTO big VALUES (900000,'late',1)", database=database)
        task.streaming()
        task.source.execute("REPLACE INTO counter VALUES (999, 4711)", database=database)
        wait_for(lambda: task.target.execute("SELECT n FROM counter WHERE id=999", database=task.copy) == ((4711,),), 90, "the marker row", task.state)
        rows.assert_equal(task.source, database, task.target, task.copy, *faults.NAMES, "fresh", "made")
