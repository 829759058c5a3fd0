"""The full copy is held back while its source, or a replica of it, is busy (mysql.source_max_*)."""
import os
import re
import threading
import time

import pymysql
import pytest
import requests

from support import rows, servers
from support.drsd import Drsd, job, wait_for, whole

HELD, GOES_ON = "The copy is held back", "The copy goes on"


@pytest.fixture(scope="module")
def replicated(server_folder):
    """(source, its replica, target)."""
    with servers.start("mariadb", server_folder, "--gtid-strict-mode=1") as source, servers.start("mariadb", server_folder, "--log-slave-updates=1") as replica, \
            servers.start("mariadb", server_folder) as target:
        (file, offset, *_), = source.execute("SHOW MASTER STATUS")
        replica.execute(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.port}, MASTER_USER='{servers.USER}', MASTER_PASSWORD='{servers.PASSWORD}',"
                        f" MASTER_LOG_FILE='{file}', MASTER_LOG_POS={offset}, MASTER_CONNECT_RETRY=1", "START SLAVE")
        wait_until_followed(replica)
        yield source, replica, target


def status(replica):
    with replica.connect() as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute("SHOW SLAVE STATUS")
        return cursor.fetchone()


def behind(replica):
    return status(replica)["Seconds_Behind_Master"]


def wait_until_followed(replica):
    wait_for(lambda: behind(replica) == 0, 30, "the replica to follow", lambda: str(status(replica)))


def delay(replica, seconds):
    replica.execute("STOP SLAVE", f"CHANGE MASTER TO MASTER_DELAY={seconds}", "START SLAVE")


def create(source, database, count=40000):
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE t (id INT PRIMARY KEY, body VARCHAR(200) NOT NULL)", f"INSERT INTO t SELECT seq, REPEAT('x', 150) FROM seq_1_to_{count}", "ANALYZE TABLE t", database=database)


class Load:
    """Sessions of the source that work."""

    def __init__(self, server, count):
        self.connections = [server.connect() for _ in range(count)]
        self.threads = [threading.Thread(target=self._sleep, args=(c,), daemon=True) for c in self.connections]
        for thread in self.threads:
            thread.start()
        wait_for(lambda: int(server.execute("SHOW GLOBAL STATUS LIKE 'Threads_running'")[0][1]) >= count, 10, "the load")
        self.server = server

    @staticmethod
    def _sleep(connection):
        try:
            connection.query("SELECT SLEEP(300)")
        except Exception:  # it was killed
            pass

    def end(self):
        for connection in self.connections:
            self.server.execute(f"KILL {connection.thread_id()}")
        for thread in self.threads:
            thread.join(10)


def lines(client, name, text):
    return [line for _, line in client.logs(name) if line.startswith(text)]


def held(client, name):
    return wait_for(lambda: lines(client, name, HELD), 30, "the copy to be held back", lambda: str(client.logs(name)))


def copied_rows(target, database):
    try:
        return target.execute("SELECT COUNT(*) FROM t", database=database)[0][0]
    except Exception:  # it is not there yet
        return 0


def metric(drsd, name):
    text = requests.get(f"http://127.0.0.1:{drsd.port}/metrics", timeout=10).text
    return float(re.search(rf"^{name} (\S+)$", text, re.M)[1])


def watched(job, *addresses):
    """The job, with the replicas behind the source's address."""
    endpoint = job["source_endpoint"][0]["endpoint"]
    endpoint["ip"] = ",".join([f"{endpoint['ip']}:{endpoint['db_port']}", *addresses])
    return job


@pytest.mark.parametrize("flavour", ["mariadb", pytest.param("mysql", marks=pytest.mark.skipif("OPENDRS_ALL" not in os.environ, reason="part of ./x test --all"))])
def test_a_busy_source_holds_the_copy_back(folder, request, flavour, database):
    source, target = request.getfixturevalue(f"{flavour}_pair")
    if flavour == "mariadb":
        create(source, database)
    else:
        source.execute(f"CREATE DATABASE {database}", f"CREATE TABLE {database}.t (id INT PRIMARY KEY)", f"INSERT INTO {database}.t VALUES (1),(2)")
    with Drsd(folder, "[mysql]\nsource_max_running_threads = 20\n") as drsd:
        client = drsd.client
        load = Load(source, 30)
        try:
            (name,) = client.start(job("busy", source, target, whole(database, database + "_c")))
            (line,) = held(client, name)
            assert "running threads, the limit is 20 (mysql.source_max_running_threads)" in line
            assert metric(drsd, "drs_node_jobs_held_back") == 1
            time.sleep(14)  # longer than one run of a copy waits
            assert copied_rows(target, database + "_c") == 0 and client.status(name) == "FULL_TRANSFER_STARTED"
            assert metric(drsd, "drs_node_jobs_held_back") == 1
            # One session asks, and no snapshot is open meanwhile.
            open_ones = source.execute("SELECT COUNT(*) FROM information_schema.innodb_trx")[0][0]
            assert open_ones == 0, f"{open_ones} transactions are open while the copy is held back"
        finally:
            load.end()
        client.wait_status(name, "INCRE_TRANSFER_STARTED")
        rows.assert_equal(source, database, target, database + "_c", "t")
        assert len(lines(client, name, HELD)) == len(lines(client, name, GOES_ON)) == 1
        assert metric(drsd, "drs_node_jobs_held_back") == 0


