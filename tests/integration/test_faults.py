"""Faults of every kind in every phase on real servers: docs/reference/faults.md names one of these tests in each line.

Each test holds a task at a place, breaks something, sees the documented outcome (the task goes on by itself, or its fault
names object, cause and remedy), mends it as the remedy says, and compares both sides to the row."""
import contextlib
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import threading
import time

import pymysql
import pytest

from support import rows, servers
from support.drsd import Drsd, job, tables, wait_for, whole

# Small chunks that are read slowly: the copy lasts some seconds. Few and short pauses between tries.
CONFIG = "[worker]\nchunk_bytes = 65536\npoll_millis = 100\nretry_limit = 4\nretry_max_seconds = 1\n"
PATIENT = CONFIG.replace("retry_limit = 4", "retry_limit = 60")
SLOW = "copy.read=sleep:250"
NAMES = ("big", "small", "counter")


def fill(server, database, rows_of_big=3000):
    server.execute(f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    with server.connect(database, autocommit=False) as c, c.cursor() as cursor:
        cursor.execute("CREATE TABLE big (id INT PRIMARY KEY, body VARCHAR(2000) NOT NULL, n INT NOT NULL, KEY (n))")
        cursor.execute("CREATE TABLE small (id INT PRIMARY KEY, v VARCHAR(40))")
        cursor.execute("CREATE TABLE counter (id INT PRIMARY KEY, n BIGINT)")
        cursor.executemany("INSERT INTO big VALUES (%s,%s,%s)", [(i, "x" * 1000, i % 97) for i in range(rows_of_big)])
        cursor.executemany("INSERT INTO small VALUES (%s,%s)", [(i, f"v{i}") for i in range(100)])
        c.commit()


class Task:
    """One FULL_INCR_TRANS from `database` to `database`_c; the accounts may be narrower ones than usual."""

    def __init__(self, service, source, target, database, fill_rows=3000, objects=(), accounts=(None, None), **more):
        self.service, self.client = service, service.client
        self.source, self.target, self.database, self.copy = source, target, database, database + "_c"
        fill(source, database, fill_rows)
        source.execute(*objects, "DO 1", database=database)
        request = job(database[:40], source, target, whole(database, self.copy), **more)
        for side, account in zip(("source_endpoint", "target_endpoint"), accounts):
            if account:
                request[side][0]["endpoint"]["db_user"] = account
        (self.id,) = self.client.start(request)

    def state(self):
        return f"{self.client.status(self.id)} {self.client.logs(self.id)[:8]}"

    def chunks(self):
        """How many pieces are complete at the target."""
        try:
            return self.target.execute(f"SELECT COUNT(*) FROM drs_ctl.chunk WHERE job_id='{self.id}' AND done=1")[0][0]
        except pymysql.err.MySQLError:
            return 0

    def loading(self):
        """Waits until the load is under way: something is there, much is not."""
        wait_for(lambda: self.chunks() >= 3, 60, "the first chunks", self.state)
        assert self.client.status(self.id) == "FULL_TRANSFER_STARTED", self.state()
        return self

    def streaming(self):
        wait_for(lambda: self.client.status(self.id) == "INCRE_TRANSFER_STARTED", 90, "the incremental phase", self.state)
        return self

    def fault(self, *parts, phase="FULL_TRANSFER_FAILED", seconds=90):
        """Waits for the fault; its message must name all parts. Returns the message."""
        wait_for(lambda: self.client.status(self.id) == phase, seconds, phase, self.state)
        errors = [text for level, text in self.client.logs(self.id) if level.lower() == "error"]
        assert errors, self.client.logs(self.id)
        for part in parts:
            assert part.lower() in errors[0].lower(), (part, errors)
        return errors[0]

    def retried(self, *parts):
        """Waits for a line that says that the service tries again, and why."""
        def found():
            return next((t for _, t in self.client.logs(self.id) if re.search(r"try \d+, next in", t) and all(p.lower() in t.lower() for p in parts)), None)
        return wait_for(found, 90, f"a try for {parts}", self.state)

    def restart(self, how="restart"):
        # A fault shows before the job's other running tasks have drained.
        def accepted():
            try:
                return self.client.action(self.id, how).get("status") == "success"
            except Exception as refused:  # noqa: BLE001
                if "Another operation" in str(refused):
                    return False
                raise
        wait_for(accepted, 60, how, self.state)
        return self

    def equal(self, *names):
        """Both sides are equal to the row, changes arrive, and the end leaves nothing of ours."""
        self.streaming()
        value = int(time.time() * 1000) % 10**12
        self.source.execute(f"REPLACE INTO counter VALUES (999, {value})", "UPDATE big SET n=n+1 WHERE id%100=7", database=self.database)
        wait_for(lambda: self.target.execute("SELECT n FROM counter WHERE id=999", database=self.copy) == ((value,),), 60, "the marker row", self.state)
        wait_for(lambda: self.client.progress(self.id)["incr_trans_delay"] == "0", 60, "delay 0", self.state)
        rows.assert_equal(self.source, self.database, self.target, self.copy, *(names or NAMES))
        self.end()

    def end(self):
        self.client.call("POST", f"/jobs/{self.id}/stop", {"is_force_stop": False})
        wait_for(lambda: self.client.status(self.id) == "RELEASE_RESOURCE_COMPLETE", 60, "the end", self.state)
        controls = [t for (t,) in self.target.execute("SELECT table_name FROM information_schema.tables WHERE table_schema='drs_ctl'")]
        assert not [t for t in controls if self.id in str(self.target.execute(f"SELECT * FROM drs_ctl.`{t}`"))]
        there = {t for (t,) in self.target.execute("SHOW TABLES", database=self.copy)}
        assert there == {t for (t,) in self.source.execute("SHOW TABLES", database=self.database)}


@contextlib.contextmanager
def service(folder, config=CONFIG, failpoints=SLOW):
    with Drsd(folder, config, environment={"OPENDRS_FAILPOINTS": failpoints}) as running:
        yield running


# -- definitions that change at the source while the copy runs --------------------------------------------------------
DDL = {"alter": ("ALTER TABLE big ADD COLUMN extra INT", "ALTER TABLE big DROP COLUMN extra"),
       "drop": ("DROP TABLE small", "CREATE TABLE small (id INT PRIMARY KEY, v VARCHAR(40))"),
       "rename": ("RENAME TABLE big TO big_away", "RENAME TABLE big_away TO big")}


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


def test_metadata_lock_at_the_target_is_waited_for(folder, mariadb_pair, database):
    with service(folder, PATIENT) as drsd:
        task = Task(drsd, *mariadb_pair, database).loading()
        with mariadb_pair[1].connect(task.copy, autocommit=False) as holder, holder.cursor() as cursor:
            cursor.execute("LOCK TABLES big READ")
            time.sleep(3)
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


@contextlib.contextmanager
def narrow(server, name, rights):
    """An account with these rights and no others."""
    server.execute(f"DROP USER IF EXISTS '{name}'@'%'", f"CREATE USER '{name}'@'%' IDENTIFIED BY '{servers.PASSWORD}'", f"GRANT {rights} ON *.* TO '{name}'@'%'")
    yield name
    server.execute(f"DROP USER IF EXISTS '{name}'@'%'")


SOURCE_RIGHTS = "SELECT, SHOW VIEW, EVENT, TRIGGER, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT"
TARGET_RIGHTS = ("SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, TRIGGER, EVENT, CREATE VIEW, CREATE ROUTINE, ALTER ROUTINE")


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


@contextlib.contextmanager
def small_disk(megabytes):
    """A file system of its own; skips where this account may not mount one."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="opendrs-disk-"))
    run = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", folder], capture_output=True, text=True)
    if run.returncode:
        folder.rmdir()
        pytest.skip(f"no file system can be mounted here: {run.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def test_full_disk_of_the_target(folder, server_folder, mariadb_pair, database):
    """Tried again while there is no room; then a fault with the server's words; with room, restart goes on."""
    with small_disk(420) as disk, servers.start("mariadb", disk, "--innodb-log-file-size=16M", "--skip-log-bin", "--innodb-file-per-table=1") as target, service(folder) as drsd:
        task = Task(drsd, mariadb_pair[0], target, database).loading()
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
                    take_all()
                    time.sleep(0.2)
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
        source.execute(f"GRANT SELECT ON *.* TO '{account}'@'%'")
        task.restart().equal()


def test_statement_time_limit_of_the_source_does_not_bind(folder, pair, database):
    source, target = pair
    name, value = ("max_statement_time", "0.2") if source.mariadb else ("max_execution_time", "200")
    try:
        source.execute(f"SET GLOBAL {name}={value}")
        with service(folder) as drsd:
            Task(drsd, source, target, database).equal()
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
        task.client.action(task.id, "create_compare", compare_task_param={"type": "contents"})

        def listed():
            return task.client.detail(task.id, "compare", compare_type="data_compare", query_type="list")["compare_result"]["data_compare_task_list"]

        wait_for(lambda: any("FAIL" in c["status"] for c in listed()), 60, "the comparison to fail", listed)
        target.run()
        if task.client.status(task.id) != "INCRE_TRANSFER_STARTED":
            task.restart()
        task.streaming()
        drsd.ctl("compare", task.id)
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
