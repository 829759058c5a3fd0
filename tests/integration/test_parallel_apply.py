"""The replay with several appliers on real servers: whatever transactions have in common keeps its order, commits appear in
the order of the source, and batches that have nothing in common do run side by side."""
import random
import re
import threading
import time

import pymysql
import pytest

from support import rows, servers, workload
from support.drsd import Drsd, job, wait_for, whole

CONFIG = "[worker]\npoll_millis = 50\nappliers_per_job = 4\n"
EXPECTED = (1213, 1205, 1062, 1451, 1452)  # two writers met: the transaction is given up


class Replay:
    """A task whose target is behind: what is written between pause() and resume() is the backlog."""

    def __init__(self, service, source, target, database):
        self.service, self.client, self.source, self.target = service, service.client, source, target
        self.database, self.copy = database, database + "_c"
        self.marker = 0
        source.execute("CREATE TABLE marker (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)", "INSERT INTO marker VALUES (1,0)", database=database)
        (self.id,) = self.client.start(job(database[:40], source, target, whole(database, self.copy)))
        self.client.wait_status(self.id, "INCRE_TRANSFER_STARTED")
        self.catch_up()

    def catch_up(self):
        self.marker += 1
        self.source.execute(f"UPDATE marker SET n={self.marker}", database=self.database)
        wait_for(lambda: self.target.execute("SELECT n FROM marker", database=self.copy) == ((self.marker,),), 120, "the target to catch up",
                 lambda: f"{self.client.status(self.id)} {self.client.logs(self.id)[:6]}")

    def pause(self):
        before = len(self.ends())
        self.client.action(self.id, "stop", pause_mode="target")
        self.client.wait_status(self.id, "PAUSING")
        wait_for(lambda: len(self.ends()) > before, 30, "the replay to end")

    def resume(self):
        self.client.action(self.id, "restart")
        self.client.wait_status(self.id, "INCRE_TRANSFER_STARTED")

    def ends(self):
        """What each run of the replay says of itself at its end."""
        pattern = re.compile(r"replay ends: (\d+) appliers, (\d+) batches, (\d+) side by side, (\d+) waited for another, (\d+) gave way")
        return [dict(zip(("appliers", "batches", "side_by_side", "waited", "gave_way"), map(int, found))) for found in pattern.findall(self.service.log.read_text(errors="replace"))]

    def run_backlog(self):
        """Applies the backlog; returns what the run says."""
        self.resume()
        self.catch_up()
        self.pause()
        print(self.ends()[-1])
        return self.ends()[-1]

    def assert_equal(self, *tables):
        rows.assert_equal(self.source, self.database, self.target, self.copy, *tables)


@pytest.fixture
def service(folder):
    with Drsd(folder, CONFIG) as running:
        yield running


def create(server, database, *statements):
    server.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    server.execute(*statements, database=database)


