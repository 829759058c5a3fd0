"""is_target_readonly: the target takes no writes of applications from the planning of a task to its end."""
import contextlib

import pymysql
import pytest

from support import rows, servers
from support.drsd import Drsd, job, wait_for, whole

READ_ONLY = 1290
CONFIG = "[worker]\nchunk_bytes = 65536\npoll_millis = 100\nretry_max_seconds = 1\n"
TARGET_RIGHTS = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, TRIGGER, EVENT, CREATE VIEW, CREATE ROUTINE, ALTER ROUTINE"
OBJECTS = ("CREATE VIEW shown AS SELECT id FROM item", "CREATE PROCEDURE counted() SELECT COUNT(*) FROM item",
           "CREATE TRIGGER upper_name BEFORE INSERT ON item FOR EACH ROW SET NEW.name = UPPER(NEW.name)",
           "CREATE EVENT never ON SCHEDULE AT '2037-01-01 00:00:00' DO DELETE FROM item")


@pytest.fixture
def both(own_pair):
    """(source, target); a test that fails leaves the target writable for the next."""
    yield own_pair
    own_pair[1].make_writable()


def fill(server, database, count=50):
    server.execute(f"CREATE DATABASE {database}", f"CREATE TABLE {database}.item (id INT PRIMARY KEY, name VARCHAR(1000), KEY (name(10)))",
                   f"CREATE TABLE {database}.spare (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES item (id))")
    with server.connect(database) as c, c.cursor() as cursor:
        cursor.executemany("INSERT INTO item VALUES (%s,%s)", [(i, "N" * 900 + str(i)) for i in range(1, count + 1)])
        cursor.execute("INSERT INTO spare VALUES (1,1)")


def request_of(name, source, target, database, account=None, read_only=None, direction="up", job_type="migration", **more):
    one = job(name[:40], source, target, whole(database, database + "_c"), job_type=job_type, **more)
    one["base_info"]["job_direction"] = direction
    if account:
        one["target_endpoint"][0]["endpoint"]["db_user"] = account
    if read_only is not None:
        one["target_endpoint"][0]["config"] = {"is_target_readonly": read_only}
    return one


@contextlib.contextmanager
def account(server, name, rights, scope="*.*"):
    server.execute(f"DROP USER IF EXISTS '{name}'@'%'", f"CREATE USER '{name}'@'%' IDENTIFIED BY '{servers.PASSWORD}'", f"GRANT {rights} ON {scope} TO '{name}'@'%'")
    yield name
    server.execute(f"DROP USER IF EXISTS '{name}'@'%'")


def write_as(server, user, database):
    """The number of the error that the account gets, or 0."""
    try:
        with pymysql.connect(host="127.0.0.1", port=server.port, user=user, password=servers.PASSWORD, database=database, autocommit=True) as c, c.cursor() as cursor:
            cursor.execute("UPDATE item SET name = 'b' WHERE id = -1")
        return 0
    except pymysql.err.MySQLError as error:
        return error.args[0]


def streaming(drsd, source, target, database, **more):
    (one,) = drsd.client.start(request_of(database, source, target, database, **more))
    drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
    return one


def caught_up(client, one, source, target, database):
    # A table of its own: what others see arrive came behind everything before it.
    source.execute(f"REPLACE INTO {database}.spare VALUES (999, NULL)")
    wait_for(lambda: target.execute(f"SELECT 1 FROM {database}_c.spare WHERE id=999"), 60, "the marker row", lambda: client.logs(one))
    rows.assert_equal(source, database, target, database + "_c", "item", "spare")


def end(client, one, force=False):
    client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": force})
    client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")


def nothing_of_ours(server):
    return not server.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name='drs_ctl'")


def items(client, batch):
    (listed,) = client.batch_jobs(batch)
    return {i["item"]: i for i in listed["precheck_result"]["precheck_results"]}


