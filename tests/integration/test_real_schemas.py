"""Schemas that others wrote, from Debian packages: zabbix-server-mysql (173 tables with foreign keys and 36 MB of statements) and
icingadb (61 tables and a function). The tests skip, with the reason, where the packages cannot be had."""
import gzip
import os
import re
import subprocess
import time

import pytest

from support import rows, servers
from support.drsd import job, wait_for, whole

EXTRA = ("CREATE TABLE opendrs_counter (id INT PRIMARY KEY, n BIGINT)",
         "CREATE VIEW opendrs_hosts AS SELECT h.hostid, h.host, COUNT(i.itemid) AS items FROM hosts h LEFT JOIN items i ON i.hostid=h.hostid GROUP BY h.hostid, h.host",
         "CREATE FUNCTION opendrs_twice(a BIGINT) RETURNS BIGINT DETERMINISTIC RETURN a * 2",
         "CREATE PROCEDURE opendrs_count() SELECT COUNT(*) FROM opendrs_hosts",
         "CREATE TRIGGER opendrs_seen AFTER UPDATE ON hosts FOR EACH ROW UPDATE opendrs_counter SET n=n+1 WHERE id=1")
CHANGES = ("INSERT INTO opendrs_counter VALUES (1,0),(2,0)", "UPDATE hosts SET description=CONCAT(description,' seen 😀') WHERE hostid%3=0", "DELETE FROM widget WHERE widgetid%5=0",
           "UPDATE items SET delay='77s' WHERE itemid%10=3", "INSERT INTO history_text VALUES (1,1,REPEAT('ä',30000),1)", "INSERT INTO history_text VALUES (1,1,REPEAT('ö',30000),2)",
           "DELETE FROM widget_field WHERE widget_fieldid%7=0")
LONG = pytest.mark.skipif("OPENDRS_ALL" not in os.environ, reason="a minute; part of ./x test --all")
ORDINARY_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema='{}' AND table_type='BASE TABLE' ORDER BY 1"


def package(name):
    try:
        return servers.package_folder(name)
    except RuntimeError as why:
        pytest.skip(str(why))


