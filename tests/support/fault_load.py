"""A load for runs in which everything breaks: workload.Load and, beside it, large transactions, XA, tables without a key and
schema changes. It outlives restarts of its server. Each transaction inserts a token and adds to a counter."""
import random
import threading
import time
import uuid

import pymysql

from support import workload
from support.drsd import wait_for

SCHEMA = [
    "CREATE TABLE marker (id INT PRIMARY KEY, n BIGINT)",
    "CREATE TABLE wide (id INT NOT NULL PRIMARY KEY, n INT NOT NULL, body VARCHAR(1100) NOT NULL, KEY n (n))",
    "CREATE TABLE loose (a INT NOT NULL, b VARCHAR(40), c DOUBLE NULL)",
    "CREATE TABLE shape (id INT NOT NULL PRIMARY KEY, v VARCHAR(60), w INT NULL)",
    "CREATE TABLE left_one (id INT NOT NULL PRIMARY KEY, v VARCHAR(30) NOT NULL)",
    "CREATE TABLE right_one (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(50) NOT NULL, extra INT NOT NULL DEFAULT 4)",
    "CREATE TABLE emptied (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(30))",
]
WIDE_ROWS, WIDE_BYTES = 1400, 1000  # of a large transaction: more than the least transaction_memory_bytes, 1 MiB
ROLES = ["mixed", "mixed", "large", "xa", "keyless", "ddl"]
# Deadlock, lock time-out, duplicate, foreign keys; a table, column or index that a schema change took away; a definition
# that changed; XA was rolled back.
PASSING = (1213, 1205, 1062, 1451, 1452, 1146, 1054, 1412, 1402, 1613, 1614, 1050, 1051, 1060, 1061, 1072, 1091)
# The server is away, or shuts down; a session was killed; XA of a session that was cut off.
LOST = (0, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1317, 1927, 2003, 2006, 2013, 2055, 3169, 1399, 1397, 1400)


def create(server, database, rows):
    workload.create(server, database, rows=rows, collation="utf8mb4_unicode_ci")
    with server.connect(database, autocommit=False) as c, c.cursor() as cursor:
        for statement in SCHEMA:
            cursor.execute(statement)
        cursor.executemany("INSERT INTO wide VALUES (%s,%s,%s)", [(i, i % 50, "w" * WIDE_BYTES) for i in range(WIDE_ROWS)])
        cursor.executemany("INSERT INTO loose VALUES (%s,%s,%s)", [(i % 40, f"b{i % 3}", None if i % 5 else 0.1) for i in range(300)])
        for name, columns in (("shape", "(id, v)"), ("left_one", "(id, v)"), ("right_one", "(id, v)"), ("emptied", "(id, v)")):
            cursor.executemany(f"INSERT INTO {name} {columns} VALUES (%s,%s)", [(i, f"first {i}") for i in range(1, 100)])
        c.commit()


def tables(server, database):
    return sorted(t for t, kind in server.execute("SHOW FULL TABLES", database=database) if kind == "BASE TABLE")


