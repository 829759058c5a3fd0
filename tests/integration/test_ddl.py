"""Schema changes in the incremental phase, on real servers: each with rows before, between and behind it, equal at the end."""
import pytest

from support import servers
from support.drsd import Drsd, tables, wait_for
from support.lane import FAST, ITEM, Lane
from support.proxy import LateProxy


@pytest.fixture
def service(folder):
    with Drsd(folder, config=FAST) as running:
        yield running


# Statement → how rows are written behind it.
ALTERATIONS = {
    "add_column": ("ALTER TABLE item ADD COLUMN c INT NOT NULL DEFAULT 7", "INSERT INTO item VALUES ({n},'x',1,2)"),
    "add_column_first": ("ALTER TABLE item ADD c VARCHAR(9) CHARACTER SET latin1 DEFAULT 'é' FIRST", "INSERT INTO item VALUES ('ü',{n},'x',1)"),
    "modify_column": ("ALTER TABLE item MODIFY b BIGINT UNSIGNED, MODIFY a VARCHAR(300) CHARACTER SET latin1", "INSERT INTO item VALUES ({n},'ö',18446744073709551615)"),
    "reorder": ("ALTER TABLE item MODIFY b INT AFTER id", "INSERT INTO item VALUES ({n},5,'text')"),
    "change_column": ("ALTER TABLE item CHANGE a `new name` TEXT", "INSERT INTO item VALUES ({n},REPEAT('y',3000),1)"),
    "drop_column": ("ALTER TABLE item DROP COLUMN a", "INSERT INTO item VALUES ({n},3)"),
    "add_index": ("ALTER TABLE item ADD INDEX ka (a(5)), ADD UNIQUE ub (b, id)", "INSERT INTO item VALUES ({n},'x',{n})"),
    "drop_index": ("ALTER TABLE item DROP INDEX kb", "INSERT INTO item VALUES ({n},'x',3)"),
    "rename_index": ("ALTER TABLE item RENAME INDEX kb TO kc", "INSERT INTO item VALUES ({n},'x',3)"),
    "create_index": ("CREATE UNIQUE INDEX u ON item (id, b)", "INSERT INTO item VALUES ({n},'x',3)"),
    "drop_index_on": ("DROP INDEX kb ON item", "INSERT INTO item VALUES ({n},'x',3)"),
    "primary_key": ("ALTER TABLE item DROP PRIMARY KEY, ADD COLUMN k INT NOT NULL DEFAULT 0, ADD PRIMARY KEY (k, id)", "INSERT INTO item VALUES ({n},'x',3,9)"),
    "convert": ("ALTER TABLE item CONVERT TO CHARACTER SET latin1", "INSERT INTO item VALUES ({n},'ß',3)"),
    "default": ("ALTER TABLE item ALTER b SET DEFAULT 44", "INSERT INTO item (id,a) VALUES ({n},'x')"),
    "generated": ("ALTER TABLE item ADD g INT AS (b + 1) STORED", "INSERT INTO item (id,a,b) VALUES ({n},'x',8)"),
    "engine": ("ALTER TABLE item ENGINE=MyISAM", "INSERT INTO item VALUES ({n},'x',3)"),
    "comment": ("ALTER TABLE item COMMENT='what it is', FORCE", "INSERT INTO item VALUES ({n},'x',3)"),
}


@pytest.mark.parametrize("change", ALTERATIONS)
def test_alter_table(service, pair, database, change):
    lane = Lane(service, pair, database, ITEM)
    statement, insert = ALTERATIONS[change]
    lane.run("UPDATE item SET b=11 WHERE id=1", statement, insert.format(n=50), insert.format(n=51), "DELETE FROM item WHERE id=2", "UPDATE item SET id=60 WHERE id=51")
    lane.equal("item")
    lane.same("item")
    assert lane.states() == ["done"]
    lane.run("ALTER TABLE item ADD COLUMN last INT", "UPDATE item SET last=id")
    lane.equal("item")
    lane.same("item")


def test_alter_table_with_other_names_at_the_target(service, pair, database):
    selection = tables(database, "item", "marker", target=database + "_c", rename={"item": "thing"})
    lane = Lane(service, pair, database, ITEM, selection=selection)
    lane.run("ALTER TABLE item ADD c INT", f"ALTER TABLE `{database}`.item /* kept */ ADD d INT", "UPDATE item SET c=1, d=id", "ALTER TABLE item DROP c")
    lane.equal(("item", "thing"))
    lane.same("item", "thing")