def test_applications_cannot_write_until_the_end(folder, both, database):
    source, target = both
    fill(source, database)
    source.execute(*OBJECTS, database=database)
    with Drsd(folder, CONFIG) as drsd, account(target, "app_ro", "ALL", f"`{database}_c`.*") as app:
        client = drsd.client
        one = streaming(drsd, source, target, database)
        assert target.is_read_only()
        assert write_as(target, app, database + "_c") == READ_ONLY
        assert any("read-only for other accounts" in text for _, text in client.logs(one)), client.logs(one)
        source.execute("DELETE FROM spare", "TRUNCATE TABLE spare", "UPDATE item SET name='changed' WHERE id<9", database=database)
        caught_up(client, one, source, target, database)
        end(client, one)
        assert not target.is_read_only()
        assert write_as(target, app, database + "_c") == 0
        assert {r[0] for r in target.execute("SHOW TRIGGERS", database=database + "_c")} == {"upper_name"}
        assert {r[1] for r in target.execute("SHOW EVENTS", database=database + "_c")} == {"never"}
    assert nothing_of_ours(target)


def test_a_target_that_was_read_only_stays_so(folder, both, database):
    source, target = both
    fill(source, database)
    target.execute("SET GLOBAL read_only = ON")
    with Drsd(folder, CONFIG) as drsd:
        one = streaming(drsd, source, target, database)
        caught_up(drsd.client, one, source, target, database)
        assert any("was read-only before" in text for _, text in drsd.client.logs(one)), drsd.client.logs(one)
        end(drsd.client, one)
    assert target.is_read_only()
    assert nothing_of_ours(target)


def test_the_last_of_two_tasks_lifts_it(folder, both, database):
    source, target = both
    names = [database[:30] + "_a", database[:30] + "_b"]
    for name in names:
        fill(source, name)
    with Drsd(folder, CONFIG) as drsd:
        first, second = [streaming(drsd, source, target, name) for name in names]
        end(drsd.client, first)
        assert target.is_read_only()
        assert any("kept for: " + second in text for _, text in drsd.client.logs(first)), drsd.client.logs(first)
        caught_up(drsd.client, second, source, target, names[1])
        end(drsd.client, second)
    assert not target.is_read_only()
    assert nothing_of_ours(target)


@pytest.mark.parametrize("point", ["readonly.noted", "readonly.set", "readonly.restored"])
def test_killed_around_the_change(folder, both, database, point):
    """Whenever it is killed: read-only while the task runs, and as before when it has ended."""
    source, target = both
    fill(source, database)
    drsd = Drsd(folder, CONFIG, environment={"OPENDRS_FAILPOINTS": point + "=kill@1"})
    drsd.run()
    (one,) = drsd.client.start(request_of(database, source, target, database))
    if point == "readonly.restored":
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
    drsd.process.wait(60)
    assert target.is_read_only() == (point == "readonly.set")
    drsd.environment = {}
    drsd.run()
    if point != "readonly.restored":
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        assert target.is_read_only()
        caught_up(drsd.client, one, source, target, database)
        drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
    drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
    assert not target.is_read_only()
    assert nothing_of_ours(target)
    drsd.stop()


@pytest.mark.parametrize("phase", ["copy", "incremental"])
def test_a_restarted_target_is_made_read_only_again(folder, both, database, phase):
    source, target = both
    fill(source, database, 2000 if phase == "copy" else 50)
    with Drsd(folder, CONFIG, environment={"OPENDRS_FAILPOINTS": "copy.read=sleep:250" if phase == "copy" else ""}) as drsd:
        (one,) = drsd.client.start(request_of(database, source, target, database))
        drsd.client.wait_status(one, "FULL_TRANSFER_STARTED" if phase == "copy" else "INCRE_TRANSFER_STARTED")
        target.stop()
        target.run()
        if phase == "incremental":
            source.execute("UPDATE item SET name='again' WHERE id=1", database=database)
        wait_for(lambda: target.is_read_only(), 60, "read_only", lambda: drsd.client.logs(one))
        assert phase != "copy" or drsd.client.status(one) == "FULL_TRANSFER_STARTED"
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        caught_up(drsd.client, one, source, target, database)
        end(drsd.client, one)
    assert not target.is_read_only()
    assert nothing_of_ours(target)


