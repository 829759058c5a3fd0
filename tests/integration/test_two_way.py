"""multi_write: replication in both directions and in rings. What came from a server does not go back there, what came from
elsewhere goes on, and nothing is lost or doubled."""
import os
import threading
import time

import pymysql
import pytest

from support import rows, servers
from support.drsd import Drsd, job, wait_for, whole

CONFIG = "[worker]\npoll_millis = 100\nretry_limit = 3\nretry_max_seconds = 1\n"
MINUTES = float(os.environ.get("OPENDRS_TWO_WAY_MINUTES", "60" if os.environ.get("OPENDRS_ALL") else "0.5"))
SCHEMA = ("CREATE TABLE item (id BIGINT PRIMARY KEY AUTO_INCREMENT, owner INT NOT NULL, n BIGINT NOT NULL, label VARCHAR(60), UNIQUE KEY (label), KEY (owner))",
          "CREATE TABLE part (id BIGINT PRIMARY KEY AUTO_INCREMENT, item BIGINT NOT NULL, v VARCHAR(40), FOREIGN KEY (item) REFERENCES item (id) ON DELETE CASCADE)",
          "CREATE TABLE marker (id INT PRIMARY KEY, n BIGINT)")
TABLES = ("item", "part", "marker")


@pytest.fixture(scope="module", params=["mariadb", "mysql"])
def three(request, server_folder):
    """Servers that count AUTO_INCREMENT values up in different ways."""
    options = [("--auto-increment-increment=3", f"--auto-increment-offset={i}") for i in (1, 2, 3)]
    with servers.start(request.param, server_folder, *options[0]) as a, servers.start(request.param, server_folder, *options[1]) as b, \
            servers.start(request.param, server_folder, *options[2]) as c:
        yield a, b, c


def way(name, source, target, database, task_type="INCR_TRANS", multi_write=True, **policy):
    one = job(name, source, target, whole(database), task_type=task_type, policy=policy)
    one["base_info"]["multi_write"] = multi_write
    return one


def begin(client, name, source, target, database, task_type="INCR_TRANS", **more):
    request = way(name, source, target, database, task_type, **more)
    one = client.follow(source, request) if task_type == "INCR_TRANS" else client.start(request)[0]
    client.wait_status(one, "INCRE_TRANSFER_STARTED")
    return one


def end(client, *ids):
    """With a task goes the note of where it brings statements from."""
    for one in ids:
        client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
        client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")


def fill(server, database, *more):
    server.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    server.execute(*SCHEMA, *more, database=database)


class Writer(threading.Thread):
    """An application at one server: rows of its own, some of several statements, some rolled back."""

    def __init__(self, server, database, owner, pause=0.002):
        super().__init__(daemon=True)
        self.server, self.database, self.owner, self.pause = server, database, owner, pause
        self.stopping, self.error, self.made = threading.Event(), None, 0
        self.start()

    def run(self):
        try:
            with self.server.connect(self.database, autocommit=False) as c, c.cursor() as cursor:
                while not self.stopping.wait(self.pause):
                    try:
                        self.transaction(c, cursor)
                    except pymysql.err.MySQLError as e:
                        if e.args[0] not in (1205, 1213):  # our appliers lock rows too
                            raise
                        c.rollback()
        except pymysql.err.MySQLError as e:
            self.error = e

    def transaction(self, c, cursor):
        cursor.execute("INSERT INTO item (owner, n, label) VALUES (%s,0,%s)", (self.owner, f"{self.owner}-{self.made}"))
        new = cursor.lastrowid
        cursor.execute("INSERT INTO part (item, v) VALUES (%s,'new'), (%s,'second')", (new, new))
        cursor.execute("UPDATE item SET n=n+1 WHERE owner=%s ORDER BY id DESC LIMIT 5", (self.owner,))
        if self.made % 7 == 3:
            cursor.execute("DELETE FROM item WHERE owner=%s ORDER BY id LIMIT 1", (self.owner,))
        if self.made % 11 == 5:
            c.rollback()
        else:
            c.commit()
        self.made += 1

    def end(self):
        self.stopping.set()
        self.join(60)
        assert self.error is None and self.made > 0, (self.error, self.made)


