"""A source of several servers: the replay leaves one that is gone or no longer the primary, and goes on at another one by GTID, never with a gap."""
import contextlib
import shutil
import signal
import threading
import time

import pytest

from support import replay, rows, servers
from support.chores import look_again
from support.drsd import job, wait_for, whole
from support.lane import Lane


def follow(replica, primary):
    """Makes `replica` a replica of `primary` by GTID, with nothing of its own."""
    if replica.mariadb:
        replica.execute("STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only=ON",
                        f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={primary.port}, MASTER_USER='drs', MASTER_PASSWORD='drs', MASTER_USE_GTID=current_pos, MASTER_CONNECT_RETRY=1",
                        "START SLAVE")
    else:
        replica.execute("STOP REPLICA", "RESET REPLICA ALL", "SET GLOBAL read_only=ON",
                        f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={primary.port}, SOURCE_USER='drs', SOURCE_PASSWORD='drs', SOURCE_AUTO_POSITION=1,"
                        " GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1", "START REPLICA")


def erase_history(server):
    server.execute("RESET MASTER" if server.mariadb else "RESET BINARY LOGS AND GTIDS")


def executed(server):
    return server.execute("SELECT @@global.gtid_current_pos" if server.mariadb else "SELECT @@global.gtid_executed")[0][0].replace("\n", "")


def places(replica):
    """(file, offset) of the primary's log that the replica has received, and has applied."""
    with replica.connect() as c, c.cursor() as cursor:
        cursor.execute("SHOW SLAVE STATUS" if replica.mariadb else "SHOW REPLICA STATUS")
        status = dict(zip([column[0].replace("Source", "Master") for column in cursor.description], cursor.fetchone()))
    return (status["Master_Log_File"], status["Read_Master_Log_Pos"]), (status["Relay_Master_Log_File"], status["Exec_Master_Log_Pos"])


def received(replica, primary):
    """The replica has all of the primary's log, applied or not."""
    return places(replica)[0] == primary.execute("SHOW MASTER STATUS" if primary.mariadb else "SHOW BINARY LOG STATUS")[0][:2]


