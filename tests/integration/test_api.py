"""The front door: the whole request, errors, authentication, paging. Every answer is held against openapi.yaml."""
import concurrent.futures
import copy
import json
import pathlib
import re
import socket
import subprocess
import time

import pytest
import requests

from support import servers
from support.drsd import Refused, job, whole

EXAMPLES = sorted((pathlib.Path(__file__).parents[1] / "support/data").glob("api_page_example_*.json"))


class Nowhere:
    """An address where no server listens."""
    port = 1


def some_job(name="some-job", **more):
    return job(name, Nowhere, Nowhere, whole("shop", "shop_copy"), **more)


@pytest.mark.smoke
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda p: p.stem)
def test_examples_of_the_api_page_get_202_and_fail_the_validation_with_reasons(drsd, example):
    client = drsd.client
    status, answer, _ = client.raw("POST", f"/v5/{client.project}/jobs/batch-async-create", json.loads(example.read_text()))
    assert status == 202
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer["job"]["async_job_id"])
    assert client.validated(answer["job"]["async_job_id"]) == "ASYNC_JOB_VALIDATE_FAILED"
    (listed,) = client.batch_jobs(answer["job"]["async_job_id"])
    assert listed["status"] == "CONFIGURATION"
    assert "oracle-to-gaussdbv5" in json.dumps(listed["precheck_result"])
    assert "db_password" not in json.dumps(listed["source_endpoint"])


@pytest.mark.smoke
def test_all_problems_of_a_batch_are_found_in_one_pass(drsd):
    good, bad = some_job("good-one"), some_job("bad-one")
    bad["base_info"]["task_type"] = "EVERYTHING"
    bad["base_info"]["description"] = "a<b"
    bad["source_endpoint"][0]["endpoint"]["db_port"] = "70000"
    bad["target_endpoint"][0]["endpoint_role"] = "so"
    del bad["node_info"]["spec"]
    bad["unknown_member"] = {"is": "ignored"}
    with pytest.raises(Refused) as refused:
        drsd.client.create(good, bad)
    body = refused.value.body
    assert refused.value.status == 400
    paths = {e["path"] for e in body["errors"]}
    assert {"jobs[1].base_info.task_type", "jobs[1].base_info.description", "jobs[1].source_endpoint[0].endpoint.db_port",
            "jobs[1].target_endpoint[0].endpoint_role", "jobs[1].node_info.spec"} <= paths, paths
    assert body["error_code"] == body["errors"][0]["error_code"] and body["errors"][0]["path"] in body["error_msg"]
    task_type = next(e for e in body["errors"] if e["path"].endswith("task_type"))
    assert "EVERYTHING" in task_type["value"] and "FULL_INCR_TRANS" in task_type["allowed"]


def test_batch_sizes(drsd):
    assert drsd.client.create(*[some_job(f"many-{i}") for i in range(100)])
    for jobs in ([], [some_job(f"too-many-{i}") for i in range(101)]):
        with pytest.raises(Refused) as refused:
            drsd.client.create(*jobs)
        assert refused.value.status == 400 and "jobs" in refused.value.body["error_msg"]


def test_duplicate_names_in_a_batch_are_refused_without_regard_to_case(drsd):
    with pytest.raises(Refused) as refused:
        drsd.client.create(some_job("Same-Name"), some_job("same-name"))
    assert refused.value.code == "DRS.M00301"


@pytest.mark.parametrize("body,code", [(b"{", "DRS.M00007"), (b"[]", "DRS.M00007"), (b'{"jobs": 3}', "DRS.M00007"), (b"{}", "DRS.M00201"), (b'{"jobs": null}', "DRS.M00201"),
                                       (b'{"jobs": [{}]}', "DRS.M00201"), (b"[" * 100000, "DRS.M00007"), (b'{"jobs":[{"base_info":{"name":"\xff\xfe"}}]}', None)])