def test_a_copy_that_is_held_back_pauses_at_once(folder, mariadb_pair, database):
    source, target = mariadb_pair
    create(source, database, 100)
    with Drsd(folder, "[mysql]\nsource_max_running_threads = 20\n") as drsd:
        client = drsd.client
        load = Load(source, 30)
        try:
            (name,) = client.start(job("paused", source, target, whole(database, database + "_c")))
            held(client, name)
            begin = time.monotonic()
            client.action(name, "stop")
            client.wait_status(name, "PAUSING", "FULL_TRANSFER_PAUSED", "PAUSED", seconds=20)
            wait_for(lambda: metric(drsd, "drs_node_running_tasks") == 0, 10, "the copy to end")
            assert time.monotonic() - begin < 5
        finally:
            load.end()


def test_a_chunk_that_is_open_is_held_back_for_a_while_only(folder, mariadb_pair, database):
    source, target = mariadb_pair
    create(source, database)  # about seven megabytes, at one in a second: all in one chunk
    with Drsd(folder, "[mysql]\nsource_max_running_threads = 20\n") as drsd:
        client = drsd.client
        (name,) = client.start(job("open", source, target, whole(database, database + "_c"), speed_limit=[{"begin": "00:00", "end": "23:59", "speed": "1"}]))
        wait_for(lambda: source.execute("SELECT COUNT(*) FROM information_schema.innodb_trx")[0][0], 30, "the chunk's snapshot")
        load = Load(source, 30)
        try:
            held(client, name)
            client.wait_status(name, "INCRE_TRANSFER_STARTED", seconds=60)  # half a minute of patience, then its rows
        finally:
            load.end()
        rows.assert_equal(source, database, target, database + "_c", "t")


def test_replicas_that_lag_hold_the_copy_back(folder, replicated, database):
    source, replica, target = replicated
    create(source, database)
    wait_until_followed(replica)
    with Drsd(folder, "[mysql]\nsource_max_replica_lag_seconds = 3\n") as drsd:
        client = drsd.client
        replica.execute("STOP SLAVE SQL_THREAD")
        try:
            source.execute("UPDATE t SET body='y' WHERE id<10", database=database)
            (name,) = client.start(watched(job("stopped", source, target, whole(database, database + "_c")), replica.address))
            (line,) = held(client, name)
            assert f"the replication of {replica.address} does not run" in line
            time.sleep(5)
            assert copied_rows(target, database + "_c") == 0
            # It runs again, and is far behind from its first event on.
            delay(replica, 3600)
            wait_for(lambda: (behind(replica) or 0) > 3, 30, "the lag", lambda: str(status(replica)))
            time.sleep(5)
            assert copied_rows(target, database + "_c") == 0 and not lines(client, name, GOES_ON)
        finally:
            delay(replica, 0)
        client.wait_status(name, "INCRE_TRANSFER_STARTED")
        rows.assert_equal(source, database, target, database + "_c", "t")


def test_a_source_that_is_a_replica_itself_and_lags(folder, replicated, database):
    source, replica, target = replicated
    create(source, database, 100)
    wait_until_followed(replica)
    with Drsd(folder, "[mysql]\nsource_max_replica_lag_seconds = 2\n") as drsd:
        client = drsd.client
        delay(replica, 3600)
        try:
            source.execute("UPDATE t SET body='y' WHERE id<10", database=database)
            wait_for(lambda: (behind(replica) or 0) > 3, 30, "the lag", lambda: str(status(replica)))
            (name,) = client.start(job("own-lag", replica, target, whole(database, database + "_c"), task_type="FULL_TRANS"))
            (line,) = held(client, name)
            assert f"the replica {replica.address} is" in line and "the limit is 2 s" in line
        finally:
            delay(replica, 0)
        client.wait_status(name, "FULL_TRANSFER_COMPLETE")
        rows.assert_equal(source, database, target, database + "_c", "t")


def test_a_replica_that_cannot_be_asked_counts_as_lagging(folder, replicated, database):
    source, replica, target = replicated
    create(source, database, 100)
    with Drsd(folder, "[mysql]\nsource_max_replica_lag_seconds = 60\n") as drsd:
        client = drsd.client
        wait_until_followed(replica)
        batch = client.create(watched(job("gone", source, target, whole(database, database + "_c")), replica.address))
        assert client.validated(batch) == "AUTO_PARAM_VALIDATE_SUCCESS"
        replica.stop()
        try:
            client.call("POST", f"/batch-async-jobs/{batch}/commit")
            name = client.batch_jobs(batch)[0]["id"]
            (line,) = held(client, name)
            assert f"the lag of {replica.address} cannot be asked, so that it counts as lagging" in line
        finally:
            replica.run()
        client.wait_status(name, "INCRE_TRANSFER_STARTED")
        rows.assert_equal(source, database, target, database + "_c", "t")
