"""Every column type, charset and shape of key, in all four directions: full copy, replay, comparison; and what one side
does not have is refused by name."""
import os
import time

import pytest

from support import rows, type_matrix
from support.drsd import job, wait_for, whole
from support.replay import caught_up, copy_change_compare, create_database, refused, run

DIRECTIONS = ["mariadb-mariadb", "mysql-mysql", "mariadb-mysql", "mysql-mariadb"]
if os.environ.get("OPENDRS_ALL"):
    DIRECTIONS += ["mariadb118-mariadb118", "mariadb118-mysql", "mysql-mariadb118"]


@pytest.fixture(params=DIRECTIONS)
def direction(request):
    """(source, target) of each direction in turn."""
    left, right = request.param.split("-")
    return request.getfixturevalue(f"{left}_pair")[0], request.getfixturevalue(f"{right}_pair")[1]


def movable(table, source, target):
    if source.mariadb == target.mariadb:
        return True
    if table.only == "vectors":
        return target.kind in type_matrix.WITH_VECTORS
    return not table.only or table.name.startswith("compressed_") or table.name in ("json_decimal", "geometry_srid")


def test_every_type_and_charset_arrives_to_the_byte(drsd, direction, database):
    source, target = direction
    chosen = [t for t in type_matrix.tables(source) if movable(t, source, target)]
    assert len(chosen) > 120
    unsummed = [p + t.name for t in chosen if not t.checksum for p in ("", "nokey_")]
    copy_change_compare(drsd, source, target, database, [s for t in chosen for s in type_matrix.keyed(t)],
                        [s for t in chosen for s in type_matrix.changes(t)], unsummed)


@pytest.mark.parametrize("direction", [d for d in DIRECTIONS if len(set(d.split("-"))) == 2], indirect=True)
def test_what_the_other_family_lacks_is_refused_by_name(drsd, direction, database):
    source, target = direction
    missing = [t for t in type_matrix.tables(source) if not movable(t, source, target) and t.name not in ("time_most", "enum_most", "vector_long")]
    create_database(source, database)
    run(source, database, [f"CREATE TABLE `{t.name}` (id INT PRIMARY KEY, v {t.type})" for t in missing])
    names = [t.name for t in missing]
    if not source.mariadb and target.kind == "mariadb":
        source.execute("CREATE TABLE own_collation (v VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci PRIMARY KEY)", database=database)
        names.append("own_collation")
    assert len(names) >= 2
    batch = drsd.client.create(job("lacking", source, target, whole(database, database + "_c")))
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    reason = refused(drsd.client, batch)["userSelectObjectsCheck"]
    for table in missing:
        assert f"{database}.{table.name}: " in reason, reason
        if not table.name.startswith("cs"):
            assert table.type.split("(")[0] in reason, reason
    assert "marker" not in reason


