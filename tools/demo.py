#!/usr/bin/env python3
"""./x demo: two real MariaDB servers, a million rows, a live load, drsd, and a batch of two jobs from create to equality.

Ends with 0 only if both sides are equal to the row. --keep leaves servers and drsd running and prints how to go on.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from support import servers  # noqa: E402
from support.drsd import DRSCTL, Drsd, wait_for  # noqa: E402

CUSTOMERS, ORDERS, PAYMENTS, TICKETS = 200_000, 500_000, 250_000, 100_000
SCHEMA = {
    "shop": [
        """CREATE TABLE customers (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, email VARCHAR(120) NOT NULL, name VARCHAR(80) CHARACTER SET latin1 NOT NULL,
           born DATE NULL, score DOUBLE NOT NULL, settings JSON, created TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), UNIQUE KEY email (email), KEY created (created))""",
        """CREATE TABLE orders (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT UNSIGNED NOT NULL, status ENUM('new','paid','sent','returned') NOT NULL,
           total DECIMAL(12,2) NOT NULL, note TEXT, placed DATETIME(6) NOT NULL, changed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
           KEY customer (customer_id), KEY placed (placed), CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id))""",
        """CREATE TABLE payments (order_id BIGINT UNSIGNED NOT NULL, part TINYINT NOT NULL, amount DECIMAL(12,2) NOT NULL, method SET('card','cash','voucher') NOT NULL,
           token VARBINARY(32), paid DATETIME NOT NULL, PRIMARY KEY (order_id, part))""",
    ],
    "crm": ["CREATE TABLE tickets (id INT NOT NULL PRIMARY KEY, subject VARCHAR(200) NOT NULL, body MEDIUMTEXT, opened DATETIME NOT NULL, tags JSON, KEY opened (opened))"],
}
FILL = {
    "shop": [
        f"""INSERT INTO customers (id,email,name,born,score,settings) SELECT seq, CONCAT('user',seq,'@example.org'), CONCAT('Zoë Ørsted ',seq), '1950-01-01' + INTERVAL seq%20000 DAY,
            seq/7, JSON_OBJECT('theme', IF(seq%2,'dark','light'), 'limits', JSON_ARRAY(seq%10, seq/3)) FROM seq_1_to_{CUSTOMERS}""",
        f"""INSERT INTO orders (id,customer_id,status,total,note,placed) SELECT seq, 1+seq*7919%{CUSTOMERS}, 1+seq%4, seq%100000/100, REPEAT(CONCAT('note ',seq,' '), seq%12),
            '2023-01-01' + INTERVAL seq*37 SECOND FROM seq_1_to_{ORDERS}""",
        f"INSERT INTO payments SELECT seq, seq%3, seq%100000/100, 1+seq%7, UNHEX(SHA2(seq,256)), '2023-01-01' + INTERVAL seq*37 SECOND FROM seq_1_to_{PAYMENTS}",
    ],
    "crm": [f"""INSERT INTO tickets SELECT seq, CONCAT('Ticket ',seq), REPEAT('It does not work. ', seq%20), '2024-01-01' + INTERVAL seq MINUTE,
            JSON_ARRAY('t', seq%5) FROM seq_1_to_{TICKETS}"""],
}
COPIES = [("shop", "shop_copy", ["customers", "orders", "payments"]), ("crm", "helpdesk", ["tickets"])]


def say(text):
    print(f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text, flush=True)


class Shoppers:
    """A write load: orders are placed, paid, changed and removed until stop()."""

    def __init__(self, source):
        self.source, self.stopping, self.transactions = source, threading.Event(), 0
        self.failure = None
        self.threads = [threading.Thread(target=self._run, args=(random.Random(i),), daemon=True) for i in range(2)]
        for thread in self.threads:
            thread.start()

    def _run(self, rnd):
        try:
            with self.source.connect("shop", autocommit=False) as c, c.cursor() as cursor:
                while not self.stopping.wait(0.002):
                    order = rnd.randrange(1, ORDERS)
                    cursor.execute("INSERT INTO orders (customer_id,status,total,note,placed) VALUES (%s,'new',%s,'a new order',NOW(6))", (rnd.randrange(1, CUSTOMERS), rnd.randrange(10**6) / 100))
                    cursor.execute("INSERT INTO payments VALUES (%s,0,9.99,'card',%s,NOW())", (cursor.lastrowid, rnd.randbytes(16)))
                    cursor.execute("UPDATE orders SET status='sent', total=total+1 WHERE id=%s", (order,))
                    cursor.execute("DELETE FROM payments WHERE order_id=%s AND part=1", (order,))
                    cursor.execute("UPDATE crm.tickets SET body=CONCAT(LEFT(body,200),' Answered.') WHERE id=%s", (rnd.randrange(1, TICKETS),))
                    c.commit()
                    self.transactions += 1
        except Exception as e:  # noqa: BLE001 - shown at the end
            self.failure = e

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        if self.failure:
            raise self.failure


def endpoint(role, server):
    return [{"db_type": "mysql", "endpoint_type": "offline", "endpoint_role": role,
             "endpoint": {"endpoint_name": "mysql", "ip": "127.0.0.1", "db_port": str(server.port), "db_user": servers.USER, "db_password": servers.PASSWORD},
             "ssl": {"ssl_link": False}}]


def batch(source, target):
    """The request, in the shape of the API page's example."""
    def one(name, db_object):
        return {"base_info": {"name": name, "job_type": "sync", "engine_type": "mysql-to-mysql", "job_direction": "non-dbs", "task_type": "FULL_INCR_TRANS", "net_type": "vpc",
                              "charging_mode": "on_demand", "enterprise_project_id": "0", "description": "", "expired_days": "14", "tags": [{"key": "demo", "value": "1"}]},
                "source_endpoint": endpoint("so", source), "target_endpoint": endpoint("ta", target),
                "policy_config": {"filter_ddl_policy": "drop_database", "conflict_policy": "stop"}, "db_object": db_object,
                "node_info": {"spec": {"node_type": "medium"}, "vpc": {"vpc_id": "demo", "subnet_id": "demo"},
                              "base_info": {"instance_type": "single", "arch": "x86", "availability_zone": "az-1"}}}
    return {"jobs": [
        one("demo-shop", {"object_scope": "database", "object_info": {"shop": {"name": "shop_copy", "all": True}}}),
        one("demo-crm", {"object_scope": "table", "object_info": {"crm": {"name": "helpdesk", "all": False, "tables": {"tickets": {"type": "table", "name": "tickets", "all": True}}}}})]}