def same(client, ids, database, *group, seconds=120):
    """Waits until a row of each server has arrived at all, then compares."""
    for number, server in enumerate(group):
        server.execute(f"REPLACE INTO {database}.marker VALUES ({number}, {time.time_ns()})")

    def state():
        return [(client.status(one), client.logs(one)[:4]) for one in ids]

    def arrived():
        assert not any(client.status(one).endswith("_FAILED") for one in ids), state()
        found = [server.execute(f"SELECT id, n FROM {database}.marker ORDER BY id") for server in group]
        return all(one == found[0] and len(one) == len(group) for one in found)
    wait_for(arrived, seconds, "the rows of all servers at all servers", state)
    for other in group[1:]:
        rows.assert_equal(group[0], database, other, database, *TABLES)


def test_two_servers_under_load(three, tmp_path, database):
    """Both servers take writes of disjoint rows at the same time, for minutes with OPENDRS_ALL; drsd is killed in between."""
    a, b, _ = three
    fill(a, database, "INSERT INTO item (owner, n) VALUES (0, 1)")
    drsd = Drsd(tmp_path, CONFIG)
    with drsd:
        ids = [begin(drsd.client, "there-" + database[-30:], a, b, database, "FULL_INCR_TRANS"), begin(drsd.client, "back-" + database[-30:], b, a, database)]
        same(drsd.client, ids, database, a, b)  # applications begin when both directions follow
        writers = [Writer(a, database, 1), Writer(b, database, 2), Writer(b, database, 3)]
        until = time.monotonic() + MINUTES * 60
        while time.monotonic() < until:
            time.sleep(min(60, MINUTES * 60 / 4))
            drsd.kill()
            drsd.run()
            assert not any(drsd.client.status(one).endswith("_FAILED") for one in ids), [drsd.client.logs(one)[:3] for one in ids]
        for writer in writers:
            writer.end()
        same(drsd.client, ids, database, a, b)
        # It is at rest now: nothing goes round.
        time.sleep(3)
        before = a.execute(f"SELECT COUNT(*), SUM(n) FROM {database}.item"), b.execute(f"SELECT COUNT(*), SUM(n) FROM {database}.item")
        tails = [s.execute("SHOW BINARY LOG STATUS" if not s.mariadb else "SHOW MASTER STATUS")[0][:2] for s in (a, b)]
        a.execute(f"INSERT INTO {database}.item (owner, n) VALUES (9, 9)")
        same(drsd.client, ids, database, a, b)
        time.sleep(2)
        assert a.execute(f"SELECT COUNT(*) FROM {database}.item")[0][0] == before[0][0][0] + 1, tails
        end(drsd.client, *ids)


def test_ring_of_three(three, tmp_path, database):
    """a → b → c → a: every server gets everything once."""
    fill(three[0], database, "INSERT INTO item (owner, n) VALUES (0, 1)")
    a, b, c = three
    with Drsd(tmp_path, CONFIG) as drsd:
        ids = [begin(drsd.client, "ring-ab", a, b, database, "FULL_INCR_TRANS", ddl_trans=True), begin(drsd.client, "ring-bc", b, c, database, "FULL_INCR_TRANS", ddl_trans=True),
               begin(drsd.client, "ring-ca", c, a, database)]
        same(drsd.client, ids, database, *three)
        writers = [Writer(server, database, owner + 1) for owner, server in enumerate(three)]
        time.sleep(5)
        for writer in writers:
            writer.end()
        same(drsd.client, ids, database, *three)
        # A definition made at the first goes round once, and the rows behind it too.
        a.execute(f"ALTER TABLE {database}.item ADD COLUMN colour VARCHAR(20) DEFAULT 'red'")
        for server in (b, c):
            wait_for(lambda s=server: s.execute(f"SELECT 1 FROM information_schema.columns WHERE table_schema='{database}' AND column_name='colour'"), 60,
                     "the column", lambda: [drsd.client.logs(one)[:4] for one in ids])
        for owner, server in enumerate(three):
            server.execute(f"INSERT INTO {database}.item (owner, n, colour) VALUES ({owner}, 1, 'blue')")
        same(drsd.client, ids, database, *three)
        # TRUNCATE too: what is written behind it stays.
        a.execute(f"TRUNCATE TABLE {database}.part")
        same(drsd.client, ids, database, *three)
        c.execute(f"INSERT INTO {database}.part (item, v) SELECT MIN(id), 'behind' FROM {database}.item")
        same(drsd.client, ids, database, *three)
        time.sleep(2)
        same(drsd.client, ids, database, *three)
        assert a.execute(f"SELECT COUNT(*) FROM {database}.part")[0][0] == 1
        end(drsd.client, *ids)