KEYS = {
    "composite": ("a INT, b VARCHAR(20), c DATE", "PRIMARY KEY (b, a, c)", ["1,'x','2024-01-01'", "2,'x','2024-01-01'", "1,'X ','0000-00-00'", "-1,'','2024-01-02'"]),
    "collated": ("a VARCHAR(40) COLLATE utf8mb4_unicode_ci", "PRIMARY KEY (a)", ["'a'", "'b'", "'Straße'", "'Zz'", "'🙂'", "'q''\\\\'"]),
    "latin": ("a VARCHAR(40) CHARACTER SET latin1", "PRIMARY KEY (a)", ["'a'", "'é'", "'ß'", "'z'"]),
    "gbk_key": ("a VARCHAR(40) CHARACTER SET gbk", "PRIMARY KEY (a)", ["CONVERT(X'815C' USING gbk)", "CONVERT(X'D55C27' USING gbk)", "'a'", "'中文'"]),
    "utf16_key": ("a VARCHAR(40) CHARACTER SET utf16", "PRIMARY KEY (a)", ["'a'", "'尧✀'", "'🙂'"]),
    "utf16le_key": ("a VARCHAR(40) CHARACTER SET utf16le", "PRIMARY KEY (a)", ["'a'", "'尧✀'", "'🙂'"]),
    "ucs2_key": ("a VARCHAR(40) CHARACTER SET ucs2", "PRIMARY KEY (a)", ["'a'", "'尧✀'"]),
    "sjis_key": ("a VARCHAR(40) CHARACTER SET sjis", "PRIMARY KEY (a)", ["'ソ'", "'表'", "'a'"]),
    "koi8r_key": ("a VARCHAR(40) CHARACTER SET koi8r", "PRIMARY KEY (a)", ["'Привет'", "'мир'", "'a'"]),
    "char_key": ("a CHAR(10)", "PRIMARY KEY (a)", ["'a'", "'b'", "''"]),
    "binary_key": ("a BINARY(6)", "PRIMARY KEY (a)", ["X'00'", "X'6100'", "X'6120'", "X'275C'"]),
    "varbinary_key": ("a VARBINARY(6)", "PRIMARY KEY (a)", ["X''", "X'00'", "X'61'", "X'6100'", "X'6120'", "X'275C'"]),
    "enum_key": ("a ENUM('z','a','m')", "PRIMARY KEY (a)", ["'z'", "'a'", "'m'"]),
    "set_key": ("a SET('z','a','m')", "PRIMARY KEY (a)", ["'z'", "'a,m'", "''"]),
    "prefix_key": ("a VARCHAR(90)", "PRIMARY KEY (a(4))", ["'abcdefg'", "'abce'", "'x'"]),
    "blob_key": ("a BLOB", "PRIMARY KEY (a(5))", ["X'0001'", "X'00'", "X'275C'"]),
    "decimal_key": ("a DECIMAL(40,10)", "PRIMARY KEY (a)", ["1.5", "-99999999999999999999.0000000001", "0"]),
    "double_key": ("a DOUBLE", "PRIMARY KEY (a)", ["0.1", "5e-324", "-1e300"]),
    "time_key": ("a TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), b TIME(2)", "PRIMARY KEY (a, b)", ["'2024-01-01 00:00:00.123','-01:00:00.01'", "'2024-01-01 00:00:00.124','10:00:00'"]),
    "bit_key": ("a BIT(40)", "PRIMARY KEY (a)", ["b'0'", "b'1111111111111111111111111111111111111111'"]),
    "year_key": ("a YEAR", "PRIMARY KEY (a)", ["0", "2001", "1970"]),
    "wide_key": ("a BIGINT UNSIGNED", "PRIMARY KEY (a)", ["0", "18446744073709551615"]),
    "unique_only": ("a INT NOT NULL, b VARCHAR(10) NOT NULL, c INT", "UNIQUE KEY k (b, a), UNIQUE KEY n (c)", ["1,'x',NULL", "2,'x',NULL", "1,'y',5"]),
    "weak_unique": ("a INT NULL, b VARCHAR(10)", "UNIQUE KEY k (a)", ["1,'x'", "NULL,'x'", "NULL,'x'", "2,'y'"]),
}

MARIADB_KEYS = {
    "uuid_key": ("a UUID", "PRIMARY KEY (a)", ["'123e4567-e89b-12d3-a456-426614174000'", "'018f4567-e89b-72d3-a456-426614174000'", "'00000000-0000-0000-0000-000000000000'"]),
    "inet_key": ("a INET6, b INET4", "PRIMARY KEY (a, b)", ["'::1','10.0.0.0'", "'2001:db8::','10.0.0.1'"]),
}


VECTOR_KEYS = {"vector_key": ("a VECTOR(2)", "PRIMARY KEY (a)", ["X'0000803F00000040'", "X'0A0D27005C000080'", "X'0000000000000000'"])}


def test_every_shape_of_key(drsd, direction, database):
    source, target = direction
    before, after = [], []
    keys = {**KEYS, **MARIADB_KEYS} if source.mariadb and target.mariadb else KEYS
    if source.kind == target.kind == "mariadb118":
        keys = {**keys, **VECTOR_KEYS}
    for name, (columns, key, values) in keys.items():
        before += [f"CREATE TABLE {name} ({columns}, payload INT NOT NULL DEFAULT 0, {key})",
                   *(f"INSERT INTO {name} VALUES ({value}, {i})" for i, value in enumerate(values))]
        after += [f"UPDATE {name} SET payload=payload+10", f"DELETE FROM {name} WHERE payload=10", f"INSERT INTO {name} VALUES ({values[0]}, 77)",
                  f"DELETE FROM {name} WHERE payload=11", f"UPDATE {name} SET payload=78 WHERE payload=77"]
    copy_change_compare(drsd, source, target, database, before, after)


