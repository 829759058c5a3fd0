"""Faults of every kind in every phase on real servers: docs/reference/faults.md names one of these tests in each line.

Each test holds a task at a place, breaks something, sees the documented outcome (the task goes on by itself, or its fault
names object, cause and remedy), mends it as the remedy says, and compares both sides to the row."""
import contextlib
import random
import shutil
import threading
import time

import pymysql
import pytest

from support import servers
from support.drsd import job, wait_for, whole
from support.faults import CONFIG, DDL, NAMES, PATIENT, SLOW, SOURCE_RIGHTS, TARGET_RIGHTS, Task, fill, held_in_comparison, narrow, service, small_disk


# -- definitions that change at the source while the copy runs --------------------------------------------------------
@pytest.mark.parametrize("change", DDL)
def test_source_definition_changes_during_the_copy(folder, pair, database, change):
    """It stops, now or when the stream meets it, naming the statement or the table; a reset copies what stands there now."""
    broken, mended = DDL[change]
    with service(folder) as drsd:
        task = Task(drsd, *pair, database).loading()
        pair[0].execute(broken, database=database)
        wait_for(lambda: task.client.status(task.id).endswith("_FAILED"), 90, "the fault", task.state)
        task.fault("small" if change == "drop" else "big", "reset", phase=task.client.status(task.id))
        pair[0].execute(mended, database=database)
        task.restart("reset").equal()


@pytest.mark.parametrize("change", DDL)
def test_source_definition_changes_while_planning(folder, mariadb_pair, database, change):
    """Behind the reading of the definitions and the tables' creation at the target, before the tables are cut into pieces."""
    source, target = mariadb_pair
    broken, mended = DDL[change]
    with service(folder, failpoints="plan.prepared=sleep:1500") as drsd:
        task = Task(drsd, source, target, database)
        wait_for(lambda: target.execute(f"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='{task.copy}'") == ((3,),), 60, "the tables", task.state)
        assert task.client.status(task.id) == "STARTJOBING", task.state()
        source.execute(broken, database=database)
        wait_for(lambda: task.client.status(task.id).endswith("_FAILED"), 90, "the fault", task.state)
        task.fault("small" if change == "drop" else "big", "reset", phase=task.client.status(task.id))
        source.execute(mended, database=database)
        task.restart("reset").equal()


def test_truncate_at_the_source_during_the_copy_goes_on_by_itself(folder, mariadb_pair, database):
    with service(folder) as drsd:
        task = Task(drsd, *mariadb_pair, database).loading()
        mariadb_pair[0].execute("TRUNCATE TABLE big", "INSERT INTO big VALUES (7,'after',1)", database=database)
        task.equal()


# -- the target ------------------------------------------------------------------------------------------------------
def test_table_dropped_at_the_target_during_the_copy(folder, pair, database):
    with service(folder) as drsd:
        task = Task(drsd, *pair, database).loading()
        pair[1].execute("SET foreign_key_checks=0", "DROP TABLE big", database=task.copy)
        task.fault("big", "reset the task")
        task.restart("reset").equal()


def test_table_dropped_at_the_target_in_the_incremental_phase(folder, mariadb_pair, database):
    with service(folder, failpoints="") as drsd:
        task = Task(drsd, *mariadb_pair, database, fill_rows=50).streaming()
        mariadb_pair[1].execute("DROP TABLE big", database=task.copy)
        mariadb_pair[0].execute("UPDATE big SET n=n+1", database=database)
        task.fault("big", "reset", phase="INCRE_TRANSFER_FAILED")
        task.restart("reset").equal()


@pytest.mark.parametrize("phase", ["load", "incremental"])
def test_table_made_anew_by_hand_is_not_taken_for_the_tasks_own(folder, pair, database, phase):
    """Its rows are gone; a restart must not go on as if they were there."""
    source, target = pair
    with service(folder, failpoints=SLOW if phase == "load" else "") as drsd:
        task = Task(drsd, source, target, database, **({} if phase == "load" else {"fill_rows": 50}))
        failed = "FULL_TRANSFER_FAILED" if phase == "load" else "INCRE_TRANSFER_FAILED"
        task.loading() if phase == "load" else task.streaming()
        target.execute("SET foreign_key_checks=0", "DROP TABLE big", database=task.copy)
        if phase == "incremental":
            source.execute("UPDATE big SET n=n+1", database=database)
        task.fault("big", phase=failed)
        target.execute("SET foreign_key_checks=0", source.execute("SHOW CREATE TABLE big", database=database)[0][1], database=task.copy)
        task.restart()
        if phase == "incremental":
            source.execute("INSERT INTO big VALUES (999999,'new',1)", database=database)
        wait_for(lambda: "is not the table that the task created" in str(task.client.logs(task.id)), 90, "the refusal", task.state)
        task.fault("big", "reset", phase=task.client.status(task.id))
        target.execute("SET foreign_key_checks=0", "DROP TABLE big", database=task.copy)
        task.restart("reset").equal()