@contextlib.contextmanager
def writing(server, database):
    """Rows come and change until the server is gone or the block ends."""
    done = threading.Event()

    def work():
        n = 0
        with contextlib.suppress(Exception), server.connect(database) as c, c.cursor() as cursor:
            while not done.is_set():
                n += 1
                cursor.execute("INSERT INTO item (v, n) VALUES (%s, %s)", (f"{server.port}-{n}", n))
                cursor.execute("UPDATE item SET n=n+1 WHERE id=%s", (n // 2 + 1,))
                if n % 7 == 0:
                    cursor.execute("DELETE FROM item WHERE id=%s", (n,))
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_the_replay_goes_on_at_another_server_of_the_list(drsd, server_folder, database, kind):
    more = ["--log-slave-updates"] if kind == "mariadb" else []
    copy = database + "_c"
    with servers.start(kind, server_folder, *more) as first, servers.start(kind, server_folder, *more) as second, servers.start(kind, server_folder) as target:
        erase_history(second)
        follow(second, first)
        first.execute(f"CREATE DATABASE {database}")
        first.execute("CREATE TABLE marker (id INT PRIMARY KEY, n BIGINT)", "CREATE TABLE item (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(40) UNIQUE, n INT)",
                      "INSERT INTO item (v, n) VALUES ('a', 1), ('b', 2)", database=database)
        spec = job("failover", first, target, whole(database, copy))
        # The replica comes first: the one that can be written to is taken all the same.
        spec["source_endpoint"][0]["endpoint"].update(ip=f"{second.address},{first.address}")
        client = drsd.client
        (name,) = client.start(spec)
        client.wait_status(name, "INCRE_TRANSFER_STARTED")
        log = lambda: " ".join(text for _, text in client.logs(name))
        replay.caught_up(client, name, first, target, database, copy)
        assert f"is read from the source {first.address}" in log(), log()

        # The replica has received everything and applied none of the last: it must not be used before it has.
        second.execute("STOP SLAVE SQL_THREAD" if second.mariadb else "STOP REPLICA SQL_THREAD")
        with writing(first, database):
            replay.caught_up(client, name, first, target, database, copy)
            time.sleep(0.5)
        replay.caught_up(client, name, first, target, database, copy)
        wait_for(lambda: received(second, first), 30, "the replica to receive the log", lambda: str(places(second)))
        before = target.execute("SELECT COUNT(*), SUM(n) FROM item", database=copy)
        first.stop(hard=True)
        second.make_writable()
        wait_for(lambda: "does not have what was read" in drsd.log.read_text(errors="replace"), 30, "the refusal", drsd.tail)
        if not second.mariadb:  # (within a domain MariaDB would give a number twice)
            second.execute("INSERT INTO item VALUES (1000000, 'early', 1)", database=database)
        time.sleep(1)
        assert target.execute("SELECT COUNT(*), SUM(n) FROM item", database=copy) == before
        assert client.status(name) == "INCRE_TRANSFER_STARTED"
        second.execute("START SLAVE SQL_THREAD" if second.mariadb else "START REPLICA SQL_THREAD")
        wait_for(lambda: len(set(places(second))) == 1, 60, "the replica to apply what it has", lambda: str(places(second)))
        if second.mariadb:  # what was written too early would stand before the place where the replay goes on
            wait_for(lambda: "gtid_strict_mode=OFF" in drsd.log.read_text(errors="replace"), 30, "the refusal", drsd.tail)
            assert target.execute("SELECT COUNT(*), SUM(n) FROM item", database=copy) == before
            second.execute("SET GLOBAL gtid_strict_mode=ON")
        replay.caught_up(client, name, second, target, database, copy)
        second.execute("STOP SLAVE" if second.mariadb else "STOP REPLICA")
        assert f"is read from the source {second.address}" in log() and "no longer from the server" in log(), log()
        rows.assert_equal(second, database, target, copy, "item")

        # It dies in the middle of its writes too, and comes back as a replica: of the two the writable one counts, alive or not.
        first.run()
        if first.mariadb:
            first.execute("SET GLOBAL gtid_strict_mode=ON")
        follow(first, second)
        with writing(second, database):
            time.sleep(1)
        wait_for(lambda: executed(first) == executed(second), 60, "the first server to catch up", lambda: f"{executed(first)} {executed(second)}")
        second.execute("SET GLOBAL read_only=ON")
        first.execute("STOP SLAVE" if first.mariadb else "STOP REPLICA")
        first.make_writable()
        first.execute("INSERT INTO item (v, n) VALUES ('after the switch', 1)", database=database)
        replay.caught_up(client, name, first, target, database, copy)
        rows.assert_equal(first, database, target, copy, "item")

        # What the task still needs is removed from the logs: it stops, and says what is missing.
        client.action(name, "stop", pause_mode="all")
        client.wait_status(name, "PAUSING")
        first.execute("INSERT INTO item (v, n) VALUES ('lost', 1)", "FLUSH BINARY LOGS", database=database)
        (*_, last), = [[r[0] for r in first.execute("SHOW BINARY LOGS")]]
        wait_for(lambda: first.execute(f"PURGE BINARY LOGS TO '{last}'") == () and len(first.execute("SHOW BINARY LOGS")) == 1, 30, "the purge")
        client.action(name, "restart")
        wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED" or "no longer has the log" in drsd.log.read_text(errors="replace"), 90, "the fault", drsd.tail)
        assert "has removed the transactions" in drsd.log.read_text(errors="replace") and last in drsd.log.read_text(errors="replace"), drsd.tail()


def test_servers_that_the_replay_could_not_go_on_at_are_named_by_the_precheck(drsd, server_folder, database):
    with servers.start("mariadb", server_folder) as first, servers.start("mariadb", server_folder) as second, servers.start("mariadb", server_folder) as target:
        first.execute(f"CREATE DATABASE {database}")
        first.execute("CREATE TABLE item (id INT PRIMARY KEY)", database=database)
        client = drsd.client

        def checked(name, *addresses):
            spec = job(name, first, target, whole(database, database + "_c"))
            spec["source_endpoint"][0]["endpoint"].update(ip=",".join(addresses))
            batch = client.create(spec)
            assert client.validated(batch) == "AUTO_PARAM_VALIDATE_SUCCESS"
            items = client.batch_jobs(batch)[0]["precheck_result"]["precheck_results"]
            (item,) = [i for i in items if i["item"] == "srcGtidStatusCheck"]
            return item["result"], item.get("failed_reason", "")
        assert checked("alone", first.address) == ("PASSED", "")
        result, reason = checked("both", first.address, second.address)
        assert result == "ALARM" and "gtid_strict_mode is OFF" in reason and first.address in reason and second.address in reason, reason
        second.execute("SET GLOBAL gtid_strict_mode=ON")
        result, reason = checked("first", first.address, second.address)
        assert result == "ALARM" and first.address in reason and second.address not in reason, reason
        first.execute("SET GLOBAL gtid_strict_mode=ON")
        assert checked("none", first.address, second.address) == ("PASSED", "")


def test_without_gtids_no_other_server_is_taken(drsd, server_folder, database):
    options = ["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"]
    copy = database + "_c"
    with servers.start("mysql", server_folder, *options) as first, servers.start("mysql", server_folder, *options) as second, servers.start("mysql", server_folder) as target:
        for server in (first, second):
            server.execute(f"CREATE DATABASE {database}")
            server.execute("CREATE TABLE marker (id INT PRIMARY KEY, n BIGINT)", "CREATE TABLE item (id INT PRIMARY KEY)", database=database)
        spec = job("places", first, target, whole(database, copy))
        spec["source_endpoint"][0]["endpoint"].update(ip=f"{first.address},{second.address}")
        client = drsd.client
        (name,) = client.start(spec)
        client.wait_status(name, "INCRE_TRANSFER_STARTED")
        replay.caught_up(client, name, first, target, database, copy)
        # The other one writes the same log with other content.
        second.execute("REPLACE INTO marker VALUES (1, 5)", *(f"INSERT INTO item VALUES ({i})" for i in range(50, 80)), database=database)
        first.stop(hard=True)
        wait_for(lambda: f"means nothing at source {second.address}" in drsd.log.read_text(errors="replace"), 30, "the refusal", drsd.tail)
        assert target.execute("SELECT COUNT(*) FROM item", database=copy) == ((0,),)
        first.run()
        first.execute("INSERT INTO item VALUES (1)", database=database)
        replay.caught_up(client, name, first, target, database, copy)
        assert target.execute("SELECT * FROM item", database=copy) == ((1,),)


def test_a_paused_task_warns_before_its_log_is_removed_and_behind_it(drsd, own_pair, database):
    source, target = own_pair
    copy = database + "_c"
    replay.create_database(source, database)
    kept = source.execute("SELECT @@global.binlog_expire_logs_seconds")[0][0]
    client = drsd.client
    (name,) = client.start(job("stopped", source, target, whole(database, copy)))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    replay.caught_up(client, name, source, target, database, copy)
    warned = lambda words: [text for level, text in client.logs(name) if level == "Warn" and words in text]
    client.action(name, "stop", pause_mode="all")
    client.wait_status(name, "PAUSING")
    look_again(drsd)
    assert not warned("")
    source.execute("SET GLOBAL binlog_expire_logs_seconds=1")
    try:
        for _ in range(2):  # once, however often it is asked
            look_again(drsd)
    finally:
        source.execute(f"SET GLOBAL binlog_expire_logs_seconds={kept}")
    (line,) = warned("may soon be gone")
    assert "removes its log after 1 s" in line and "Resume the task" in line, line
    source.execute("REPLACE INTO marker VALUES (1, 5)", "FLUSH BINARY LOGS", "FLUSH BINARY LOGS", database=database)
    last = source.execute("SHOW BINARY LOGS")[-1][0]
    wait_for(lambda: source.execute(f"PURGE BINARY LOGS TO '{last}'") == () and len(source.execute("SHOW BINARY LOGS")) == 1, 30, "the purge")
    look_again(drsd)
    assert warned("cannot go on"), client.logs(name)
    assert client.status(name) == "PAUSING", client.logs(name)


def test_a_replay_that_nears_the_end_of_what_the_source_keeps_warns(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    copy = database + "_c"
    replay.create_database(source, database)
    source.execute("CREATE TABLE item (id INT PRIMARY KEY, n INT)", database=database)
    kept = source.execute("SELECT @@global.binlog_expire_logs_seconds")[0][0]
    client = drsd.client
    (name,) = client.start(job("expiry", source, target, whole(database, copy)))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    replay.caught_up(client, name, source, target, database, copy)
    client.action(name, "stop", pause_mode="all")
    client.wait_status(name, "PAUSING")
    source.execute("SET GLOBAL binlog_expire_logs_seconds=3600")
    try:
        # What waits in the log is 50 minutes old.
        source.execute("SET TIMESTAMP=UNIX_TIMESTAMP()-3000", *(f"REPLACE INTO item VALUES (2, {n})" for n in range(10)), database=database)
        client.action(name, "restart")
        replay.caught_up(client, name, source, target, database, copy)
    finally:
        source.execute(f"SET GLOBAL binlog_expire_logs_seconds={kept}")
    warned = [(level, text) for level, text in client.logs(name) if "may soon be gone" in text]
    assert len(warned) == 1 and warned[0][0] == "Warn" and "3600 s" in warned[0][1], client.logs(name)


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_a_source_that_lost_the_end_of_its_log_stops_the_task(drsd, server_folder, database, kind):
    """As after a power failure with sync_binlog=0. It gives the same GTIDs to other transactions: going on would leave these out."""
    with servers.start(kind, server_folder) as source, servers.start(kind, server_folder) as target:
        lane = Lane(drsd, (source, target), database, before=["CREATE TABLE item (id INT PRIMARY KEY, v VARCHAR(20))"])
        kept = source.folder / "kept"
        source.process.send_signal(signal.SIGSTOP)  # what is on the disk belongs together
        shutil.copytree(source.folder / "data", kept, symlinks=True)
        source.process.send_signal(signal.SIGCONT)
        lane.run(*(f"INSERT INTO item VALUES ({n}, 'lost')" for n in range(10)))
        lane.arrive()
        lane.client.action(lane.id, "stop", pause_mode="all")
        lane.client.wait_status(lane.id, "PAUSING")
        source.stop(hard=True)
        shutil.rmtree(source.folder / "data")
        kept.rename(source.folder / "data")
        source.run()
        assert source.execute("SELECT COUNT(*) FROM item", database=database) == ((0,),)
        lane.run(*(f"INSERT INTO item VALUES ({n}, 'anew')" for n in range(30)))
        lane.client.action(lane.id, "restart")
        lane.stopped("has lost the end of its log", "Reset the task")
        assert set(target.execute("SELECT v FROM item", database=lane.copy)) == {("lost",)}
