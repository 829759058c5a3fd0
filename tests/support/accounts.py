"""What the tests of accounts share."""
import pymysql


def made(name):
    """A user name of the test's own, 32 characters at most."""
    return "u" + str(abs(hash(name)) % 10**8)


def fill(server, database):
    server.execute(f"CREATE DATABASE {database}", f"CREATE TABLE {database}.item (id INT PRIMARY KEY, name VARCHAR(100))",
                   f"CREATE VIEW {database}.shown AS SELECT id FROM {database}.item", f"INSERT INTO {database}.item VALUES (1,'a')",
                   f"CREATE TABLE {database}.counter (id INT PRIMARY KEY, n BIGINT)")


def drop(servers, *names):
    for server in servers:
        for name in names:
            server.execute(f"DROP USER IF EXISTS {name}")


def login(server, user, password, database=None):
    return pymysql.connect(host="127.0.0.1", port=server.port, user=user, password=password.encode(), database=database)


def grants(server, account):
    return {text.split(" IDENTIFIED")[0].replace("(`name`, `id`)", "(`id`, `name`)") for (text,) in server.execute(f"SHOW GRANTS FOR {account}")}


def items(client, batch):
    (listed,) = client.batch_jobs(batch)
    return {i["item"]: i for i in listed["precheck_result"]["precheck_results"] if i["result"] != "PASSED"}, listed["id"]


def users(*accounts, **more):
    return {"is_migrate_user": True, "is_set_password": False,
            "user_list": [{"id": str(i), **(a if isinstance(a, dict) else {"account": a})} for i, a in enumerate(accounts)], **more}


def secret_free(drsd, *secrets):
    """No file of the service holds a secret, but for sealed ones."""
    for path in [*drsd.data.rglob("*"), drsd.log]:
        if path.is_file():
            content = path.read_bytes()
            for secret in secrets:
                assert secret.encode() not in content, path


def skip(client, one, *names):
    client.action(one, "skip_precheck", skip_precheck_info={"skipped_precheck_list": list(names), "skip_reason": "known"})
