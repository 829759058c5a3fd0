"""What the tests of docs/reference/faults.md share: a task that is held at a place, broken, mended and compared."""
import contextlib
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import pymysql
import pytest

from support import rows, servers
from support.drsd import Drsd, job, wait_for, whole

# Small chunks that are read slowly: the copy lasts some seconds. Few and short pauses between tries.
CONFIG = "[worker]\nchunk_bytes = 65536\npoll_millis = 100\nretry_limit = 4\nretry_max_seconds = 1\n"
PATIENT = CONFIG.replace("retry_limit = 4", "retry_limit = 60")
SLOW = "copy.read=sleep:250"
NAMES = ("big", "small", "counter")


def fill(server, database, rows_of_big=3000, statistics=True):
    server.execute(f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    with server.connect(database, autocommit=False) as c, c.cursor() as cursor:
        cursor.execute("CREATE TABLE big (id INT PRIMARY KEY, body VARCHAR(2000) NOT NULL, n INT NOT NULL, KEY (n))")
        cursor.execute("CREATE TABLE small (id INT PRIMARY KEY, v VARCHAR(40))")
        cursor.execute("CREATE TABLE counter (id INT PRIMARY KEY, n BIGINT)")
        cursor.executemany("INSERT INTO big VALUES (%s,%s,%s)", [(i, "x" * 1000, i % 97) for i in range(rows_of_big)])
        cursor.executemany("INSERT INTO small VALUES (%s,%s)", [(i, f"v{i}") for i in range(100)])
        c.commit()
        if statistics:  # they decide how a table is cut, and whether its indexes are added behind the load
            cursor.execute("ANALYZE NO_WRITE_TO_BINLOG TABLE big")


class Task:
    """One FULL_INCR_TRANS from `database` to `database`_c; the accounts may be narrower ones than usual. `through`: proxies
    that it reaches the servers by."""

    def __init__(self, service, source, target, database, fill_rows=3000, objects=(), accounts=(None, None), through=None, statistics=True, **more):
        self.service, self.client = service, service.client
        self.source, self.target, self.database, self.copy = source, target, database, database + "_c"
        fill(source, database, fill_rows, statistics)
        source.execute(*objects, "DO 1", database=database)
        request = job(database[:40], *(through or (source, target)), whole(database, self.copy), **more)
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

    def compare(self):
        """Begins a comparison of all rows; returns a function that says how it stands."""
        self.client.action(self.id, "create_compare", compare_task_param={"type": "contents"})
        return lambda: self.client.detail(self.id, "compare", compare_type="data_compare", query_type="list")["compare_result"]["data_compare_task_list"][0]

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
        self.source.execute("UPDATE big SET n=n+1 WHERE id%100=7", f"REPLACE INTO counter VALUES (999, {value})", database=self.database)  # the marker is last
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


# Breaks the definition of a table, and mends it.
DDL = {"alter": ("ALTER TABLE big ADD COLUMN extra INT", "ALTER TABLE big DROP COLUMN extra"),
       "drop": ("DROP TABLE small", "CREATE TABLE small (id INT PRIMARY KEY, v VARCHAR(40))"),
       "rename": ("RENAME TABLE big TO big_away", "RENAME TABLE big_away TO big")}


@contextlib.contextmanager
def narrow(server, name, rights):
    """An account with these rights and no others."""
    server.execute(f"DROP USER IF EXISTS '{name}'@'%'", f"CREATE USER '{name}'@'%' IDENTIFIED BY '{servers.PASSWORD}'", f"GRANT {rights} ON *.* TO '{name}'@'%'")
    yield name
    server.execute(f"DROP USER IF EXISTS '{name}'@'%'")


SOURCE_RIGHTS = "SELECT, SHOW VIEW, EVENT, TRIGGER, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT"
TARGET_RIGHTS = ("SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, TRIGGER, EVENT, CREATE VIEW, CREATE ROUTINE, ALTER ROUTINE")


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


def statement(server, *parts):
    """The session whose statement waits for a metadata lock and holds all the parts; None if there is none."""
    wanted = "".join(f" AND info LIKE '%{part}%'" for part in parts)
    found = server.execute(f"SELECT id FROM information_schema.processlist WHERE state LIKE '%metadata lock%' AND info NOT LIKE '%processlist%'{wanted}")
    return found[0][0] if found else None


@contextlib.contextmanager
def held_in_finish(task):
    """Gives the session that waits to add an index to `big`: rows go in there, but its definition is locked until left."""
    with task.target.connect(task.copy, autocommit=False) as holder, holder.cursor() as cursor:
        cursor.execute("SELECT 1 FROM big LIMIT 1")
        yield wait_for(lambda: statement(task.target, "ALTER TABLE", "big"), 60, "the ALTER TABLE", task.state)


@contextlib.contextmanager
def held_in_comparison(task, server, database):
    """Gives the session at the server that waits to read `big` for a comparison; it can be read when left."""
    with server.connect(database) as holder, holder.cursor() as cursor:
        cursor.execute("LOCK TABLES big WRITE")
        task.comparison = task.compare()
        yield wait_for(lambda: statement(server, "SELECT", "big"), 60, "the comparison's SELECT", task.state)