def load(server, database, *texts):
    """Runs SQL files by the ordinary client, which knows DELIMITER; as fast as the server takes them."""
    server.execute(f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    command = ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{server.port}", f"-u{servers.USER}", f"-p{servers.PASSWORD}", "--default-character-set=utf8mb4", database]
    for text in texts:
        subprocess.run(command, input=b"SET unique_checks=0;\n" + text, check=True, capture_output=True)


def packed(path):
    return gzip.decompress(path.read_bytes())


def zabbix(server, database):
    folder = package("zabbix-server-mysql") / "usr/share/zabbix-server-mysql"
    load(server, database, *(packed(folder / f"{part}.sql.gz") for part in ("schema", "images", "data")))
    server.execute(*EXTRA, database=database)


def definitions(server, database):
    """The tables' texts without the counter, and without NO ACTION: MariaDB notes the RESTRICT that its own catalogue names
    for a key without an action as NO ACTION when an ALTER TABLE says it. InnoDB acts alike on both. MySQL shows for a column
    whether its character set was named beside its collation, which names it too."""
    names = [t for (t,) in server.execute(ORDINARY_TABLES.format(database))]
    def plain(text):
        return re.sub(r"CHARACTER SET (\w+) (?=COLLATE \1_)", "", text)

    return {t: plain(re.sub(r" AUTO_INCREMENT=\d+| ON (?:UPDATE|DELETE) NO ACTION", "", server.execute(f"SHOW CREATE TABLE `{t}`", database=database)[0][1])) for t in names}


def checksums(server, database):
    names = [t for (t,) in server.execute(ORDINARY_TABLES.format(database))]
    with server.connect(database) as c, c.cursor() as cursor:
        cursor.execute("CHECKSUM TABLE " + ", ".join(f"`{t}`" for t in names))
        return {t.split(".", 1)[1]: value for t, value in cursor.fetchall()}


def run(client, source, target, database, change):
    copy = database + "_c"
    (name,) = client.start(job(database[:40], source, target, whole(database, copy)))
    change()
    client.wait_status(name, "INCRE_TRANSFER_STARTED", seconds=240)
    value = int(time.time() * 1000) % 10**12
    source.execute(f"REPLACE INTO opendrs_counter VALUES (999, {value})", database=database)
    wait_for(lambda: target.execute("SELECT n FROM opendrs_counter WHERE id=999", database=copy) == ((value,),), 120, "the marker row",
             lambda: f"{client.status(name)} {client.logs(name)[:6]}")
    return name, copy


def compared(drsd, name):
    out = drsd.ctl("compare", name)
    assert "0 differ" in out or "equal" in out.lower(), out


def end(client, name):
    client.call("POST", f"/jobs/{name}/stop", {"is_force_stop": False})
    client.wait_status(name, "RELEASE_RESOURCE_COMPLETE")


def routines(server, database):
    return server.execute(f"SELECT routine_name, routine_type, HEX(routine_definition), sql_mode FROM information_schema.routines WHERE routine_schema='{database}' ORDER BY 1")


@LONG
def test_zabbix_to_the_same_flavour(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    zabbix(source, database)
    name, copy = run(drsd.client, source, target, database, lambda: source.execute(*CHANGES, database=database))
    before, there = definitions(source, database), definitions(target, copy)
    assert len(before) == 174 and before == there
    assert checksums(source, database) == checksums(target, copy)
    compared(drsd, name)
    end(drsd.client, name)
    assert routines(source, database) == routines(target, copy)
    triggers = "SELECT trigger_name, event_object_table, action_statement FROM information_schema.triggers WHERE trigger_schema='{}'"
    assert source.execute(triggers.format(database)) == target.execute(triggers.format(copy)) != ()
    hosts = "SELECT * FROM opendrs_hosts ORDER BY hostid"
    assert source.execute(hosts, database=database) == target.execute(hosts, database=copy) != ()


@LONG
def test_zabbix_to_the_other_flavour(drsd, mariadb_pair, mysql_pair, database):
    """What differs at MySQL: displayed widths of integers are gone there, and the text of a view is written anew by the server;
    the values do not differ."""
    source, target = mariadb_pair[0], mysql_pair[1]
    zabbix(source, database)
    name, copy = run(drsd.client, source, target, database, lambda: source.execute(*CHANGES, database=database))
    columns = ("SELECT table_name, column_name, REGEXP_REPLACE(column_type, 'int\\\\([0-9]+\\\\)', 'int'), is_nullable, character_set_name, collation_name"
               " FROM information_schema.columns WHERE table_schema='{}' ORDER BY table_name, ordinal_position")
    keys = "SELECT table_name, index_name, seq_in_index, column_name, non_unique, sub_part FROM information_schema.statistics WHERE table_schema='{}' ORDER BY 1, 2, 3"
    parents = ("SELECT table_name, constraint_name, referenced_table_name, delete_rule, update_rule FROM information_schema.referential_constraints"
               " WHERE constraint_schema='{}' ORDER BY 1, 2")
    restrict = {"NO ACTION": "RESTRICT"}
    for query in (columns, keys, parents):
        left, right = ([tuple(restrict.get(v, v) for v in row) for row in s.execute(query.format(d))] for s, d in ((source, database), (target, copy)))
        assert left and sorted(left, key=repr) == sorted(right, key=repr), [p for p in zip(sorted(left, key=repr), sorted(right, key=repr)) if p[0] != p[1]][:5]
    rows.assert_equal(source, database, target, copy, *(t for (t,) in source.execute(ORDINARY_TABLES.format(database))))
    compared(drsd, name)
    end(drsd.client, name)
    hosts = "SELECT hostid, host, items FROM opendrs_hosts ORDER BY hostid"
    assert source.execute(hosts, database=database) == target.execute(hosts, database=copy) != ()


def test_icingadb_with_its_function(drsd, pair, database):
    source, target = pair
    load(source, database, (package("icingadb") / "usr/share/icingadb/schema/mysql/schema.sql").read_bytes())
    source.execute(EXTRA[0], database=database)
    insert = "INSERT INTO customvar (id, environment_id, name_checksum, name, value) VALUES (UNHEX(LPAD(HEX({0}),40,'0')), UNHEX(RPAD('',40,'e')), UNHEX(RPAD('',40,'a')), 'n{0}', '\"v\"')"
    source.execute(*(insert.format(i) for i in range(40)), database=database)
    name, copy = run(drsd.client, source, target, database, lambda: source.execute(insert.format(77), database=database))
    before, there = definitions(source, database), definitions(target, copy)
    assert before.keys() == there.keys()
    assert not [(before[t], there[t]) for t in before if before[t] != there[t]][:2]
    assert checksums(source, database) == checksums(target, copy)
    assert routines(source, database) == routines(target, copy) != ()
    compared(drsd, name)
    end(drsd.client, name)
