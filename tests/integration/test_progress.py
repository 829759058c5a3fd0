"""Progress of the full phase: what remains, of all and of each object. A speed limit makes the copy take as long as it says."""
import time

import pytest

from support import rows, servers
from support.drsd import Drsd, job, tables, wait_for, whole

WHOLE_DAY = lambda speed: [{"begin": "00:00", "end": "23:59", "speed": str(speed)}]
POLL = 0.5


def fill(server, database):
    """26 MB of text in tables whose rows are 14, 1,000 and 600,000 bytes wide; two of them get indexes behind the copy."""
    server.execute(f"CREATE DATABASE {database}")
    server.execute("CREATE TABLE narrow (id INT PRIMARY KEY, v INT NOT NULL, KEY v (v))",
                   "CREATE TABLE middle (id INT PRIMARY KEY, a CHAR(40) NOT NULL, body VARCHAR(2000) NOT NULL, KEY a (a), KEY body (body(100)))",
                   "CREATE TABLE wide (id INT PRIMARY KEY, body LONGTEXT NOT NULL)", "CREATE TABLE nothing (id INT PRIMARY KEY, KEY again (id))", database=database)
    with server.connect(database) as connection, connection.cursor() as cursor:
        for start in range(0, 500_000, 50_000):
            cursor.executemany("INSERT INTO narrow VALUES (%s,%s)", [(1_000_000 + n, 9_000_000 - n) for n in range(start, start + 50_000)])
        cursor.executemany("INSERT INTO middle VALUES (%s,%s,%s)", [(n, f"name {n % 977}", f"{n:010}" * 96) for n in range(9_000)])
        cursor.executemany("INSERT INTO wide VALUES (%s,REPEAT('w',600000))", [(n,) for n in range(20)])
        cursor.execute("ANALYZE TABLE narrow, middle, wide, nothing")


def start(client, source, target, database, **more):
    (name,) = client.start(job("progress", source, target, tables(database, "narrow", "middle", "wide", "nothing", target=database + "_c"), **more))
    wait_for(lambda: client.status(name) != "STARTJOBING", 60, "the copy to begin")
    return name


def watch(client, name, working=lambda: True):
    """Readings until the incremental phase: (seconds of work until then, remaining seconds, the answer)."""
    worked, last, readings = 0.0, time.monotonic(), []
    while True:
        at = time.monotonic()
        if working():
            worked += at - last
        last = at
        seen = client.detail(name, "overview")
        if seen["status"] not in ("FULL_TRANSFER_STARTED", "FULL_TRANSFER_COMPLETE", "PAUSING"):
            assert seen["status"] == "INCRE_TRANSFER_STARTED", client.logs(name)
            return worked, readings
        readings.append((worked, int(seen["progress_info"]["remaining_time"]), seen))
        time.sleep(POLL)


def assert_right(total, readings):
    """After the first tenth, what has passed and what is said to remain make up the whole, within a quarter; seconds are whole and polls half a second apart."""
    late = [(worked, said) for worked, said, _ in readings if worked > total / 10]
    assert len(late) > 10, readings
    wrong = [f"{worked:.1f} s + {said} s" for worked, said in late if said < 0 or abs(worked + said - total) > total / 4 + 1]
    assert not wrong, f"of {total:.1f} s: {wrong}; all: {[(round(w, 1), s) for w, s in late]}"


def test_remaining_time_is_right_after_the_first_tenth(drsd, usual_pair, database):
    source, target = usual_pair
    fill(source, database)
    client = drsd.client
    name = start(client, source, target, database, speed_limit=WHOLE_DAY(2))
    total, readings = watch(client, name)
    assert 12 < total < 30, "about 28 MB at 2 MB/s"
    assert_right(total, readings)
    percents = [int(seen["progress_info"]["progress"]) for _, _, seen in readings]
    assert all(b >= a - 3 for a, b in zip(percents, percents[1:])), percents
    half = [int(seen["progress_info"]["progress"]) for worked, _, seen in readings if 0.4 < worked / total < 0.6]
    assert half and all(25 <= percent <= 75 for percent in half), half
    rates = [int(seen["metrics"]["network_incoming_bytes_rate"]) for worked, _, seen in readings
             if 0.3 < worked / total < 0.8 and "network_incoming_bytes_rate" in seen["metrics"]]
    assert rates and all(1.6e6 < rate < 2.2e6 for rate in rates), rates
    done = client.progress(name)
    assert done["progress"] == "100" and done["remaining_time"] == "0", done
    assert {part["completed"] for part in done["progress_map"].values()} == {"100%"}, done
    rows.assert_equal(source, database, target, database + "_c", "narrow", "middle", "wide", "nothing")


