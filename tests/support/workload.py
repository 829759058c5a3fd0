"""A schema and a live load that show lost, doubled and reordered changes: every transaction inserts a token and adds to a
counter; others swap unique values, delete parents with cascades and set-null children, and move keys."""
import random
import threading
import uuid

import pymysql

TABLES = ["token", "counter", "item", "parent", "child", "note", "typed"]

SCHEMA = [
    "CREATE TABLE token (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, value CHAR(36) NOT NULL, writer INT NOT NULL, UNIQUE KEY (value))",
    "CREATE TABLE counter (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)",
    """CREATE TABLE item (id INT NOT NULL, shelf INT NOT NULL, slot VARCHAR(20) NULL, label VARCHAR(40) CHARACTER SET latin1 NOT NULL DEFAULT 'é',
       price DECIMAL(12,4) NOT NULL DEFAULT 0, changed TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), body TEXT,
       PRIMARY KEY (shelf, id), UNIQUE KEY slot (slot), KEY price (price))""",
    "CREATE TABLE parent (id INT NOT NULL PRIMARY KEY, name VARCHAR(30) NOT NULL)",
    """CREATE TABLE child (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, parent_id INT NOT NULL, v VARCHAR(40), KEY (parent_id),
       CONSTRAINT child_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE)""",
    """CREATE TABLE note (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, parent_id INT NULL, v VARCHAR(40), KEY (parent_id),
       CONSTRAINT note_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE SET NULL ON UPDATE CASCADE)""",
    """CREATE TABLE typed (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, t TINYINT, su SMALLINT UNSIGNED, m MEDIUMINT, b BIGINT, bu BIGINT UNSIGNED, de DECIMAL(30,10),
       f FLOAT, d DOUBLE, bits BIT(17), c CHAR(10), v VARCHAR(300), bin BINARY(8), vb VARBINARY(40), bl BLOB, tx MEDIUMTEXT, da DATE, ti TIME(3), dt DATETIME(6), ts TIMESTAMP NULL,
       y YEAR, e ENUM('one','two','three'), s SET('a','b','c','d'), j JSON)""",
]


