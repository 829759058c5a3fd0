"""kill −9 of drsd at random moments while a load runs: afterwards both sides are equal to the row, and every transaction
took effect exactly once. OPENDRS_KILLS sets the number of kills (split over the full and the incremental phase)."""
import contextlib
import os
import random
import time

import pytest

from support import rows, servers, workload
from support.drsd import Drsd, job, wait_for, whole

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