def test_the_target_tells_how_far_an_index_is(folder, database):
    """One table, so that no index built before tells how fast they are. MySQL does not tell."""
    with servers.start("mariadb", folder) as source, servers.start("mariadb", folder) as target, Drsd(folder) as drsd:
        source.execute(f"CREATE DATABASE {database}")
        digest = lambda text: f"LEFT(SHA2({text},224),40)"
        source.execute("CREATE TABLE big (id INT PRIMARY KEY, a CHAR(40) NOT NULL, b CHAR(40) NOT NULL, c CHAR(40) NOT NULL, KEY a (a), KEY b (b), KEY c (c))",
                       f"INSERT INTO big SELECT seq, {digest('seq')}, {digest('-seq')}, {digest('seq+0.5')} FROM seq_1_to_1000000",
                       "ANALYZE TABLE big", database=database)
        client = drsd.client
        (name,) = client.start(job("indexes", source, target, whole(database, database + "_c")))
        percents = []
        while (status := client.status(name)) != "INCRE_TRANSFER_STARTED":
            assert not status.endswith("FAILED"), client.logs(name)
            percents.append(int(client.progress(name)["progress_map"]["index"]["completed"].rstrip("%")))
            time.sleep(0.1)
        between = [percent for percent in percents if 0 < percent < 100]
        assert len(set(between)) > 1 and between == sorted(between), percents


def test_a_pause_and_a_changed_limit_leave_the_remaining_time_right(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    fill(source, database)
    client = drsd.client
    name = start(client, source, target, database, speed_limit=WHOLE_DAY(2))
    time.sleep(5)
    client.action(name, "stop")
    client.wait_status(name, "PAUSING")
    before = int(client.progress(name)["remaining_time"])
    time.sleep(6)
    assert int(client.progress(name)["remaining_time"]) == before, "nothing is done in a pause"
    assert 5 <= before <= 16, before
    client.action(name, "restart")
    client.wait_status(name, "FULL_TRANSFER_STARTED")
    began = time.monotonic()
    wait_for(lambda: int(client.progress(name)["remaining_time"]) < before, 20, "the copy to go on")
    drsd.ctl("limit", "progress", "--window", "00:00-23:59=1")
    time.sleep(4)  # read anew every two seconds, and a second for the rate
    at = time.monotonic()
    said = int(client.progress(name)["remaining_time"])
    assert client.status(name) == "FULL_TRANSFER_STARTED"
    client.wait_status(name, "INCRE_TRANSFER_STARTED", seconds=90)
    took = time.monotonic() - at
    assert abs(said - took) <= took / 4 + 2, f"{said} s were said, {took:.1f} s it took; {at - began:.1f} s behind the pause"
    rows.assert_equal(source, database, target, database + "_c", "narrow", "middle", "wide")


def test_each_object_has_its_progress(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    fill(source, database)
    client = drsd.client
    name = start(client, source, target, database, speed_limit=WHOLE_DAY(2))

    def of(kind):
        return {row["src_tb"]: row["progress"] for row in client.call("GET", f"/jobs/{name}/progress-data/{kind}", query=[("limit", 100)])["flow_compare_data"]}

    wait_for(lambda: any(0 < percent < 100 for percent in of("table").values()), 30, "a table half way")
    assert set(of("table_structure").values()) == {100}
    indexes = of("table_indexs")
    assert indexes == {"narrow": 0, "middle": 0, "wide": 100, "nothing": 0}, "wide has none; the others get theirs behind the rows"
    client.wait_status(name, "INCRE_TRANSFER_STARTED", seconds=60)
    assert set(of("table").values()) == set(of("table_indexs").values()) == {100}
    overview = {entry["type"]: entry for entry in client.detail(name, "progress")["migration_object_progress_info"]["migration_object_overview"]}
    assert overview["TABLE_INDEX"]["dst_count"] == overview["TABLE_INDEX"]["src_count"] == "4", overview
