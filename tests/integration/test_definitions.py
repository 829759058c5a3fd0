"""Definitions that are easily lost or changed: what SHOW CREATE TABLE says of the copies, generated primary keys, unique
indexes over expressions, vectors and their indexes."""
import os

import pytest

from support import rows
from support.drsd import job, wait_for, whole
from support.replay import caught_up, copy_change_compare, create_database, refused, run

ALL = pytest.mark.skipif("OPENDRS_ALL" not in os.environ, reason="a third server; part of ./x test --all")

SHOWN = [
    "CREATE TABLE charsets (id INT PRIMARY KEY, a VARCHAR(5), b VARCHAR(5) CHARACTER SET utf8mb4, c VARCHAR(5) COLLATE utf8mb4_bin, d CHAR(5) CHARACTER SET latin1,"
    " e TEXT CHARACTER SET latin1 COLLATE latin1_bin, f ENUM('a') COLLATE utf8mb4_general_ci, g SET('x') CHARACTER SET ascii, n CHAR(3) BINARY, KEY (a), UNIQUE KEY (d, c), KEY (e(9)))",
    "CREATE TABLE latin (a VARCHAR(5) PRIMARY KEY, b VARCHAR(5) CHARACTER SET utf8mb4, c VARCHAR(5) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, FULLTEXT KEY words (b), KEY z (c), KEY b (b))"
    " DEFAULT CHARSET=latin1 COMMENT='it''s'",
    "CREATE TABLE server_default (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(5), b VARCHAR(5) CHARACTER SET utf8mb4) CHARACTER SET utf8mb4",
    "CREATE TABLE parent (id INT PRIMARY KEY, k INT, UNIQUE KEY (k))",
    "CREATE TABLE child (id INT PRIMARY KEY, x INT, y INT, z INT, w INT, CONSTRAINT z1 FOREIGN KEY (x) REFERENCES parent (id),"
    " CONSTRAINT a2 FOREIGN KEY (y) REFERENCES parent (k) ON DELETE RESTRICT ON UPDATE CASCADE,"
    " CONSTRAINT a3 FOREIGN KEY (z) REFERENCES parent (id) ON DELETE NO ACTION ON UPDATE RESTRICT,"
    " CONSTRAINT a4 FOREIGN KEY (w) REFERENCES parent (id) ON DELETE SET NULL ON UPDATE NO ACTION)",
    "CREATE TABLE made (id INT PRIMARY KEY, a INT NOT NULL DEFAULT 7 COMMENT 'c', s INT AS (a*2) STORED, v VARCHAR(20) AS (CONCAT('v',a)) VIRTUAL, KEY (s), KEY both_ways (a DESC, s))",
    "CREATE TABLE clocks (id INT PRIMARY KEY, b TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), c DATETIME DEFAULT CURRENT_TIMESTAMP, t TIMESTAMP NULL,"
    " d VARCHAR(36) DEFAULT (UUID()), CONSTRAINT positive CHECK (id > 0))",
    "CREATE TABLE places (id INT PRIMARY KEY, p POINT NOT NULL, j JSON, b BIT(3) DEFAULT b'101', SPATIAL KEY spot (p))",
    "CREATE TABLE heap (a INT(6) UNSIGNED ZEROFILL, b DECIMAL(5,2) DEFAULT '1.10') ROW_FORMAT=COMPACT",
    "CREATE TABLE by_range (id INT, d DATE, PRIMARY KEY (id, d)) PARTITION BY RANGE (YEAR(d)) (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE)",
]
SHOWN_MYSQL = ["CREATE TABLE expressions (id INT PRIMARY KEY, a VARCHAR(9), b INT INVISIBLE, UNIQUE KEY u ((LOWER(a))), KEY k (b, (b+1) DESC) INVISIBLE, CHECK (b > 0) NOT ENFORCED)"]
SHOWN_MARIADB = ["CREATE TABLE packed (id UUID PRIMARY KEY, t TEXT COMPRESSED, i INET6 INVISIBLE, l TEXT, KEY k (i) IGNORED, UNIQUE KEY longer (l))"]


def shown(server, database):
    names = [name for (name, kind) in server.execute("SHOW FULL TABLES", database=database) if kind == "BASE TABLE"]
    return {name: server.execute(f"SHOW CREATE TABLE `{name}`", database=database)[0][1] for name in names}


