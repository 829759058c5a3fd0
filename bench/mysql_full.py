#!/usr/bin/env python3
"""Full load of the demo's million rows: OpenDRS against mysqldump piped into mysql, same servers, same run."""
import pathlib
import subprocess
import sys
import time

import common
from support import servers
from support.drsd import Drsd, job, whole

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
import demo  # noqa: E402


def main():
    with common.folder() as folder, servers.start("mariadb", folder) as source, servers.start("mariadb", folder) as target, Drsd(folder, check=False) as service:
        source.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
        source.execute(*demo.SCHEMA["shop"], *demo.FILL["shop"], database="shop")
        rows = demo.CUSTOMERS + demo.ORDERS + demo.PAYMENTS
        account = f"-h127.0.0.1 -u{servers.USER} -p{servers.PASSWORD}"
        figures, dump, ours = {"rows": rows}, [], []
        for rep in range(3):
            target.execute(f"CREATE DATABASE d{rep}")
            began = time.monotonic()
            subprocess.run(f"set -o pipefail; mariadb-dump {account} -P{source.port} --single-transaction --quick shop | mariadb {account} -P{target.port} d{rep}", shell=True, check=True,
                           executable="/bin/bash")
            dump.append(time.monotonic() - began)
            copied = sum(target.execute(f"SELECT COUNT(*) FROM {table}", database=f"d{rep}")[0][0] for table in ("customers", "orders", "payments"))
            assert copied == rows, f"the peer copied {copied} of {rows} rows"
            began = time.monotonic()
            (name,) = service.client.start(job(f"full-{rep}", source, target, whole("shop", f"o{rep}"), task_type="FULL_TRANS"))
            service.client.wait_status(name, "FULL_TRANSFER_COMPLETE", seconds=600)
            ours.append(time.monotonic() - began)
            target.execute(f"DROP DATABASE d{rep}")
        dump, ours = sorted(dump)[1], sorted(ours)[1]
        figures.update(mysqldump_s=round(dump, 1), opendrs_s=round(ours, 1), opendrs_rows_per_s=round(rows / ours))
        common.finish("mysql_full", {"mysqldump_to_opendrs": round(dump / ours, 2)}, figures)


if __name__ == "__main__":
    sys.exit(main())