class FaultLoad(workload.Load):
    """schema_changes: set it when definitions may change (until then only TRUNCATE). xa: held while the server must not be
    killed within an XA transaction."""

    def __init__(self, server, database, seed, pause=0.03):
        self.schema_changes, self.xa, self.made = threading.Event(), threading.Lock(), 0
        self.done, self.rolled_back = dict.fromkeys(ROLES, 0), set()
        super().__init__(server, database, writers=len(ROLES), pause=pause, seed=seed)

    def _run(self, writer, rnd):
        role = ROLES[writer]
        transaction = {"mixed": self._transaction, "large": self._large, "xa": self._xa, "keyless": self._keyless, "ddl": self._ddl}[role]
        pause = {"mixed": self.pause, "keyless": self.pause}.get(role, 0.8)
        try:
            while not self.stopping.is_set():
                try:
                    with self.server.connect(self.database, autocommit=False, init_command="SET innodb_lock_wait_timeout=3, lock_wait_timeout=5, time_zone='+00:00'") as c:
                        self._transactions(c, rnd, writer, transaction, pause)
                except (pymysql.err.Error, OSError) as e:
                    if isinstance(e, pymysql.err.MySQLError) and (e.args or (0,))[0] not in LOST + PASSING:
                        raise
                    time.sleep(0.2)
        except Exception as e:  # noqa: BLE001 - handed to stop()
            self.errors.append(e)

    def _transactions(self, connection, rnd, writer, transaction, pause):
        with connection.cursor() as cursor:
            if ROLES[writer] == "xa":
                self._settle_prepared(cursor, rnd)
            while not self.stopping.wait(pause * (0.5 + rnd.random())):
                try:
                    transaction(cursor, rnd, writer)
                    connection.commit()
                    self.done[ROLES[writer]] += 1
                except pymysql.err.MySQLError as e:
                    if e.args[0] not in PASSING:
                        raise
                    connection.rollback()

    @staticmethod
    def _token(cursor, rnd, writer):
        cursor.execute("INSERT INTO token (value, writer) VALUES (%s,%s)", (str(uuid.UUID(int=rnd.getrandbits(128))), writer))
        cursor.execute("UPDATE counter SET n=n+1 WHERE id=%s", (writer,))

    def _large(self, cursor, rnd, writer):
        """More than a transaction may take in memory, with a part that is taken back."""
        self._token(cursor, rnd, writer)
        base = rnd.randrange(3) * 10000
        cursor.execute("DELETE FROM wide WHERE id BETWEEN %s AND %s", (base, base + WIDE_ROWS))
        body = chr(97 + rnd.randrange(26)) * WIDE_BYTES
        cursor.executemany("INSERT INTO wide VALUES (%s,%s,%s)", [(base + i, i % 50, body) for i in range(WIDE_ROWS)])
        cursor.execute("SAVEPOINT here")
        cursor.execute("UPDATE wide SET n=n+1 WHERE id BETWEEN %s AND %s", (base, base + 200))
        if rnd.random() < 0.5:
            cursor.execute("ROLLBACK TO here")
        cursor.execute("UPDATE wide SET id=id+%s WHERE id=%s", (rnd.randrange(5000, 9000), base + rnd.randrange(WIDE_ROWS)))
        self._swap(cursor, rnd)

    def _xa(self, cursor, rnd, writer):
        with self.xa:
            name = f"f{rnd.getrandbits(60)}"
            xid = f"'{name}'"
            cursor.execute(f"XA START {xid}")
            try:
                self._token(cursor, rnd, writer)
                self._swap(cursor, rnd)
                self._family(cursor, rnd)
                cursor.execute("UPDATE shape SET w=w+1 WHERE id=%s", (rnd.randrange(200),))
                cursor.execute(f"XA END {xid}")
                cursor.execute(f"XA PREPARE {xid}")
            except pymysql.err.MySQLError as e:  # at the end of the session the server rolls it back
                raise pymysql.err.OperationalError(2013, "given up") from e
            time.sleep(rnd.random() * 0.3)
            if rnd.random() < 0.7:
                cursor.execute(f"XA COMMIT {xid}")
            else:
                self.rolled_back.add(name)
                cursor.execute(f"XA ROLLBACK {xid}")

    def _settle_prepared(self, cursor, rnd):
        """What a session or a server that has gone left behind. MariaDB writes XA ROLLBACK to its log, and does not make it
        durable in InnoDB: behind a crash the transaction is prepared again, and a commit would be one that no log explains."""
        cursor.execute("XA RECOVER")
        for *_, name in cursor.fetchall():
            name = name.decode() if isinstance(name, bytes) else name
            commits = name not in self.rolled_back and rnd.random() < 0.5
            cursor.execute(f"XA {'COMMIT' if commits else 'ROLLBACK'} '{name}'")

    def _keyless(self, cursor, rnd, writer):
        """Rows that repeat; and changes of the tables that schema changes go over."""
        self._token(cursor, rnd, writer)
        a = rnd.randrange(40)
        cursor.execute(*rnd.choice([
            ("INSERT INTO loose VALUES " + ",".join(["(%s,'b1',0.1)"] * 3), (a, a, a)),
            ("UPDATE loose SET b=CONCAT('b', %s), c=c/3 WHERE a=%s", (rnd.randrange(4), a)),
            ("DELETE FROM loose WHERE a=%s LIMIT 3", (a,))]))
        key = rnd.randrange(200)
        cursor.execute(*rnd.choice([
            ("REPLACE INTO shape (id, v) VALUES (%s,%s)", (key, f"v{rnd.randrange(10**6)}")),
            ("UPDATE shape SET w=COALESCE(w,0)+1 WHERE id BETWEEN %s AND %s", (key, key + 5)),
            ("DELETE FROM shape WHERE id=%s", (key,))]))
        side = rnd.choice(["left_one", "right_one"])
        cursor.execute(*rnd.choice([(f"REPLACE INTO {side} (id, v) VALUES (%s,'again')", (key,)), (f"DELETE FROM {side} WHERE id=%s", (key,))]))
        cursor.execute("INSERT INTO emptied (v) VALUES ('more'), ('and more')")

    def _ddl(self, cursor, rnd, writer):
        """One statement, and rows behind it."""
        if self.schema_changes.is_set():
            rnd.choice([self._column, self._column, self._index, self._rename, self._truncate, self._make])(cursor, rnd)
        else:
            self._truncate(cursor, rnd)
        self._token(cursor, rnd, writer)
        cursor.execute("UPDATE shape SET v=CONCAT('ddl', id) WHERE id %% 7 = %s", (rnd.randrange(7),))
        cursor.execute("INSERT INTO emptied (v) VALUES ('behind')")

    @staticmethod
    def _column(cursor, rnd):
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_schema=DATABASE() AND table_name='shape' AND column_name LIKE 'x%'")
        extra = [name for (name,) in cursor.fetchall()]
        if len(extra) > 3 or (extra and rnd.random() < 0.4):
            cursor.execute(f"ALTER TABLE shape DROP COLUMN {rnd.choice(extra)}")
        else:
            kind = rnd.choice(["INT NOT NULL DEFAULT 5", "VARCHAR(30) NULL DEFAULT 'é'", "DECIMAL(9,2) NULL"])
            cursor.execute(f"ALTER TABLE shape ADD COLUMN x{rnd.randrange(10**6)} {kind} {rnd.choice(['', 'FIRST', 'AFTER id'])}")

    @staticmethod
    def _index(cursor, rnd):
        cursor.execute("SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema=DATABASE() AND table_name='shape' AND index_name<>'PRIMARY'")
        there = [name for (name,) in cursor.fetchall()]
        cursor.execute(f"DROP INDEX {there[0]} ON shape" if there else f"CREATE INDEX i{rnd.randrange(100)} ON shape (v, w)")

    @staticmethod
    def _rename(cursor, _):
        cursor.execute("RENAME TABLE left_one TO middle, right_one TO left_one, middle TO right_one")

    @staticmethod
    def _truncate(cursor, _):
        cursor.execute("TRUNCATE TABLE emptied")

    def _make(self, cursor, rnd):
        cursor.execute("SHOW TABLES LIKE 'made%'")
        there = [name for (name,) in cursor.fetchall()]
        if len(there) > 3:
            cursor.execute(f"DROP TABLE {rnd.choice(there)}")
            return
        self.made += 1
        name = f"made_{self.made}"
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {name} (id INT NOT NULL PRIMARY KEY, v VARCHAR(40), UNIQUE KEY (v))")
        cursor.executemany(f"INSERT INTO {name} VALUES (%s,%s)", [(i, f"{name} {i}") for i in range(rnd.randrange(1, 200))])

    def stop(self):
        super().stop()
        wait_for(self._none_prepared, 20, "the end of what is prepared")
        return dict(self.done)

    def _none_prepared(self):
        with self.server.connect(self.database) as c, c.cursor() as cursor:
            try:
                self._settle_prepared(cursor, random.Random(1))
            except pymysql.err.OperationalError:  # its session has not ended yet
                return False
            return True
