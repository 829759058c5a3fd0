"""Faults while indexes are made behind the load (the finish phase), for docs/reference/faults.md. What is to happen during
an ALTER TABLE happens while a lock keeps it waiting."""
import contextlib
import shutil

import pytest

from support import servers
from support.faults import CONFIG, PATIENT, Task, held_in_finish, service, small_disk

QUICK = "copy.read=sleep:60"
IMPATIENT = "[mysql]\nlock_wait_seconds = 1\n"


def test_session_killed_in_the_finish_phase(folder, pair, database):
    with service(folder, PATIENT, QUICK) as drsd:
        task = Task(drsd, *pair, database).loading()
        with held_in_finish(task) as session:
            pair[1].execute(f"KILL {session}")
            task.retried("finish")
        task.equal()


def test_metadata_lock_that_stays_in_the_finish_phase(folder, mariadb_pair, database):
    """Each try ends with the server's time-out; then a fault that names the table."""
    with service(folder, CONFIG + IMPATIENT, QUICK) as drsd:
        task = Task(drsd, *mariadb_pair, database).loading()
        with held_in_finish(task):
            task.retried("1205", task.copy + ".big")
            task.fault("1205", task.copy + ".big", "end the session")
        task.restart().equal()


@pytest.mark.parametrize("side", ["source", "target"])
def test_server_restarts_in_the_finish_phase(folder, server_folder, mariadb_pair, database, side):
    with servers.start("mariadb", server_folder) as fresh, service(folder, PATIENT, QUICK) as drsd:
        source, target = (fresh, mariadb_pair[1]) if side == "source" else (mariadb_pair[0], fresh)
        task = Task(drsd, source, target, database).loading()
        with held_in_finish(task):
            fresh.stop(hard=True)
        task.retried(fresh.address)
        fresh.run()
        task.equal()


def test_full_disk_of_the_target_in_the_finish_phase(folder, server_folder, mariadb_pair, database):
    with small_disk(420) as disk, servers.start("mariadb", disk, "--innodb-log-file-size=16M", "--skip-log-bin", "--innodb-file-per-table=1") as target, \
            service(folder, failpoints=QUICK) as drsd:
        keys = ", ".join(f"ADD KEY body{i} (body({i}))" for i in range(700, 708))  # more than a file grows in advance
        task = Task(drsd, mariadb_pair[0], target, database, objects=(f"ALTER TABLE big {keys}",)).loading()
        ballast = disk / "ballast"
        with held_in_finish(task), open(ballast, "wb") as out, contextlib.suppress(OSError):
            for _ in range(shutil.disk_usage(disk).free // 65536 + 2):
                out.write(b"x" * 65536)
        task.fault("make room", "big")  # "table full", or "temporary file write failure"
        ballast.unlink()
        task.restart().equal()