def test_shapes_of_tables_and_names(drsd, direction, database):
    source, target = direction
    wide = ",".join(f"c{i} INT" for i in range(1000))
    invisible = "INVISIBLE" if source.mariadb else "/*!80023 INVISIBLE */"
    before = [
        f"CREATE TABLE thousand ({wide}, PRIMARY KEY (c0))", "INSERT INTO thousand (c0, c1, c999) VALUES (1, 2, 3), (2, NULL, 4)",
        "CREATE TABLE big (id INT PRIMARY KEY, b LONGBLOB)", "INSERT INTO big VALUES (1, REPEAT(X'00', 20000000))",  # twice as long as a literal
        "CREATE TABLE empty_one (id INT PRIMARY KEY)", "CREATE TABLE empty_heap (a INT, b TEXT)",
        "CREATE TABLE `it's \"a\" ``table``.with/all` (`select` INT PRIMARY KEY, `q``'\"\\\\.` INT, `spá ce` INT)",
        "INSERT INTO `it's \"a\" ``table``.with/all` VALUES (1,2,3)",
        "CREATE TABLE `täble` (`ключ` INT PRIMARY KEY, `值` VARCHAR(9))", "INSERT INTO `täble` VALUES (1,'值')",
        "CREATE TABLE by_range (id INT, d DATE, PRIMARY KEY (id, d)) PARTITION BY RANGE (YEAR(d)) (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "CREATE TABLE by_list (id INT PRIMARY KEY) PARTITION BY LIST (id) (PARTITION a VALUES IN (1,3), PARTITION b VALUES IN (2,4))",
        "CREATE TABLE by_columns (id INT, s VARCHAR(9), PRIMARY KEY (id, s)) PARTITION BY RANGE COLUMNS (s) (PARTITION a VALUES LESS THAN ('m'), PARTITION b VALUES LESS THAN (MAXVALUE))",
        "CREATE TABLE by_hash (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3", "CREATE TABLE by_linear (id INT PRIMARY KEY) PARTITION BY LINEAR HASH (id) PARTITIONS 3",
        "CREATE TABLE by_key (id INT PRIMARY KEY) PARTITION BY KEY (id) PARTITIONS 3", "CREATE TABLE heap_by_hash (id INT) PARTITION BY HASH (id) PARTITIONS 2",
        "CREATE TABLE sub_parts (id INT, d DATE, PRIMARY KEY (id, d)) PARTITION BY RANGE (YEAR(d)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "INSERT INTO by_range VALUES (1,'1999-01-01'),(2,'2024-01-01')", "INSERT INTO sub_parts SELECT * FROM by_range", "INSERT INTO by_columns VALUES (1,'a'),(2,'z')",
        *(f"INSERT INTO {t} VALUES (1),(2),(3)" for t in ("by_list", "by_hash", "by_linear", "by_key", "heap_by_hash")),
        "CREATE TABLE hen (id INT PRIMARY KEY, egg INT, KEY (egg))",
        "CREATE TABLE egg (id INT PRIMARY KEY, hen INT, KEY (hen), CONSTRAINT laid FOREIGN KEY (hen) REFERENCES hen (id))",
        "ALTER TABLE hen ADD CONSTRAINT hatched FOREIGN KEY (egg) REFERENCES egg (id)",
        "CREATE TABLE self_made (id INT PRIMARY KEY, boss INT, KEY (boss), CONSTRAINT boss FOREIGN KEY (boss) REFERENCES self_made (id) ON DELETE SET NULL)",
        "SET foreign_key_checks=0", "INSERT INTO hen VALUES (1,1),(2,NULL)", "INSERT INTO egg VALUES (1,1),(2,2)", "INSERT INTO self_made VALUES (1,2),(2,1),(3,3)", "SET foreign_key_checks=1",
        "CREATE TABLE made (id INT PRIMARY KEY, a INT, s INT AS (a*2) STORED, v VARCHAR(20) AS (CONCAT('v',a)) VIRTUAL, KEY (s))", "INSERT INTO made (id,a) VALUES (1,5),(2,NULL)",
        "CREATE TABLE made_heap (a INT, s INT AS (a*2) STORED, v INT AS (a+1) VIRTUAL)", "INSERT INTO made_heap (a) VALUES (5),(5),(NULL)",
        f"CREATE TABLE hidden (id INT PRIMARY KEY, seen INT, unseen INT NOT NULL DEFAULT 7 {invisible})", "INSERT INTO hidden (id,seen) VALUES (1,1)", "INSERT INTO hidden (id,seen,unseen) VALUES (2,1,9)",
        "CREATE TABLE counted (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a INT) AUTO_INCREMENT=1000", "INSERT INTO counted VALUES (0,1)", "INSERT INTO counted (a) VALUES (5)",
        "CREATE TABLE clocks (id INT PRIMARY KEY, a INT DEFAULT 5, b TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), c DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, d VARCHAR(9) DEFAULT 'it''s')",
        "INSERT INTO clocks (id) VALUES (1),(2)",
        "CREATE TABLE clock_heap (a INT, b TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))", "INSERT INTO clock_heap (a) VALUES (1),(2)",
        "CREATE TABLE places (id INT PRIMARY KEY, p POINT NOT NULL, SPATIAL KEY spot (p))", "INSERT INTO places VALUES (1, ST_GeomFromText('POINT(1 2)')), (2, ST_GeomFromText('POINT(3 4)'))",
        "CREATE TABLE twins (a INT, b DOUBLE, c VARCHAR(20), d JSON)", "INSERT INTO twins VALUES (1,0e0,'a','1'),(1,0e0,'a','1'),(1,0e0,'A','1'),(1,0e0,'a ','1'),(1,'-0','a','1')",
    ]
    if not source.mariadb:
        before += ["SET sql_generate_invisible_primary_key=1", "CREATE TABLE gipk (a INT)", "SET sql_generate_invisible_primary_key=0", "INSERT INTO gipk VALUES (1),(1),(2)"]
    after = [
        "INSERT INTO big VALUES (2, REPEAT(X'275C', 8000000))", "UPDATE thousand SET c500=5", "INSERT INTO thousand (c0) VALUES (3)", "INSERT INTO empty_one VALUES (1)", "INSERT INTO empty_heap VALUES (1,'x'),(1,'x')", "DELETE FROM empty_heap LIMIT 1",
        "UPDATE `it's \"a\" ``table``.with/all` SET `q``'\"\\\\.`=9", "UPDATE `täble` SET `值`='x'",
        *(f"INSERT INTO {t} VALUES (4)" for t in ("by_list", "by_hash", "by_linear", "by_key", "heap_by_hash")), *(f"UPDATE {t} SET id=id+10 WHERE id=2" for t in ("by_hash", "by_key", "heap_by_hash")),
        "UPDATE by_range SET d='1990-01-01' WHERE id=2", "DELETE FROM sub_parts WHERE id=1", "UPDATE by_columns SET s='b' WHERE s='z'",
        "UPDATE hen SET egg=2 WHERE id=2", "DELETE FROM egg WHERE id=1 AND hen=99", "INSERT INTO self_made VALUES (4,1)", "DELETE FROM self_made WHERE id=1",
        "UPDATE made SET a=6 WHERE id=2", "INSERT INTO made (id,a) VALUES (3,3)", "UPDATE made_heap SET a=6 WHERE a IS NULL", "DELETE FROM made_heap WHERE a=5 LIMIT 1",
        "UPDATE hidden SET seen=2", "INSERT INTO counted (a) VALUES (6)", "UPDATE clocks SET a=6 WHERE id=1", "UPDATE clocks SET b=b, c=c, a=7 WHERE id=2", "UPDATE clock_heap SET a=3 WHERE a=1",
        "UPDATE clock_heap SET b=b, a=4 WHERE a=2", "UPDATE places SET p=ST_GeomFromText('POINT(9 9)') WHERE id=1", "DELETE FROM places WHERE id=2",
        "DELETE FROM twins WHERE BINARY c='A'", "UPDATE twins SET a=2 WHERE BINARY c='a ' ", "DELETE FROM twins WHERE BINARY c='a' AND a=1 LIMIT 1",
    ]
    if not source.mariadb:
        after += ["INSERT INTO gipk VALUES (3)", "DELETE FROM gipk WHERE a=1 LIMIT 1"]
    copy_change_compare(drsd, source, target, database, before, after)
    copy = database + "_c"
    target.execute("INSERT INTO counted (a) VALUES (7)", database=copy)
    assert target.execute("SELECT MAX(id) FROM counted", database=copy) == ((1002,),)