def test_pause_and_reset_keep_it_and_the_end_by_force_lifts_it(folder, both, database):
    source, target = both
    fill(source, database)
    with Drsd(folder, CONFIG) as drsd:
        client = drsd.client
        one = streaming(drsd, source, target, database)
        client.action(one, "stop")
        client.wait_status(one, "PAUSING")
        assert target.is_read_only()
        client.action(one, "reset")
        client.wait_status(one, "INCRE_TRANSFER_STARTED")
        assert target.is_read_only()
        caught_up(client, one, source, target, database)
        end(client, one, force=True)
    assert not target.is_read_only()
    assert nothing_of_ours(target)


def test_without_the_right_to_set_it(folder, both, database):
    """An alarm; the task does its work, and its log says what to mind."""
    source, target = both
    fill(source, database)
    with Drsd(folder, CONFIG) as drsd, account(target, "narrow_ro", TARGET_RIGHTS) as narrow:
        batch = drsd.client.create(request_of(database, source, target, database, account=narrow))
        assert drsd.client.validated(batch) == "AUTO_PARAM_VALIDATE_SUCCESS"
        found = items(drsd.client, batch)["dstStatusCheck"]
        right = "READ_ONLY ADMIN" if target.mariadb else "SYSTEM_VARIABLES_ADMIN"
        assert found["result"] == "ALARM" and right in found["failed_reason"], found
        drsd.client.call("POST", f"/batch-async-jobs/{batch}/commit")
        (one,) = [j["id"] for j in drsd.client.batch_jobs(batch)]
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        assert not target.is_read_only()
        assert any(f"not set read-only (is_target_readonly): its account lacks {right}" in text for _, text in drsd.client.logs(one)), drsd.client.logs(one)
        caught_up(drsd.client, one, source, target, database)
        end(drsd.client, one)


def test_what_keeps_our_own_sessions_from_writing_fails_the_pre_check(folder, both, database):
    source, target = both
    fill(source, database)

    def reason(**more):
        batch = drsd.client.create(request_of(database, source, target, database, **more))
        assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
        found = items(drsd.client, batch)["dstStatusCheck"]
        assert found["result"] == "FAILED", found
        return found["failed_reason"]

    with Drsd(folder, CONFIG) as drsd, account(target, "narrow_ro", TARGET_RIGHTS) as narrow:
        if not target.mariadb:
            target.execute("SET GLOBAL super_read_only = ON")
            assert "SET GLOBAL super_read_only = OFF" in reason()
            target.make_writable()
            target.execute(f"GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO '{narrow}'@'%'")
            assert "GRANT CONNECTION_ADMIN" in reason(account=narrow)
        target.execute("SET GLOBAL read_only = ON")
        assert ("GRANT READ_ONLY ADMIN" if target.mariadb else "GRANT CONNECTION_ADMIN") in reason(account=narrow, job_type="sync")


def test_where_it_is_not_asked_for(folder, mariadb_pair, database):
    source, target = mariadb_pair
    fill(source, database)
    with Drsd(folder, CONFIG) as drsd:
        batch = drsd.client.create(request_of(database, source, target, database, read_only=True, job_type="sync"))
        assert drsd.client.validated(batch) == "AUTO_PARAM_VALIDATE_SUCCESS"
        found = items(drsd.client, batch)["dstStatusCheck"]
        assert found["result"] == "ALARM" and "only migration and disaster recovery" in found["failed_reason"], found
        one = streaming(drsd, source, target, database, read_only=False)
        assert not target.is_read_only()
        end(drsd.client, one)


def test_a_lock_of_an_application_is_waited_for_in_bounds(folder, both, database):
    source, target = both
    fill(source, database)
    target.execute(f"CREATE DATABASE {database}_app", f"CREATE TABLE {database}_app.busy (id INT PRIMARY KEY)")
    with Drsd(folder, CONFIG) as drsd:
        with target.connect(f"{database}_app") as c, c.cursor() as cursor:
            cursor.execute("LOCK TABLES busy WRITE")
            (one,) = drsd.client.start(request_of(database, source, target, database))
            wait_for(lambda: any("SET GLOBAL read_only = ON" in t and "let them end" in t for _, t in drsd.client.logs(one)), 60, "the wait", lambda: drsd.client.logs(one))
            cursor.execute("INSERT INTO busy VALUES (1)")
            cursor.execute("UNLOCK TABLES")
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        assert target.is_read_only()
        end(drsd.client, one)
    assert not target.is_read_only()