def checksums(server, database, tables):
    """An independent judge: rows and a checksum over every column of every row, computed by the server."""
    found = {}
    for table in tables:
        columns = [f"IFNULL(HEX(`{c}`),'~')" for (c,) in server.execute(
            f"SELECT column_name FROM information_schema.columns WHERE table_schema='{database}' AND table_name='{table}' ORDER BY ordinal_position")]
        ((rows, low, high),) = server.execute(
            f"SELECT COUNT(*), BIT_XOR(CAST(CONV(LEFT(h,16),16,10) AS UNSIGNED)), SUM(CRC32(h)) FROM (SELECT MD5(CONCAT_WS('|',{','.join(columns)})) h FROM `{database}`.`{table}`) t")
        found[table] = (rows, str(low), str(high))
    return found


def show_progress(client, jobs, began):
    """One line per change until both jobs are in the incremental phase."""
    def look():
        states, line = [], []
        for name, job in jobs.items():
            status, progress = client.status(job), client.progress(job)
            if status.endswith("_FAILED"):
                raise SystemExit(f"{name}: {status}\n" + "\n".join(f"  {level} {text}" for level, text in client.logs(job)))
            states.append(status)
            line.append(f"{name} {status} {progress['progress']}%")
        print(f"  {time.monotonic() - began:5.1f} s  " + "   ".join(line), flush=True)
        time.sleep(1)
        return all(s == "INCRE_TRANSFER_STARTED" for s in states)
    wait_for(look, 600, "the full phase")