def test_both_sides_show_the_same_definitions(drsd, pair, database):
    source, target = pair
    create_database(source, database)
    target.execute(f"CREATE DATABASE {database} CHARACTER SET latin1")  # its default must not get in
    run(source, database, SHOWN + (SHOWN_MARIADB if source.mariadb else SHOWN_MYSQL))
    (name,) = drsd.client.start(job("shown", source, target, whole(database)))
    drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
    left, right = shown(source, database), shown(target, database)
    assert left.keys() == right.keys() and len(left) > 10
    for table, text in left.items():
        assert right[table] == text


GENERATED = [
    "CREATE TABLE doubled (a INT, s INT AS (a*2) STORED, b VARCHAR(9), PRIMARY KEY (s))",
    "CREATE TABLE doubled_too (a INT, s INT AS (a*2) STORED, b VARCHAR(9), id INT NOT NULL, PRIMARY KEY (s), UNIQUE KEY id (id))",
    "CREATE TABLE lower_mail (mail VARCHAR(40), low VARCHAR(40) AS (LOWER(mail)) STORED, n INT NOT NULL, d DECIMAL(5,2), PRIMARY KEY (n, low))",
    "INSERT INTO doubled (a, b) VALUES (1,'x'),(2,'y'),(3,NULL),(-5,'z')", "INSERT INTO doubled_too (a, b, id) VALUES (1,'x',10),(2,'y',20),(3,NULL,30)",
    "INSERT INTO lower_mail (mail, n, d) VALUES ('A@x',1,1.10),('b@X',1,NULL),('c',2,0)",
]
GENERATED_CHANGES = [
    "UPDATE doubled SET b='new' WHERE a=1", "UPDATE doubled SET a=9 WHERE a=2", "DELETE FROM doubled WHERE a=3", "INSERT INTO doubled (a) VALUES (100),(101)", "UPDATE doubled SET a=a+1 ORDER BY a DESC",
    "UPDATE doubled_too SET b='new' WHERE a=1", "UPDATE doubled_too SET a=9, id=21 WHERE a=2", "DELETE FROM doubled_too WHERE a=3", "REPLACE INTO doubled_too (a, id) VALUES (100,21)",
    "UPDATE lower_mail SET mail=CONCAT('Z',mail)", "UPDATE lower_mail SET d=5 WHERE n=2",
]


def test_a_generated_primary_key_is_copied_replayed_and_compared(drsd, mysql_pair, database):
    source, target = mysql_pair
    name = copy_change_compare(drsd, source, target, database, GENERATED, GENERATED_CHANGES)
    copy = database + "_c"
    assert shown(source, database)["doubled"] == shown(target, copy)["doubled"]
    target.execute("UPDATE doubled SET a=777 WHERE a=10", database=copy)
    out = drsd.ctl("compare", name, ok=(0, 1, 2, 3, 4, 5))
    assert "2 rows differ" in out and "1554" in out, out


def test_a_generated_key_that_another_session_makes_otherwise_stops_the_task(drsd, mysql_pair, database):
    """The key is a date in the time zone of the session that writes: the target gets another one for the same values. No
    change may hit the row that has the date by mistake."""
    source, target = mysql_pair
    create_database(source, database)
    run(source, database, ["CREATE TABLE daily (at TIMESTAMP NOT NULL, day DATE AS (DATE(at)) STORED, v INT, PRIMARY KEY (day))", "SET time_zone='+10:00'",
                           "INSERT INTO daily (at, v) VALUES ('2024-01-02 01:00:00',1),('2024-01-03 01:00:00',2)"])
    client, copy = drsd.client, database + "_c"
    (name,) = client.start(job("daily", source, target, whole(database, copy), policy={"conflict_policy": "overwrite"}))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    query = "SELECT CAST(day AS CHAR), v FROM daily ORDER BY v"
    before = target.execute(query, database=copy)
    assert before == (("2024-01-01", 1), ("2024-01-02", 2)) and source.execute(query, database=database) == (("2024-01-02", 1), ("2024-01-03", 2))
    source.execute("UPDATE daily SET v=10 WHERE v=1", database=database)
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop", lambda: f"{client.status(name)} {client.logs(name)[:6]}")
    assert target.execute(query, database=copy) == before
    assert any("daily" in text for _, text in client.logs(name)), client.logs(name)


