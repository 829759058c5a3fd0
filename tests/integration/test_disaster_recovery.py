"""Single-active disaster recovery: the standby is read-only, and a switchover lets both sides change places, there and back."""
import threading
import time

import pymysql
import pytest

from support import rows, servers
from support.drsd import Drsd, Refused, job, wait_for, whole

CONFIG = "[worker]\npoll_millis = 100\nretry_limit = 3\nretry_max_seconds = 1\n"
POINTS = ("cutover.noted", "cutover.frozen", "switchover.decided", "switchover.fenced", "switchover.reversed", "switchover.standby_set", "switchover.standby",
          "switchover.lifted", "switchover.released")


@pytest.fixture
def both(own_pair):
    yield own_pair
    for server in own_pair:
        server.make_writable()


def recovery(name, active, standby, database, multi_write=False, direction="down", task_type="FULL_INCR_TRANS"):
    one = job(name[:50], active, standby, whole(database), job_type="cloudDataGuard", task_type=task_type)
    one["base_info"].update({"multi_write": multi_write, "net_type": "vpn", "job_direction": direction})
    if not multi_write and direction == "up":
        one["target_endpoint"][0]["config"] = {"is_target_readonly": True}
    return one


def protected(client, *jobs):
    ids = client.start(*jobs)
    for one in ids:
        client.wait_status(one, "INCRE_TRANSFER_STARTED")
    return ids


def fill(server, database):
    server.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
                   f"CREATE TABLE {database}.item (id BIGINT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40), n INT NOT NULL DEFAULT 0)",
                   *[f"INSERT INTO {database}.item (name) VALUES ('before')" for _ in range(20)])


class Application(threading.Thread):
    """Writes at whichever server lets it; keeps what was committed."""

    def __init__(self, database, *group):
        super().__init__(daemon=True)
        self.database, self.group, self.done, self.unsure, self.stopping = database, group, [], [], threading.Event()
        for server in group:
            server.execute("DROP USER IF EXISTS 'app'@'%'", f"CREATE USER 'app'@'%' IDENTIFIED BY '{servers.PASSWORD}'", f"GRANT SELECT, INSERT, UPDATE ON {database}.* TO 'app'@'%'")
        self.start()

    def run(self):
        at = number = 0
        while not self.stopping.is_set():
            try:
                with pymysql.connect(host="127.0.0.1", port=self.group[at].port, user="app", password=servers.PASSWORD, database=self.database, autocommit=False) as c, c.cursor() as cursor:
                    while not self.stopping.wait(0.003):
                        number += 1
                        cursor.execute("INSERT INTO item (name) VALUES (%s)", (f"app-{number}",))
                        cursor.execute("UPDATE item SET n=n+1 ORDER BY id LIMIT 3")
                        self.unsure.append(f"app-{number}")
                        c.commit()
                        self.done.append(self.unsure.pop())
            except pymysql.err.MySQLError:
                self.unsure.clear()  # a server that is frozen refuses; it answers no commit and makes none
                at = 1 - at
                self.stopping.wait(0.02)

    def end(self):
        self.stopping.set()
        self.join(30)


def switch(client, one):
    (result,) = client.call("POST", f"/v3/{client.project}/jobs/batch-switchover", {"jobs": [one]})["results"]
    assert result["status"] == "success", result


def switched(client, one, seconds=120):
    def look():
        found = client.call("GET", f"/jobs/{one}/cutover")
        return found if found["status"] not in ("RUNNING", "GOING_BACK") else None
    found = wait_for(look, seconds, "the switchover to end", lambda: f"{client.call('GET', f'/jobs/{one}/cutover')} {client.logs(one)[:6]}")
    client.wait_status(one, "INCRE_TRANSFER_STARTED", 60)
    return found


def equal(client, one, active, standby, database):
    value = time.time_ns() // 1000
    active.execute(f"INSERT INTO {database}.item (name) VALUES ('{value}')")
    wait_for(lambda: standby.execute(f"SELECT 1 FROM {database}.item WHERE name='{value}'"), 60, "the newest row", lambda: (client.status(one), client.logs(one)[:5]))
    rows.assert_equal(active, database, standby, database, "item")


def statements(client, one):
    """The columns that the listed statements add."""
    return [row["ddl_text"].split()[-2] for row in client.call("GET", f"/jobs/{one}/ddl")["ddl_list"]]


