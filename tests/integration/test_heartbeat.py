"""The time that tasks write at a MariaDB source, so that delays are told in milliseconds."""
import contextlib
import os
import threading
import time

import pytest

from support import rows, servers
from support.drsd import Drsd, job, wait_for, whole
from test_source_failover import erase_history, follow

CONFIG = "[worker]\npoll_millis = 100\nretry_limit = 3\nretry_max_seconds = 1\n"
BEATING = CONFIG + "[mysql]\nsource_heartbeat_seconds = 1\n"
LATE = (0.75, 0.98)  # of a second: the log tells such a commit this much too early


@pytest.fixture(scope="module")
def mine(server_folder):
    """Servers that no other file writes heartbeats to."""
    with servers.start("mariadb", server_folder, "--log-slave-updates") as a, servers.start("mariadb", server_folder, "--log-slave-updates") as b:
        yield a, b


@pytest.fixture
def service(folder):
    with Drsd(folder, BEATING) as running:
        yield running


def announced(client, source, target, database):
    """What the pre-check says, of a task that is only created."""
    batch = client.create(job("asked", source, target, whole(database, database + "_asked")))
    client.validated(batch)
    (listed,) = client.batch_jobs(batch)
    (item,) = [i for i in listed["precheck_result"]["precheck_results"] if i["item"] == "srcHeartbeatCheck"]
    assert item["result"] == "PASSED", item
    return str(item)


def started(client, source, target, database, *names, user=None):
    source.execute(f"CREATE DATABASE {database}", f"CREATE TABLE {database}.item (id INT PRIMARY KEY AUTO_INCREMENT, v INT)", f"INSERT INTO {database}.item (v) VALUES (1)")
    specs = [job(name, source, target, whole(database, f"{database}_{name}")) for name in names]
    for spec in specs:
        if user:
            spec["source_endpoint"][0]["endpoint"]["db_user"] = user
    ids = client.start(*specs)
    for one in ids:
        client.wait_status(one, "INCRE_TRANSFER_STARTED")
    return ids


def ended(client, *ids):
    for one in ids:
        client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
        client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
        assert "Could not be removed" not in log_of(client, one)


def log_of(client, one):
    return " | ".join(text for _, text in client.logs(one))


def beats(source):
    """The newest time written, by task; none without the table."""
    if not source.execute("SELECT 1 FROM information_schema.tables WHERE table_schema='drs_ctl' AND table_name='heartbeat'"):
        return {}
    return dict(source.execute("SELECT job_id, beat_millis FROM drs_ctl.heartbeat"))