EXPRESSIONS = [
    "CREATE TABLE people (id INT PRIMARY KEY, mail VARCHAR(40), n INT, UNIQUE KEY u ((LOWER(mail))), UNIQUE KEY sums (n, (n+id) DESC))",
    "CREATE TABLE only_expression (mail VARCHAR(40) NOT NULL, UNIQUE KEY u ((LOWER(mail))))",
    "CREATE TABLE arrays (id INT PRIMARY KEY, j JSON, UNIQUE KEY u ((CAST(j->'$.x' AS SIGNED ARRAY))))",
    "INSERT INTO people VALUES (1,'A@x',1),(2,'b@x',1),(3,NULL,NULL),(4,NULL,NULL)", "INSERT INTO only_expression VALUES ('A'),('b'),('c ')", "INSERT INTO arrays VALUES (1,'{\"x\":[1,2]}'),(2,'{\"x\":[3]}')",
]
EXPRESSION_TABLES = ("people", "only_expression", "arrays")  # CHECKSUM TABLE takes in what it finds of their hidden columns
EXPRESSION_CHANGES = [
    "UPDATE people SET mail='z' WHERE id=1", "UPDATE people SET mail='a@X' WHERE id=2", "UPDATE people SET mail='B@x' WHERE id=1", "DELETE FROM people WHERE id=3", "INSERT INTO people VALUES (5,'Z',2),(6,'y',2)",
    "UPDATE people SET id=id+10, n=n-10 WHERE id>4", "UPDATE only_expression SET mail='D' WHERE mail='b'", "DELETE FROM only_expression WHERE mail='A'", "INSERT INTO only_expression VALUES ('a')",
    "DELETE FROM arrays WHERE id=1", "UPDATE arrays SET j='{\"x\":[1,3,5]}' WHERE id=2", "INSERT INTO arrays VALUES (3,'{\"x\":[2]}')",
]


def test_a_unique_index_over_an_expression_is_copied_and_replayed(drsd, mysql_pair, database):
    source, target = mysql_pair
    copy_change_compare(drsd, source, target, database, EXPRESSIONS, EXPRESSION_CHANGES, EXPRESSION_TABLES)
    assert shown(source, database) == shown(target, database + "_c")


@pytest.mark.parametrize("policy", ["stop", "ignore", "overwrite"])
def test_a_collision_on_an_expression_is_met_by_the_policy(drsd, mysql_pair, database, policy):
    source, target = mysql_pair
    create_database(source, database)
    run(source, database, EXPRESSIONS)
    client, copy = drsd.client, database + "_c"
    (name,) = client.start(job("collides", source, target, whole(database, copy), policy={"conflict_policy": policy}))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    target.execute("INSERT INTO people VALUES (99,'NEW@x',NULL)", database=copy)
    source.execute("INSERT INTO people VALUES (5,'new@X',NULL)", database=database)
    if policy == "ignore":
        caught_up(client, name, source, target, database, copy)
    else:
        wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop", lambda: f"{client.status(name)} {client.logs(name)[:6]}")
        assert any("new@x" in text and "people.u" in text for _, text in client.logs(name)), client.logs(name)
    assert target.execute("SELECT id, mail FROM people WHERE LOWER(mail)='new@x'", database=copy) == ((99, "NEW@x"),)


def test_standing_tables_must_have_the_same_unique_expressions_and_generated_keys(drsd, mysql_pair, database):
    source, target = mysql_pair
    copy = database + "_c"
    for server, name in ((source, database), (target, copy)):
        create_database(server, name)
        run(server, name, EXPRESSIONS + GENERATED)
    same = drsd.client.create(job("same", source, target, whole(database, copy), task_type="INCR_TRANS"))
    drsd.client.validated(same)  # fails for want of a start position, and for nothing else
    assert len(refused(drsd.client, same)) == 1 and "dbParamConsistency" not in refused(drsd.client, same), refused(drsd.client, same)
    target.execute("ALTER TABLE people DROP KEY u, ADD UNIQUE KEY u ((UPPER(mail)))", "DROP TABLE doubled",
                   "CREATE TABLE doubled (a INT, s INT AS (a*3) STORED, b VARCHAR(9), PRIMARY KEY (s))", database=copy)
    batch = drsd.client.create(job("differs", source, target, whole(database, copy), task_type="INCR_TRANS"))
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    reason = refused(drsd.client, batch)["dbParamConsistency"]
    assert "people: the unique keys differ" in reason and "((`a` * 3)) at the target" in reason, reason


def alarm(client, wanted):
    """What the pre-check says of the selection although it passes."""
    batch = client.create(wanted)
    assert client.validated(batch) == "AUTO_PARAM_VALIDATE_SUCCESS"
    (listed,) = client.batch_jobs(batch)
    (item,) = [i for i in listed["precheck_result"]["precheck_results"] if i["item"] == "userSelectObjectsCheck"]
    assert item["result"] == "ALARM", item
    return item["failed_reason"]