def test_a_chain_carries_on(three, tmp_path, database):
    """a → b → c in one direction: what a task wrote at b goes on to c."""
    a, b, c = three
    fill(a, database, "INSERT INTO item (owner, n) VALUES (0, 1)")
    with Drsd(tmp_path, CONFIG) as drsd:
        ids = [begin(drsd.client, f"chain-{x.port}", x, y, database, "FULL_INCR_TRANS", multi_write=False) for x, y in ((a, b), (b, c))]
        writer = Writer(a, database, 1)
        time.sleep(2)
        writer.end()
        a.execute(f"REPLACE INTO {database}.marker VALUES (1, 77)")
        wait_for(lambda: c.execute(f"SELECT 1 FROM {database}.marker WHERE n=77"), 60, "the row at the end of the chain", lambda: [drsd.client.logs(one)[:4] for one in ids])
        rows.assert_equal(a, database, c, database, *TABLES)


def test_what_it_cannot_tell_stops_it(three, tmp_path, database):
    """A task without multi_write does not say where its changes come from: they are not sent back by guess."""
    a, b, _ = three
    fill(a, database, "INSERT INTO item (owner, n) VALUES (0, 1)")
    with Drsd(tmp_path, CONFIG) as drsd:
        begin(drsd.client, "plain-" + database[-30:], a, b, database, "FULL_INCR_TRANS", multi_write=False)
        back = begin(drsd.client, "two-" + database[-30:], b, a, database)
        a.execute(f"UPDATE {database}.item SET n = 5")
        wait_for(lambda: drsd.client.status(back) == "INCRE_TRANSFER_FAILED", 60, "the stop", lambda: drsd.client.logs(back)[:5])
        assert any("does not say where its changes come from" in text for _, text in drsd.client.logs(back)), drsd.client.logs(back)


def items(client, batch):
    (listed,) = client.batch_jobs(batch)
    return {i["item"]: i for i in listed["precheck_result"]["precheck_results"]}


def test_pre_checks(three, tmp_path, database):
    """Numbers that both would give, and statements in both directions."""
    a, b, _ = three
    fill(a, database)
    with Drsd(tmp_path, CONFIG) as drsd:
        b.execute("SET GLOBAL auto_increment_offset = 1")
        try:
            batch = drsd.client.create(way("same-numbers", a, b, database, "FULL_INCR_TRANS"))
            assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
            found = items(drsd.client, batch)["multiWriteAutoIncrementCheck"]
            assert found["result"] == "FAILED" and found["is_support_skip"] and database + ".item" in found["failed_reason"], found
        finally:
            b.execute("SET GLOBAL auto_increment_offset = 2")
        there = begin(drsd.client, "there-" + database[-30:], a, b, database, "FULL_INCR_TRANS", ddl_trans=True)
        batch = drsd.client.create(way("back-" + database[-30:], b, a, database, ddl_trans=True, conflict_policy="overwrite"))
        assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
        found = items(drsd.client, batch)
        assert found["multiWriteDdlDirectionCheck"]["result"] == "FAILED", found
        assert found["multiWriteConflictCheck"]["result"] == "ALARM", found
        noted = b.execute("SELECT fingerprint FROM drs_ctl.server")[0][0]
        b.execute("UPDATE drs_ctl.server SET fingerprint='of another server'")
        try:
            batch = drsd.client.create(way("copied-" + database[-30:], b, a, database))
            drsd.client.validated(batch)
            found = items(drsd.client, batch)["multiWriteIdentityCheck"]
            assert found["result"] == "FAILED" and "identity of another server" in found["failed_reason"], found
        finally:
            b.execute(f"UPDATE drs_ctl.server SET fingerprint='{noted}'")
        end(drsd.client, there)


def test_a_reset_does_not_empty_the_other_side(three, tmp_path, database):
    """The tables that a task drops at its target for a reset are not dropped where they came from."""
    a, b, _ = three
    fill(a, database, "INSERT INTO item (owner, n) VALUES (0, 1)")
    with Drsd(tmp_path, CONFIG) as drsd:
        there = begin(drsd.client, "there-" + database[-30:], a, b, database, "FULL_INCR_TRANS")
        back = begin(drsd.client, "back-" + database[-30:], b, a, database, ddl_trans=True)
        same(drsd.client, [there, back], database, a, b)
        drsd.client.action(there, "stop", pause_mode="target")
        drsd.client.wait_status(there, "PAUSING")
        drsd.client.action(there, "reset")
        wait_for(lambda: drsd.client.status(back) == "INCRE_TRANSFER_FAILED", 60, "the stop", lambda: drsd.client.logs(back)[:5])
        drsd.client.wait_status(there, "INCRE_TRANSFER_STARTED")
        assert a.execute(f"SELECT COUNT(*) FROM {database}.item") == ((1,),)
