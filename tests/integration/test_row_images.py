"""Logs whose rows leave columns out (binlog_row_image=MINIMAL, NOBLOB): everything that can be told is replayed to the byte, the rest is refused by name."""
import contextlib
import random
import threading

import pytest

from support import replay
from support.drsd import job, wait_for, whole

TABLES = [
    "CREATE TABLE kinds (id INT PRIMARY KEY AUTO_INCREMENT, a INT DEFAULT 5, s VARCHAR(30) NOT NULL DEFAULT 'it''s', d DECIMAL(6,2) DEFAULT 1.50, m DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3)"
    " ON UPDATE CURRENT_TIMESTAMP(3), k ENUM('x','y') NOT NULL DEFAULT 'y', o SET('p','q') DEFAULT 'p,q', b BIT(5) DEFAULT b'10101', t TEXT, z BLOB, l VARCHAR(20) CHARACTER SET latin1 DEFAULT 'é',"
    " g INT GENERATED ALWAYS AS (a + 1) STORED, w INT GENERATED ALWAYS AS (a + 2) VIRTUAL, f DOUBLE DEFAULT -2.5, j JSON)",
    "CREATE TABLE unique_too (id INT PRIMARY KEY, u VARCHAR(20) UNIQUE, p INT, q INT DEFAULT 7, v INT, UNIQUE (p, q))",
    "CREATE TABLE keyless (a INT, t TEXT, v INT DEFAULT 3)",
    "CREATE TABLE by_unique (c CHAR(8) NOT NULL UNIQUE, v INT, z BLOB)",
    "CREATE TABLE parent (id INT PRIMARY KEY, v INT)",
    "CREATE TABLE child (id INT PRIMARY KEY, parent INT, v INT, FOREIGN KEY (parent) REFERENCES parent (id))",
]
FIRST = ["INSERT INTO kinds (a) VALUES (1),(2),(3)", "INSERT INTO unique_too VALUES (1,'a',1,1,1),(2,'b',2,2,2)", "INSERT INTO keyless VALUES (1,'x',1),(1,'x',1)",
         "INSERT INTO by_unique VALUES ('one',1,'z')", "INSERT INTO parent VALUES (1,1),(2,2)", "INSERT INTO child VALUES (1,1,1)"]