def test_mariadb_lacks_generated_keys_and_expressions(drsd, mysql_pair, mariadb_pair, database):
    source, target = mysql_pair[0], mariadb_pair[1]
    create_database(source, database)
    run(source, database, EXPRESSIONS + GENERATED)
    batch = drsd.client.create(job("lacks", source, target, whole(database, database + "_c")))
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    reason = refused(drsd.client, batch)["userSelectObjectsCheck"]
    for part in ("people: the index u is over an expression", "arrays: the index u is", "only_expression: the index u", "doubled: the primary key holds the generated column s", "lower_mail: the primary key"):
        assert part in reason, reason
    run(source, database, ["DROP TABLE people, arrays, only_expression, doubled, doubled_too, lower_mail", "CREATE TABLE slow (id INT PRIMARY KEY, a INT, KEY k ((a+1)), KEY j (a))", "INSERT INTO slow VALUES (1,1)"])
    assert "slow: the index k is over an expression" in alarm(drsd.client, job("slow-too", source, target, whole(database, database + "_d")))
    (name,) = drsd.client.start(job("slow", source, target, whole(database, database + "_c")))
    drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
    rows.assert_equal(source, database, target, database + "_c", "slow")
    assert "KEY `j`" in shown(target, database + "_c")["slow"]


# --- vectors of MariaDB 11.7 and later; that they arrive to the byte is part of test_types -----------------------------

VECTORS = [
    "CREATE TABLE near (id INT PRIMARY KEY, v VECTOR(3) NOT NULL DEFAULT X'000000000000000000000000', w VECTOR(2) COMMENT 'w', VECTOR INDEX by_angle (v) M=8 DISTANCE=cosine)",
    "CREATE TABLE nearest (id INT PRIMARY KEY, v VECTOR(3) NOT NULL, VECTOR INDEX (v))",
    *(f"INSERT INTO {t} (id, v) VALUES (1, VEC_FromText('[1,2,3]')), (2, VEC_FromText('[-1.5,1e-30,9]'))" for t in ("near", "nearest")),
]


@ALL
def test_vector_indexes_between_mariadb_servers(drsd, mariadb118_pair, database):
    source, target = mariadb118_pair
    copy_change_compare(drsd, source, target, database, VECTORS,
                        ["UPDATE near SET v=VEC_FromText('[4,5,6]'), w=X'0000803F0000803F' WHERE id=1", "INSERT INTO nearest VALUES (3, VEC_FromText('[1,2,4]'))", "DELETE FROM near WHERE id=2", "INSERT INTO near (id) VALUES (5)"])
    copy = database + "_c"
    assert shown(source, database) == shown(target, copy)
    query = "SELECT id FROM nearest ORDER BY VEC_DISTANCE_EUCLIDEAN(v, VEC_FromText('[1,2,4.1]')) LIMIT 2"
    assert target.execute(query, database=copy) == source.execute(query, database=database) == ((3,), (1,))


@ALL
def test_vector_indexes_are_left_out_where_there_are_none(drsd, mariadb118_pair, mysql_pair, database):
    source, target = mariadb118_pair[0], mysql_pair[1]
    copy_change_compare(drsd, source, target, database, VECTORS, ["UPDATE near SET v=VEC_FromText('[4,5,6]') WHERE id=1", "INSERT INTO near (id) VALUES (5)"])
    assert "near: the index by_angle is a VECTOR index" in alarm(drsd.client, job("near-too", source, target, whole(database, database + "_d")))
    run(source, database, ["CREATE TABLE keyed (v VECTOR(3) PRIMARY KEY)"])
    batch = drsd.client.create(job("keyed", source, target, whole(database, database + "_d")))
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    assert "keyed: the primary key over the VECTOR v" in refused(drsd.client, batch)["userSelectObjectsCheck"]


