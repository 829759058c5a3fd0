"""Accounts that log in in unusual ways, limits, PROXY, and what changes between planning and finish, on real servers."""
import pymysql
import pytest

from support import servers
from support.accounts import drop, fill, grants, items, login, made, skip, users
from support.drsd import Drsd, job, wait_for, whole
from support.faults import narrow


def moved(client, source, target, database, *accounts, known=(), **more):
    """A started task that has moved the accounts; `known`: pre-check items that are skipped."""
    batch = client.create(job("special", source, target, whole(database, database + "_c"), user_migration=users(*accounts, **more)))
    state = client.validated(batch)
    found, one = items(client, batch)
    assert state == ("ASYNC_JOB_VALIDATE_FAILED" if known else "AUTO_PARAM_VALIDATE_SUCCESS"), found
    if known:
        skip(client, one, *known)
    client.call("POST", f"/batch-async-jobs/{batch}/commit")
    client.wait_status(one, "INCRE_TRANSFER_STARTED")
    return one


def reason(client, source, target, database, *accounts, **more):
    """What the pre-check says of the accounts."""
    batch = client.create(job("special", source, target, whole(database, database + "_c"), user_migration=users(*accounts, **more)))
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    return items(client, batch)[0]["userMigrationCheck"]["failed_reason"]


def created(server, account):
    return server.execute(f"SHOW CREATE USER {account}")


def renamed(lines, database):
    return {line.replace(f"`{database}`", f"`{database}_c`") for line in lines}


def test_plugins_of_mariadb_and_their_alternatives(drsd, server_folder, database):
    try:
        (plugin,) = servers.package_folder("mariadb-server").rglob("auth_ed25519.so")
    except (RuntimeError, ValueError) as e:
        pytest.skip(f"no auth_ed25519, which the core package lacks: {e}")
    option = f"--plugin-dir={plugin.parent}"
    with servers.start("mariadb", server_folder, option) as source, servers.start("mariadb", server_folder, option) as target:
        fill(source, database)
        source.execute("INSTALL SONAME 'auth_ed25519'", "CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('x')",
                       "CREATE USER two@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('y') OR ed25519 USING PASSWORD('x') PASSWORD EXPIRE INTERVAL 50 DAY",
                       "CREATE USER either@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('z') OR unix_socket")
        accounts = "'ed'@'%'", "'two'@'%'", "'either'@'%'"
        said = reason(drsd.client, source, target, database, *accounts)
        assert "'ed'@'%': the target does not have its authentication plugin ed25519" in said and "'two'@'%'" in said and "either" not in said, said
        target.execute("INSTALL SONAME 'auth_ed25519'")
        moved(drsd.client, source, target, database, *accounts)
        for account in accounts:
            assert created(target, account) == created(source, account)
        login(target, "two", "y").close()
        login(target, "either", "z").close()


def test_partial_revokes_of_mysql(drsd, mysql_pair, database):
    source, target = mysql_pair
    user = made(database)
    both = f"'{user}'@'%'", f"'{user}b'@'%'"
    drop(mysql_pair, *both)
    fill(source, database)
    try:
        source.execute("SET GLOBAL partial_revokes=ON", *(f"CREATE USER {u} IDENTIFIED BY 'x'" for u in both), f"GRANT SELECT, INSERT ON *.* TO {both[0]}",
                       f"REVOKE INSERT ON `{database}`.* FROM {both[0]}", f"REVOKE INSERT ON `mysql`.* FROM {both[0]}", f"GRANT UPDATE, SELECT ON `{database}`.* TO {both[1]}")
        said = reason(drsd.client, source, target, database, *both)
        assert f"{both[0]}: rights on {database}.* are revoked from it" in said and both[1] not in said, said
        target.execute("SET GLOBAL partial_revokes=ON")
        moved(drsd.client, source, target, database, *both)
        for account in both:
            assert grants(target, account) == renamed(grants(source, account), database)
        with login(target, user, "x", database + "_c") as c, c.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM item")
            with pytest.raises(pymysql.err.MySQLError):
                cursor.execute("INSERT INTO item VALUES (5,'e')")
        with login(target, user + "b", "x", database + "_c") as c, c.cursor() as cursor:
            cursor.execute("UPDATE item SET name='changed'")
    finally:
        drop(mysql_pair, *both)
        for server in mysql_pair:
            server.execute("SET GLOBAL partial_revokes=OFF")


