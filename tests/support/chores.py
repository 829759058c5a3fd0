"""What drsd does by the clock, without the wait."""
import contextlib
import sqlite3

from support.drsd import wait_for

WAITING = "kind = 'sourceLog' AND state = 'pending' AND not_before > 0"


def store(drsd, sql):
    """Rows of the metadata store."""
    (path,) = drsd.data.glob("*.db")
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        return connection.execute(sql).fetchall()


def look_again(drsd):
    """The source's log is looked after as if the pause between two looks were over."""
    wait_for(lambda: store(drsd, f"SELECT 1 FROM task WHERE {WAITING}"), 30, "the look before", drsd.tail)
    store(drsd, f"UPDATE task SET not_before = 0 WHERE {WAITING}")
    wait_for(lambda: store(drsd, f"SELECT 1 FROM task WHERE {WAITING}"), 30, "the look", drsd.tail)