@ALL
def test_collations_of_the_same_name_are_not_the_same_everywhere(drsd, mysql_pair, mariadb118_pair, database):
    """MariaDB 11.8 has MySQL's names for its own collations of Unicode 14, under which these two letters are equal."""
    (source, same), other = mysql_pair, mariadb118_pair[1]
    equal = "SELECT _utf8mb4 X'EA9F82' COLLATE utf8mb4_0900_ai_ci = _utf8mb4 X'EA9F83' COLLATE utf8mb4_0900_ai_ci"
    assert (source.execute(equal), other.execute(equal)) == (((0,),), ((1,),))
    create_database(source, database)
    run(source, database, ["CREATE TABLE letters (a VARCHAR(9) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY)", "INSERT INTO letters VALUES (_utf8mb4 X'EA9F82'),(_utf8mb4 X'EA9F83')"])
    batch = drsd.client.create(job("letters", source, other, whole(database, database + "_c")))
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    reason = refused(drsd.client, batch)["userSelectObjectsCheck"]
    assert "letters" in reason and "equal to utf8mb4_0900_ai_ci" in reason, reason
    # In no unique key it is converted, also by name; code points are the same everywhere.
    run(source, database, ["DROP TABLE letters", "CREATE TABLE spanish (id INT PRIMARY KEY, a VARCHAR(9) COLLATE utf8mb4_es_0900_ai_ci)", "INSERT INTO spanish VALUES (1,'ll')",
                           "CREATE TABLE plain (id INT PRIMARY KEY, a VARCHAR(9) COLLATE utf8mb4_0900_ai_ci)", "INSERT INTO plain VALUES (1,_utf8mb4 X'EA9F82')",
                           "CREATE TABLE points (a VARCHAR(9) COLLATE utf8mb4_0900_bin PRIMARY KEY)", "INSERT INTO points VALUES ('a'),('a '),('A')"])
    client, copy = drsd.client, database + "_c"
    (name,) = client.start(job("plain", source, other, whole(database, copy)))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    assert "uca1400_nopad_ai_ci" in other.execute("SHOW CREATE TABLE plain", database=copy)[0][1]
    assert "uca1400_spanish_nopad_ai_ci" in other.execute("SHOW CREATE TABLE spanish", database=copy)[0][1]
    run(source, database, ["CREATE TABLE later (id INT PRIMARY KEY, a VARCHAR(9) COLLATE utf8mb4_0900_ai_ci) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin", "INSERT INTO later VALUES (1,'x')"])
    caught_up(client, name, source, other, database, copy)
    run(source, database, ["CREATE TABLE keyed (a VARCHAR(9) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"])
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop", lambda: f"{client.status(name)} {client.logs(name)[:6]}")
    assert any("another one at the target" in text for _, text in client.logs(name)), client.logs(name)


@ALL
def test_collations_of_a_language_are_near_to_those_of_the_other_family(drsd, mysql_pair, mariadb118_pair, database):
    """Each that MariaDB names an alias for, from there to MySQL; none is in a unique key."""
    source, target = mariadb118_pair[0], mysql_pair[1]
    theirs = {name for (name,) in target.execute("SELECT COLLATION_NAME FROM information_schema.COLLATIONS")}
    names = [name for (name,) in source.execute("SELECT COLLATION_NAME FROM information_schema.COLLATIONS WHERE COMMENT LIKE 'Alias for %' ORDER BY 1")]
    assert len(names) > 40 and theirs.issuperset(names)
    create_database(source, database)
    columns = ", ".join(f"c{i} VARCHAR(9) CHARACTER SET utf8mb4 COLLATE {name}" for i, name in enumerate(names))
    run(source, database, [f"CREATE TABLE languages (id INT PRIMARY KEY, {columns})", "INSERT INTO languages (id, c0) VALUES (1, 'a')"])
    (one,) = drsd.client.start(job("languages", source, target, whole(database, database + "_c")))
    drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
    made = target.execute(f"SELECT COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='{database}_c' AND TABLE_NAME='languages' AND COLLATION_NAME IS NOT NULL ORDER BY ORDINAL_POSITION")
    assert [name for (name,) in made] == names


@ALL
def test_a_vector_that_mariadb_does_not_take_stops_the_task(drsd, mysql_pair, mariadb118_pair, database):
    source, target = mysql_pair[0], mariadb118_pair[1]
    create_database(source, database)
    run(source, database, ["CREATE TABLE short (id INT PRIMARY KEY, v VECTOR(3))", "INSERT INTO short VALUES (1, X'0000803F0000004000004040')"])
    client, copy = drsd.client, database + "_c"
    (name,) = client.start(job("short", source, target, whole(database, copy)))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    source.execute("INSERT INTO short VALUES (2, X'0000803F')", database=database)
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop", lambda: f"{client.status(name)} {client.logs(name)[:6]}")
    assert any("vector" in text and "short" in text for _, text in client.logs(name)), client.logs(name)
    client.call("POST", f"/jobs/{name}/stop", {"is_force_stop": True})
    (name,) = client.start(job("short-full", source, target, whole(database, database + "_d")))
    wait_for(lambda: client.status(name) == "FULL_TRANSFER_FAILED", 90, "the copy to stop", lambda: f"{client.status(name)} {client.logs(name)[:6]}")
    assert target.execute("SELECT COUNT(*) FROM short", database=database + "_d") == ((0,),)
