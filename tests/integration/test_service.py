"""drsd and drsctl as programs: TLS, limits of trust between jobs, poisonous tasks, draining, other server versions."""
import hashlib
import json
import os
import re
import subprocess
import time

import pytest
import requests

from support import rows, servers, workload
from support.drsd import DRSCTL, Drsd, Refused, job, tables, wait_for, whole


def make_certificates(folder):
    """A CA and a server certificate for 127.0.0.1; returns their paths by name."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test ca")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1")
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "server.pem", "-days", "2", "-extfile", "san")
    for path in folder.iterdir():
        os.chmod(path, 0o644)
    return {name: folder / name for name in ("ca.pem", "server.pem", "server.key")}


def base64_of(path):
    return subprocess.run(["base64", "-w0", path], capture_output=True, text=True, check=True).stdout


def failed_items(client, batch):
    return {i["item"]: i["failed_reason"] for j in client.batch_jobs(batch) for i in j["precheck_result"]["precheck_results"] if i["result"] == "FAILED"}


def test_tls_to_the_databases_is_verified(drsd, folder):
    certificates = folder / "tls"
    certificates.mkdir()
    files = make_certificates(certificates)
    options = [f"--ssl-ca={files['ca.pem']}", f"--ssl-cert={files['server.pem']}", f"--ssl-key={files['server.key']}"]
    with servers.start("mariadb", folder, *options) as source, servers.start("mariadb", folder) as target:
        workload.create(source, "shop", rows=20)
        source.execute("SET GLOBAL require_secure_transport=1")
        good, other = (job(name, source, target, whole("shop", name)) for name in ("tls-good", "tls-other-ca"))
        good["source_endpoint"][0]["ssl"] = {"ssl_link": True, "ssl_cert_key": base64_of(files["ca.pem"])}
        (folder / "other").mkdir()
        other["source_endpoint"][0]["ssl"] = {"ssl_link": True, "ssl_cert_key": base64_of(make_certificates(folder / "other")["ca.pem"])}
        for one, ca in ((good, files["ca.pem"]), (other, folder / "other/ca.pem")):
            one["source_endpoint"][0]["ssl"]["ssl_cert_check_sum"] = hashlib.sha256(ca.read_bytes()).hexdigest()
        batch = drsd.client.create(other)
        assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
        (listed,) = drsd.client.batch_jobs(batch)
        assert "TLS" in json.dumps(listed["network_results"])
        (name,) = drsd.client.start(good)
        drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
        rows.assert_equal(source_plain(source, files), "shop", target, "tls-good", "item")


def source_plain(server, files):
    """The server object with connections that use TLS."""
    plain = server.connect
    server.connect = lambda database=None, **more: plain(database, ssl={"ca": str(files["ca.pem"])}, **more)
    return server


def test_tls_listener(folder):
    files = make_certificates(folder)
    service = Drsd(folder, arguments=["--tls-cert", str(files["server.pem"]), "--tls-key", str(files["server.key"])])
    service._ready = lambda: service.process.poll() is None and subprocess.run(
        ["curl", "-sf", "--cacert", files["ca.pem"], f"https://127.0.0.1:{service.port}/readyz"], capture_output=True).returncode == 0
    with service:
        assert subprocess.run(["curl", "-sf", f"http://127.0.0.1:{service.port}/healthz"], capture_output=True).returncode != 0
        assert json.loads((service.data / "credentials.json").read_text())["endpoint"].startswith("https://")


def test_same_place_as_source_and_target_is_refused(drsd, mariadb_pair, database):
    source, _ = mariadb_pair
    workload.create(source, database, rows=5)
    batch = drsd.client.create(job("itself", source, source, whole(database)))
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    assert any("same" in reason for reason in failed_items(drsd.client, batch).values()), failed_items(drsd.client, batch)


def test_source_that_is_a_replica_of_the_target_is_refused(drsd, folder):
    with servers.start("mariadb", folder) as source, servers.start("mariadb", folder) as target:
        workload.create(source, "shop", rows=5)
        source.execute(f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={target.port}, MASTER_USER='drs', MASTER_PASSWORD='drs', MASTER_USE_GTID=slave_pos", "START SLAVE")
        batch = drsd.client.create(job("circle", source, target, whole("shop", "shop_c")))
        assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
        assert any("replica" in reason for reason in failed_items(drsd.client, batch).values()), failed_items(drsd.client, batch)


def test_two_jobs_on_one_target_table_are_refused(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    workload.create(source, database, rows=5)
    (first,) = drsd.client.start(job("first-writer", source, target, tables(database, "counter", target=database + "_c")))
    drsd.client.wait_status(first, "INCRE_TRANSFER_STARTED")
    batch = drsd.client.create(job("second-writer", source, target, tables(database, "token", target=database + "_c", rename={"token": "counter"})))
    state = drsd.client.validated(batch)
    if state == "AUTO_PARAM_VALIDATE_SUCCESS":
        with pytest.raises(Refused) as refused:
            drsd.client.call("POST", f"/batch-async-jobs/{batch}/commit")
        assert "counter" in str(refused.value) or "first-writer" in str(refused.value)


def test_task_that_kills_its_worker_three_times_is_faulted(folder, mariadb_pair, database):
    source, target = mariadb_pair
    workload.create(source, database, rows=50)
    service = Drsd(folder).run()
    service.stop()
    service.environment = {"OPENDRS_FAILPOINTS": "chunk.before_commit=abort@1"}
    service.run()
    (name,) = service.client.start(job("poison", source, target, tables(database, "item", target=database + "_c")))
    deaths = 0
    for _ in range(6):
        try:
            service.process.wait(15)
        except subprocess.TimeoutExpired:
            break  # it lives: the task is not tried again
        deaths += 1
        try:
            service.run()
        except AssertionError:
            continue  # died before it was ready
    assert deaths == 3
    wait_for(lambda: service.client.status(name) == "FULL_TRANSFER_FAILED", 30, "the fault", lambda: service.client.logs(name))
    service.stop()
    service.environment = {}
    with service:
        service.client.action(name, "restart")
        service.client.wait_status(name, "INCRE_TRANSFER_STARTED")
        rows.assert_equal(source, database, target, database + "_c", "item")


def test_sigterm_drains_within_ten_seconds_and_the_task_goes_on(folder, mysql_pair, database):
    source, target = mysql_pair
    workload.create(source, database, rows=500)
    load = workload.Load(source, database, writers=2, pause=0.001)
    with Drsd(folder) as service:
        (name,) = service.client.start(job("drained", source, target, whole(database, database + "_c")))
        service.client.wait_status(name, "INCRE_TRANSFER_STARTED")
        time.sleep(1)
        began = time.monotonic()
        service.stop()
        assert time.monotonic() - began < 10
        service.run()
        time.sleep(1)
        transactions = load.stop()
        wait_for(lambda: target.execute("SELECT COUNT(*) FROM token", database=database + "_c")[0][0] == transactions, 60, "the rest", lambda: service.client.logs(name))
        rows.assert_equal(source, database, target, database + "_c", *workload.TABLES)


CROSS = [("mariadb", "mysql"), ("mysql", "mariadb")]
MORE = [("mariadb105", "mariadb"), ("mariadb118", "mariadb105"), ("mariadb", "mariadb118"), ("mysql", "mariadb118"), ("mariadb118", "mysql")]


@pytest.mark.parametrize("source_kind,target_kind", CROSS + (MORE if os.environ.get("OPENDRS_ALL") else []))
def test_across_flavours_and_versions(drsd, folder, source_kind, target_kind):
    with servers.start(source_kind, folder) as source, servers.start(target_kind, folder) as target:
        workload.create(source, "shop", rows=500, collation="utf8mb4_unicode_ci")
        load = workload.Load(source, "shop", writers=2, pause=0.002)
        (name,) = drsd.client.start(job("across", source, target, whole("shop", "shop_c")))
        drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
        time.sleep(2)
        transactions = load.stop()
        wait_for(lambda: target.execute("SELECT COUNT(*) FROM token", database="shop_c")[0][0] == transactions, 60, "the rest", lambda: drsd.client.logs(name))
        # JSON text is printed differently by the two flavours; drsctl compare judges it by value.
        rows.assert_equal(source, "shop", target, "shop_c", *[t for t in workload.TABLES if t != "typed"])
        drsd.ctl("compare", name)


def test_mysql_without_gtid_by_file_and_offset(drsd, folder):
    with servers.start("mysql", folder, "--gtid-mode=OFF", "--enforce-gtid-consistency=OFF") as source, servers.start("mysql", folder) as target:
        workload.create(source, "shop", rows=500)
        load = workload.Load(source, "shop", writers=2, pause=0.002)
        (name,) = drsd.client.start(job("no-gtid", source, target, whole("shop", "shop_c")))
        drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
        source.execute("FLUSH BINARY LOGS")
        time.sleep(2)
        transactions = load.stop()
        wait_for(lambda: target.execute("SELECT COUNT(*) FROM token", database="shop_c")[0][0] == transactions, 60, "the rest", lambda: drsd.client.logs(name))
        rows.assert_equal(source, "shop", target, "shop_c", *workload.TABLES)


def test_mysql_whose_executed_set_is_empty_when_the_copy_begins(folder, mysql_pair):
    _, target = mysql_pair
    with servers.start("mysql", folder) as source, Drsd(folder, environment={"OPENDRS_FAILPOINTS": "plan.prepared=sleep:3000,copy.read=sleep:200"}) as drsd:
        workload.create(source, "shop", rows=3000)
        source.execute("RESET BINARY LOGS AND GTIDS")
        client = drsd.client
        (name,) = client.start(job("empty-set", source, target, whole("shop", "empty_set")))
        # The start position is noted by now, nothing is copied yet.
        wait_for(lambda: target.execute("SELECT 1 FROM information_schema.tables WHERE table_schema='empty_set' AND table_name='typed'"), 30, "the target tables")
        load = workload.Load(source, "shop", writers=2, pause=0.002)
        source.execute("FLUSH BINARY LOGS")
        client.wait_status(name, "INCRE_TRANSFER_STARTED")
        time.sleep(1)
        transactions = load.stop()
        wait_for(lambda: target.execute("SELECT COUNT(*) FROM token", database="empty_set")[0][0] == transactions, 60, "the rest",
                 lambda: f"{client.status(name)} {client.logs(name)[:8]}")
        rows.assert_equal(source, "shop", target, "empty_set", *workload.TABLES)
        # The windows have closed: a conflict is one again.
        target.execute("DELETE FROM item WHERE shelf=0 ORDER BY id LIMIT 1", database="empty_set")
        source.execute("UPDATE item SET price=price+1 WHERE shelf=0", database="shop")
        wait_for(lambda: client.status(name) == "INCRE_TRANSFER_FAILED", 30, "the conflict", lambda: client.logs(name)[:8])
        client.call("POST", f"/jobs/{name}/stop", {"is_force_stop": True})
        client.wait_status(name, "RELEASE_RESOURCE_COMPLETE")


def test_drsctl_from_a_file_to_the_end(drsd, folder, mariadb_pair, database):
    source, target = mariadb_pair
    workload.create(source, database, rows=100)
    request = folder / "batch.json"
    request.write_text(json.dumps({"jobs": [job("by-ctl", source, target, tables(database, "item", "counter", target=database + "_c"))]}))
    drsd.ctl("create", "-f", str(request), "--commit", "--watch")
    assert "by-ctl" in drsd.ctl("jobs")
    drsd.client.wait_status(json.loads(drsd.ctl("job", "by-ctl", "--json"))["job"]["id"], "INCRE_TRANSFER_STARTED")
    drsd.ctl("compare", "by-ctl")
    target.execute("UPDATE item SET label='changed' WHERE id=3", "DELETE FROM item WHERE id=4", database=database + "_c")
    out = drsd.ctl("compare", "by-ctl", ok=(1,))
    assert "3" in out and "4" in out and "item" in out
    drsd.ctl("pause", "by-ctl")
    drsd.client.wait_status(json.loads(drsd.ctl("job", "by-ctl", "--json"))["job"]["id"], "PAUSING")
    drsd.ctl("resume", "by-ctl")
    assert drsd.ctl("logs", "by-ctl")
    drsd.ctl("end", "by-ctl")
    wait_for(lambda: "RELEASE_RESOURCE_COMPLETE" in drsd.ctl("jobs"), 30, "the end")
    drsd.ctl("delete", "by-ctl")
    assert "by-ctl" not in drsd.ctl("jobs")
    bad = json.loads(request.read_text())
    bad["jobs"][0]["base_info"]["task_type"] = "NONE"
    request.write_text(json.dumps(bad))
    run = subprocess.run([DRSCTL, "--data", drsd.data, "--endpoint", drsd.client.endpoint, "create", "-f", request], capture_output=True, text=True)
    assert run.returncode != 0 and "jobs[0].base_info.task_type" in run.stderr


def test_lost_source_connection_is_retried(folder, drsd):
    with servers.start("mariadb", folder) as source, servers.start("mariadb", folder) as target:
        workload.create(source, "shop", rows=50)
        (name,) = drsd.client.start(job("reconnect", source, target, whole("shop", "shop_c")))
        drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
        for server in (source, target):
            server.stop()
            time.sleep(2)
            server.run()
        source.execute("UPDATE item SET price=7", database="shop")
        wait_for(lambda: target.execute("SELECT COUNT(*) FROM item WHERE price=7", database="shop_c")[0][0] == 50, 90, "the change",
                 lambda: f"{drsd.client.status(name)} {drsd.client.logs(name)[:8]}")


def test_metrics_show_the_delay_of_a_job(drsd, mariadb_pair, database):
    source, target = mariadb_pair
    workload.create(source, database, rows=5)
    (name,) = drsd.client.start(job("metrics", source, target, tables(database, "counter", target=database + "_c")))
    drsd.client.wait_status(name, "INCRE_TRANSFER_STARTED")
    wait_for(lambda: re.search(rf'{name}', requests.get(f"{drsd.client.endpoint}/metrics", timeout=5).text), 20, "the job in /metrics")
