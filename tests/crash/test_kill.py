"""kill −9 of drsd at random moments while a load runs: afterwards both sides are equal to the row, and every transaction
took effect exactly once. OPENDRS_KILLS sets the number of kills (split over the full and the incremental phase)."""
import contextlib
import os
import random
import time

import pymysql
import pytest

from support import rows, servers, workload
from support.drsd import Drsd, job, wait_for, whole

LOAD_KILLS = int(os.environ.get("OPENDRS_LOAD_KILLS", "6"))
SESSIONS = 4  # [worker] sessions_per_job: so many chunks are in flight at most
KILLS = int(os.environ.get("OPENDRS_KILLS", "10"))
SEED = int(os.environ.get("OPENDRS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
PAIRS = [p.split(">") for p in os.environ.get("OPENDRS_CRASH_PAIRS", "mariadb>mariadb,mysql>mysql").split(",")]


@pytest.mark.parametrize("source_kind,target_kind", PAIRS)
def test_killed_at_random_moments_nothing_is_lost_or_doubled(folder, server_folder, source_kind, target_kind):
    rnd = random.Random(SEED)
    print(f"seed {SEED}, {KILLS} kills")
    with servers.start(source_kind, server_folder) as source, servers.start(target_kind, server_folder) as target, contextlib.ExitStack() as stack:
        workload.create(source, "shop", rows=6000, collation="utf8mb4_unicode_ci")
        load = workload.Load(source, "shop", writers=3, pause=0.005, seed=SEED)
        # Small chunks and a slow copy, so that kills meet every stage of it.
        service = stack.enter_context(Drsd(folder, config="[worker]\nchunk_bytes = 65536\n"))
        (name,) = service.client.start(job("crash", source, target, whole("shop", "shop_copy"), speed_limit=[{"begin": "00:00", "end": "23:59", "speed": "1"}]))
        phases = []
        for kill in range(KILLS):
            if kill == KILLS // 2:  # the second half belongs to the incremental phase
                service.client.wait_status(name, "INCRE_TRANSFER_STARTED", seconds=240)
            time.sleep(rnd.random() * 1.5)
            phases.append(service.client.status(name))
            service.kill()
            time.sleep(rnd.random() * 0.3)
            service.run()
        print("killed in", phases)
        assert "FULL_TRANSFER_STARTED" in phases or KILLS < 8, f"no kill met the full phase: {phases}"
        client = service.client
        client.wait_status(name, "INCRE_TRANSFER_STARTED", seconds=240)
        time.sleep(2)
        transactions = load.stop()
        print(transactions, "transactions")
        workload.assert_exactly_once(source, "shop", transactions)
        wait_for(lambda: target.execute("SELECT COUNT(*) FROM token", database="shop_copy")[0][0] == transactions, 120, "the target to catch up",
                 lambda: f"{client.progress(name)} {client.logs(name)[:5]}")
        wait_for(lambda: client.progress(name)["incr_trans_delay"] == "0", 60, "delay 0", lambda: client.progress(name))
        rows.assert_equal(source, "shop", target, "shop_copy", *workload.TABLES)
        workload.assert_exactly_once(target, "shop_copy", transactions)


def chunk_rows(target, job_id):
    """chunk → (epoch of the run that took it last, whether its rows are committed), from the target's control table."""
    try:
        return {n: (epoch, done) for n, epoch, done in target.execute(f"SELECT chunk_no, epoch, done FROM drs_ctl.chunk WHERE job_id='{job_id}'")}
    except pymysql.err.MySQLError:  # not made yet
        return {}


def settled_chunks(target, job_id):
    """The control rows when the target has ended the dead worker's sessions: a commit that was on its way has arrived."""
    def ours():
        return target.execute(f"SELECT COUNT(*) FROM information_schema.processlist WHERE user='{servers.USER}' AND db IS NULL AND id<>CONNECTION_ID()")[0][0]
    wait_for(lambda: ours() == 0, 30, "the dead worker's sessions to end")
    return chunk_rows(target, job_id)


@pytest.mark.parametrize("source_kind,target_kind", PAIRS)
def test_killed_in_the_load_at_most_the_chunks_in_flight_are_done_again(folder, server_folder, source_kind, target_kind):
    rnd = random.Random(SEED)
    with servers.start(source_kind, server_folder) as source, servers.start(target_kind, server_folder) as target, contextlib.ExitStack() as stack:
        workload.create(source, "shop", rows=2000 * LOAD_KILLS, collation="utf8mb4_unicode_ci")
        service = stack.enter_context(Drsd(folder, config=f"[worker]\nchunk_bytes = 65536\nsessions_per_job = {SESSIONS}\npoll_millis = 50\n",
                                           environment={"OPENDRS_FAILPOINTS": "copy.read=sleep:120,copy.before_commit=sleep:40"}))
        (name,) = service.client.start(job("load-crash", source, target, whole("shop", "shop_copy")))
        wait_for(lambda: chunk_rows(target, name), 60, "the first chunk")
        snapshots = []
        while len(snapshots) < LOAD_KILLS:
            time.sleep(0.3 + rnd.random() * 0.9)
            if service.client.status(name) != "FULL_TRANSFER_STARTED":
                break
            service.kill()
            snapshots.append(settled_chunks(target, name))
            service.run()
        service.client.wait_status(name, "INCRE_TRANSFER_STARTED", seconds=240)
        snapshots.append(chunk_rows(target, name))
        again = []
        for before, after in zip(snapshots, snapshots[1:]):
            complete = {n for n, (_, done) in before.items() if done}
            assert len(before) - len(complete) <= SESSIONS, f"in flight at a kill: {before}"
            redone = {n for n, (epoch, _) in before.items() if after[n][0] != epoch}
            assert not redone & complete, f"loaded again though complete: {sorted(redone & complete)}"
            assert complete <= {n for n, (_, done) in after.items() if done}
            again.append(len(redone))
        print(f"seed {SEED}: {len(snapshots) - 1} kills in the load, {len(snapshots[-1])} chunks, complete at the kills "
              f"{[sum(done for _, done in s.values()) for s in snapshots[:-1]]}, done again behind each {again}, at most {SESSIONS} allowed")
        assert len(snapshots) - 1 >= min(LOAD_KILLS, 3), "the load ended before it could be killed"
        assert max(again) <= SESSIONS
        assert all(done for _, done in snapshots[-1].values())
        rows.assert_equal(source, "shop", target, "shop_copy", *workload.TABLES)