def test_target_account_loses_its_rights_in_the_incremental_phase(folder, mariadb_pair, database):
    """The tables are still the task's own when the rights are back, though nobody could see them in between."""
    source, target = mariadb_pair
    with narrow(target, "narrow_ta", "ALL PRIVILEGES") as account, service(folder, failpoints="") as drsd:
        task = Task(drsd, source, target, database, fill_rows=50, accounts=(None, account)).streaming()
        task.client.action(task.id, "stop", pause_mode="target")
        task.client.wait_status(task.id, "PAUSING")
        target.execute(f"REVOKE ALL PRIVILEGES ON *.* FROM '{account}'@'%'", f"GRANT ALL PRIVILEGES ON drs_ctl.* TO '{account}'@'%'")
        source.execute("UPDATE big SET n=n+1", database=database)
        task.restart().fault("big", phase="INCRE_TRANSFER_FAILED")
        target.execute(f"GRANT ALL PRIVILEGES ON *.* TO '{account}'@'%'")
        task.restart().equal()


@pytest.mark.parametrize("seconds", [60, 1])
def test_metadata_lock_at_the_target(folder, mariadb_pair, database, seconds):
    """Waited for, and tried again when the time-out of one wait is over."""
    with service(folder, PATIENT + f"[mysql]\nlock_wait_seconds = {seconds}\n") as drsd:
        task = Task(drsd, *mariadb_pair, database).loading()
        with mariadb_pair[1].connect(task.copy, autocommit=False) as holder, holder.cursor() as cursor:
            cursor.execute("LOCK TABLES big READ")
            if seconds == 1:
                task.retried("1205", task.copy + ".big")
            else:
                time.sleep(3)
                assert "1205" not in str(task.client.logs(task.id)), task.state()
            assert task.client.status(task.id) == "FULL_TRANSFER_STARTED", task.state()
        task.equal()


def test_row_lock_at_the_target_times_out_and_is_tried_again(folder, mariadb_pair, database):
    """One wait lasts 10 s; the transaction is then applied again, on and on."""
    with service(folder, failpoints="") as drsd:
        task = Task(drsd, *mariadb_pair, database, fill_rows=50).streaming()
        with mariadb_pair[1].connect(task.copy, autocommit=False) as holder, holder.cursor() as cursor:
            cursor.execute("SELECT * FROM big WHERE id=7 FOR UPDATE")
            mariadb_pair[0].execute("UPDATE big SET n=n+1 WHERE id=7", database=database)
            wait_for(lambda: "1205" in drsd.log.read_text(errors="replace"), 30, "the first time-out", task.state)
            assert task.client.status(task.id) == "INCRE_TRANSFER_STARTED", task.state()
        task.equal()


@pytest.mark.parametrize("phase", ["copy", "incremental"])
def test_read_only_target_is_tried_again(folder, mariadb_pair, database, phase):
    source, target = mariadb_pair
    with narrow(target, "narrow_ta", TARGET_RIGHTS) as account, service(folder, PATIENT, SLOW if phase == "copy" else "") as drsd:
        task = Task(drsd, source, target, database, accounts=(None, account), fill_rows=3000 if phase == "copy" else 50)
        task.loading() if phase == "copy" else task.streaming()
        try:
            target.execute("SET GLOBAL read_only=1")
            source.execute("UPDATE big SET n=n+1 WHERE id<20", database=database)
            task.retried("1290", "read")
        finally:
            target.execute("SET GLOBAL read_only=0")
        task.equal()


def test_read_only_target_that_stays_so_is_a_fault_that_restart_mends(folder, mariadb_pair, database):
    source, target = mariadb_pair
    with narrow(target, "narrow_ta", TARGET_RIGHTS) as account, service(folder) as drsd:
        task = Task(drsd, source, target, database, accounts=(None, account)).loading()
        try:
            target.execute("SET GLOBAL read_only=1")
            task.fault("1290", "read-only", "resume the task")
        finally:
            target.execute("SET GLOBAL read_only=0")
        task.restart().equal()