def test_malformed_bodies(drsd, body, code):
    status, answer, _ = drsd.client.raw("POST", f"/v5/{drsd.client.project}/jobs/batch-async-create", body)
    assert status == 400
    assert code is None or answer["error_code"] == code
    assert 1 <= len(answer["error_msg"]) <= 512


def test_what_was_sent_comes_back_without_secrets(drsd):
    sent = some_job("returned", speed_limit=[{"begin": "01:00", "end": "02:59", "speed": "10"}], alarm_notify={"alarm_to_user": True, "topic_urn": "urn:smn:a:b:c", "delay_time": 60})
    sent["base_info"].update(description="described", expired_days="20", tags=[{"key": "k", "value": "v"}])
    sent["source_endpoint"][0]["endpoint"]["db_password"] = "planted-secret-1"
    batch = drsd.client.create(sent)
    drsd.client.validated(batch)
    (listed,) = drsd.client.batch_jobs(batch)
    for member in ("base_info", "alarm_notify", "speed_limit", "policy_config", "node_info"):
        for key, value in sent[member].items() if isinstance(sent[member], dict) else enumerate(sent[member]):
            assert listed[member][key] == value, (member, key)
    assert listed["source_endpoint"][0]["endpoint"]["db_user"] == servers.USER
    assert "db_password" not in listed["source_endpoint"][0]["endpoint"] and "planted-secret-1" not in json.dumps(listed)
    assert listed["source_endpoint"][0]["endpoint"]["id"]


def test_secrets_are_nowhere_in_what_the_program_has_written(drsd):
    secrets = [f"planted-{n}-secret" for n in ("src", "dst", "user")]
    one = some_job("secretive", user_migration={"is_migrate_user": True, "is_set_password": True, "password": secrets[2]}, job_type="migration")
    one["source_endpoint"][0]["endpoint"]["db_password"], one["target_endpoint"][0]["endpoint"]["db_password"] = secrets[:2]
    batch = drsd.client.create(one)
    drsd.client.validated(batch)
    bad = copy.deepcopy(one)
    bad["base_info"]["name"] = "!"
    with pytest.raises(Refused) as refused:
        drsd.client.create(bad)
    answers = json.dumps([drsd.client.batch_jobs(batch), refused.value.body, drsd.client.call("GET", "/jobs", query=[("job_type", "migration")])])
    requests.get(f"{drsd.client.endpoint}/metrics", timeout=5)
    written = b"".join(p.read_bytes() for p in [*drsd.data.rglob("*"), drsd.log] if p.is_file())
    for secret in secrets:
        assert secret not in answers and secret.encode() not in written, secret
    assert drsd.client.credentials["secret_key"] not in drsd.log.read_text()
    assert oct(drsd.data.stat().st_mode)[-3:] == "700"
    assert {oct((drsd.data / f).stat().st_mode)[-3:] for f in ("master.key", "credentials.json")} == {"600"}


def test_a_failed_batch_is_corrected_and_validated_again(drsd):
    batch = drsd.client.create(some_job("correct-me"))
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    (listed,) = drsd.client.batch_jobs(batch)
    answer = drsd.client.call("PUT", f"/batch-async-jobs/{batch}", {"jobs": [
        {"type": "policy", "params": {"job_id": listed["id"], "policy_config": {"conflict_policy": "overwrite", "filter_ddl_policy": "drop_database"}}},
        {"type": "policy", "params": {"job_id": "no-such-job", "policy_config": {}}}]})
    assert [j["status"] for j in answer["jobs"]] == ["success", "failed"] and answer["jobs"][1]["error_code"] == "DRS.10000010"
    drsd.client.validated(batch)
    assert drsd.client.batch_jobs(batch)[0]["policy_config"]["conflict_policy"] == "overwrite"
    with pytest.raises(Refused) as refused:
        drsd.client.call("POST", f"/batch-async-jobs/{batch}/commit")
    assert refused.value.code == "DRS.M00304"


