"""Accounts, roles, grants (user_migration) and parameters (db_param) on real servers."""
import json

import pymysql
import pytest

from support.accounts import drop, fill, grants, items, login, made, secret_free, skip, users
from support.drsd import Drsd, job, whole

SECRET = "new'pass\\word😀-7481"


def test_an_account_logs_in_with_its_old_password(drsd, pair, database):
    source, target = pair
    user = made(database)
    odd = f"o`d'd\"{user}☃"
    quoted = "`" + odd.replace("`", "``") + "`@`10.%`"
    drop(pair, f"'{user}'@'%'", f"'{user}r'", quoted)
    fill(source, database)
    roles = [f"CREATE ROLE '{user}r'", f"GRANT SELECT ON {database}.* TO '{user}r'", f"GRANT '{user}r' TO '{user}'@'%'"]
    roles.append(f"SET DEFAULT ROLE '{user}r' {'FOR' if source.mariadb else 'TO'} '{user}'@'%'")
    source.execute(f"CREATE USER '{user}'@'%' IDENTIFIED BY 'old-pass' WITH MAX_USER_CONNECTIONS 7", f"CREATE USER {quoted} IDENTIFIED BY 'x' REQUIRE SSL ACCOUNT LOCK",
                   f"GRANT INSERT (id, name), UPDATE ON {database}.item TO '{user}'@'%' WITH GRANT OPTION", f"GRANT SELECT ON {database}.shown TO '{user}'@'%'",
                   f"GRANT CREATE TEMPORARY TABLES ON `{database.replace('_', chr(92) + '_')}`.* TO {quoted}", f"GRANT PROCESS ON *.* TO {quoted}", *roles)
    source.execute(f"CREATE DEFINER='{user}'@'%' PROCEDURE {database}.theirs() SQL SECURITY INVOKER SELECT 1",
                   f"GRANT EXECUTE ON PROCEDURE {database}.theirs TO '{user}'@'%'")
    client = drsd.client
    (name,) = client.start(job("accounts", source, target, whole(database, database + "_c"),
                               user_migration=users(f"'{user}'@'%'", quoted, role_list=[{"role": user + "r"}])))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    with login(target, user, "old-pass", database + "_c") as c, c.cursor() as cursor:
        cursor.execute("INSERT INTO item VALUES (2,'b')")
        cursor.execute("SELECT COUNT(*) FROM item")  # through the default role
        assert cursor.fetchone() == (2,)
    with pytest.raises(pymysql.err.OperationalError):
        login(target, user, "other-pass")
    renamed = {g.replace(f"`{database}`", f"`{database}_c`").replace("`" + database.replace("_", "\\_") + "`", "`" + (database + "_c").replace("_", "\\_") + "`")
               for g in grants(source, f"'{user}'@'%'")}
    assert grants(target, f"'{user}'@'%'") == renamed
    assert len(grants(target, quoted)) == 2 and any("PROCESS" in g for g in grants(target, quoted))
    created = [server.execute(f"SHOW CREATE USER {account}") for server in pair for account in (f"'{user}'@'%'", quoted)]
    assert created[:2] == created[2:]
    found = client.call("GET", f"/jobs/{name}/progress-data/account")["flow_compare_data"]
    assert {(row["dst_tb"], row["progress"]) for row in found} >= {(f"'{user}'@'%'", 100)}
    overview = {o["type"]: o for o in client.detail(name, "progress")["migration_object_progress_info"]["migration_object_overview"]}
    assert overview["ACCOUNT"]["dst_count"] == "2" and overview["ROLE"]["status"] == "COMPLETED"


