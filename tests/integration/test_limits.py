"""The speed limit of a full copy that runs, and the comparison at its end."""
import time

from support.drsd import job, wait_for, whole


def fill(server, database, megabytes):
    """`megabytes` rows of 10^6 bytes."""
    server.execute(f"CREATE DATABASE {database}")
    server.execute("CREATE TABLE wide (id INT PRIMARY KEY, body LONGTEXT NOT NULL)", *(f"INSERT INTO wide VALUES ({i}, REPEAT('x', 1000000))" for i in range(megabytes)), database=database)


def test_speed_limit_of_a_running_copy_is_lifted_and_the_copy_is_compared(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    client = drsd.client
    fill(source, database, 60)
    (name,) = client.start(job("limited", source, target, whole(database, database + "_c"), task_type="FULL_TRANS", speed_limit=[{"begin": "00:00", "end": "23:59", "speed": "2"}]))
    client.wait_status(name, "FULL_TRANSFER_STARTED")
    time.sleep(6)
    assert client.status(name) == "FULL_TRANSFER_STARTED", "60 MB at 2 MB/s take 30 s"
    began = time.monotonic()
    drsd.ctl("limit", "limited")
    client.wait_status(name, "FULL_TRANSFER_COMPLETE", seconds=15)
    assert time.monotonic() - began < 15
    assert client.detail(name)["speed_limit"] == []

    def automatic():
        return client.detail(name, "compare", compare_type="data_compare", query_type="list")["compare_result"]["data_compare_task_list"]

    (comparison,) = automatic()
    assert comparison["type"] == "lines"
    wait_for(lambda: automatic()[0]["status"] == "SUCCESSFUL", 30, "the comparison of its own")
    drsd.ctl("compare", "limited")


def test_speed_limit_is_lifted_while_one_row_waits_for_it(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    client = drsd.client
    source.execute(f"CREATE DATABASE {database}")
    source.execute("CREATE TABLE huge (id INT PRIMARY KEY, body LONGTEXT NOT NULL)", "INSERT INTO huge VALUES (1, REPEAT('x', 60000000))", database=database)
    (name,) = client.start(job("huge-row", source, target, whole(database, database + "_c"), task_type="FULL_TRANS", speed_limit=[{"begin": "00:00", "end": "23:59", "speed": "1"}]))
    client.wait_status(name, "FULL_TRANSFER_STARTED")
    time.sleep(3)
    began = time.monotonic()
    drsd.ctl("limit", "huge-row")
    client.wait_status(name, "FULL_TRANSFER_COMPLETE", seconds=20)
    assert time.monotonic() - began < 20, "60 MB at 1 MB/s take a minute"