def create(server, database, rows=2000, collation=None):
    """Makes the schema and fills it. collation: for copies between flavours, whose default collations differ."""
    server.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4" + (f" COLLATE {collation}" if collation else ""))
    rnd = random.Random(1)
    with server.connect(database, autocommit=False) as c, c.cursor() as cursor:
        for statement in SCHEMA:
            cursor.execute(statement)
        cursor.executemany("INSERT INTO counter VALUES (%s,0)", [(i,) for i in range(16)])
        cursor.executemany("INSERT INTO item (id,shelf,slot,price,body) VALUES (%s,%s,%s,%s,%s)",
                           [(i, i % 7, f"slot-{i}", rnd.randrange(10**6) / 100, "x" * rnd.randrange(600)) for i in range(rows)])
        cursor.executemany("INSERT INTO parent VALUES (%s,%s)", [(i, f"p{i}") for i in range(200)])
        cursor.executemany("INSERT INTO child (parent_id,v) VALUES (%s,%s)", [(rnd.randrange(200), f"c{i}") for i in range(rows)])
        cursor.executemany("INSERT INTO note (parent_id,v) VALUES (%s,%s)", [(rnd.randrange(200), f"n{i}") for i in range(rows // 2)])
        cursor.executemany("INSERT INTO typed VALUES (" + ",".join(["%s"] * 24) + ")", [typed_row(rnd, i) for i in range(rows)])
        c.commit()


def typed_row(rnd, key):
    """A row of `typed` with values at and near the edges."""
    pick = rnd.choice
    text = pick(["", "plain", "Ünï©ødé 🙂", "back\\slash 'quote' \"double\"", "nul\0byte", "new\nline\ttab", "trailing  "])
    return (key, pick([None, -128, 127, 0]), pick([0, 65535]), pick([-8388608, 8388607]), pick([-2**63, 2**63 - 1, 0]), pick([0, 2**64 - 1]),
            pick([None, "0", "-99999999999999999999.9999999999", "0.0000000001"]), pick([None, 0.0, 1.5, -3.4028e38, 1.17549e-38, 0.1]),
            pick([None, 0.0, 1e308, -2.2250738585072014e-308, 0.1, 1 / 3]), rnd.randrange(2**17), pick(["", "abc", "é"]), text, rnd.randbytes(rnd.randrange(9)),
            rnd.randbytes(rnd.randrange(40)), rnd.randbytes(rnd.randrange(300)), text * rnd.randrange(20), pick([None, "1000-01-01", "9999-12-31", "2024-02-29"]),
            pick([None, "-838:59:59", "838:59:59", "00:00:01.500", "-00:00:00.001"]), pick([None, "1000-01-01 00:00:00", "9999-12-31 23:59:59.999999"]),
            pick([None, "1970-01-01 00:00:01", "2037-12-31 23:59:59"]), pick([1901, 2155, 2024]), pick([None, "one", "three"]), pick([None, "", "a,d", "a,b,c,d"]),
            pick([None, '{"a": [1, 2.5, "x", null, true], "k": {"n": -1}}', '[]', '"text"', '12345678901234567890']))


class Load:
    """Writers on the source until stop(). Each keeps going through deadlocks; any other error ends the test."""

    def __init__(self, server, database, writers=3, pause=0.0, seed=0):
        self.server, self.database, self.pause = server, database, pause
        self.stopping = threading.Event()
        self.transactions = 0
        self.errors = []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, args=(w, random.Random(seed * 100 + w)), daemon=True) for w in range(writers)]
        for thread in self.threads:
            thread.start()

    def _run(self, writer, rnd):
        try:
            with self.server.connect(self.database, autocommit=False) as c, c.cursor() as cursor:
                while not self.stopping.wait(self.pause):
                    try:
                        self._transaction(cursor, rnd, writer)
                        c.commit()
                        with self.lock:
                            self.transactions += 1
                    except pymysql.err.MySQLError as e:
                        c.rollback()
                        if e.args[0] not in (1213, 1205, 1062, 1451, 1452):
                            raise
        except Exception as e:  # noqa: BLE001 - handed to stop()
            self.errors.append(e)

    def _transaction(self, cursor, rnd, writer):
        cursor.execute("INSERT INTO token (value, writer) VALUES (%s,%s)", (str(uuid.UUID(int=rnd.getrandbits(128))), writer))
        cursor.execute("UPDATE counter SET n=n+1 WHERE id=%s", (writer,))
        for _ in range(rnd.randrange(1, 4)):
            rnd.choice([self._swap, self._swap, self._item, self._family, self._typed, self._move])(cursor, rnd)

    @staticmethod
    def _swap(cursor, rnd):
        """Two rows exchange their unique values through a third."""
        cursor.execute("SELECT shelf, id, slot FROM item WHERE slot IS NOT NULL AND shelf=%s AND id>=%s ORDER BY id LIMIT 2", (rnd.randrange(7), rnd.randrange(2000)))
        found = cursor.fetchall()
        if len(found) == 2:
            (s1, i1, a), (s2, i2, b) = found
            for shelf, key, slot in ((s1, i1, f"tmp-{rnd.getrandbits(40)}"), (s2, i2, a), (s1, i1, b)):
                cursor.execute("UPDATE item SET slot=%s WHERE shelf=%s AND id=%s", (slot, shelf, key))

    @staticmethod
    def _item(cursor, rnd):
        """Deletes a row and gives its unique value to a new one, possibly with the same key."""
        cursor.execute("SELECT shelf, id, slot FROM item WHERE shelf=%s AND id>=%s ORDER BY id LIMIT 1", (rnd.randrange(7), rnd.randrange(2000)))
        found = cursor.fetchone()
        if found:
            cursor.execute("DELETE FROM item WHERE shelf=%s AND id=%s", found[:2])
            key = found[1] if rnd.random() < 0.5 else rnd.randrange(2000, 10**6)
            cursor.execute("INSERT INTO item (id, shelf, slot, price, body) VALUES (%s,%s,%s,%s,%s)",
                           (key, rnd.randrange(7), found[2], rnd.randrange(10**6) / 10**4, "y" * rnd.randrange(300)))

    @staticmethod
    def _family(cursor, rnd):
        """Parents come, go and change their key; the database cascades."""
        parent, choice = rnd.randrange(200), rnd.random()
        if choice < 0.3:
            cursor.execute("DELETE FROM parent WHERE id=%s", (parent,))
        elif choice < 0.5:
            cursor.execute("UPDATE parent SET id=%s WHERE id=%s", (rnd.randrange(200, 400), parent))
        else:
            cursor.execute("INSERT IGNORE INTO parent VALUES (%s,%s)", (parent, f"again{rnd.randrange(99)}"))
            cursor.execute("INSERT INTO child (parent_id,v) VALUES (%s,'new')", (parent,))
            cursor.execute("INSERT INTO note (parent_id,v) VALUES (%s,'new')", (parent,))

    @staticmethod
    def _typed(cursor, rnd):
        key = rnd.randrange(4000)
        cursor.execute("DELETE FROM typed WHERE id=%s", (key,))
        cursor.execute("INSERT INTO typed VALUES (" + ",".join(["%s"] * 24) + ")", typed_row(rnd, key))

    @staticmethod
    def _move(cursor, rnd):
        """Changes a primary key."""
        cursor.execute("UPDATE item SET id=%s WHERE shelf=%s AND id=%s", (rnd.randrange(10**6, 2 * 10**6), rnd.randrange(7), rnd.randrange(2000)))

    def stop(self):
        """Ends the writers; returns the number of committed transactions."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
        if self.errors:
            raise self.errors[0]
        return self.transactions


def assert_exactly_once(server, database, transactions=None):
    """Every committed transaction has its token and its count, once."""
    ((tokens, distinct, counted),) = server.execute("SELECT (SELECT COUNT(*) FROM token), (SELECT COUNT(DISTINCT value) FROM token), (SELECT SUM(n) FROM counter)", database=database)
    assert tokens == distinct == int(counted), f"tokens {tokens}, distinct {distinct}, counted {counted}"
    assert transactions is None or tokens == transactions, f"{tokens} of {transactions} transactions arrived"