@pytest.mark.parametrize("policy", ["stop", "overwrite"])
def test_change_without_row_stops(drsd, usual_pair, database, policy):
    source, target = usual_pair
    create_database(source, database)
    source.execute("CREATE TABLE heap (a INT, b VARCHAR(20))", "INSERT INTO heap VALUES (1,'x'),(1,'x'),(2,NULL)", database=database)
    client = drsd.client
    (name,) = client.start(job("heap", source, target, whole(database, database + "_c"), policy={"conflict_policy": policy}))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    caught_up(client, name, source, target, database, database + "_c")
    target.execute("UPDATE heap SET b='X' WHERE a=1 LIMIT 1", database=database + "_c")  # not the same byte
    out = drsd.ctl("compare", name, ok=(0, 1, 2, 3, 4, 5))
    assert "2 rows differ" in out, out
    source.execute("DELETE FROM heap WHERE a=1", database=database)
    wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 60, "the task to stop", lambda: f"{client.status(name)} {client.logs(name)[:6]}")
    assert any("heap" in text and "1, 'x'" in text for _, text in client.logs(name)), client.logs(name)
    assert target.execute("SELECT COUNT(*) FROM heap", database=database + "_c") == ((3,),)


def test_tables_without_any_key_pass_with_an_alarm(drsd, pair, database):
    source, target = pair
    create_database(source, database)
    source.execute("CREATE TABLE heap (a INT)", "CREATE TABLE firm (a INT NOT NULL, UNIQUE KEY (a))", database=database)
    batch = drsd.client.create(job("alarm", source, target, whole(database, database + "_c")))
    assert drsd.client.validated(batch) == "AUTO_PARAM_VALIDATE_SUCCESS"
    (listed,) = drsd.client.batch_jobs(batch)
    item = {i["item"]: i for i in listed["precheck_result"]["precheck_results"]}["srcHasNoPkTableWhenTgtHasInvisiblePk"]
    assert item["result"] == "ALARM" and "heap" in item["failed_reason"] and "firm" not in item["failed_reason"], item