def test_foreign_keys_come_and_go(service, pair, database):
    lane = Lane(service, pair, database, ("CREATE TABLE p (id INT PRIMARY KEY)", "CREATE TABLE c (id INT PRIMARY KEY, p INT)",
                                          "INSERT INTO p VALUES (1),(2)", "INSERT INTO c VALUES (1,1),(2,2)"))
    lane.run("ALTER TABLE c ADD FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE", "DELETE FROM p WHERE id=1", "INSERT INTO p VALUES (3)", "INSERT INTO c VALUES (3,3)")
    lane.equal("p", "c")
    assert lane.source.execute("SELECT COUNT(*) FROM c", database=database) == ((2,),)
    (name,) = lane.source.execute(f"SELECT constraint_name FROM information_schema.referential_constraints WHERE constraint_schema='{database}'")[0]
    lane.run(f"ALTER TABLE c DROP FOREIGN KEY `{name}`", "DELETE FROM p WHERE id=3")
    lane.equal("p", "c")
    lane.same("c")


def test_tables_are_created_dropped_and_renamed(service, pair, database):
    lane = Lane(service, pair, database, ITEM)
    lane.run("CREATE TABLE fresh (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(30), u VARCHAR(9) UNIQUE)", "INSERT INTO fresh (v,u) VALUES ('ä','1'),('b','2')",
             "CREATE TABLE IF NOT EXISTS fresh (other INT)", "CREATE TABLE alike LIKE item", "INSERT INTO alike SELECT * FROM item")
    lane.equal("fresh", "alike", "item")
    lane.same("fresh")
    lane.same("alike")
    lane.run("ALTER TABLE fresh ADD w INT", "UPDATE fresh SET w=3", "RENAME TABLE fresh TO renamed, alike TO fresh", "INSERT INTO fresh VALUES (70,'n',1)",
             "DROP TABLE IF EXISTS nothing, item", "CREATE TABLE item (k INT PRIMARY KEY)", "INSERT INTO item VALUES (5)", "ALTER TABLE fresh RENAME TO again, ADD z INT",
             "INSERT INTO again VALUES (71,'n',1,2)")
    lane.equal("renamed", "again", "item")
    assert lane.tables() == {"marker", "renamed", "again", "item"}
    lane.same("renamed")
    lane.same("again")
    out = service.ctl("compare", lane.id)
    assert "again" in out and "fresh" not in out, out


def test_a_swap_by_rename_keeps_rows_and_definitions_apart(service, pair, database):
    lane = Lane(service, pair, database, ("CREATE TABLE a (id INT PRIMARY KEY, x INT)", "CREATE TABLE b (id INT PRIMARY KEY, y VARCHAR(9))",
                                          "INSERT INTO a VALUES (1,1)", "INSERT INTO b VALUES (2,'two')"))
    lane.run("RENAME TABLE a TO t, b TO a, t TO b", "INSERT INTO a VALUES (3,'three')", "INSERT INTO b VALUES (4,4)")
    lane.equal("a", "b")


def test_partitions_come_and_go(service, pair, database):
    lane = Lane(service, pair, database, ("CREATE TABLE part (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
                                          "INSERT INTO part VALUES (1,1),(11,1)"))
    lane.run("ALTER TABLE part ADD PARTITION (PARTITION p2 VALUES LESS THAN (30))", "INSERT INTO part VALUES (21,1)", "ALTER TABLE part TRUNCATE PARTITION p0",
             "INSERT INTO part VALUES (2,2)", "ALTER TABLE part DROP PARTITION p1", "ALTER TABLE part REORGANIZE PARTITION p2 INTO (PARTITION p3 VALUES LESS THAN (25), PARTITION p4 VALUES LESS THAN (30))")
    lane.equal("part")
    assert lane.source.execute("SELECT COUNT(*) FROM part", database=database) == ((2,),)


def test_databases_come_and_go(service, mariadb_pair, database):
    lane = Lane(service, mariadb_pair, database, ITEM)
    lane.run(f"ALTER DATABASE {database} CHARACTER SET latin1 COLLATE latin1_bin", "CREATE TABLE fresh (id INT PRIMARY KEY, v VARCHAR(9))", "INSERT INTO fresh VALUES (1,'ä')")
    lane.equal("fresh", "item")
    lane.same("fresh")
    lane.source.execute(f"DROP DATABASE {database}", f"CREATE DATABASE {database} CHARACTER SET utf8mb4", f"CREATE TABLE {database}.other (id INT PRIMARY KEY, v TEXT)",
                        f"INSERT INTO {database}.other VALUES (1,'ä')")
    wait_for(lambda: "other" in lane.tables() and lane.target.execute("SELECT id FROM other", database=lane.copy) == ((1,),), 60, "the new table", lane.state)
    assert lane.tables() == {"marker", "item", "fresh", "other"}, "DROP DATABASE is filtered"
    assert "filtered" in lane.states()