@pytest.mark.parametrize("direction", ["to_mysql", "to_mariadb"])
def test_the_other_flavour_needs_a_new_password(drsd, mariadb_pair, mysql_pair, database, direction):
    source, target = (mariadb_pair[0], mysql_pair[1]) if direction == "to_mysql" else (mysql_pair[0], mariadb_pair[1])
    user = made(database)
    drop((source, target), f"'{user}'@'%'", f"'{user}b'@'%'")
    fill(source, database)
    source.execute(f"CREATE USER '{user}'@'%' IDENTIFIED BY 'old'", f"CREATE USER '{user}b'@'%' IDENTIFIED BY 'old'", f"GRANT ALL ON {database}.* TO '{user}b'@'%'")
    own = "BINLOG REPLAY" if direction == "to_mysql" else "BACKUP_ADMIN"
    source.execute(f"GRANT {own} ON *.* TO '{user}b'@'%'")
    client = drsd.client
    both = users(f"'{user}'@'%'", {"account": f"'{user}b'@'%'", "is_set_password": True, "password": SECRET})
    batch = client.create(job("flavours", source, target, whole(database, database + "_c"), user_migration=both))
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    found, one = items(client, batch)
    reason = found["userMigrationCheck"]["failed_reason"]
    assert f"'{user}'@'%': the target does not have its authentication plugin" in reason, reason
    assert f"'{user}b'@'%': {own} on *.*" in reason, reason
    skip(client, one, "userMigrationCheck")
    client.call("POST", f"/batch-async-jobs/{batch}/commit")
    client.wait_status(one, "INCRE_TRANSFER_STARTED")
    with login(target, user + "b", SECRET, database + "_c") as c, c.cursor() as cursor:
        cursor.execute("DELETE FROM item")
    assert target.execute(f"SELECT COUNT(*) FROM mysql.user WHERE User='{user}'") == ((0,),)
    assert any("Left out" in text and f"'{user}'@'%'" in text for _, text in client.logs(one))
    assert SECRET not in json.dumps(client.detail(one), ensure_ascii=False)
    secret_free(drsd, SECRET, "pass\\\\word")


def test_those_that_stand_there_stay(drsd, pair, database):
    source, target = pair
    user = made(database)
    drop(pair, f"'{user}'@'%'", f"'{user}b'@'%'")
    fill(source, database)
    source.execute(f"CREATE USER '{user}'@'%' IDENTIFIED BY 'theirs'", f"CREATE USER '{user}b'@'%' IDENTIFIED BY 'b'", f"GRANT ALL ON *.* TO '{user}'@'%'",
                   f"GRANT SELECT ON mysql.* TO '{user}b'@'%'")
    target.execute(f"CREATE USER '{user}'@'%' IDENTIFIED BY 'mine'")
    client = drsd.client
    batch = client.create(job("standing", source, target, whole(database, database + "_c"), user_migration=users(f"'{user}'@'%'", f"'{user}b'@'%'")))
    assert client.validated(batch) == "AUTO_PARAM_VALIDATE_SUCCESS"
    found, one = items(client, batch)
    reason = found["userMigrationCheck"]["failed_reason"]
    assert "stands at the target already" in reason and "SELECT on mysql.*" in reason, reason
    client.call("POST", f"/batch-async-jobs/{batch}/commit")
    client.wait_status(one, "INCRE_TRANSFER_STARTED")
    login(target, user, "mine").close()
    assert len(grants(target, f"'{user}'@'%'")) == 1 and len(grants(target, f"'{user}b'@'%'")) == 1
    client.action(one, "stop", pause_mode="target")
    client.wait_status(one, "PAUSING")
    source.execute(f"DROP USER '{user}b'@'%'")
    batch_log = client.logs(one)
    assert any("outside of the selection" in text for _, text in batch_log)