def test_full_disk_of_the_target(folder, server_folder, mariadb_pair, database):
    """Tried again while there is no room; then a fault with the server's words; with room, restart goes on."""
    with small_disk(420) as disk, servers.start("mariadb", disk, "--innodb-log-file-size=16M", "--skip-log-bin", "--innodb-file-per-table=1") as target, service(folder) as drsd:
        # With its index behind the load MariaDB 10.11 ends itself at times, as it rolls back what found no room.
        task = Task(drsd, mariadb_pair[0], target, database, statistics=False).loading()
        free = shutil.disk_usage(disk).free
        ballast = disk / "ballast"
        with open(ballast, "wb") as out:
            with contextlib.suppress(OSError):
                for _ in range(free // 65536 + 2):
                    out.write(b"x" * 65536)
        task.fault("full", "make room")
        ballast.unlink()
        task.restart().equal()


# -- sessions that end -----------------------------------------------------------------------------------------------
class Killer:
    """Ends sessions of the service's at random on both servers, until left."""

    def __init__(self, *sides):
        self.sides, self.stopping, self.killed = sides, threading.Event(), 0
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        rnd = random.Random(7)
        while not self.stopping.wait(0.4 + rnd.random() * 1.4):
            server, account = rnd.choice(self.sides)
            with contextlib.suppress(pymysql.err.MySQLError):
                found = [i for (i,) in server.execute(f"SELECT id FROM information_schema.processlist WHERE user='{account}'")]
                if found:
                    server.execute(f"KILL {rnd.choice(found)}")
                    self.killed += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join(20)


def test_sessions_killed_at_random_in_every_phase(folder, pair, database):
    source, target = pair
    with narrow(source, "killed_so", SOURCE_RIGHTS) as so, narrow(target, "killed_ta", TARGET_RIGHTS) as ta, service(folder, PATIENT) as drsd:
        task = Task(drsd, source, target, database, accounts=(so, ta))
        with Killer((source, so), (target, ta)) as killer:
            task.loading()
            task.streaming()
            for i in range(20):
                source.execute(f"UPDATE big SET n=n+1 WHERE id%20={i}", f"REPLACE INTO counter VALUES ({i},{i})", database=database)
                time.sleep(0.1)
        assert killer.killed >= 5
        task.equal()


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize("phase", ["copy", "incremental"])
def test_server_restarts(folder, server_folder, mariadb_pair, database, side, phase):
    with servers.start("mariadb", server_folder) as fresh, service(folder, PATIENT, SLOW if phase == "copy" else "") as drsd:
        source, target = (fresh, mariadb_pair[1]) if side == "source" else (mariadb_pair[0], fresh)
        task = Task(drsd, source, target, database, fill_rows=3000 if phase == "copy" else 50)
        task.loading() if phase == "copy" else task.streaming()
        fresh.stop(hard=True)
        if side == "target":
            source.execute("UPDATE big SET n=n+1 WHERE id<20", database=database)
        task.retried(fresh.address)
        fresh.run()
        task.equal()


def test_server_that_stays_away_is_a_fault_that_restart_mends(folder, server_folder, mariadb_pair, database):
    with servers.start("mariadb", server_folder) as fresh, service(folder) as drsd:
        task = Task(drsd, fresh, mariadb_pair[1], database).loading()
        fresh.stop(hard=True)
        task.fault("No connection to", f"127.0.0.1:{fresh.port}", "Check the address")
        fresh.run()
        task.restart().equal()


def test_no_free_connection_at_the_source(folder, mariadb_pair, database):
    source, target = mariadb_pair
    with narrow(source, "narrow_so", SOURCE_RIGHTS) as account, service(folder, PATIENT) as drsd:
        task = Task(drsd, source, target, database, accounts=(account, None)).loading()
        ((before,),) = source.execute("SELECT @@global.max_connections")
        with source.connect() as holder, holder.cursor() as cursor, contextlib.ExitStack() as held:
            def take_all():
                with contextlib.suppress(pymysql.err.MySQLError):
                    while True:
                        held.enter_context(pymysql.connect(host="127.0.0.1", port=source.port, user=account, password=servers.PASSWORD))
            try:
                cursor.execute("SET GLOBAL max_connections=10")
                deadline = time.monotonic() + 30
                while not any("too many connections" in t.lower() for _, t in task.client.logs(task.id)):
                    assert time.monotonic() < deadline, task.state()
                    cursor.execute(f"SELECT id FROM information_schema.processlist WHERE user='{account}' AND command<>'Sleep'")
                    for (session,) in cursor.fetchall():
                        with contextlib.suppress(pymysql.err.MySQLError):
                            cursor.execute(f"KILL {session}")
                    for _ in range(20):  # the place of a killed session becomes free a moment later; drsd must not get it back
                        take_all()
                        time.sleep(0.01)
            finally:
                cursor.execute(f"SET GLOBAL max_connections={before}")
        task.equal()


# -- rights, limits and logs of the source ---------------------------------------------------------------------------
def test_source_account_loses_a_right_during_the_copy(folder, pair, database):
    source, target = pair
    with narrow(source, "narrow_so", SOURCE_RIGHTS) as account, service(folder) as drsd:
        task = Task(drsd, source, target, database, accounts=(account, None)).loading()
        source.execute(f"REVOKE SELECT ON *.* FROM '{account}'@'%'")
        task.fault("big", "denied", account, "grant")
        # A session that began before the grant fails behind the restart and makes a fault again.
        wait_for(lambda: not source.execute(f"SELECT 1 FROM information_schema.processlist WHERE user='{account}'"), 30, "the other pieces to end", task.state)
        source.execute(f"GRANT SELECT ON *.* TO '{account}'@'%'")
        task.restart().equal()


def test_statement_time_limit_of_the_source_does_not_bind(folder, pair, database):
    """One piece of more bytes than buffers on the way hold, read so slowly that its SELECT lasts ten times the limit."""
    source, target = pair
    name, value = ("max_statement_time", "0.5") if source.mariadb else ("max_execution_time", "500")
    try:
        with service(folder, CONFIG.replace("65536", "67108864"), "copy.read=sleep:100") as drsd:
            source.execute(f"SET GLOBAL {name}={value}")
            task = Task(drsd, source, target, database, fill_rows=15000)
            begun = time.monotonic()
            task.streaming()
            assert time.monotonic() - begun > 4, "the copy was too fast to tell"
            assert not [text for level, text in task.client.logs(task.id) if "try " in text], task.state()
            source.execute(f"SET GLOBAL {name}=0")  # what compares here is no task of ours
            task.equal()
    finally:
        source.execute(f"SET GLOBAL {name}=0")


def test_log_purged_during_a_pause(folder, server_folder, mariadb_pair, database):
    with servers.start("mariadb", server_folder) as source, service(folder, failpoints="") as drsd:
        task = Task(drsd, source, mariadb_pair[1], database, fill_rows=50).streaming()
        task.client.action(task.id, "stop", pause_mode="target")
        task.client.wait_status(task.id, "PAUSING")
        source.execute("UPDATE big SET n=n+1", database=database)
        source.execute("FLUSH BINARY LOGS")
        source.execute("FLUSH BINARY LOGS")
        last = source.execute("SHOW BINARY LOGS")[-1][0]
        wait_for(lambda: (source.execute(f"PURGE BINARY LOGS TO '{last}'"), len(source.execute("SHOW BINARY LOGS")) == 1)[1], 30, "the purge")
        task.client.action(task.id, "restart")
        task.fault("no longer has the log", "Reset", phase="INCRE_TRANSFER_FAILED")
        task.restart("reset").equal()


# -- values and objects ----------------------------------------------------------------------------------------------
def test_bytes_of_another_character_set_are_moved_as_they_are(folder, mariadb_pair, database):
    """utf8 bytes in a latin1 column, as a client with the wrong SET NAMES leaves them, and bytes that latin1 does not use."""
    source, target = mariadb_pair
    with service(folder, failpoints="") as drsd:
        task = Task(drsd, source, target, database, fill_rows=50, objects=(
            "CREATE TABLE odd (id INT PRIMARY KEY, t VARCHAR(20) CHARACTER SET latin1)", "INSERT INTO odd VALUES (1, _latin1 X'C3A4'), (2, _latin1 X'81'), (3, _latin1 X'FF00')"))
        task.equal(*NAMES, "odd")


def refused(client, *request):
    batch = client.create(*request)
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    (listed,) = client.batch_jobs(batch)
    return {i["item"]: i["failed_reason"] for i in listed["precheck_result"]["precheck_results"] if i["result"] == "FAILED"}


def test_view_without_its_table_is_named_by_the_pre_check(folder, mariadb_pair, database):
    source, target = mariadb_pair
    with service(folder, failpoints="") as drsd:
        fill(source, database, 10)
        source.execute("CREATE VIEW lost AS SELECT * FROM small", "RENAME TABLE small TO small_away", database=database)
        assert f"{database}.lost" in refused(drsd.client, job("view", source, target, whole(database, database + "_c")))["srcTriggerAndEventCheck"]


def test_table_under_a_view_dropped_at_the_target(folder, mariadb_pair, database):
    source, target = mariadb_pair
    with service(folder) as drsd:
        task = Task(drsd, source, target, database, objects=("CREATE TABLE base (id INT PRIMARY KEY)", "CREATE VIEW top AS SELECT id FROM base")).loading()
        target.execute("DROP TABLE base", database=task.copy)
        task.fault("base")
        task.restart("reset").equal(*NAMES, "base")


def test_lost_server_in_the_pre_check_is_a_failed_item(folder, server_folder, mariadb_pair, database):
    with service(folder, failpoints="") as drsd, servers.start("mariadb", server_folder) as gone:
        fill(gone, database, 10)
        gone.stop(hard=True)
        batch = drsd.client.create(job("gone", gone, mariadb_pair[1], whole(database, database + "_c")))
        assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
        assert gone.address in str(drsd.client.batch_jobs(batch)[0]["network_results"])


# -- comparison and end ----------------------------------------------------------------------------------------------
def test_server_that_is_away_fails_the_comparison_only(folder, server_folder, mariadb_pair, database):
    with servers.start("mariadb", server_folder) as target, service(folder, PATIENT.replace("retry_limit = 60", "retry_limit = 3"), failpoints="") as drsd:
        task = Task(drsd, mariadb_pair[0], target, database, fill_rows=50).streaming()
        target.stop(hard=True)
        comparison = task.compare()
        wait_for(lambda: "FAIL" in comparison()["status"], 60, "the comparison to fail", comparison)
        target.run()
        if task.client.status(task.id) != "INCRE_TRANSFER_STARTED":
            task.restart()
        task.streaming()
        drsd.ctl("compare", task.id)
        task.equal()


@pytest.mark.parametrize("side", ["source", "target"])
def test_session_killed_in_a_comparison(folder, pair, database, side):
    source, target = pair
    server = source if side == "source" else target
    with service(folder, PATIENT, failpoints="") as drsd:
        task = Task(drsd, source, target, database, fill_rows=50).streaming()
        with held_in_comparison(task, server, database if side == "source" else task.copy) as session:
            server.execute(f"KILL {session}")
            task.retried("compare", server.address)
        wait_for(lambda: "SUCCESS" in task.comparison()["status"], 60, "the comparison's end", task.comparison)
        task.equal()


def test_target_that_is_away_at_the_end_is_named(folder, server_folder, mariadb_pair, database):
    """What stays there is a line in the log; the task has ended."""
    with servers.start("mariadb", server_folder) as target, service(folder, failpoints="") as drsd:
        task = Task(drsd, mariadb_pair[0], target, database, fill_rows=50).streaming()
        target.stop(hard=True)
        task.client.call("POST", f"/jobs/{task.id}/stop", {"is_force_stop": False})
        wait_for(lambda: task.client.status(task.id) == "RELEASE_RESOURCE_COMPLETE", 60, "the end", task.state)
        assert any("could not be removed" in t.lower() and "drs_ctl" in t and target.address in t for _, t in task.client.logs(task.id)), task.state()


def test_target_that_is_away_when_triggers_are_due_stops_the_end(folder, server_folder, mariadb_pair, database):
    with servers.start("mariadb", server_folder) as target, service(folder, failpoints="") as drsd:
        task = Task(drsd, mariadb_pair[0], target, database, fill_rows=50, objects=("CREATE TRIGGER seen AFTER INSERT ON small FOR EACH ROW DELETE FROM counter WHERE id=5",)).streaming()
        target.stop(hard=True)
        task.client.call("POST", f"/jobs/{task.id}/stop", {"is_force_stop": False})
        task.fault("No connection to", target.address, phase="RELEASE_RESOURCE_FAILED")
        target.run()
        task.end()
        assert target.execute(f"SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema='{task.copy}'") == (("seen",),)