def test_a_target_that_adds_invisible_keys_gets_the_table_as_it_is(drsd, mysql_pair, database):
    source, target = mysql_pair
    create_database(source, database)
    source.execute("CREATE TABLE heap (a INT)", "INSERT INTO heap VALUES (1),(1)", database=database)
    target.execute("SET GLOBAL sql_generate_invisible_primary_key=1")
    try:
        client = drsd.client
        (name,) = client.start(job("gipk", source, target, whole(database, database + "_c")))
        client.wait_status(name, "INCRE_TRANSFER_STARTED")
        source.execute("DELETE FROM heap LIMIT 1", database=database)
        caught_up(client, name, source, target, database, database + "_c")
    finally:
        target.execute("SET GLOBAL sql_generate_invisible_primary_key=0")
    rows.assert_equal(source, database, target, database + "_c", "heap")
    assert target.execute("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema=%r AND table_name='heap'" % (database + "_c")) == ((1,),)


def test_tables_without_a_key_under_load_lose_and_double_nothing(drsd, pair, database):
    source, target = pair
    create_database(source, database)
    source.execute("CREATE TABLE heap (a INT, b VARCHAR(200))", "INSERT INTO heap WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i+1 FROM n WHERE i<900) SELECT i%50, REPEAT('x',i%100) FROM n",
                   database=database)
    client = drsd.client
    batch = client.create(job("heap-load", source, target, whole(database, database + "_c")))
    assert client.validated(batch) == "AUTO_PARAM_VALIDATE_SUCCESS"
    client.call("POST", f"/batch-async-jobs/{batch}/commit")
    (listed,) = client.batch_jobs(batch)
    name = listed["id"]
    deadline, i = time.monotonic() + 6, 0
    with source.connect(database) as c, c.cursor() as cursor:
        while time.monotonic() < deadline or client.status(name) != "INCRE_TRANSFER_STARTED":
            i += 1
            cursor.execute(f"INSERT INTO heap VALUES ({i % 50}, '')")
            cursor.execute(f"UPDATE heap SET a=a+50 WHERE a={i % 50} LIMIT 2")
            cursor.execute(f"DELETE FROM heap WHERE a={50 + i % 50} LIMIT 1")
            assert time.monotonic() < deadline + 60
    caught_up(client, name, source, target, database, database + "_c")
    rows.assert_equal(source, database, target, database + "_c", "heap")
    drsd.ctl("compare", name)
