"""The cut-over: the source is frozen, the target gets the rest, both are compared, the task ends; or everything goes back."""
import contextlib
import threading

import pymysql
import pytest

from support import rows, servers
from support.drsd import Drsd, Refused, job, wait_for, whole

CONFIG = "[worker]\npoll_millis = 100\nretry_max_seconds = 1\n"


@pytest.fixture
def both(own_pair):
    yield own_pair
    own_pair[0].make_writable()


def fill(source, database):
    source.execute(f"CREATE DATABASE {database}", f"CREATE TABLE {database}.item (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40))",
                   f"CREATE TABLE {database}.audit (id INT PRIMARY KEY AUTO_INCREMENT, item INT)")
    source.execute(*[f"INSERT INTO item (name) VALUES ('row {i}')" for i in range(20)],
                   "CREATE TRIGGER noted AFTER INSERT ON item FOR EACH ROW INSERT INTO audit (item) VALUES (NEW.id)", database=database)


def streaming(drsd, source, target, database):
    fill(source, database)
    (one,) = drsd.client.start(job("cutover-" + database, source, target, whole(database, database + "_c")))
    drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
    return one


def begin(client, one, **request):
    client.call("POST", f"/jobs/{one}/cutover", request)


def over(client, one, seconds=90):
    """The cut-over when it has come to an end."""
    def look():
        found = client.call("GET", f"/jobs/{one}/cutover")
        return found if found["status"] not in ("RUNNING", "GOING_BACK") else None
    return wait_for(look, seconds, "the cut-over to end", lambda: f"{client.call('GET', f'/jobs/{one}/cutover')} {client.logs(one)[:6]}")


def names_of(cutover):
    return [step["name"] for step in cutover["steps"]]


def triggers(server, database):
    return [name for (name,) in server.execute(f"SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA='{database}'")]


@contextlib.contextmanager
def writer(server, database, name="app", rights="SELECT, INSERT"):
    """An application without special rights that inserts as long as it may; gives the list of what was committed."""
    server.execute(f"DROP USER IF EXISTS '{name}'@'%'", f"CREATE USER '{name}'@'%' IDENTIFIED BY '{servers.PASSWORD}'", f"GRANT {rights} ON {database}.* TO '{name}'@'%'")
    done, stop = [], threading.Event()

    def work():
        with pymysql.connect(host="127.0.0.1", port=server.port, user=name, password=servers.PASSWORD, database=database, autocommit=True) as c, c.cursor() as cursor:
            while not stop.is_set():
                try:
                    cursor.execute("INSERT INTO item (name) VALUES ('from the application')")
                    done.append(cursor.lastrowid)
                except pymysql.err.MySQLError:
                    return
                stop.wait(0.005)
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()
        server.make_writable()
        server.execute(f"DROP USER '{name}'@'%'")


def test_under_load_nothing_is_lost(both, tmp_path):
    source, target = both
    with Drsd(tmp_path, CONFIG) as drsd:
        one = streaming(drsd, source, target, "cut")
        with writer(source, "cut") as done:
            wait_for(lambda: len(done) > 50, 30, "the application to write")
            begin(drsd.client, one)
            found = over(drsd.client, one)
            drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
            assert found["status"] == "SUCCESSFUL", found
            assert names_of(found) == ["freeze_source", "catch_up", "compare", "confirm", "end_task"]
            assert found["position"] and source.is_read_only()
            rows.assert_equal(source, "cut", target, "cut_c", "item", "audit")
            copied = {i for (i,) in target.execute("SELECT id FROM cut_c.item WHERE name='from the application'")}
            assert copied == set(done)
        assert triggers(target, "cut_c") == ["noted"]
        # The last cut-over can be asked for behind the end of the task too.
        assert drsd.client.call("GET", f"/jobs/{one}/cutover")["status"] == "SUCCESSFUL"


def test_a_dry_run_changes_nothing(both, tmp_path):
    source, target = both
    with Drsd(tmp_path, CONFIG) as drsd:
        one = streaming(drsd, source, target, "dry")
        wait_for(lambda: drsd.client.progress(one)["incr_trans_delay"] == "0", 30, "the delay to be known")
        found = drsd.ctl("cutover", one, "--dry-run")
        assert "1 triggers and events will be created" in found and "will be set read-only" in found, found
        assert not source.is_read_only() and drsd.client.status(one) == "INCRE_TRANSFER_STARTED"
        assert drsd.client.call("GET", f"/jobs/{one}/cutover")["status"] == "CHECKED"


def test_a_difference_leads_back(both, tmp_path):
    source, target = both
    with Drsd(tmp_path, CONFIG) as drsd:
        one = streaming(drsd, source, target, "differs")
        target.execute("UPDATE item SET name='changed here' WHERE id=3", database="differs_c")
        out = drsd.ctl("cutover", one, ok=(6,))
        assert "source and target differ: differs.item (1 rows)" in out and "thaw_source" in out, out
        assert not source.is_read_only() and triggers(target, "differs_c") == []
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        source.execute("INSERT INTO item (name) VALUES ('later')", database="differs")
        wait_for(lambda: target.execute("SELECT 1 FROM differs_c.item WHERE name='later'"), 30, "the replication to go on", lambda: drsd.client.logs(one))