def run(folder, keep):
    began = time.monotonic()
    say("1. Two MariaDB servers, and a source with a million rows")
    source, target = servers.start("mariadb", folder), servers.start("mariadb", folder)
    service = Drsd(folder, check=False)
    try:
        for database, statements in SCHEMA.items():
            source.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
            source.execute(*statements, *FILL[database], database=database)
        total = CUSTOMERS + ORDERS + PAYMENTS + TICKETS
        print(f"  source {source.address}, target {target.address}: {total:,} rows in {time.monotonic() - began:.1f} s")

        say("2. drsd, and a write load on the source")
        service.run()
        load = Shoppers(source)
        client = service.client
        print(f"  {client.endpoint}, data folder {service.data}")

        say("3. POST /v5/{project_id}/jobs/batch-async-create with two jobs, validate, commit")
        request = batch(source, target)
        (folder / "batch.json").write_text(json.dumps(request, indent=1))
        created = client.create(*request["jobs"])
        state = client.validated(created)
        print(f"  async_job_id {created}: {state}")
        if state != "AUTO_PARAM_VALIDATE_SUCCESS":
            raise SystemExit(json.dumps(client.batch_jobs(created), indent=1))
        jobs = {j["base_info"]["name"]: j["id"] for j in client.batch_jobs(created)}
        client.call("POST", f"/batch-async-jobs/{created}/commit")

        say("4. Full load, then the source's log")
        copying = time.monotonic()
        show_progress(client, jobs, copying)
        full = time.monotonic() - copying
        time.sleep(5)

        say("5. The load stops; wait for delay 0")
        load.stop()
        stopped = time.monotonic()
        last = source.execute("SELECT MAX(id) FROM shop.orders")
        wait_for(lambda: target.execute("SELECT MAX(id) FROM shop_copy.orders") == last and all(client.progress(j)["incr_trans_delay"] == "0" for j in jobs.values()),
                 120, "delay 0", lambda: str([client.progress(j) for j in jobs.values()]))
        drained = time.monotonic() - stopped

        say("6. drsctl compare: every row of every table, both sides")
        equal = True
        for name in jobs:
            done = subprocess.run([DRSCTL, "--data", service.data, "--endpoint", client.endpoint, "compare", name])
            equal = equal and done.returncode == 0
        say("7. The same by an independent query on both servers")
        rows = 0
        for left, right, tables in COPIES:
            mine, theirs = checksums(source, left, tables), checksums(target, right, tables)
            for table in tables:
                same = mine[table] == theirs[table]
                equal, rows = equal and same, rows + mine[table][0]
                print(f"  {left}.{table:10} {mine[table][0]:>9,} rows   {right}.{table:10} {theirs[table][0]:>9,} rows   {'equal' if same else 'DIFFERENT'}")
        say("EQUAL" if equal else "NOT EQUAL")
        print(f"  {rows:,} rows; full phase {full:.1f} s ({total / full:,.0f} rows/s); {load.transactions:,} transactions written meanwhile; "
              f"drained {drained:.1f} s after the load stopped; all in {time.monotonic() - began:.0f} s")
        if keep:
            print(f"""
Next:
  export PATH={DRSCTL.parent}:$PATH
  drsctl --data {service.data} --endpoint {client.endpoint} jobs
  drsctl --data {service.data} --endpoint {client.endpoint} watch demo-shop
  drsctl --data {service.data} --endpoint {client.endpoint} pause demo-shop
  mariadb -h127.0.0.1 -P{source.port} -u{servers.USER} -p{servers.PASSWORD} shop      # the source; the target is port {target.port}
  cat {folder}/batch.json
Ctrl-C ends it all.""", flush=True)
            try:
                threading.Event().wait()
            except KeyboardInterrupt:
                pass
        else:
            print("\nNext: ./x demo --keep leaves it running; docs/guides/mysql-to-mysql.md shows your own databases; ./x test runs all tests.")
        return equal
    finally:
        if sys.exc_info()[0] is None:
            service.stop()
        elif service.process:
            service.process.kill()
        for server in (source, target):
            server.remove()


def main():
    parser = argparse.ArgumentParser(prog="./x demo")
    parser.add_argument("--keep", action="store_true", help="leave servers and drsd running")
    keep = parser.parse_args().keep
    with tempfile.TemporaryDirectory(prefix="opendrs-demo-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        return 0 if run(pathlib.Path(folder), keep) else 1


if __name__ == "__main__":
    sys.exit(main())