def test_a_reset_drops_what_statements_made(service, mariadb_pair, database):
    lane = Lane(service, mariadb_pair, database, ITEM)
    lane.run("CREATE TABLE fresh (id INT PRIMARY KEY)", "RENAME TABLE item TO thing", "INSERT INTO fresh VALUES (1)")
    lane.equal("fresh", "thing")
    lane.run("ALTER IGNORE TABLE thing ADD UNIQUE (a)")
    lane.stopped("ALTER IGNORE", "by chance")
    lane.client.action(lane.id, "precheck", precheck_mode="forRetryJob")
    lane.client.action(lane.id, "reset")
    lane.client.wait_status(lane.id, "INCRE_TRANSFER_STARTED")
    lane.equal("fresh", "thing")
    assert lane.states() == []


STOPS = {
    "exchange": ("ALTER TABLE part EXCHANGE PARTITION p0 WITH TABLE item", "moves rows"),
    "uuid": ("ALTER TABLE item ADD u CHAR(36) DEFAULT (UUID())", "uuid"),
    "numbers": ("ALTER TABLE keyless ADD id INT AUTO_INCREMENT PRIMARY KEY", "by chance"),
    "out": ("RENAME TABLE item TO other_schema.item", "outside of the selection"),
    "engine": ("CREATE TABLE merged (id INT) ENGINE=MRG_MyISAM", "keeps its rows elsewhere"),
    "parent": ("ALTER TABLE item ADD CONSTRAINT fx FOREIGN KEY (b) REFERENCES other_schema.p (id)", "not selected"),
}


@pytest.mark.parametrize("change", STOPS)
def test_what_would_give_other_rows_stops_the_task(service, pair, database, change):
    statement, why = STOPS[change]
    if change == "uuid" and not pair[0].mariadb:
        pytest.skip("MySQL refuses it itself")
    lane = Lane(service, pair, database, (*ITEM, "CREATE TABLE keyless (v INT)", "INSERT INTO keyless VALUES (1),(2)",
                                          "CREATE TABLE part (id INT PRIMARY KEY, a VARCHAR(20), b INT, KEY kb (b)) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (100))"))
    if "other_schema" in statement:
        other = database + "_o"
        lane.source.execute(f"CREATE DATABASE {other}", f"CREATE TABLE {other}.p (id INT PRIMARY KEY)", f"INSERT INTO {other}.p VALUES (10),(20),(1)")
        statement = statement.replace("other_schema", other)
    lane.run("INSERT INTO item VALUES (9,'before',1)", statement)
    lane.stopped(why, statement[:30])
    assert lane.target.execute("SELECT a FROM item WHERE id=9", database=lane.copy) == (("before",),), "what came before it is there"


def test_what_is_filtered_stays_at_the_source(service, pair, database):
    lane = Lane(service, pair, database, ITEM, policy={"support_ddl_info": "ADD_COLUMN,CREATE_TABLE", "ddl_trans": False})
    lane.run("ALTER TABLE item ADD INDEX ka (a)", "ALTER TABLE item MODIFY b INT FIRST", "INSERT INTO item VALUES (5,70,'five')", "ALTER TABLE item ADD c INT",
             "INSERT INTO item VALUES (6,71,'six',7)", "CREATE TABLE gone (id INT PRIMARY KEY)", "INSERT INTO gone VALUES (1)")
    lane.arrive()
    assert lane.target.execute("SELECT id,a,b,c FROM item WHERE id>=70 ORDER BY id", database=lane.copy) == ((70, "five", 5, None), (71, "six", 6, 7))
    lane.run("DROP TABLE gone", "TRUNCATE TABLE item")
    lane.arrive()
    assert lane.states() == ["filtered", "filtered", "done", "done", "filtered"]
    assert "gone" in lane.tables()
    assert lane.target.execute("SELECT COUNT(*) FROM item", database=lane.copy) == ((5,),)


@pytest.mark.parametrize("point", ["ddl.intended", "ddl.executed", "sink.before_commit", "sink.after_commit"])
def test_killed_around_a_statement_it_takes_effect_once(folder, pair, database, point):
    with Drsd(folder, config=FAST) as service:
        lane = Lane(service, pair, database, ITEM)
        lane.client.action(lane.id, "stop", pause_mode="all")
        wait_for(lambda: lane.client.status(lane.id) == "PAUSING", 60, "the pause", lane.state)
        lane.run("ALTER TABLE item ADD c INT NOT NULL DEFAULT 3", "INSERT INTO item VALUES (7,'x',1,9)", "RENAME TABLE item TO thing", "CREATE TABLE item (id INT PRIMARY KEY, z INT)",
                 "INSERT INTO item VALUES (1,1)", "DROP TABLE thing", "ALTER TABLE item ADD y INT")
        service.stop()
        for kill in range(1, 4):
            service.environment["OPENDRS_FAILPOINTS"] = f"{point}=kill@{1 if point == 'ddl.executed' else kill}"
            if kill == 1:
                service.run()
                lane.client.action(lane.id, "restart")
            else:
                service.launch()  # it may be dead before it is ready
            wait_for(lambda: service.process.poll() is not None, 60, f"kill {kill} at {point}")
            service.kill()
        service.environment.pop("OPENDRS_FAILPOINTS")
        service.run()
        lane.equal("item")
        lane.same("item")
        assert lane.tables() == {"marker", "item"}
        assert set(lane.states()) == {"done"} and len(lane.states()) == 5