def all_kinds(n):
    """DML of all kinds; n makes its values new."""
    return [
        f"INSERT INTO kinds (a) VALUES ({n})", "INSERT INTO kinds (t) VALUES ('only text')", f"INSERT INTO kinds (z, l, j) VALUES (X'00ff', 'ü', '{{\"n\": {n}}}')",
        f"INSERT INTO kinds (id, s) VALUES ({n * 100}, '')", "INSERT INTO kinds (t, z, k) VALUES ('a', 'b', 'x'), ('c', 'd', 'y')",
        f"UPDATE kinds SET a=a+{n} WHERE id%2=0", "UPDATE kinds SET t=CONCAT(t, 'more'), s='' WHERE t IS NOT NULL", "UPDATE kinds SET t=NULL WHERE id%5=0", "UPDATE kinds SET z=REPEAT('z', id) WHERE id%3=0",
        f"UPDATE kinds SET id=id+{n * 1000} WHERE id IN (2, 3)", "UPDATE kinds SET m=m WHERE id=1", "UPDATE kinds SET k='x', o='', b=b'1', f=0.1, j='[1]', d=-d",
        f"DELETE FROM kinds WHERE id={n * 100} OR t='a'",
        f"INSERT INTO unique_too (id, u, p) VALUES ({n * 10}, 'u{n}', {n * 10}), ({n * 10 + 1}, NULL, NULL)", f"UPDATE unique_too SET v={n}", f"UPDATE unique_too SET u=CONCAT(u, '.') WHERE u IS NOT NULL",
        "UPDATE unique_too SET u='swap' WHERE id=1", "UPDATE unique_too SET u='a' WHERE id=2", "UPDATE unique_too SET u='b' WHERE id=1", "UPDATE unique_too SET q=q+100", f"UPDATE unique_too SET p=p+1 WHERE id={n * 10}",
        f"DELETE FROM unique_too WHERE id={n * 10 + 1}", "DELETE FROM unique_too WHERE u='a'", "INSERT INTO unique_too VALUES (2,'a',2,2,2)",
        f"INSERT INTO keyless VALUES ({n}, REPEAT('t', {n}), NULL)", "INSERT INTO keyless (a) VALUES (1)", "UPDATE keyless SET v=v+1 WHERE a=1", "UPDATE keyless SET t='long' WHERE v IS NULL", "DELETE FROM keyless WHERE a=1 LIMIT 1",
        f"INSERT INTO by_unique VALUES ('k{n}', {n}, NULL)", "UPDATE by_unique SET v=v+1", f"UPDATE by_unique SET z='blob' WHERE c='k{n}'", "UPDATE by_unique SET c=CONCAT(c, 'x') WHERE LENGTH(c) < 6",
        f"INSERT INTO parent VALUES ({n + 10}, 0)", f"INSERT INTO child VALUES ({n + 10}, {n + 10}, 0)", "UPDATE child SET v=v+1", "UPDATE parent SET v=v+1", f"UPDATE child SET parent=1 WHERE id={n + 10}",
        f"DELETE FROM parent WHERE id={n + 10}", f"DELETE FROM child WHERE id={n + 10}",
        f"INSERT INTO kinds (id, a) VALUES (1, 0) ON DUPLICATE KEY UPDATE a=a+{n}",
        "BEGIN", "INSERT INTO parent VALUES (99, 0)", "UPDATE parent SET v=5 WHERE id=99", "DELETE FROM parent WHERE id=99", "INSERT INTO parent VALUES (99, 1)", "DELETE FROM parent WHERE id=99", "COMMIT",
    ]


@contextlib.contextmanager
def row_image(server, image):
    server.execute(f"SET GLOBAL binlog_row_image='{image}'")
    try:
        yield
    finally:
        server.execute("SET GLOBAL binlog_row_image='FULL'")


@pytest.mark.parametrize("image", ["MINIMAL", "NOBLOB"])
def test_all_kinds_of_changes_are_replayed_to_the_byte_while_the_image_is_switched(drsd, pair, database, image):
    source, target = pair
    others = ["REPLACE INTO kinds (id, t) VALUES (1, 'whole again')"] if not source.mariadb else []
    sessions = [(image, 1), ("FULL", 2), (image, 3), ("MINIMAL", 4), ("NOBLOB", 5), (image, 6)]
    after = [line for name, n in sessions for line in [f"SET SESSION binlog_row_image='{name}'", *all_kinds(n), *others]]
    with row_image(source, image):
        replay.copy_change_compare(drsd, source, target, database, TABLES + FIRST, after)


