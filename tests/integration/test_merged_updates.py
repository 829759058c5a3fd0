"""Updates and deletes that share a statement: the same bytes at the target as one statement for each, whatever the type."""
import pytest

from support import rows, type_matrix
from support.drsd import job, whole
from support.replay import assert_same, caught_up, create_database, run
from test_types import DIRECTIONS, movable


@pytest.fixture(params=DIRECTIONS)
def direction(request):
    """(source, target) of each direction in turn."""
    left, right = request.param.split("-")
    return request.getfixturevalue(f"{left}_pair")[0], request.getfixturevalue(f"{right}_pair")[1]


def updates(server):
    """Single-table UPDATE statements that the server has run."""
    return int(server.execute("SHOW GLOBAL STATUS LIKE 'Com_update'")[0][1])


def replay(drsd, source, target, database, before, transaction):
    """Copies `before`, replays one transaction; returns the number of UPDATE statements that this took."""
    create_database(source, database)
    run(source, database, before)
    client, copy = drsd.client, database + "_c"
    (name,) = client.start(job(database[:40], source, target, whole(database, copy)))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up(client, name, source, target, database, copy)
    # The first change of a table is applied alone.
    began = updates(target)
    run(source, database, ["START TRANSACTION", *transaction, "COMMIT"])
    caught_up(client, name, source, target, database, copy)
    return name, updates(target) - began


def test_every_type_is_the_same_to_the_byte(drsd, direction, database):
    source, target = direction
    chosen = [t for t in type_matrix.tables(source) if movable(t, source, target)]
    before, after = [], []
    for table in chosen:
        values = [*table.values, "NULL"]
        count = len(values)
        listed = ",".join(f"({i},{value})" for i, value in enumerate(values))
        before += [f"CREATE TABLE {table.name} (id INT NOT NULL PRIMARY KEY, v {table.type} NULL)", f"INSERT INTO {table.name} VALUES {listed}"]
        after += [f"UPDATE {table.name} SET v={values[(i + 1) % count]} WHERE id={i}" for i in range(count)]
    name, statements = replay(drsd, source, target, database, before, after)
    assert statements < len(after) * 0.6, (statements, len(after))
    assert_same(drsd, name, source, target, database, database + "_c", [t.name for t in chosen], [t.name for t in chosen if not t.checksum])


SHAPES = [
    "CREATE TABLE wide (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, a INT, b VARCHAR(20) CHARACTER SET latin1, c DECIMAL(65,30), d DOUBLE, e TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), "
    "f BIGINT UNSIGNED, g INT AS (a+1) STORED, h ENUM('x','y'), KEY (a))",
    "CREATE TABLE renamed (id INT NOT NULL, u INT NOT NULL, v INT, UNIQUE KEY `odd``name` (id), UNIQUE KEY u (u))",
    "CREATE TABLE paired (x INT NOT NULL, y INT NOT NULL, v INT, PRIMARY KEY (x, y))",
    "CREATE TABLE named (name VARCHAR(20) NOT NULL PRIMARY KEY, v INT)",
]


def test_every_shape_of_update(drsd, pair, database):
    source, target = pair
    rows_of = {"wide": "({0}+18446744073709550000, {0}, 'é', {0}, {0}, '2024-01-01 00:00:00', {0}, 'x')", "renamed": "({0},{0},{0})", "paired": "({0},{0},{0})", "named": "('n{0}',{0})"}
    columns = {"wide": "(id,a,b,c,d,e,f,h)"}
    before = SHAPES + [f"INSERT INTO {table} {columns.get(table, '')} VALUES " + ",".join(row.format(i) for i in range(200)) for table, row in rows_of.items()]
    after = ["UPDATE wide SET a=a+1000",                                            # the clock column changes too
             "UPDATE wide SET b='ß', c=-c/3, d=SQRT(a), e=e WHERE a%2=0",            # several columns
             "UPDATE wide SET f=18446744073709551615-f, e=e WHERE a%3=0",            # beyond 63 bits, beside small ones
             "UPDATE wide SET a=NULL, b=NULL, c=NULL, d=NULL, f=NULL, e=e WHERE a%10=7",
             "UPDATE wide SET h=IF(a%2,'y',h), e=e",
             "UPDATE renamed SET v=v+1", "UPDATE renamed SET u=u+1 ORDER BY u DESC", "UPDATE renamed SET v=v*2, u=u+1 ORDER BY u DESC",
             "UPDATE paired SET v=-v", "UPDATE named SET v=-v", "DELETE FROM wide WHERE a%7=0", "UPDATE wide SET a=-a, e=e"]
    name, statements = replay(drsd, source, target, database, before, after)
    assert_same(drsd, name, source, target, database, database + "_c", list(rows_of), ["wide"])  # CHECKSUM TABLE of MariaDB errs at generated columns
    # paired, named and updates of u go alone (about 800); the others, about 1,000, share statements.
    assert 700 < statements < 1100, statements