def test_declared_and_somebody_writes_is_caught_up_again(both, tmp_path):
    source, target = both
    with Drsd(tmp_path, CONFIG) as drsd:
        one = streaming(drsd, source, target, "declared")
        with writer(source, "declared", "still") as done:
            wait_for(lambda: len(done) > 10, 30, "the application to write")
            begin(drsd.client, one, freeze_source=False, timeout_seconds=10)
            found = over(drsd.client, one)
        # As long as somebody writes, it is not true that the source is frozen.
        assert found["status"] == "FAILED" and "longer than 10 s" in found["error_msg"], found
        begin(drsd.client, one, freeze_source=False, compare_type="lines")
        found = over(drsd.client, one)
        assert found["status"] == "SUCCESSFUL" and not source.is_read_only(), found
        drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
        rows.assert_equal(source, "declared", target, "declared_c", "item", "audit")


def test_cancelled_or_without_rights_it_goes_back(both, tmp_path):
    source, target = both
    with Drsd(tmp_path, CONFIG) as drsd:
        one = streaming(drsd, source, target, "cancel")
        with source.connect() as blocker, blocker.cursor() as cursor:
            target_lock = target.connect("cancel_c")
            with target_lock.cursor() as held:  # the replay waits for this row, so that the target does not catch up
                held.execute("BEGIN")
                held.execute("SELECT * FROM item WHERE id=1 FOR UPDATE")
                cursor.execute("UPDATE cancel.item SET name='waits' WHERE id=1")
                begin(drsd.client, one)
                wait_for(lambda: source.is_read_only(), 30, "the freeze")
                for action in ("stop", "restart", "reset"):
                    with pytest.raises(Refused) as refused:
                        drsd.client.action(one, action, **({"pause_mode": "target"} if action == "stop" else {}))
                    assert refused.value.body["error_code"] == "DRS.10000024"
                drsd.ctl("cutover", one, "--cancel")
                found = over(drsd.client, one)
                assert found["status"] == "FAILED" and found["error_msg"] == "it was cancelled", found
                assert not source.is_read_only()
                held.execute("ROLLBACK")
            target_lock.close()
        rows_equal = lambda: target.execute("SELECT name FROM cancel_c.item WHERE id=1")[0][0] == "waits"
        wait_for(rows_equal, 60, "the replication to go on", lambda: drsd.client.logs(one))


def test_killed_at_any_point_the_source_is_let_go_or_the_cut_over_done(both, tmp_path):
    source, target = both
    for point in ("cutover.noted", "freezer.frozen", "cutover.frozen"):
        database = "kill_" + point.replace(".", "_")
        folder = tmp_path / database
        folder.mkdir()
        drsd = Drsd(folder, CONFIG, environment={"OPENDRS_FAILPOINTS": f"{point}=kill@1"})
        with drsd:
            one = streaming(drsd, source, target, database)
            begin(drsd.client, one)
            drsd.process.wait(60)
            drsd.environment = {}
            drsd.run()
            found = over(drsd.client, one)
            assert found["status"] == "SUCCESSFUL", found
            drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
            rows.assert_equal(source, database, target, database + "_c", "item", "audit")
            assert source.is_read_only()
        source.make_writable()


def test_an_end_by_force_lets_the_source_go(both, tmp_path):
    source, target = both
    with Drsd(tmp_path, CONFIG) as drsd:
        one = streaming(drsd, source, target, "forced")
        lock = target.connect("forced_c")
        with lock.cursor() as held:
            held.execute("BEGIN")
            held.execute("SELECT * FROM item WHERE id=1 FOR UPDATE")
            source.execute("UPDATE item SET name='waits' WHERE id=1", database="forced")
            begin(drsd.client, one)
            wait_for(lambda: source.is_read_only(), 30, "the freeze")
            with pytest.raises(Refused):
                drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
            drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": True})
            wait_for(lambda: not source.is_read_only(), 60, "the source to be let go", lambda: drsd.client.logs(one))
            held.execute("ROLLBACK")
        lock.close()
        drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")


def test_bad_requests_name_the_member(both, tmp_path):
    source, target = both
    with Drsd(tmp_path, CONFIG, check=False) as drsd:
        one = streaming(drsd, source, target, "bad")
        for body, path in (({"timeout_seconds": 5}, "timeout_seconds"), ({"compare_type": "all"}, "compare_type"), ({"freeze_source": "yes"}, "freeze_source")):
            with pytest.raises(Refused) as refused:
                begin(drsd.client, one, **body)
            assert refused.value.body["errors"][0]["path"] == path
        assert drsd.client.call("GET", f"/jobs/{one}/cutover")["status"] == "NONE"
        drsd.client.action(one, "stop", pause_mode="target")
        drsd.client.wait_status(one, "PAUSING")
        with pytest.raises(Refused) as refused:
            begin(drsd.client, one)
        assert refused.value.body["error_code"] == "DRS.M00304"