def test_the_copy_runs_while_rows_change_under_minimal_images(drsd, pair, database):
    source, target = pair
    copy = database + "_c"
    replay.create_database(source, database)
    replay.run(source, database, TABLES[:2])
    source.execute("INSERT INTO kinds (a, t) SELECT seq, REPEAT('x', 200) FROM seq_1_to_20000" if source.mariadb else
                   "INSERT INTO kinds (a, t) WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s WHERE n<20000) SELECT /*+ SET_VAR(cte_max_recursion_depth=30000) */ n, REPEAT('x', 200) FROM s",
                   "INSERT INTO unique_too (id, u, p) SELECT id, CONCAT('u', id), id FROM kinds", database=database)
    done = threading.Event()

    def write():
        dice = random.Random(7)
        with source.connect(database) as c, c.cursor() as cursor:
            cursor.execute("SET SESSION binlog_row_image='MINIMAL'")
            while not done.is_set():
                n = dice.randrange(1, 20000)
                cursor.execute(dice.choice(["UPDATE kinds SET a=a+1 WHERE id=%s", "UPDATE kinds SET t='new', s='s' WHERE id=%s", "DELETE FROM kinds WHERE id=%s", "INSERT IGNORE INTO kinds (id) VALUES (%s)",
                                            "UPDATE unique_too SET v=1 WHERE id=%s", "DELETE FROM unique_too WHERE id=%s"]), (n,))
                m = dice.randrange(1, 20000)
                with contextlib.suppress(Exception):
                    cursor.execute("UPDATE unique_too SET u=%s WHERE id=%s", (f"u{m}", n))
    client = drsd.client
    thread = threading.Thread(target=write)
    with row_image(source, "MINIMAL"):
        thread.start()
        try:
            (name,) = client.start(job(database, source, target, whole(database, copy)))
            client.wait_status(name, "INCRE_TRANSFER_STARTED")
        finally:
            done.set()
            thread.join()
        replay.caught_up(client, name, source, target, database, copy)
        replay.assert_same(drsd, name, source, target, database, copy, ["kinds", "unique_too"])


REFUSED = [
    ("an insert without a column that has no fixed default", "INSERT INTO strict_ VALUES (1, 1)", "SET SESSION sql_mode=''", "INSERT INTO strict_ (id) VALUES (2)", "without the column n"),
    ("an update that may be a REPLACE", "INSERT INTO strict_ VALUES (1, 1), (2, 2)", "DO 0", "REPLACE INTO strict_ (id, n) VALUES (2, 5)", "may be a REPLACE"),
]


@pytest.mark.parametrize("what, first, setting, change, words", REFUSED, ids=[r[0] for r in REFUSED])
def test_what_the_image_does_not_tell_is_refused_by_name(drsd, pair, database, what, first, setting, change, words):
    source, target = pair
    if "REPLACE" in what and not source.mariadb:
        pytest.skip("MySQL logs what REPLACE sets to a default")
    copy = database + "_c"
    replay.create_database(source, database)
    source.execute("CREATE TABLE strict_ (id INT PRIMARY KEY, n INT NOT NULL, d INT DEFAULT 4)", first.replace("VALUES", "(id, n) VALUES"), "UPDATE strict_ SET d=9", database=database)
    client = drsd.client
    (name,) = client.start(job(database, source, target, whole(database, copy)))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    source.execute("SET SESSION binlog_row_image='MINIMAL'", setting, change, database=database)
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop", lambda: str(client.logs(name)[:3]))
    fault = " ".join(text for _, text in client.logs(name))
    assert words in fault and "strict_" in fault and "binlog_row_image=FULL" in fault, fault


def test_a_conflict_that_only_a_whole_row_could_settle_stops(drsd, pair, database):
    source, target = pair
    copy = database + "_c"
    replay.create_database(source, database)
    source.execute("CREATE TABLE item (id INT PRIMARY KEY, a INT, b INT)", "INSERT INTO item VALUES (1,1,1),(2,2,2)", database=database)
    client = drsd.client
    (name,) = client.start(job(database, source, target, whole(database, copy), policy={"conflict_policy": "overwrite"}))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    replay.caught_up(client, name, source, target, database, copy)
    target.execute("DELETE FROM item WHERE id IN (1, 2)", database=copy)
    source.execute("UPDATE item SET a=5 WHERE id=2", database=database)  # FULL: written anew
    replay.caught_up(client, name, source, target, database, copy)
    assert target.execute("SELECT * FROM item", database=copy) == ((2, 5, 2),)
    source.execute("SET SESSION binlog_row_image='MINIMAL'", "UPDATE item SET a=5 WHERE id=1", database=database)
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop", lambda: str(client.logs(name)[:3]))
    fault = " ".join(text for _, text in client.logs(name))
    assert "not all columns" in fault and "`item`" in fault, fault
    assert target.execute("SELECT * FROM item", database=copy) == ((2, 5, 2),)