def test_what_a_killed_worker_sent_arrives_late_and_changes_nothing(folder, pair, database):
    """Two tables of one definition change places. The first worker is killed as it clears the flag of a RENAME, which the
    network delivers when the second one has renamed and died: the third must not rename again."""
    with LateProxy(pair[1], b"DROP TABLE IF EXISTS `drs_ctl`.`rename_") as late, Drsd(folder, config=FAST) as service:
        lane = Lane(service, pair, database, ("CREATE TABLE a (id INT PRIMARY KEY, x INT)", "CREATE TABLE b LIKE a", "INSERT INTO a VALUES (1,1)", "INSERT INTO b VALUES (2,2)"),
                    through=(pair[0], late))
        lane.run("RENAME TABLE a TO t, b TO a, t TO b")
        wait_for(lambda: late.held, 30, "the statement", lane.state)
        service.kill()
        service.environment["OPENDRS_FAILPOINTS"] = "ddl.executed=kill@1"
        service.launch()
        wait_for(lambda: service.process.poll() is not None, 60, "the kill behind the RENAME")
        late.release(0)
        service.environment.pop("OPENDRS_FAILPOINTS")
        service.run()
        lane.equal("a", "b")


def test_a_trial_statement_that_arrives_late_meets_no_table(folder, mariadb_pair, database):
    """The killed worker's statement reaches the server while its successor tries the same one."""
    with LateProxy(mariadb_pair[1], b"ADD COLUMN c INT /* late */", count=2) as late, Drsd(folder, config=FAST) as service:
        lane = Lane(service, mariadb_pair, database, ITEM, through=(mariadb_pair[0], late))
        lane.run("ALTER TABLE item ADD COLUMN c INT /* late */", "UPDATE item SET c=id")
        wait_for(lambda: late.held, 30, "the first trial", lane.state)
        service.kill()
        service.run()
        wait_for(lambda: len(late.held) == 2, 60, "the second trial", lane.state)
        late.release(0)
        late.release(1)
        lane.equal("item")
        lane.same("item")


def test_a_trial_statement_that_is_never_answered_is_tried_again(folder, mariadb_pair, database):
    """Only the statement itself may take days: what goes before it is a lost connection when the time-out is over."""
    with LateProxy(mariadb_pair[1], b"ADD COLUMN c INT /* late */") as late, Drsd(folder, config=FAST + "network_timeout_seconds = 2\n") as service:
        lane = Lane(service, mariadb_pair, database, ITEM, through=(mariadb_pair[0], late))
        lane.run("ALTER TABLE item ADD COLUMN c INT /* late */", "UPDATE item SET c=id")
        lane.equal("item")
        assert late.held
        lane.same("item")


def test_lost_sessions_that_hold_locks_of_the_control_schema_are_ended(folder, mariadb_pair, database):
    """The server knows nothing of a network that was lost, and keeps the session for a day. Waiting for it is no lost network."""
    with Drsd(folder, config=FAST + "network_timeout_seconds = 3\n") as service:
        lane = Lane(service, mariadb_pair, database, ITEM)
        service.kill()
        with lane.target.connect() as one, one.cursor() as setup, lane.target.connect() as other, other.cursor() as trials:
            setup.execute("SELECT GET_LOCK('drs_ctl.setup', 0)")
            trials.execute("SELECT GET_LOCK('drs_ctl.shadow', 0)")
            service.run()
            lane.run("ALTER TABLE item ADD COLUMN c INT", "UPDATE item SET c=id")
            lane.equal("item")
        lane.same("item")


def test_between_the_families(folder, server_folder, database):
    with servers.start("mariadb", server_folder) as source, servers.start("mysql", server_folder) as target, Drsd(folder, config=FAST) as service:
        lane = Lane(service, (source, target), database, ITEM)
        lane.run("ALTER TABLE item ADD c INT NOT NULL DEFAULT 3, ADD t TEXT", "INSERT INTO item VALUES (7,'ä',1,9,'ö')", "CREATE TABLE fresh (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=Aria",
                 "INSERT INTO fresh VALUES (1,'ü')", "CREATE INDEX i ON fresh (v)", "RENAME TABLE fresh TO old")
        lane.equal("item", "old")
        lane.run("ALTER TABLE item ADD u UUID")
        lane.stopped("item")