def test_client_token_makes_a_repeat_return_the_first_answer(drsd):
    path = f"/v5/{drsd.client.project}/jobs/batch-async-create"
    body = {"jobs": [some_job("only-once")]}
    first, second = (drsd.client.raw("POST", path, body, headers={"X-Client-Token": "abc-1"})[1] for _ in range(2))
    assert first == second
    assert drsd.client.call("GET", "/batch-async-jobs")["total_count"] == 1


def test_token_authentication_with_curl(drsd):
    c = drsd.client.credentials
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": c["user_name"], "password": c["password"], "domain": {"name": c["domain_name"]}}}},
                     "scope": {"project": {"name": c["region"]}}}}
    out = subprocess.run(["curl", "-si", "-X", "POST", f"{drsd.client.endpoint}/v3/auth/tokens", "-H", "Content-Type: application/json", "-d", json.dumps(body)],
                         capture_output=True, text=True, check=True).stdout
    assert " 201 " in out.splitlines()[0]
    token = re.search(r"(?im)^x-subject-token: *(\S+)", out)[1]
    listed = subprocess.run(["curl", "-s", f"{drsd.client.endpoint}/v5/{c['project_id']}/batch-async-jobs", "-H", f"X-Auth-Token: {token}"], capture_output=True, text=True, check=True).stdout
    assert json.loads(listed) == {"total_count": 0, "jobs": []}
    body["auth"]["identity"]["password"]["user"]["password"] = "wrong"
    assert requests.post(f"{drsd.client.endpoint}/v3/auth/tokens", json=body, timeout=10).status_code == 401
    assert drsd.client.raw("GET", "/v3/projects", query=[("name", c["region"])])[1]["projects"][0]["id"] == c["project_id"]
    assert drsd.client.raw("GET", "/v3/auth/domains")[1]["domains"][0]["name"] == c["domain_name"]


def test_bad_credentials_are_refused(drsd):
    path = f"{drsd.client.endpoint}/v5/{drsd.client.project}/batch-async-jobs"
    for headers in ({}, {"X-Auth-Token": "nonsense"}, {"Authorization": "SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=00"}):
        answer = requests.get(path, headers=headers, timeout=10)
        assert answer.status_code == 401 and answer.json()["error_code"] == "APIG.0301" and answer.headers["X-Request-Id"]
    status, answer, _ = drsd.client.raw("GET", f"/v5/{'0' * 32}/batch-async-jobs")
    assert (status, answer["error_code"]) == (403, "DRS.M00261")


def test_unknown_paths_methods_and_types(drsd):
    client = drsd.client
    assert client.raw("GET", "/v5/nothing/here")[0] == 404
    assert client.raw("DELETE", f"/v5/{client.project}/batch-async-jobs")[0] in (404, 405)
    assert client.raw("POST", f"/v5/{client.project}/jobs/batch-async-create", b"<x/>", headers={"Content-Type": "text/xml"})[0] == 415
    with pytest.raises(Refused) as refused:
        client.detail("00000000-0000-0000-0000-000000000000")
    assert refused.value.code == "DRS.10000010"
    with pytest.raises(Refused) as refused:
        client.call("GET", "/jobs", query=[("job_type", "sync"), ("limit", "-1")])
    assert refused.value.code == "DRS.M00210"


def test_job_list_filters_and_pages(drsd):
    client = drsd.client
    client.create(*[some_job(f"listed-{i}") for i in range(7)])
    listed = client.call("GET", "/jobs", query=[("job_type", "sync"), ("limit", 3), ("offset", 3), ("sort_key", "name"), ("sort_dir", "asc")])
    assert listed["total_count"] == 7 and [j["name"] for j in listed["jobs"]] == ["listed-3", "listed-4", "listed-5"]
    assert client.call("GET", "/jobs", query=[("job_type", "sync"), ("name", "listed-6")])["total_count"] == 1
    assert client.call("GET", "/jobs", query=[("job_type", "migration")])["total_count"] == 0
    with pytest.raises(Refused):
        client.call("GET", "/jobs")  # job_type is mandatory