def test_reset_drops_the_accounts_it_made(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    user = made(database)
    drop(mariadb_pair, f"'{user}'@'%'", f"'{user}b'@'%'")
    fill(source, database)
    source.execute(f"CREATE USER '{user}'@'%' IDENTIFIED BY 'a'", f"CREATE USER '{user}b'@'%' IDENTIFIED BY 'b'")
    target.execute(f"CREATE USER '{user}b'@'%' IDENTIFIED BY 'mine'")
    client = drsd.client
    (name,) = client.start(job("reset", source, target, whole(database, database + "_c"), user_migration=users(f"'{user}'@'%'", f"'{user}b'@'%'")))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    client.action(name, "stop", pause_mode="target")
    client.wait_status(name, "PAUSING")
    source.execute(f"ALTER USER '{user}'@'%' IDENTIFIED BY 'changed'")
    client.action(name, "reset")
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    login(target, user, "changed").close()
    login(target, user + "b", "mine").close()


@pytest.mark.parametrize("point", ["accounts.noted", "accounts.created", "accounts.granted"])
def test_a_killed_finish_goes_on(folder, pair, database, point):
    source, target = pair
    user = made(database)
    drop(pair, f"'{user}'@'%'", f"'{user}b'@'%'")
    fill(source, database)
    source.execute(*(s for u in (user, user + "b") for s in (f"CREATE USER '{u}'@'%' IDENTIFIED BY '{u}'", f"GRANT SELECT ON {database}.item TO '{u}'@'%'")))
    drsd = Drsd(folder, environment={"OPENDRS_FAILPOINTS": f"{point}=kill@2"})
    drsd.run()
    (name,) = drsd.client.start(job("killed", source, target, whole(database, database + "_c"), user_migration=users(f"'{user}'@'%'", f"'{user}b'@'%'")))
    drsd.process.wait(60)
    drsd.environment = {}
    drsd.run()
    drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
    for one in (user, user + "b"):
        with login(target, one, one, database + "_c") as c, c.cursor() as cursor:
            cursor.execute("SELECT name FROM item")
            assert cursor.fetchone() == ("a",)
    assert not any("left as it is" in text for _, text in drsd.client.logs(name)), drsd.client.logs(name)
    drsd.stop()


def test_parameters(drsd, pair, database):
    source, target = pair
    fill(source, database)
    source.execute("SET GLOBAL sync_binlog = 1", "SET GLOBAL sort_buffer_size = 300000")
    target.execute("SET GLOBAL sync_binlog = 10", "SET GLOBAL sort_buffer_size = 300000")
    client = drsd.client
    chosen = {"common": [{"key": "sync_binlog", "target_value": "1"}, {"key": "sort_buffer_size", "target_value": "400000"}],
              "performance": [{"key": "long_query_time", "target_value": "2.5"}, {"key": "innodb_buffer_pool_instances", "target_value": "2"}]}
    batch = client.create(job("parameters", source, target, whole(database, database + "_c"), job_type="migration", db_param=chosen))
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    found, one = items(client, batch)
    assert "sort_buffer_size: of the common" in found["dbParamValueCheck"]["failed_reason"], found
    skip(client, one, "dbParamValueCheck")
    client.call("POST", f"/batch-async-jobs/{batch}/commit")
    client.wait_status(one, "INCRE_TRANSFER_STARTED")
    assert target.execute("SELECT @@global.sync_binlog, @@global.sort_buffer_size, @@global.long_query_time") == ((1, 300000, 2.5),)
    lines = [text for _, text in client.logs(one)]
    if target.mariadb:
        assert any("innodb_buffer_pool_instances is not set: the target does not have it" in t or "needs a restart" in t for t in lines), lines
        assert any("write sync_binlog = 1 into its configuration file" in t for t in lines), lines
    else:
        assert target.execute("SELECT VARIABLE_VALUE FROM performance_schema.persisted_variables WHERE VARIABLE_NAME='sync_binlog'") == (("1",),)
        assert any("innodb_buffer_pool_instances of the target becomes 2 when it is restarted" in t for t in lines), lines
        target.execute("RESET PERSIST")
    target.execute("SET GLOBAL long_query_time = 10", "SET GLOBAL sync_binlog = 1")


def test_a_bad_value_is_refused(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    fill(source, database)
    client = drsd.client
    batch = client.create(job("bad-value", source, target, whole(database, database + "_c"), job_type="migration",
                              db_param={"common": [], "performance": [{"key": "sync_binlog", "target_value": "1, read_only = 1"}]}))
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    found, _ = items(client, batch)
    assert "is no value of it" in found["dbParamValueCheck"]["failed_reason"]
