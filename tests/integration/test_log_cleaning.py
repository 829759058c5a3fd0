"""is_open_fast_clean: the source's log is removed up to what nobody needs any more, and never a file that somebody needs."""
import contextlib

import pytest

from support import replay, servers
from support.chores import look_again
from support.drsd import job, wait_for, whole
from test_source_failover import erase_history, follow


@pytest.fixture(params=["mariadb", "mysql"])
def three(request, server_folder):
    """A source, a server that may become its replica, and a target, of one test."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(servers.start(request.param, server_folder, *(["--log-slave-updates"] if request.param == "mariadb" else []))) for _ in range(3)]


def files(source):
    return [row[0] for row in source.execute("SHOW BINARY LOGS")]


def begun(client, name, source, target, database, copy, ip=None, **base):
    spec = job(name, source, target, whole(database, copy))
    spec["base_info"].update(base)
    if ip:
        spec["source_endpoint"][0]["endpoint"].update(ip=ip)
    (one,) = client.start(spec)
    client.wait_status(one, "INCRE_TRANSFER_STARTED")
    replay.caught_up(client, one, source, target, database, copy)
    return one


def rotated(drsd, one, source, target, database, copy):
    """The log goes on in a new file, and the target has all of the old ones. Returns the new file."""
    source.execute("FLUSH BINARY LOGS")
    replay.caught_up(drsd.client, one, source, target, database, copy)
    wait_for(lambda: look_again(drsd) or True, 60, "a look")
    return files(source)[-1]


def looked(drsd, one):
    """What the task says of two looks more: the first finds the place, the second removes up to it."""
    for _ in range(2):
        look_again(drsd)
    return " | ".join(text for _, text in drsd.client.logs(one))


def test_the_log_is_removed_up_to_what_the_target_has(drsd, three, database):
    source, _, target = three
    copy = database + "_c"
    replay.create_database(source, database)
    one = begun(drsd.client, "cleaned", source, target, database, copy, is_open_fast_clean=True)
    last = rotated(drsd, one, source, target, database, copy)
    log = looked(drsd, one)
    assert files(source) == [last], (files(source), log)
    assert "Removed from the source (is_open_fast_clean)" in log and last in log, log
    # The task goes on, also over a pause, for which it needs what comes now.
    drsd.client.action(one, "stop", pause_mode="all")
    drsd.client.wait_status(one, "PAUSING")
    source.execute("REPLACE INTO marker VALUES (1, 5)", "FLUSH BINARY LOGS", "FLUSH BINARY LOGS", database=database)
    before = files(source)
    looked(drsd, one)
    assert files(source) == before and len(before) == 3
    drsd.client.action(one, "restart")
    drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
    replay.caught_up(drsd.client, one, source, target, database, copy)


def test_without_the_setting_nothing_is_removed(drsd, three, database):
    source, _, target = three
    copy = database + "_c"
    replay.create_database(source, database)
    one = begun(drsd.client, "kept", source, target, database, copy, is_open_fast_clean=False)
    source.execute("FLUSH BINARY LOGS")
    replay.caught_up(drsd.client, one, source, target, database, copy)
    before = files(source)
    drsd.client.action(one, "stop", pause_mode="all")  # so that there is a look at all
    drsd.client.wait_status(one, "PAUSING")
    look_again(drsd)
    drsd.client.action(one, "restart")
    drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
    replay.caught_up(drsd.client, one, source, target, database, copy)
    assert files(source) == before and len(before) > 1


def test_another_task_that_is_behind_keeps_its_file(drsd, three, database):
    source, _, target = three
    copy = database + "_c"
    replay.create_database(source, database)
    client = drsd.client
    source.execute("FLUSH BINARY LOGS")  # the file before is nobody's: that it goes shows that the others could
    behind = begun(client, "behind", source, target, database, database + "_b")
    client.action(behind, "stop", pause_mode="all")
    client.wait_status(behind, "PAUSING")
    needed = files(source)[-1]
    one = begun(client, "cleaned", source, target, database, copy, is_open_fast_clean=True)
    source.execute("FLUSH BINARY LOGS")
    last = rotated(drsd, one, source, target, database, copy)
    wait_for(lambda: looked(drsd, one) and len(files(source)) <= 3, 60, "the removal before it", lambda: f"{files(source)} {client.logs(one)[:3]}")
    assert files(source)[0] == needed and files(source)[-1] == last and len(files(source)) == 3, (files(source), needed, looked(drsd, one))
    client.action(behind, "restart")
    client.wait_status(behind, "INCRE_TRANSFER_STARTED")
    replay.caught_up(client, behind, source, target, database, database + "_b")
    wait_for(lambda: looked(drsd, one) and files(source) == [files(source)[-1]], 60, "the removal behind it", lambda: f"{files(source)} {client.logs(one)[:3]}")


def test_another_replica_that_is_behind_keeps_its_file(drsd, three, database):
    source, replica, target = three
    copy = database + "_c"
    replay.create_database(source, database)
    erase_history(replica)
    follow(replica, source)
    wait_for(lambda: replica.execute(f"SHOW DATABASES LIKE '{database}'"), 30, "the replica")
    name = "SLAVE" if source.mariadb else "REPLICA"
    replica.execute(f"STOP {name} SQL_THREAD")
    needed = files(source)[-1]
    one = begun(drsd.client, "cleaned", source, target, database, copy, ip=f"{source.address},{replica.address}", is_open_fast_clean=True)
    source.execute("FLUSH BINARY LOGS")
    last = rotated(drsd, one, source, target, database, copy)
    log = looked(drsd, one)
    assert files(source)[0] == needed and len(files(source)) == 3, (files(source), needed, log)
    replica.execute(f"START {name} SQL_THREAD")
    wait_for(lambda: looked(drsd, one) and files(source) == [last], 60, "the removal behind it", lambda: f"{files(source)} {drsd.client.logs(one)[:3]}")


def test_a_reader_whose_place_is_not_known_keeps_everything(drsd, three, database):
    source, replica, target = three
    copy = database + "_c"
    replay.create_database(source, database)
    erase_history(replica)
    follow(replica, source)  # not among the addresses of the task
    wait_for(lambda: replica.execute(f"SHOW DATABASES LIKE '{database}'"), 30, "the replica")
    one = begun(drsd.client, "cleaned", source, target, database, copy, is_open_fast_clean=True)
    rotated(drsd, one, source, target, database, copy)
    before = files(source)
    log = looked(drsd, one)
    assert files(source) == before and len(before) > 1
    assert "The source's log is not cleaned (is_open_fast_clean)" in log and f"server_id {replica.port}" in log, log


def test_an_account_that_may_not_remove_it_is_named_by_the_precheck(drsd, three, database):
    source, _, target = three
    replay.create_database(source, database)
    source.execute("CREATE USER 'small'@'%' IDENTIFIED BY 'drs'", "GRANT SELECT, SHOW VIEW, EVENT, TRIGGER, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'small'@'%'")
    client = drsd.client

    def checked(name, **base):
        spec = job(name, source, target, whole(database, database + "_c"))
        spec["base_info"].update(base)
        spec["source_endpoint"][0]["endpoint"]["db_user"] = "small"
        batch = client.create(spec)
        assert client.validated(batch) == "AUTO_PARAM_VALIDATE_SUCCESS"
        (item,) = [i for i in client.batch_jobs(batch)[0]["precheck_result"]["precheck_results"] if i["item"] == "srcBinlogCleanPrivilegesCheck"]
        return item["result"], item.get("failed_reason", "")
    assert checked("without") == ("PASSED", "")
    result, reason = checked("with", is_open_fast_clean=True)
    assert result == "ALARM" and "BINLOG" in reason and "PROCESS" in reason, reason
    source.execute(f"GRANT {'BINLOG ADMIN, REPLICATION MASTER ADMIN' if source.mariadb else 'BINLOG_ADMIN'}, PROCESS ON *.* TO 'small'@'%'")
    assert checked("granted", is_open_fast_clean=True) == ("PASSED", "")