def test_limits_of_the_edge(drsd):
    client = drsd.client
    too_large = requests.post(f"{client.endpoint}/v5/{client.project}/jobs/batch-async-create", data=b"x" * (40 << 20), timeout=30, headers={"Content-Type": "application/json"})
    assert too_large.status_code == 413
    # Slow and silent clients hold only their own connections.
    idle = [socket.create_connection(("127.0.0.1", drsd.port)) for _ in range(100)]
    for s in idle[:50]:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    began = time.monotonic()
    assert requests.get(f"{client.endpoint}/healthz", timeout=5).status_code == 200
    assert time.monotonic() - began < 1
    for s in idle:
        s.close()
    with socket.create_connection(("127.0.0.1", drsd.port)) as s:
        s.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * (1 << 20))
        s.settimeout(10)
        try:
            assert s.recv(100)[9:12] in (b"", b"431", b"400")  # refused or closed, never hung
        except ConnectionError:
            pass


def test_health_metrics_contract_and_links(drsd):
    base = drsd.client.endpoint
    assert requests.get(base + "/healthz", timeout=5).status_code == 200
    assert "drs" in requests.get(base + "/metrics", timeout=5).text
    assert requests.get(base + "/openapi.yaml", timeout=5).text == (pathlib.Path(__file__).parents[2] / "api/openapi.yaml").read_text()
    links = drsd.client.call("GET", "/links", query=[("job_type", "sync")])["job_links"]
    assert any(link["engine_type"] == "mysql-to-mysql" for link in links)


def test_many_requests_at_once(drsd):
    client = drsd.client
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda i: client.create(some_job(f"parallel-{i}")), range(32)))) == 32


def test_what_was_answered_survives_a_kill(drsd):
    batch = drsd.client.create(some_job("survivor"))
    drsd.kill()
    drsd.run()
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"


def test_refuses_to_listen_openly_without_tls(folder):
    from support.drsd import DRSD
    run = subprocess.run([DRSD, "--data", folder / "d", "--listen", f"0.0.0.0:{servers.free_port()}"], capture_output=True, text=True, timeout=20)
    assert run.returncode != 0 and "--insecure" in run.stderr + run.stdout


def test_a_start_that_fails_makes_nothing(folder):
    from support.drsd import DRSD
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for more in ([], ["--tls-cert", folder / "missing.pem", "--tls-key", folder / "missing.pem"]):
            run = subprocess.run([DRSD, "--data", folder / "new", "--listen", f"127.0.0.1:{port}", *more], capture_output=True, text=True, timeout=20)
            assert run.returncode != 0 and ("missing.pem" if more else str(port)) in run.stderr + run.stdout
            assert not (folder / "new").exists()


def test_second_drsd_on_the_same_folder_is_refused(drsd):
    from support.drsd import DRSD
    run = subprocess.run([DRSD, "--data", drsd.data, "--listen", f"127.0.0.1:{servers.free_port()}"], capture_output=True, text=True, timeout=20)
    assert run.returncode != 0 and "another" in (run.stderr + run.stdout).lower()


def test_unknown_instance_says_how_to_add_it(drsd):
    one = some_job("by-instance")
    one["source_endpoint"][0].update(endpoint_type="cloud", cloud={"region": "local-1", "project_id": "p"}, vpc={"vpc_id": "v", "subnet_id": "s"})
    one["source_endpoint"][0]["endpoint"] = {"endpoint_name": "cloud_mysql", "instance_id": "c2c7579bc09c490b9d8009db715aeb0ain01", "db_user": "u", "db_password": "p"}
    batch = drsd.client.create(one)
    assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    assert "[[instances]]" in json.dumps(drsd.client.batch_jobs(batch)) and "c2c7579bc09c490b9d8009db715aeb0ain01" in json.dumps(drsd.client.batch_jobs(batch))
