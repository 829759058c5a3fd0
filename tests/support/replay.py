"""One task over a database, and what to look at afterwards: copied, replayed, compared to the byte."""
import time

from support import rows, type_matrix
from support.drsd import job, wait_for, whole


def run(server, database, statements):
    with server.connect(database) as c, c.cursor() as cursor:
        cursor.execute(type_matrix.MODE)
        for statement in statements:
            try:
                cursor.execute(statement)
            except Exception as error:
                raise AssertionError(f"{error}: {statement[:300]}") from error


def create_database(server, name):
    # A default that both families have: each one's own newest is unknown to the other.
    server.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    server.execute("CREATE TABLE marker (id INT PRIMARY KEY, n BIGINT)", database=name)


def caught_up(client, name, source, target, database, copy):
    value = int(time.time() * 1000)
    source.execute(f"REPLACE INTO marker VALUES (1, {value})", database=database)

    def arrived():
        status = client.status(name)
        assert not status.endswith("_FAILED"), f"{status}: {client.logs(name)[:4]}"
        return target.execute("SELECT n FROM marker", database=copy) == ((value,),)
    while_moving(arrived, lambda: marks(target, name), "the marker row", lambda: f"{client.status(name)} {client.logs(name)[:6]}")


def marks(target, name):
    """How far the replay is: changes with each batch."""
    if not target.execute("SELECT 1 FROM information_schema.tables WHERE table_schema='drs_ctl' AND table_name='mark'"):
        return None
    return target.execute(f"SELECT MAX(sequence_no) FROM drs_ctl.mark WHERE job_id='{name}'")


def while_moving(look, moved, what, state, still=120, most=1200):
    """As wait_for(), for as long as moved() gives something new: a busy machine is slow, one that stands still has a reason."""
    began = time.monotonic()
    while not look():
        at, since = moved(), time.monotonic()
        while not look() and moved() == at:
            assert time.monotonic() - since < still, f"nothing moved for {still} s, waiting for {what}: {state()}"
            time.sleep(0.1)
        assert time.monotonic() - began < most, f"waited {most} s for {what}: {state()}"


def checksums(server, database, names):
    listed = ",".join("`" + name.replace("`", "``") + "`" for name in names)
    return {table.split(".", 1)[1]: value for table, value in server.execute(f"CHECKSUM TABLE {listed}", database=database)}


def assert_same(drsd, name, source, target, database, copy, names, unsummed=()):
    if source.mariadb == target.mariadb:
        summed = [n for n in names if n not in unsummed]
        left, right = checksums(source, database, summed), checksums(target, copy, summed)
        assert left == right, {n: (left[n], right[n]) for n in summed if left[n] != right[n]}
    rows.assert_equal(source, database, target, copy, *names)
    drsd.ctl("compare", name)


def copy_change_compare(drsd, source, target, database, before, after, unsummed=()):
    """One task over the database: `before` is copied, `after` replayed; then both sides are the same to the byte. Returns the task's id."""
    create_database(source, database)
    run(source, database, before)
    client = drsd.client
    copy = database + "_c"
    (name,) = client.start(job(database, source, target, whole(database, copy)))
    client.wait_status(name, "INCRE_TRANSFER_STARTED")
    names = sorted(t for t, kind in source.execute("SHOW FULL TABLES", database=database) if kind == "BASE TABLE")
    rows.assert_equal(source, database, target, copy, *(n for n in names if n != "marker"))
    run(source, database, after)
    caught_up(client, name, source, target, database, copy)
    assert_same(drsd, name, source, target, database, copy, names, unsummed)
    return name


def refused(client, batch):
    (listed,) = client.batch_jobs(batch)
    return {i["item"]: i["failed_reason"] for i in listed["precheck_result"]["precheck_results"] if i["result"] == "FAILED"}