def write(source, database, writers, count, transaction):
    """`count` transactions by each of several writers: transaction(cursor, random, writer)."""
    errors = []

    def body(writer):
        rnd = random.Random(writer)
        try:
            with source.connect(database, autocommit=False) as c, c.cursor() as cursor:
                for _ in range(count):
                    try:
                        transaction(cursor, rnd, writer)
                        c.commit()
                    except pymysql.err.MySQLError as e:
                        c.rollback()
                        if e.args[0] not in EXPECTED:
                            raise
        except Exception as e:  # noqa: BLE001 - raised below
            errors.append(e)
    threads = [threading.Thread(target=body, args=(w,)) for w in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors


def test_a_backlog_is_applied_side_by_side(service, usual_pair, database):
    source, target = usual_pair
    create(source, database, *[f"CREATE TABLE t{i} (id INT NOT NULL PRIMARY KEY, k INT NOT NULL, v VARCHAR(60) NOT NULL, KEY (k))" for i in range(4)],
           *[f"INSERT INTO t{i} VALUES " + ",".join(f"({n},{n},'{'x' * 50}')" for n in range(40000)) for i in range(4)])
    replay = Replay(service, source, target, database)
    replay.pause()

    def change(cursor, rnd, writer):
        key = rnd.randrange(40000)
        cursor.execute(rnd.choice([f"UPDATE t{writer} SET k=k+1 WHERE id={key}", f"DELETE FROM t{writer} WHERE id={key}", f"REPLACE INTO t{writer} VALUES ({key},{key},'{rnd.random()}')"]))
    write(source, database, 4, 1500, change)
    run = replay.run_backlog()
    assert run["appliers"] == 4 and run["side_by_side"] > run["batches"] // 3 and run["batches"] < 1500, run
    replay.assert_equal(*[f"t{i}" for i in range(4)])


MIXED = [
    "CREATE TABLE hot (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)",
    "CREATE TABLE slot (id INT NOT NULL PRIMARY KEY, place VARCHAR(20) NULL, UNIQUE KEY (place))",
    "CREATE TABLE named (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL, n INT NOT NULL, UNIQUE KEY (name))",
    "CREATE TABLE prefixed (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, code VARCHAR(40) NOT NULL, UNIQUE KEY (code(3)))",
    "CREATE TABLE keyless (a INT NULL, b VARCHAR(20) NULL)",
    "CREATE TABLE text_key (name VARCHAR(20) COLLATE utf8mb4_unicode_ci NOT NULL PRIMARY KEY, n INT NOT NULL)",
    "CREATE TABLE pair_key (a INT NOT NULL, b VARBINARY(10) NOT NULL, c DATE NULL, d DECIMAL(10,2) NULL, PRIMARY KEY (a,b), UNIQUE KEY (c,d))",
    "CREATE TABLE maker (id INT NOT NULL PRIMARY KEY, code CHAR(4) NOT NULL, UNIQUE KEY (code))",
    "CREATE TABLE product (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, maker CHAR(4) NULL, KEY (maker), CONSTRAINT made_by FOREIGN KEY (maker) REFERENCES maker (code))",
    "CREATE TABLE cart (id INT NOT NULL PRIMARY KEY)",
    "CREATE TABLE line (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, cart INT NULL, CONSTRAINT in_cart FOREIGN KEY (cart) REFERENCES cart (id) ON DELETE CASCADE ON UPDATE CASCADE)",
    "INSERT INTO hot VALUES (1,0),(2,0)",
    "INSERT INTO slot VALUES " + ",".join(f"({i},'s{i}')" for i in range(40)),
]
MIXED_TABLES = ("hot", "slot", "named", "prefixed", "keyless", "text_key", "pair_key", "maker", "product", "cart", "line")
NAMES = ["a", "A", "b", "B ", "é", "E", "ß", "ss", "straße", "Zz", "zz", "ı", "i", "I"]


def swap(cursor, rnd):
    a, b = rnd.sample(range(40), 2)
    cursor.execute("SELECT place FROM slot WHERE id=%s FOR UPDATE", (a,))
    first = cursor.fetchone()
    cursor.execute("SELECT place FROM slot WHERE id=%s FOR UPDATE", (b,))
    second = cursor.fetchone()
    for key, value in ((a, None), (b, first[0]), (a, second[0])):
        cursor.execute("UPDATE slot SET place=%s WHERE id=%s", (value, key))


def name_again(cursor, rnd):
    """One spelling of a name goes, another one, which the index takes for the same, comes: in two transactions."""
    old, new = rnd.choice(NAMES), rnd.choice(NAMES)
    table, column = rnd.choice([("named", "name"), ("text_key", "name"), ("prefixed", "code")])
    if rnd.random() < 0.5:
        cursor.execute(f"DELETE FROM {table} WHERE {column}=%s", (old,))
    elif table == "prefixed":
        cursor.execute("INSERT INTO prefixed (code) VALUES (%s)", (new * 3 + str(rnd.randrange(100)),))
        cursor.execute("DELETE FROM prefixed WHERE id+6<LAST_INSERT_ID() LIMIT 2")
    else:
        cursor.execute(f"INSERT INTO {table} (name, n) VALUES (%s,%s) ON DUPLICATE KEY UPDATE n=n+1, name=VALUES(name)", (new, rnd.randrange(9)))


def family(cursor, rnd):
    choice, maker, cart = rnd.randrange(7), rnd.randrange(12), rnd.randrange(8)
    statements = [
        f"INSERT INTO maker VALUES ({maker},'M{maker}')", f"INSERT INTO product (maker) VALUES ('m{maker}')", f"DELETE FROM product WHERE maker='M{maker}' LIMIT 3",
        f"DELETE FROM maker WHERE id={maker}", f"INSERT INTO cart VALUES ({cart})", f"INSERT INTO line (cart) VALUES ({cart}),({cart})", f"DELETE FROM cart WHERE id={cart}"]
    cursor.execute(statements[choice])
    if choice == 4 and rnd.random() < 0.5:
        cursor.execute(f"UPDATE cart SET id={rnd.randrange(8)} WHERE id={cart}")


def mixed(cursor, rnd, writer):
    for _ in range(rnd.randrange(1, 4)):
        kind = rnd.randrange(8)
        if kind == 0:
            cursor.execute("UPDATE hot SET n=n+1 WHERE id=%s", (rnd.randrange(1, 3),))
        elif kind == 1:
            swap(cursor, rnd)
        elif kind in (2, 3):
            name_again(cursor, rnd)
        elif kind == 4:
            cursor.execute(rnd.choice(["INSERT INTO keyless VALUES (1,'x'),(1,'x'),(NULL,NULL)", "DELETE FROM keyless LIMIT 1", "UPDATE keyless SET b='y' WHERE a=1 LIMIT 1"]))
        elif kind == 5:
            cursor.execute("REPLACE INTO pair_key VALUES (%s,%s,%s,%s)", (rnd.randrange(5), rnd.randbytes(1), rnd.choice([None, "2024-02-29", "2000-01-01"]), rnd.choice([None, "-1.50", "0.00"])))
        else:
            family(cursor, rnd)


def test_whatever_transactions_have_in_common_keeps_its_order(service, pair, database):
    source, target = pair
    create(source, database, *MIXED)
    replay = Replay(service, source, target, database)
    for _ in range(2):  # large batches, in which rows are put side by side
        replay.pause()
        write(source, database, 4, 700, mixed)
        replay.run_backlog()
        replay.assert_equal(*MIXED_TABLES)
        replay.resume()
        replay.catch_up()
    write(source, database, 4, 800, lambda *changed: (time.sleep(0.003), mixed(*changed)))  # small ones, which run side by side
    replay.catch_up()
    replay.pause()
    run = replay.ends()[-1]
    print(run)
    assert run["side_by_side"] > 10 and run["waited"] > 10, run
    replay.assert_equal(*MIXED_TABLES)


def test_commits_appear_in_the_order_of_the_source(service, pair, database):
    source, target = pair
    create(source, database, "CREATE TABLE first (n INT NOT NULL PRIMARY KEY, pad VARCHAR(300))", "CREATE TABLE second (n INT NOT NULL PRIMARY KEY, pad VARCHAR(300))")
    replay = Replay(service, source, target, database)
    replay.pause()
    with source.connect(database) as c, c.cursor() as cursor:
        for n in range(1, 4001):
            cursor.execute(f"INSERT INTO first VALUES ({n},REPEAT('x',{n % 300}))")
            cursor.execute(f"INSERT INTO second VALUES ({n},'')")
    seen, stop = [], threading.Event()

    def watch():
        with target.connect(replay.copy) as c, c.cursor() as cursor:
            while not stop.is_set():
                cursor.execute("SELECT (SELECT COALESCE(MAX(n),0) FROM first), (SELECT COALESCE(MAX(n),0) FROM second), (SELECT COUNT(*) FROM first), (SELECT COUNT(*) FROM second)")
                seen.append(cursor.fetchone())
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        run = replay.run_backlog()
    finally:
        stop.set()
        watcher.join()
    assert run["side_by_side"] > 0, run
    assert len(set(seen)) > 5, "the reader saw too little"
    for first, second, rows_of_first, rows_of_second in seen:
        assert second <= first <= second + 1, (first, second)  # a batch ends anywhere, but nothing is out of order
        assert (rows_of_first, rows_of_second) == (first, second), "a gap"


def test_a_later_batch_gives_way_to_an_earlier_one_that_it_blocks(service, pair, database):
    """Two tables with nothing in common but a row of a table that nobody knows of, which both change by cascade."""
    source, target = pair
    other = database[:40] + "_other"
    create(source, database, "CREATE TABLE many (id INT NOT NULL PRIMARY KEY, v VARCHAR(200) NOT NULL)",
           "INSERT INTO many VALUES " + ",".join(f"({n},'{'x' * 150}')" for n in range(6000)),
           "CREATE TABLE y_early (id INT NOT NULL PRIMARY KEY)", "CREATE TABLE z_late (id INT NOT NULL PRIMARY KEY)", "INSERT INTO y_early VALUES (1)", "INSERT INTO z_late VALUES (1)")
    replay = Replay(service, source, target, database)
    source.execute("UPDATE y_early SET id=2", "UPDATE z_late SET id=2", "UPDATE many SET v='y' WHERE id=1", database=database)  # their definitions are read
    replay.catch_up()
    target.execute(f"CREATE DATABASE {other}", f"""CREATE TABLE {other}.link (id INT PRIMARY KEY, a INT, b INT,
        FOREIGN KEY (a) REFERENCES {replay.copy}.y_early (id) ON UPDATE CASCADE, FOREIGN KEY (b) REFERENCES {replay.copy}.z_late (id) ON UPDATE CASCADE)""",
                   f"INSERT INTO {other}.link VALUES (1,2,2)")
    try:
        began = time.monotonic()
        for n in range(3, 6):
            with source.connect(database, autocommit=False) as c, c.cursor() as cursor:
                cursor.execute(f"UPDATE many SET v=CONCAT('{n}',v)")
                cursor.execute(f"UPDATE y_early SET id={n}")
                c.commit()
                cursor.execute(f"UPDATE z_late SET id={n}")
                c.commit()
        replay.catch_up()
        took = time.monotonic() - began
        assert target.execute(f"SELECT a, b FROM {other}.link") == ((5, 5),)
        replay.pause()
        run = replay.ends()[-1]
        assert run["gave_way"] > 0, run
        assert took < 25, "lock waits ran into the server's time-out"
        replay.assert_equal("many", "y_early", "z_late")
    finally:
        target.execute(f"DROP DATABASE {other}")


def test_the_number_of_appliers_may_change_over_a_restart(folder, usual_pair, database):
    source, target = usual_pair
    workload.create(source, database, rows=500)
    load = workload.Load(source, database, writers=3, pause=0.002)
    with Drsd(folder, CONFIG) as service:
        (name,) = service.client.start(job("appliers", source, target, whole(database, database + "_c")))
        service.client.wait_status(name, "INCRE_TRANSFER_STARTED")
        for count in (1, 6, 2, 4):
            time.sleep(1.5)
            service.kill()
            service.config.write_text(f"[worker]\npoll_millis = 50\nsessions_per_job = 8\nappliers_per_job = {count}\n")
            service.run()
            wait_for(lambda: service.client.status(name) == "INCRE_TRANSFER_STARTED", 60, "the replay")
        time.sleep(1)
        transactions = load.stop()
        wait_for(lambda: target.execute("SELECT COUNT(*) FROM token", database=database + "_c")[0][0] == transactions, 60, "the target to catch up",
                 lambda: f"{service.client.logs(name)[:5]}")
        wait_for(lambda: service.client.progress(name)["incr_trans_delay"] == "0", 60, "delay 0")
        rows.assert_equal(source, database, target, database + "_c", *workload.TABLES)
        workload.assert_exactly_once(target, database + "_c", transactions)
        marks = target.execute(f"SELECT applier FROM drs_ctl.mark WHERE job_id='{name}' ORDER BY applier")
        assert marks == tuple((i,) for i in range(6))


def test_a_mark_of_an_older_version_is_taken_over(service, pair, database):
    source, target = pair
    create(source, database, "CREATE TABLE counter (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)", "INSERT INTO counter VALUES (1,0)")
    replay = Replay(service, source, target, database)
    replay.pause()
    # As it was with one applier: one row for the lane, the furthest.
    (furthest,), = target.execute(f"SELECT MAX(sequence_no) FROM drs_ctl.mark WHERE job_id='{replay.id}'")
    target.execute(f"DELETE FROM drs_ctl.mark WHERE job_id<>'{replay.id}' OR sequence_no<{furthest}",
                   "ALTER TABLE drs_ctl.mark DROP PRIMARY KEY, DROP COLUMN applier, ADD PRIMARY KEY (job_id, lane)")
    source.execute("UPDATE counter SET n=n+1", "INSERT INTO counter VALUES (2,2)", database=database)
    replay.run_backlog()
    replay.assert_equal("counter", "marker")


LOSING = ["--innodb-flush-log-at-trx-commit=0", "--sync-binlog=0"]  # a killed server forgets up to a second of what it has acknowledged
PATIENT = CONFIG + "retry_limit = 60\nretry_max_seconds = 1\n"


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_an_applier_does_not_go_on_behind_what_another_one_has_lost(folder, server_folder, kind):
    """The first batch commits on one session and is lost; the second one waits for a lock on another, whose mark is untouched."""
    with servers.start(kind, server_folder) as source, servers.start(kind, server_folder, "--innodb-flush-log-at-trx-commit=1") as target, Drsd(folder, PATIENT) as service:
        create(source, "shop", "CREATE TABLE many (id INT NOT NULL PRIMARY KEY)", "CREATE TABLE one (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)", "INSERT INTO one VALUES (1,0)")
        replay = Replay(service, source, target, "shop")
        source.execute("INSERT INTO many VALUES (0)", "UPDATE one SET n=1", database="shop")
        replay.catch_up()
        target.execute("SET GLOBAL innodb_flush_log_at_trx_commit=0")
        with target.connect("shop_c", autocommit=False) as c, c.cursor() as lock:
            lock.execute("SELECT n FROM one FOR UPDATE")
            with source.connect("shop", autocommit=False) as writer, writer.cursor() as cursor:
                cursor.execute("INSERT INTO many VALUES " + ",".join(f"({n})" for n in range(1, 900)))  # a batch of its own
                writer.commit()
                cursor.execute("UPDATE one SET n=2")
                writer.commit()
            wait_for(lambda: target.execute("SELECT COUNT(*) FROM many", database="shop_c") == ((900,),), 30, "the first batch")
            target.stop(hard=True)
        target.run()
        (left,), = target.execute("SELECT COUNT(*) FROM many", database="shop_c")
        print("rows behind the kill:", left)
        replay.catch_up()
        replay.assert_equal("many", "one")


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_a_target_that_lost_its_last_commits_gets_them_again(folder, server_folder, kind):
    with servers.start(kind, server_folder) as source, servers.start(kind, server_folder, *LOSING) as target, Drsd(folder, PATIENT) as service:
        workload.create(source, "shop", rows=300)
        (name,) = service.client.start(job("lost", source, target, whole("shop")))
        service.client.wait_status(name, "INCRE_TRANSFER_STARTED")
        load = workload.Load(source, "shop", writers=3, pause=0.001)
        for _ in range(4):
            time.sleep(1.3)
            target.stop(hard=True)
            target.run()
        time.sleep(1)
        transactions = load.stop()
        wait_for(lambda: target.execute("SELECT COUNT(*) FROM token", database="shop")[0][0] == transactions, 120, "the target to catch up",
                 lambda: f"{service.client.status(name)} {service.client.logs(name)[:5]}")
        wait_for(lambda: service.client.progress(name)["incr_trans_delay"] == "0", 60, "delay 0")
        rows.assert_equal(source, "shop", target, "shop", *workload.TABLES)
        workload.assert_exactly_once(target, "shop", transactions)
