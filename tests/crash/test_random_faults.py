"""Random faults, one upon the other, from the first row of the copy to schema changes in the log, under a load: afterwards both
sides are equal to the row, every transaction took effect exactly once, and nobody had to help.

OPENDRS_FAULTS: how many for each pair of servers (10 for each task); OPENDRS_SEED repeats a run's faults, load and moments."""
import contextlib
import os
import random
import re
import shutil
import time

import pymysql
import pytest

from support import fault_load, replay, servers, workload
from support.bad_network import DOWN, UP, BadNetwork
from support.drsd import Drsd, job, wait_for, whole
from support.fault_deck import FaultDeck

FAULTS = int(os.environ.get("OPENDRS_FAULTS", "10"))
SEED = int(os.environ.get("OPENDRS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
PAIRS = [p.split(">") for p in os.environ.get("OPENDRS_CRASH_PAIRS", "mariadb>mariadb,mysql>mysql").split(",")]
IN_COPY, IN_WINDOW, IN_STREAM = 3, 2, 5  # faults of one task
DURABLE = ("--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1")
CONFIG = """[worker]
chunk_bytes = 65536
transaction_memory_bytes = 1048576
poll_millis = 50
retry_limit = 60
retry_max_seconds = 1
network_timeout_seconds = 4
[mysql]
lock_wait_seconds = 10
"""
SLOW_COPY = "copy.read=sleep:150"
POINTS = {"FULL_TRANSFER_STARTED": ["chunk.part_committed", "chunk.before_commit", "chunk.after_commit", "chunk.locked", "copy.after_commit", "store.before_commit", "task.claimed", "task.before_finish"],
          "INCRE_TRANSFER_STARTED": ["sink.before_commit", "sink.after_commit", "stream.before_apply", "stream.after_apply", "ddl.intended", "ddl.executed", "store.before_commit"]}


class Faults(FaultDeck):
    """What can break."""

    def __init__(self, rnd, service, source, target, to_source, to_target):
        super().__init__(rnd, service, {"source": to_source, "target": to_target})
        self.server = {"source": source, "target": target}
        self.load = None
        self.kinds = [(self.kill_drsd,), (self.kill_drsd,), (self.kill_drsd_at_a_point,), (self.kill_drsd_at_a_point,), (self.stop_drsd,), (self.pause,), (self.pause,)]
        for side in self.server:
            self.kinds += [(self.kill_server, side), (self.restart_server, side), (self.kill_sessions, side)]
            self.kinds += [(how, side, direction) for direction in (UP, DOWN) for how in (self.cut, self.cut, self.lose)]
            self.kinds += [(how, side, rnd.choice([UP, DOWN])) for how in (self.stall, self.delay, self.slice)]

    def points(self, phase):
        return POINTS.get(phase, ["task.claimed"])

    def kill_server(self, side):
        server = self.server[side]
        if side == "source" and server.mariadb:  # its log and its engine may differ in an XA transaction behind a crash
            with self.load.xa:
                server.stop(hard=True)
        else:
            server.stop(hard=True)
        self.hold(0, 1)
        server.run()

    def restart_server(self, side):
        self.server[side].stop()
        self.hold(0, 1)
        self.server[side].run()

    def kill_sessions(self, side):
        server, killed = self.server[side], 0
        for (session,) in server.execute(f"SELECT id FROM information_schema.processlist WHERE user='{servers.USER}' AND db IS NULL AND id<>CONNECTION_ID()"):
            if self.rnd.random() < 0.6:
                with contextlib.suppress(pymysql.err.MySQLError):  # it has ended
                    server.execute(f"KILL {session}")
                    killed += 1
        return f"{killed} sessions"


def atomic(target, copy):
    """Whoever reads the target, at any moment of the incremental phase, sees whole transactions."""
    workload.assert_exactly_once(target, copy)


def definitions(server, database, names):
    return {name: re.sub(r" AUTO_INCREMENT=\d+", "", server.execute(f"SHOW CREATE TABLE `{name}`", database=database)[0][1]) for name in names}


def one_task(number, service, faults, source, target, began):
    rnd, database = faults.rnd, f"shop{number}"
    copy = database + "_copy"
    fault_load.create(source, database, rows=1500)
    service.stop()
    service.environment["OPENDRS_FAILPOINTS"] = SLOW_COPY
    service.run()
    (name,) = service.client.start(job(f"faults{number}", faults.networks["source"], faults.networks["target"], whole(database, copy)))
    load = faults.load = fault_load.FaultLoad(source, database, seed=SEED + number)
    faults.task = name
    try:
        wait_for(lambda: service.client.status(name) == "FULL_TRANSFER_STARTED", 60, "the full phase", lambda: service.client.logs(name)[:5])
        for _ in range(IN_COPY):
            faults.hold(0.1, 1.2)
            faults.one(began)
        service.client.wait_status(name, "INCRE_TRANSFER_STARTED", seconds=180)
        service.environment["OPENDRS_FAILPOINTS"] = ""
        for _ in range(IN_WINDOW):
            faults.hold(0, 0.3)
            faults.one(began)
        load.schema_changes.set()
        replay.caught_up(service.client, name, source, target, database, copy)
        for _ in range(IN_STREAM):
            faults.hold(0.1, 2)
            faults.one(began)
            atomic(target, copy)
    finally:
        done = load.stop()
    print(f"{time.monotonic() - began:6.1f} s transactions {done}", flush=True)
    workload.assert_exactly_once(source, database)
    replay.caught_up(service.client, name, source, target, database, copy)
    names = fault_load.tables(source, database)
    assert fault_load.tables(target, copy) == names
    if source.kind == target.kind:
        assert definitions(source, database, names) == definitions(target, copy, names)
    replay.assert_same(service, name, source, target, database, copy, names)
    workload.assert_exactly_once(target, copy)
    service.client.call("POST", f"/jobs/{name}/stop", {"is_force_stop": False})
    wait_for(lambda: service.client.status(name) == "RELEASE_RESOURCE_COMPLETE", 60, "the end", lambda: service.client.logs(name)[:5])
    for network in faults.networks.values():
        network.end_lost()  # such a session may still have read a table
    source.execute(f"DROP DATABASE {database}")
    target.execute(f"DROP DATABASE {copy}")


@pytest.mark.parametrize("source_kind,target_kind", PAIRS)
def test_random_faults_lose_and_double_nothing(folder, server_folder, source_kind, target_kind):
    rnd = random.Random(SEED)
    per_task = IN_COPY + IN_WINDOW + IN_STREAM
    print(f"\n{source_kind} > {target_kind}: OPENDRS_SEED={SEED} OPENDRS_FAULTS={FAULTS}", flush=True)
    began = time.monotonic()
    with servers.start(source_kind, server_folder, *DURABLE) as source, servers.start(target_kind, server_folder, *DURABLE) as target, \
            BadNetwork(source, SEED) as to_source, BadNetwork(target, SEED) as to_target, Drsd(folder, CONFIG, environment={"OPENDRS_FAILPOINTS": SLOW_COPY}) as service:
        faults = Faults(rnd, service, source, target, to_source, to_target)
        for number in range(-(-FAULTS // per_task)):
            try:
                one_task(number, service, faults, source, target, began)
            except BaseException:
                print(service.tail(), flush=True)
                if keep := os.environ.get("OPENDRS_KEEP_LOG"):
                    shutil.copy(service.log, keep)
                    for log in (source.folder / "data").glob("bin.[0-9]*"):
                        shutil.copy(log, keep + "." + log.name)
                raise
        assert not list((service.data / "spill").iterdir())
        print(f"{len(faults.done)} faults in {time.monotonic() - began:.0f} s: " + ", ".join(f"{faults.done.count(k)} {k}" for k in sorted(set(faults.done))))
