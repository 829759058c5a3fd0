"""A network that is lost without a word: no bytes, no RST (docs/reference/faults.md). It ends by a time-out, and the task goes
on when the network is back."""
import contextlib
import os
import time

import pytest

from support.drsd import wait_for
from support.faults import NAMES, PATIENT, SLOW, Task, held_in_comparison, held_in_finish, service
from support.proxy import LateProxy, LostNetwork

LOCK_SECONDS = 80  # of who alters a table at the source
CONFIG = PATIENT.replace("[worker]", "[worker]\nnetwork_timeout_seconds = 2")
FAILPOINTS = {"planning": "plan.prepared=sleep:1500", "load": SLOW, "finish": "copy.read=sleep:60"}


@contextlib.contextmanager
def held(task, phase, side):
    """The task is at work in the phase."""
    if phase == "planning":
        wait_for(lambda: task.target.execute(f"SELECT 1 FROM information_schema.tables WHERE table_schema='{task.copy}' AND table_name='counter'"), 60, "the tables", task.state)
        yield
    elif phase == "load":
        task.loading()
        yield
    elif phase == "finish":
        with held_in_finish(task.loading()):
            yield
    elif phase == "comparison":
        with held_in_comparison(task.streaming(), *((task.source, task.database) if side == "source" else (task.target, task.copy))):
            yield
    else:
        task.streaming()
        yield


def cases():
    """The same code waits at either side of some phases: those run with ./x test --all."""
    more = pytest.mark.skipif("OPENDRS_ALL" not in os.environ, reason="part of ./x test --all")
    for phase, side, how in (("planning", "source", "cut"), ("load", "target", "cut"), ("finish", "target", "cut"), ("incremental", "source", "cut"),
                             ("incremental", "target", "hang"), ("comparison", "source", "hang")):
        yield pytest.param(phase, side, how)
    for phase, side, how in (("planning", "target", "hang"), ("load", "source", "cut"), ("load", "source", "hang"), ("load", "target", "hang"), ("incremental", "source", "hang"),
                             ("incremental", "target", "cut"), ("comparison", "source", "cut"), ("comparison", "target", "cut")):
        yield pytest.param(phase, side, how, marks=more)


def tried_again(drsd, task, address):
    """Within one try of the task, of which only the log of drsd tells, or in another one, which stands in the task's log."""
    return (any(address in line and "again" in line for line in drsd.log.read_text(errors="replace").splitlines())
            or any(address in text and ", try " in text for _, text in task.client.logs(task.id)))


@pytest.mark.parametrize("phase,side,how", cases())
def test_lost_network(folder, mariadb_pair, database, phase, side, how):
    source, target = mariadb_pair
    with LostNetwork(source) as to_source, LostNetwork(target) as to_target, service(folder, CONFIG, FAILPOINTS.get(phase, "")) as drsd:
        lost = to_source if side == "source" else to_target
        task = Task(drsd, source, target, database, fill_rows=50 if phase in ("incremental", "comparison") else 3000, through=(to_source, to_target))
        with held(task, phase, side):
            getattr(lost, how)()
            if phase == "incremental":
                source.execute("UPDATE big SET n=n+1", database=database)
                wait_for(lambda: tried_again(drsd, task, lost.address), 60, "another try", task.state)
            else:
                task.retried(lost.address)
            lost.heal()
        if phase == "comparison":
            wait_for(lambda: task.comparison()["status"] not in ("WAITING_FOR_RUNNING", "RUNNING"), 60, "the end of the comparison", task.comparison)
            assert "SUCCESS" in task.comparison()["status"], task.comparison()
        task.equal()


def test_network_lost_with_a_lock_in_the_control_tables(folder, mariadb_pair, database):
    """The session that holds the lock lives on at the target; its successor ends it."""
    source, target = mariadb_pair
    with LostNetwork(target) as to_target, service(folder, CONFIG, "chunk.locked=sleep:1500") as drsd:
        task = Task(drsd, source, target, database, fill_rows=50, through=(source, to_target))
        wait_for(lambda: target.execute("SELECT 1 FROM information_schema.innodb_trx WHERE trx_rows_modified > 0") and task.client.status(task.id) == "FULL_TRANSFER_STARTED",
                 60, "the lock", task.state)
        to_target.cut()
        task.retried(to_target.address)
        to_target.heal()
        task.equal()


def test_network_lost_with_tables_locked_at_the_source(folder, mysql_pair, database):
    """MySQL's exact snapshot of a table without a key is begun under LOCK TABLES. The server does not hear that they are to be
    unlocked, and the application does not wait for long."""
    source, target = mysql_pair
    with LateProxy(source, b"UNLOCK TABLES") as to_source, service(folder, CONFIG, "") as drsd:
        task = Task(drsd, source, target, database, fill_rows=50, objects=("CREATE TABLE keyless (a INT)", "INSERT INTO keyless VALUES (1),(1)"), through=(to_source, target))
        wait_for(lambda: to_source.held, 60, "the lock", task.state)
        begun = time.monotonic()
        source.execute("SET SESSION lock_wait_timeout=60", "INSERT INTO keyless VALUES (2)", database=database)
        assert time.monotonic() - begun < 15
        task.equal(*NAMES, "keyless")


def readers(server):
    """The sessions that hold a snapshot of the server."""
    return {thread for (thread,) in server.execute("SELECT trx_mysql_thread_id FROM information_schema.innodb_trx")}


def locked_after(server, database):
    """After how long `big` can be had alone, as for ALTER TABLE."""
    begun = time.monotonic()
    server.execute(f"SET SESSION lock_wait_timeout={LOCK_SECONDS}", "LOCK TABLES big WRITE", "UNLOCK TABLES", database=database)
    return time.monotonic() - begun


def reading(task):
    """A piece of `big` is being read."""
    return wait_for(lambda: task.client.status(task.id) == "FULL_TRANSFER_STARTED" and readers(task.source), 60, "a reader", task.state)


def test_a_lost_reader_is_ended_by_who_reads_the_piece_next(folder, pair, database):
    """drsd is killed, and the source does not hear of it."""
    source, target = pair
    with LostNetwork(source) as to_source, service(folder, PATIENT, "copy.read=sleep:2000") as drsd:
        task = Task(drsd, source, target, database, fill_rows=100, through=(to_source, target))
        reading(task)
        to_source.hang()
        drsd.kill()
        lost = readers(source)
        assert lost
        to_source.heal()
        drsd.run()
        wait_for(lambda: not lost & readers(source), 30, "the end of the lost readers", lambda: source.execute("SHOW PROCESSLIST"))
        assert locked_after(source, database) < 20
        task.equal()


@pytest.mark.parametrize("how", ["hang", "stall"])
def test_a_lost_reader_that_nobody_follows_is_ended_by_the_source(folder, usual_pair, database, how):
    """hang: the session waits for the next statement. stall: it waits to send rows, more than the sockets on the way hold."""
    source, target = usual_pair
    config, fill_rows = (CONFIG, 100) if how == "hang" else (CONFIG.replace("chunk_bytes = 65536", "chunk_bytes = 67108864"), 40000)
    with LostNetwork(source) as to_source, service(folder, config, "copy.read=sleep:2000") as drsd:
        task = Task(drsd, source, target, database, fill_rows=fill_rows, through=(to_source, target))
        reading(task)
        getattr(to_source, how)()
        drsd.kill()
        assert readers(source)
        assert locked_after(source, database) < 50
        to_source.heal()
        drsd.environment.clear()
        drsd.run()
        task.equal()