def has_control_schema(server):
    return bool(server.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name='drs_ctl'"))


@contextlib.contextmanager
def writing_late(source, database):
    """Commits at the ends of seconds only; never silent for a second."""
    done = threading.Event()

    def work():
        with source.connect(database) as c, c.cursor() as cursor:
            while not done.wait(0.02):
                if LATE[0] < time.time() % 1 < LATE[1]:
                    cursor.execute("INSERT INTO item (v) VALUES (2)")
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def delay_of(client, one):
    time.sleep(0.1)
    return int(client.progress(one)["incr_trans_delay_millis"])


def same(source, target, database, name):
    (count,) = source.execute(f"SELECT MAX(id) FROM {database}.item")[0]
    wait_for(lambda: target.execute(f"SELECT 1 FROM {database}_{name}.item WHERE id={count}"), 60, "the newest row")
    rows.assert_equal(source, database, target, f"{database}_{name}", "item")


def test_delays_are_told_in_milliseconds(service, mine, database):
    """A delay that the whole seconds of the log would make three quarters of one is told as it is."""
    source, target = mine
    (one,) = started(service.client, source, target, database, "millis")
    wait_for(lambda: beats(source).get(one, "0") != "0", 30, "a heartbeat")
    with writing_late(source, database):
        time.sleep(3)
        wait_for(lambda: 0 < delay_of(service.client, one) < LATE[0] * 900, 120, "a delay in milliseconds", lambda: delay_of(service.client, one))
        with target.connect(f"{database}_millis") as held, held.cursor() as cursor:  # a delay that is one
            cursor.execute("LOCK TABLES item READ")
            wait_for(lambda: delay_of(service.client, one) > 3000, 60, "the delay to grow", lambda: delay_of(service.client, one))
    wait_for(lambda: delay_of(service.client, one) < LATE[0] * 900, 120, "the delay to be short again", lambda: delay_of(service.client, one))
    same(source, target, database, "millis")
    assert "drs_ctl.heartbeat" in announced(service.client, source, target, database)
    assert "every 1 s" in log_of(service.client, one) and "drs_ctl.heartbeat" in log_of(service.client, one)
    ended(service.client, one)
    assert not has_control_schema(source)


def test_the_tasks_of_a_source_share_a_heartbeat(service, mine, database):
    source, target = mine
    first, second = started(service.client, source, target, database, "first", "second")
    wait_for(lambda: set(beats(source)) == {first, second}, 30, "both rows", lambda: beats(source))
    seen, began = set(), time.monotonic()
    while (passed := time.monotonic() - began) < 4:
        seen |= {value for value in beats(source).values() if value != "0"}
        time.sleep(0.05)
    assert len(seen) <= passed / 0.9 + 2, seen
    ended(service.client, first)
    assert set(beats(source)) == {second}
    (newest,) = [value for value in beats(source).values()]
    wait_for(lambda: beats(source)[second] > newest, 30, "the other task to go on")
    ended(service.client, second)
    assert not has_control_schema(source)


def test_a_heartbeat_of_the_future_keeps_nobody_from_writing(service, mine, database):
    """As when the clock of the source is set back."""
    source, target = mine
    (one,) = started(service.client, source, target, database, "past")
    wait_for(lambda: beats(source).get(one, "0") != "0", 30, "a heartbeat")
    source.execute(f"INSERT INTO drs_ctl.heartbeat VALUES ('ahead', '{int((time.time() + 3600) * 1000)}')")
    time.sleep(1)  # one may be under way
    newest = beats(source)[one]
    wait_for(lambda: beats(source)[one] > newest, 30, "heartbeats", lambda: beats(source))
    source.execute("DELETE FROM drs_ctl.heartbeat WHERE job_id='ahead'")
    ended(service.client, one)


def test_nothing_is_written_without_the_right_to(service, mine, database):
    source, target = mine
    source.execute(f"CREATE USER 'reader'@'%' IDENTIFIED BY '{servers.PASSWORD}'", "GRANT SELECT, SHOW VIEW, EVENT, TRIGGER, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT, BINLOG MONITOR ON *.* TO 'reader'@'%'")
    (one,) = started(service.client, source, target, database, "poor", user="reader")
    wait_for(lambda: "whole seconds" in log_of(service.client, one) and "GRANT" in log_of(service.client, one), 30, "the reason", lambda: service.client.logs(one))
    source.execute(f"INSERT INTO {database}.item (v) VALUES (3)")
    same(source, target, database, "poor")
    assert not has_control_schema(source)
    ended(service.client, one)


def test_nothing_is_written_while_the_source_is_read_only(service, mine, database):
    source, target = mine
    (one,) = started(service.client, source, target, database, "frozen")
    wait_for(lambda: beats(source).get(one, "0") != "0", 30, "a heartbeat")
    source.execute("SET GLOBAL read_only=ON")
    try:
        time.sleep(1.5)  # one may be under way
        at = source.execute("SHOW MASTER STATUS")[0][:2]
        time.sleep(3)
        assert source.execute("SHOW MASTER STATUS")[0][:2] == at
    finally:
        source.execute("SET GLOBAL read_only=OFF")
    newest = beats(source)[one]
    wait_for(lambda: beats(source)[one] > newest, 60, "heartbeats again")
    ended(service.client, one)


def test_nothing_is_written_to_a_replica(service, mine, server_folder, database):
    """Not even to one that takes writes: its primary would lack them."""
    source, target = mine
    with servers.start("mariadb", server_folder, "--log-slave-updates") as replica:
        erase_history(source)
        erase_history(replica)
        follow(replica, source)
        replica.execute("SET GLOBAL read_only=OFF")
        source.execute(f"CREATE DATABASE {database}", f"CREATE TABLE {database}.item (id INT PRIMARY KEY AUTO_INCREMENT, v INT)")
        wait_for(lambda: replica.execute(f"SELECT 1 FROM information_schema.tables WHERE table_schema='{database}' AND table_name='item'"), 30, "the replica")
        (one,) = service.client.start(job("replica", replica, target, whole(database, database + "_replica")))
        service.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        wait_for(lambda: "it is a replica" in log_of(service.client, one), 30, "the reason", lambda: service.client.logs(one))
        source.execute(f"INSERT INTO {database}.item (v) VALUES (3)")
        same(source, target, database, "replica")
        assert not has_control_schema(replica)
        ended(service.client, one)


REPLICA = "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_USER='nobody', MASTER_PASSWORD='nothing'"


def test_nothing_is_removed_from_a_replica(service, mine, database):
    """The row came, or will be removed, by its primary; and nothing else tells what the server wrote alone."""
    source, target = mine
    (one,) = started(service.client, source, target, database, "became")
    wait_for(lambda: beats(source).get(one, "0") != "0", 30, "a heartbeat")
    source.execute(REPLICA)
    try:
        service.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
        service.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
        assert set(beats(source)) == {one}
        assert "Could not be removed" in log_of(service.client, one) and "it is a replica" in log_of(service.client, one)
    finally:
        source.execute("RESET SLAVE ALL", "DROP DATABASE drs_ctl")


@pytest.mark.skipif("OPENDRS_ALL" not in os.environ, reason="it is asked every half minute; part of ./x test --all")
def test_nothing_is_written_to_what_becomes_a_replica(service, mine, database):
    source, target = mine
    (one,) = started(service.client, source, target, database, "becomes")
    wait_for(lambda: beats(source).get(one, "0") != "0", 30, "a heartbeat")
    source.execute(REPLICA)
    try:
        wait_for(lambda: "it is a replica" in log_of(service.client, one), 90, "the reason", lambda: service.client.logs(one))
        newest = beats(source)[one]
        time.sleep(3)
        assert beats(source)[one] == newest
    finally:
        source.execute("RESET SLAVE ALL")
    wait_for(lambda: beats(source)[one] > newest, 90, "heartbeats again")
    ended(service.client, one)


def test_nothing_is_written_unless_it_is_set(folder, mine, database):
    source, target = mine
    with Drsd(folder, CONFIG) as service:
        (one,) = started(service.client, source, target, database, "without")
        source.execute(f"INSERT INTO {database}.item (v) VALUES (3)")
        same(source, target, database, "without")
        time.sleep(1)
        assert not has_control_schema(source)
        ended(service.client, one)