def test_a_target_with_triggers_gets_each_update_alone(drsd, pair, database):
    source, target = pair
    before = ["CREATE TABLE item (id INT NOT NULL PRIMARY KEY, v INT)", "INSERT INTO item VALUES " + ",".join(f"({i},{i})" for i in range(50)), "CREATE TABLE copy_log (n INT NOT NULL PRIMARY KEY)"]
    create_database(source, database)
    run(source, database, before)
    copy = database + "_c"
    (name,) = drsd.client.start(job(database[:40], source, target, whole(database, copy)))
    drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up(drsd.client, name, source, target, database, copy)
    target.execute("CREATE TRIGGER audit BEFORE UPDATE ON item FOR EACH ROW SET @n = 1", database=copy)
    began = updates(target)
    run(source, database, ["UPDATE item SET v=v+1"])
    caught_up(drsd.client, name, source, target, database, copy)
    assert updates(target) - began >= 50
    rows.assert_equal(source, database, target, copy, "item")


def test_a_row_that_is_missing_among_many_is_a_conflict(drsd, pair, database):
    source, target = pair
    create_database(source, database)
    run(source, database, ["CREATE TABLE item (id INT NOT NULL PRIMARY KEY, v INT)", "INSERT INTO item VALUES " + ",".join(f"({i},{i})" for i in range(100))])
    copy = database + "_c"
    (name,) = drsd.client.start(job(database[:40], source, target, whole(database, copy), policy={"conflict_policy": "ignore"}))
    drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up(drsd.client, name, source, target, database, copy)
    target.execute("DELETE FROM item WHERE id=41", database=copy)
    run(source, database, ["UPDATE item SET v=v+1000"])
    caught_up(drsd.client, name, source, target, database, copy)
    assert target.execute("SELECT COUNT(*), SUM(v), MIN(v) FROM item", database=copy) == ((99, sum(range(100)) - 41 + 99000, 1000),)


def test_no_table_is_read_whole_whatever_the_statistics_say(drsd, pair, database):
    source, target = pair
    many = 30_000
    digits = "(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)"
    create_database(source, database)
    run(source, database, ["CREATE TABLE item (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, v INT, KEY (v)) STATS_PERSISTENT=1 STATS_AUTO_RECALC=0",
                           f"INSERT INTO item SELECT a.d+10*b.d+100*c.d+1000*d.d+10000*e.d, 0 FROM {digits} a, {digits} b, {digits} c, {digits} d, {digits} e HAVING 1 LIMIT {many}",
                           "INSERT INTO item VALUES (18446744073709551615, 0), (18446744073709551614, 0)"])
    client, copy = drsd.client, database + "_c"
    (name,) = client.start(job(database[:40], source, target, whole(database, copy)))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up(client, name, source, target, database, copy)
    # As behind a restart that came before they were brought up to date.
    target.execute(f"UPDATE mysql.innodb_table_stats SET n_rows=1, clustered_index_size=1 WHERE database_name='{copy}' AND table_name='item'", "FLUSH TABLES")
    run(source, database, ["UPDATE marker SET n=0"])
    run(source, database, ["UPDATE item SET v=2 WHERE id<3"])  # the definition is read
    caught_up(client, name, source, target, database, copy)

    def scanned():
        return int(target.execute("SHOW GLOBAL STATUS LIKE 'Handler_read_rnd_next'")[0][1])
    before, statements = scanned(), int(target.execute("SHOW GLOBAL STATUS LIKE 'Com_delete_multi'")[0][1])
    run(source, database, ["START TRANSACTION", "UPDATE item SET v=1 WHERE id%200=7", "DELETE FROM item WHERE id%200=8", "DELETE FROM item WHERE id>1000000", "COMMIT"])
    caught_up(client, name, source, target, database, copy)
    assert scanned() - before < many / 2
    assert 1 <= int(target.execute("SHOW GLOBAL STATUS LIKE 'Com_delete_multi'")[0][1]) - statements <= 10
    assert_same(drsd, name, source, target, database, copy, ["item"])


def test_updates_of_one_row_stay_in_order_without_a_second_try(drsd, pair, database):
    source, target = pair
    create_database(source, database)
    run(source, database, ["CREATE TABLE item (id INT NOT NULL PRIMARY KEY, v INT)", "INSERT INTO item VALUES (1,0),(2,0)"])
    copy = database + "_c"
    (name,) = drsd.client.start(job(database[:40], source, target, whole(database, copy)))
    drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
    run(source, database, ["UPDATE item SET v=v+1"])  # the first change of a table is applied alone
    caught_up(drsd.client, name, source, target, database, copy)
    rolled_back = lambda: int(target.execute("SHOW GLOBAL STATUS LIKE 'Com_rollback'")[0][1])
    began = rolled_back()
    run(source, database, ["START TRANSACTION", *["UPDATE item SET v=v+1 WHERE id=1", "UPDATE item SET v=v+10"] * 50, "COMMIT"])
    caught_up(drsd.client, name, source, target, database, copy)
    assert target.execute("SELECT id, v FROM item ORDER BY id", database=copy) == ((1, 551), (2, 501))
    assert rolled_back() == began