def test_a_pattern_is_no_name_where_the_target_takes_names(drsd, mysql_pair, database):
    source, target = mysql_pair
    user = made(database)
    drop(mysql_pair, f"'{user}'@'%'")
    fill(source, database)
    escaped = database.replace("_", "\\_")
    source.execute(f"CREATE USER '{user}'@'%'", f"GRANT SELECT ON `{escaped}`.* TO '{user}'@'%'", f"GRANT UPDATE ON `{database[:-1]}%`.* TO '{user}'@'%'")
    try:
        target.execute("SET GLOBAL partial_revokes=ON")
        request = whole(database, database)
        batch = drsd.client.create(job("pattern", source, target, request, user_migration=users(f"'{user}'@'%'")))
        drsd.client.validated(batch)
        found, one = items(drsd.client, batch)
        assert "rights on the pattern" in found["userMigrationCheck"]["failed_reason"], found
        skip(drsd.client, one, "userMigrationCheck")
        drsd.client.call("POST", f"/batch-async-jobs/{batch}/commit")
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        assert grants(target, f"'{user}'@'%'") == {f"GRANT USAGE ON *.* TO `{user}`@`%`", f"GRANT SELECT ON `{database}`.* TO `{user}`@`%`"}
    finally:
        target.execute("SET GLOBAL partial_revokes=OFF")


def test_second_passwords_and_factors_of_mysql(drsd, mysql_pair, database):
    source, target = mysql_pair
    user = made(database)
    old, several = f"'{user}'@'%'", f"'{user}m'@'%'"
    drop(mysql_pair, old, several)
    fill(source, database)
    plugin = "INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'", "UNINSTALL PLUGIN auth_socket"
    source.execute(plugin[0])
    try:
        source.execute(f"CREATE USER {old} IDENTIFIED BY 'one'", f"ALTER USER {old} IDENTIFIED BY 'two' RETAIN CURRENT PASSWORD",
                       f"CREATE USER {several} IDENTIFIED WITH caching_sha2_password BY 'x' AND IDENTIFIED WITH auth_socket FAILED_LOGIN_ATTEMPTS 3 COMMENT 'hi'")
        said = reason(drsd.client, source, target, database, old, several)
        assert f"{old}: its second password" in said and f"{several}: the target does not have its authentication plugin auth_socket" in said, said
        both = {"account": several, "is_set_password": True, "password": "pw-7731"}
        assert f"{several}: its other ways to log in" in reason(drsd.client, source, target, database, both)
        target.execute(plugin[0])
        with narrow(target, "narrow_ta", "ALL PRIVILEGES") as account:
            target.execute(f"GRANT ALL ON *.* TO '{account}'@'%' WITH GRANT OPTION", f"REVOKE AUTHENTICATION_POLICY_ADMIN ON *.* FROM '{account}'@'%'", "SET GLOBAL authentication_policy='*'")
            request = job("policy", source, target, whole(database, database + "_c"), user_migration=users(several))
            request["target_endpoint"][0]["endpoint"]["db_user"] = account
            batch = drsd.client.create(request)
            drsd.client.validated(batch)
            said = items(drsd.client, batch)[0]["userMigrationCheck"]["failed_reason"]
            assert f"{several}: it has 2 factors of authentication, the target allows 1" in said, said
            target.execute("SET GLOBAL authentication_policy='*,,'")
        moved(drsd.client, source, target, database, old, several, known=("userMigrationCheck",))
        assert created(target, several) == created(source, several)
        login(target, user, "two").close()
        with pytest.raises(pymysql.err.OperationalError):
            login(target, user, "one")
    finally:
        target.execute("SET GLOBAL authentication_policy='*,,'")
        drop(mysql_pair, several)
        for server in mysql_pair:
            if server.execute("SELECT 1 FROM information_schema.plugins WHERE plugin_name='auth_socket'"):
                server.execute(plugin[1])