def test_there_and_back_under_load(both, tmp_path, database):
    """Killed at each point once, there and back in turn; what an application committed anywhere is at both sides, once."""
    active, standby = both
    fill(active, database)
    drsd = Drsd(tmp_path, CONFIG)
    with drsd:
        (one,) = protected(drsd.client, recovery("dr-" + database, active, standby, database))
        assert standby.is_read_only() and drsd.client.detail(one)["job_kernel_direction"] == "down"
        active.execute(f"ALTER TABLE {database}.item ADD COLUMN first INT")
        equal(drsd.client, one, active, standby, database)
        wait_for(lambda: statements(drsd.client, one) == ["first"], 30, "the statement in the list", lambda: statements(drsd.client, one))
        application = Application(database, active, standby)
        for point in POINTS:
            written = len(application.done)
            wait_for(lambda: len(application.done) > written + 20, 30, "the application to write")
            drsd.stop()
            drsd.environment = {"OPENDRS_FAILPOINTS": f"{point}=kill@1"}
            drsd.run()
            drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
            switch(drsd.client, one)
            drsd.process.wait(90)
            drsd.environment = {}
            drsd.run()
            found = switched(drsd.client, one)
            assert found["status"] == "SUCCESSFUL", (point, found)
            active, standby = standby, active
            assert standby.is_read_only() and not active.is_read_only(), point
            written = len(application.done)
            wait_for(lambda: len(application.done) > written + 20, 30, f"the application to write at the new source behind {point}")
        application.end()
        active.execute(f"ALTER TABLE {database}.item ADD COLUMN second INT")
        equal(drsd.client, one, active, standby, database)
        wait_for(lambda: statements(drsd.client, one) == ["second"], 30, "the statement of this direction alone", lambda: statements(drsd.client, one))
        there = [name for (name,) in active.execute(f"SELECT name FROM {database}.item WHERE name LIKE 'app-%'")]
        assert len(there) == len(set(there)) and set(application.done) <= set(there), set(application.done) - set(there)
        assert drsd.client.detail(one)["job_kernel_direction"] == ("up" if len(POINTS) % 2 else "down")
        wait_for(lambda: {"rpo_delay", "rto_delay"} <= set(drsd.client.progress(one)), 30, "the delays", lambda: drsd.client.progress(one))
        drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
        drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")
        assert not standby.is_read_only() and not active.is_read_only()


def test_it_goes_back(both, tmp_path, database):
    """Cancelled, or without a way back: the active side takes writes as before, and the job goes on."""
    active, standby = both
    fill(active, database)
    with Drsd(tmp_path, CONFIG) as drsd:
        client = drsd.client
        (one,) = protected(client, recovery("dr-" + database, active, standby, database, direction="up"))
        assert "SWITCH_OVER" in client.call("GET", f"/jobs/{one}/actions")["job_action"]["available_actions"]
        with standby.connect(database) as lock, lock.cursor() as held:  # the replay waits, so that the standby does not catch up
            held.execute("BEGIN")
            held.execute("SELECT * FROM item WHERE id=1 FOR UPDATE")
            active.execute(f"UPDATE {database}.item SET n=7 WHERE id=1")
            switch(client, one)
            wait_for(lambda: active.is_read_only(), 30, "the freeze")
            client.call("DELETE", f"/jobs/{one}/cutover")
            found = switched(client, one)
            assert found["status"] == "FAILED" and found["error_msg"] == "it was cancelled", found
            held.execute("ROLLBACK")
        assert not active.is_read_only() and standby.is_read_only()
        equal(client, one, active, standby, database)
        active.execute(f"CREATE TRIGGER {database}.noted BEFORE INSERT ON {database}.item FOR EACH ROW SET NEW.n = NEW.n + 1")
        switch(client, one)
        found = switched(client, one)
        assert found["status"] == "FAILED" and "triggers at the target" in found["error_msg"], found
        assert not active.is_read_only() and standby.is_read_only()


def test_both_sides_active(both, tmp_path, database):
    """Dual-active: two tasks, no side read-only, no switchover."""
    a, b = both
    fill(a, database)
    for number, server in enumerate(both):
        server.execute("SET GLOBAL auto_increment_increment = 2", f"SET GLOBAL auto_increment_offset = {number + 1}")
    with Drsd(tmp_path, CONFIG) as drsd:
        ids = protected(drsd.client, recovery("there-" + database[-30:], a, b, database, True, "down"))
        ids += [drsd.client.follow(b, recovery("back-" + database[-30:], b, a, database, True, "up", "INCR_TRANS"))]
        drsd.client.wait_status(ids[1], "INCRE_TRANSFER_STARTED")
        assert not a.is_read_only() and not b.is_read_only()
        equal(drsd.client, ids[0], a, b, database)
        equal(drsd.client, ids[1], b, a, database)
        with pytest.raises(Refused):
            (result,) = drsd.client.call("POST", f"/v3/{drsd.client.project}/jobs/batch-switchover", {"jobs": [ids[0]]})["results"]
            raise Refused(400, result) if result["status"] == "failed" else AssertionError(result)