def test_proxy_is_granted_if_the_target_account_may(drsd, pair, database):
    source, target = pair
    user = made(database)
    both = f"'{user}'@'%'", f"'{user}b'@'%'"
    drop(pair, *both)
    fill(source, database)
    source.execute(*(f"CREATE USER {u}" for u in both))
    any_account = "''@'%'" if source.mariadb else "''@''"
    with source._root() as c, c.cursor() as cursor:
        cursor.execute(f"GRANT PROXY ON {both[1]} TO {both[0]} WITH GRANT OPTION")
    said = reason(drsd.client, source, target, database, *both)
    assert f"{both[0]}: PROXY on {both[1]}, which the target account may not pass on" in said, said
    with target._root() as c, c.cursor() as cursor:
        cursor.execute(f"GRANT PROXY ON {any_account} TO '{servers.USER}'@'%' WITH GRANT OPTION")
        try:
            moved(drsd.client, source, target, database, *both)
            assert grants(target, both[0]) == grants(source, both[0]) and any("PROXY" in g for g in grants(target, both[0]))
        finally:
            cursor.execute(f"REVOKE PROXY ON {any_account} FROM '{servers.USER}'@'%'")


def test_roles_with_admin_option_and_default_roles_of_which_one_stays_behind(drsd, pair, database):
    source, target = pair
    user = made(database)
    account, role, behind = f"'{user}'@'%'", f"{user}r", f"{user}x"
    drop(pair, account)
    for server in pair:
        server.execute(f"DROP ROLE IF EXISTS {role}", f"DROP ROLE IF EXISTS {behind}")
    fill(source, database)
    source.execute(f"CREATE USER {account} IDENTIFIED BY 'x'", f"CREATE ROLE {role}", f"CREATE ROLE {behind}", f"GRANT SELECT ON {database}.* TO {role}",
                   f"GRANT {role} TO {account} WITH ADMIN OPTION", f"GRANT {behind} TO {account}",
                   f"SET DEFAULT ROLE {role} FOR {account}" if source.mariadb else f"SET DEFAULT ROLE {role}, {behind} TO {account}")
    name = moved(drsd.client, source, target, database, account, role_list=[{"role": role}])
    assert any(role in g and g.endswith("WITH ADMIN OPTION") for g in grants(target, account)), grants(target, account)
    assert not any(behind in g for g in grants(target, account))
    assert any(f"the role '{behind}'" in text and account in text for _, text in drsd.client.logs(name)), drsd.client.logs(name)
    with login(target, user, "x", database + "_c") as c, c.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM item")  # through the default role


def test_what_appears_between_planning_and_finish_is_named(folder, mariadb_pair, database):
    source, target = mariadb_pair
    user = f"'{made(database)}'@'%'"
    drop(mariadb_pair, user)
    fill(source, database)
    source.execute(f"CREATE USER {user}", f"GRANT SELECT ON mysql.* TO {user}")
    with narrow(target, "narrow_ta", "ALL PRIVILEGES") as account, Drsd(folder, environment={"OPENDRS_FAILPOINTS": "plan.prepared=sleep:1500"}) as drsd:
        target.execute(f"GRANT ALL ON *.* TO '{account}'@'%' WITH GRANT OPTION", f"REVOKE PROCESS ON *.* FROM '{account}'@'%'")
        request = job("late", source, target, whole(database, database + "_c"), user_migration=users(user))
        request["target_endpoint"][0]["endpoint"]["db_user"] = account
        (name,) = drsd.client.start(request)
        wait_for(lambda: target.execute(f"SELECT 1 FROM information_schema.tables WHERE table_schema='{database}_c' AND table_name='counter'"), 60, "the tables")
        assert drsd.client.status(name) == "STARTJOBING"
        source.execute(f"GRANT PROCESS ON *.* TO {user}", f"GRANT INSERT ON mysql.* TO {user}", f"GRANT DELETE ON {database}.* TO {user}")
        drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
        lines = [text for _, text in drsd.client.logs(name)]
        assert [t for t in lines if user in t and "PROCESS on *.*, which the target account may not pass on" in t], lines
        assert [t for t in lines if user in t and "outside of the selection: INSERT on mysql.*" in t], lines
        assert len([t for t in lines if "outside of the selection: SELECT on mysql.*" in t]) == 1, lines  # said when it was planned
        assert any("DELETE" in g for g in grants(target, user))
