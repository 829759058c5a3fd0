"""Answers of a running drsd against api/openapi.yaml: every operation is called, and what differs a little from an answer breaks
the contract. Needs no database: where one is asked for, the answer says that it cannot be reached."""
import copy
import pathlib
import shutil
import tempfile

import pytest
import requests

from support import contract
from support.drsd import Drsd, job, wait_for, whole

JSON = {"Content-Type": "application/json"}
NOBODY = "00000000-0000-0000-0000-000000000000"


class Nowhere:
    """An address where no server listens."""
    port = 1


@pytest.fixture(scope="module")
def service():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="opendrs-test-"))
    try:
        with Drsd(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def draft(name, **more):
    return job(name, Nowhere, Nowhere, whole("shop", "shop_copy"), **more)


def everything(name):
    """A job with every block that an answer can hold."""
    one = draft(name, speed_limit=[{"begin": "01:00", "end": "02:59", "speed": "10"}], alarm_notify={"alarm_to_user": True, "topic_urn": "urn:smn:a:b:c", "delay_time": 60},
                db_param={"common": [{"key": "sync_binlog", "target_value": "1"}], "performance": []},
                tuning_params={"full_sync": [{"param_name": "read_task_num", "param_value": "2", "availability": True}], "incre_capture": [], "incre_apply": [], "incre_relay": []},
                period_order={"period_type": 2, "period_num": 1}, public_ip_list=[{"id": "e", "public_ip": "192.0.2.1", "type": "master"}],
                user_migration={"is_migrate_user": False, "is_set_password": False, "user_list": [{"id": "1", "account": "'a'@'%'", "password": "planted"}], "role_list": [{"role": "r"}]})
    one["base_info"].update(description="described", expired_days=20, charging_mode="period", tags=[{"key": "k", "value": "v"}])
    one["source_endpoint"][0].update(ssl={"ssl_link": False, "ssl_cert_name": "ca"}, config={"is_target_readonly": True}, cloud={"region": "r", "project_id": "p"},
                                     vpc={"vpc_id": "v", "subnet_id": "s"}, customized_dns={"is_set_dns": False, "set_dns_action": "keep", "dns_ip": ""})
    return one


class Calls:
    """Makes calls, and keeps (operation, status, answer) of each."""

    def __init__(self, service):
        self.client, self.kept = service.client, []

    def __call__(self, wanted, method, path, body=None, **query):
        path = path if path.startswith("/v") else f"/v5/{self.client.project}{path}"
        pairs = [(k, v) for k, values in query.items() for v in (values if isinstance(values, list) else [values])]
        status, answer, _ = self.client.raw(method, path, body, pairs)
        assert status == wanted, f"{method} {path} {query}: {status} {answer}"
        if body is not None and status < 300:
            assert contract.request_problems_of(contract.operation(method, path), body) == [], f"{method} {path}: accepted, though the contract refuses it"
        self.kept.append((contract.operation(method, path), status, answer))
        return answer


@pytest.fixture(scope="module")
def answers(service):
    """One answer at least of each operation."""
    call, client = Calls(service), service.client
    batch = call(202, "POST", "/jobs/batch-async-create", {"jobs": [everything("first-one"), draft("second-one"), draft("third-one", task_type="INCR_TRANS")]})["job"]["async_job_id"]
    call(400, "POST", "/jobs/batch-async-create", {"jobs": [{**draft("a"), "node_info": 3}]})
    assert client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
    call(200, "GET", "/batch-async-jobs", async_job_id=batch)
    first, second, third = (j["id"] for j in call(200, "GET", f"/batch-async-jobs/{batch}")["jobs"])
    for kind, params in (("all", draft("first-one")), ("network", {"target_endpoint": draft("x")["target_endpoint"]}), ("endpoint", {"source_endpoint": draft("x")["source_endpoint"]}),
                         ("policy", {"policy_config": {"conflict_policy": "overwrite", "filter_ddl_policy": "drop_database"}}), ("db_object", {"db_object": {"object_scope": "all"}}), ("precheck", {})):
        answer = call(202, "PUT", f"/batch-async-jobs/{batch}", {"jobs": [{"type": kind, "params": {**params, "job_id": first}}, {"type": kind, "params": {**params, "job_id": NOBODY}}]})
        assert [j["status"] for j in answer["jobs"]] == ["success", "failed"], (kind, answer)
    client.validated(batch)
    call(400, "POST", f"/batch-async-jobs/{batch}/commit")
    call(200, "GET", "/jobs", job_type="sync", limit=2, sort_key="name")
    read_jobs(call, first)
    act(call, first)
    for method in ("POST", "PUT"):
        call(200, method, f"/v3/{client.project}/jobs/batch-limit-speed", {"speed_limits": [
            {"job_id": first, "speed_limit": [{"begin": "01:00", "end": "02:59", "speed": "10"}]}, {"job_id": third, "speed_limit": []}]})
    call(200, "POST", f"/v3/{client.project}/jobs/batch-switchover", {"jobs": [first]})
    call(400, "POST", f"/v3/{client.project}/jobs/batch-switchover", {"jobs": []})
    positions(call, third)
    cutover(call, third)
    objects(call, second)
    end(call, first, second, third)
    call(400, "POST", f"/batch-async-jobs/{batch}/commit")  # no job is left
    for kind in ("sync", "migration", "cloudDataGuard"):
        call(200, "GET", "/links", job_type=kind)
    call(200, "GET", "/v3/projects")
    call(200, "GET", "/v3/projects", name="elsewhere")
    call(200, "GET", "/v3/auth/domains")
    return call.kept


def read_jobs(call, one):
    for kind, schema in (("detail", "JobDetail"), ("overview", "JobOverview"), ("progress", "JobProgress"), ("network", "JobNetwork"), ("precheck", "JobPrecheck"), ("log", "JobLog")):
        answer = call(200, "GET", f"/jobs/{one}", type=kind)
        assert contract.problems_of({"$ref": f"#/components/schemas/{schema}"}, answer["job"]) == [], kind
    call(200, "GET", f"/jobs/{one}", type="compare", compare_type="data_compare", query_type="list")
    call(200, "GET", f"/jobs/{one}/actions")
    for kind in ("table", "database", "table_structure", "table_indexs", "view"):
        call(200, "GET", f"/jobs/{one}/progress-data/{kind}")
    call(200, "GET", f"/jobs/{one}/dirty-data", begin_time="2026-02-28T00:00:00Z", end_time="2026-03-01T23:59:59Z", anonymize_mode="true", offset="0", limit="5")
    call(200, "GET", f"/jobs/{one}/dirty-data", task_mode="FULL_TRANSFER")
    assert call(200, "GET", f"/jobs/{one}/ddl", start_seq_no="1", end_seq_no="9", status="1", offset="0", limit="5") == {"count": 0, "ddl_list": []}
    for wrong in ({"status": "2"}, {"start_seq_no": "x"}, {"end_seq_no": "-1"}):
        call(400, "GET", f"/jobs/{one}/ddl", **wrong)
    call(400, "POST", f"/jobs/{one}/alarms/7/clean")
    call(400, "POST", f"/jobs/{one}/ddl/7/skip")
    call(400, "POST", f"/jobs/{one}/ddl/x/replace", {"statement": "ALTER TABLE t ADD a INT"})
    for wrong in ({"begin_time": "2026-02-29T00:00:00Z"}, {"end_time": "1790000000000"}, {"anonymize_mode": "yes"}, {"task_mode": "INCREMENTAL"}):
        call(400, "GET", f"/jobs/{one}/dirty-data", **wrong)
    call(400, "GET", f"/jobs/{NOBODY}", type="detail")


def act(call, one):
    query = call(202, "POST", f"/jobs/{one}/action", {"job": {"action_name": "network", "action_params": {}}})["query_id"]
    wait_for(lambda: call(200, "GET", f"/jobs/{one}", type="network", query_id=query)["job"]["network_results"], 30, "the connection test")
    query = call(202, "POST", f"/jobs/{one}/action", {"job": {"action_name": "precheck", "action_params": {"precheck_mode": "forStartJob"}}})["query_id"]
    wait_for(lambda: call(200, "GET", f"/jobs/{one}", type="precheck", query_id=query)["job"]["precheck_result"]["process"] == "100%", 30, "the pre-check")
    for action in ("start", "stop", "restart", "reset"):
        call(400, "POST", f"/jobs/{one}/action", {"job": {"action_name": action}})
    call(202, "POST", "/jobs/action", {"jobs": [{"job_id": one, "action_name": "network"}, {"job_id": NOBODY, "action_name": "stop"}]})
    call(200, "POST", "/jobs/action", {"jobs": [{"job_id": one, "action_name": "stop"}]})


def positions(call, one):
    call(200, "PUT", f"/jobs/{one}/start-position", {"file_and_position": "mysql-bin.000277:805"})
    query = call(202, "POST", f"/jobs/{one}/collect-db-position")["id"]
    wait_for(lambda: call(200, "GET", f"/jobs/{one}/db-position", query_id=query)["status"] == "failed", 30, "the position")


def cutover(call, one):
    assert call(200, "GET", f"/jobs/{one}/cutover")["status"] == "NONE"


def objects(call, one):
    path = f"/v5.1/{call.client.project}/jobs/{one}"
    source = call(202, "POST", f"/jobs/{one}/db-objects/collect", type="source")["id"]
    wait_for(lambda: call(200, "GET", f"/jobs/{one}/db-objects/collection-status", query_id=source)["status"] == "failed", 30, "the objects")
    stored = call(202, "POST", f"{path}/db-objects/collect", {"type": "modified", "is_refresh": "true"})["id"]
    views = [call(200, "GET", f"/jobs/{one}/db-objects/collection-status", query_id=stored), call(200, "GET", f"/jobs/{one}/db-objects", type="modified"),
             call(200, "GET", f"{path}/db-object", type="modified")]
    assert all(view["object_info"]["shop"]["name"] == "shop_copy" for view in views)
    call(200, "GET", f"/jobs/{one}/db-objects", type="synchronized", db_names=["shop", "b"], limit=5)


def end(call, first, second, third):
    call(200, "POST", f"/jobs/{first}/stop", {"is_force_stop": False})
    call(200, "POST", "/jobs/batch-stop", {"jobs": [{"job_id": second}, {"job_id": NOBODY}]})
    call(200, "POST", f"/jobs/{third}/action", {"job": {"action_name": "terminate", "action_params": {"force_delete": True}}})
    assert call(200, "DELETE", f"/jobs/{first}") == ""
    call(200, "DELETE", "/jobs", {"jobs": [second, third, NOBODY]})


def test_every_operation_has_answered_with_success(answers):
    done = {operation["operationId"] for operation, status, _ in answers if status < 300}
    free = {"CreateToken", "Health", "Readiness", "Metrics", "Contract"}  # the tests below
    free |= {"CommitAsyncJob", "StartCutover", "CancelCutover", "SkipJobDdl", "ReplaceJobDdl", "CleanAlarm"}  # need databases: tests/integration
    assert done == {item[m]["operationId"] for item in contract.document()["paths"].values() for m in contract.METHODS & set(item)} - free


# --- the contract is tight ------------------------------------------------------------------------------------------------
def places(node, path=()):
    yield path
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(child, (*path, key))


def changed(body, path, change):
    if not path:
        return change(body)
    body = copy.deepcopy(body)
    node = body
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = change(node[path[-1]])
    return body


def node_at(body, path):
    for key in path:
        body = body[key]
    return body


# Objects whose members are names of the user's.
MAPS = {"object_info", "tables", "columns", "schemas", "options"}


def loose_places(schema, body):
    """Where another type, or one member more, would pass."""
    for path in places(body):
        value = node_at(body, path)
        for other in (None, 7.5, [[]], {"other": {}}) if not isinstance(value, dict) else (None, 7.5, "text", []):
            if other != value and not contract.problems_of(schema, changed(body, path, lambda _, o=other: o)):
                yield path, other
        if isinstance(value, dict) and not (path and path[-1] in MAPS):
            if not contract.problems_of(schema, changed(body, path, lambda v: {**v, "unheard_of": 1})):
                yield path, "one member more"


def shape(body):
    """What kinds of places a body has: bodies of one shape need no second look."""
    return frozenset((tuple("*" if isinstance(k, int) else k for k in path), type(node_at(body, path)).__name__) for path in places(body))


def one_of_each_shape(answers):
    """(what it is, schema, body)."""
    seen = set()
    for operation, status, body in answers:
        schema = contract.schema_of(operation, status)
        if schema and (key := (operation["operationId"], status, shape(body))) not in seen:
            seen.add(key)
            yield f"{operation['operationId']} {status}", schema, body


def test_answers_that_differ_break_the_contract(answers):
    checked = 0
    for what, schema, body in one_of_each_shape(answers):
        assert list(loose_places(schema, body)) == [], what
        checked += 1
    assert checked > 40


# What may be left out of an answer without breaking the contract: blocks and members that were not sent, and these.
FREE = {"base_info", "source_endpoint", "target_endpoint", "alarm_notify", "speed_limit", "user_migration", "policy_config", "db_param", "tuning_params", "period_order", "node_info",
        "public_ip_list", "object_info", "target_root_db"}
OPTIONAL = {"errors", "network_results", "precheck_result", "failed_reason", "raw_error_msg", "remaining_time", "query_id", "error_code", "error_msg",
            "full_start_time", "full_complete_time", "incr_start_time", "end_time", "catalog"}


def test_members_that_are_missing_break_the_contract(answers):
    for what, schema, body in one_of_each_shape(answers):
        for path in places(body):
            if not path or isinstance(path[-1], int) or path[-1] in OPTIONAL | FREE or FREE & set(path):
                continue
            if path == ("job", "create_time") and "progress_info" in body["job"]:
                continue  # an overview without it is a progress
            without = changed(body, path[:-1], lambda v, k=path[-1]: {name: x for name, x in v.items() if name != k})
            assert contract.problems_of(schema, without), f"{what}: {path} can be left out"


# --- what needs no credentials, and what is refused before a handler sees it ------------------------------------------------
def held(answer, method="GET"):
    """The answer's body, held against the contract together with what every answer has."""
    content = answer.headers.get("Content-Type", "")
    body = answer.json() if content.startswith("application/json") else answer.text
    path = requests.utils.urlparse(answer.url).path
    contract.check(method, path, answer.status_code, content, body)
    assert len(answer.headers["X-Request-Id"]) == 32
    return body


def token_request(credentials, scope=None, **user):
    identity = {"methods": ["password"], "password": {"user": {"name": credentials["user_name"], "password": credentials["password"], "domain": {"name": credentials["domain_name"]}, **user}}}
    return {"auth": {"identity": identity, **({"scope": scope} if scope else {})}}


def test_tokens(service):
    url, credentials = service.client.endpoint + "/v3/auth/tokens", service.client.credentials
    project = {"project": {"name": credentials["region"]}}
    for scope in (project, {"project": {"id": credentials["project_id"]}}, {"domain": {"name": credentials["domain_name"]}}, None):
        body = token_request(credentials, scope)
        assert contract.request_problems_of(contract.operation("POST", "/v3/auth/tokens"), body) == []
        answer = requests.post(url, json=body, timeout=10)
        token = held(answer, "POST")["token"]
        assert answer.status_code == 201 and answer.headers["X-Subject-Token"] and answer.headers["Cache-Control"] == "no-store"
        assert ("project" in token) == (scope is not None and "project" in scope) and token["catalog"] == []
        schema = contract.schema_of(contract.operation("POST", "/v3/auth/tokens"), 201)
        assert list(loose_places(schema, answer.json())) == []
        listed = requests.get(f"{service.client.endpoint}/v5/{service.client.project}/batch-async-jobs", headers={"X-Auth-Token": answer.headers["X-Subject-Token"]}, timeout=10)
        assert listed.status_code == 200 and "total_count" in held(listed)
    assert "catalog" not in held(requests.post(url + "?nocatalog=", json=token_request(credentials, project), timeout=10), "POST")["token"]
    for body, status in ((token_request(credentials, {"project": {"name": "elsewhere"}}), 401), (token_request(credentials, project, password="wrong"), 401), ({"auth": {}}, 400), ([], 400)):
        assert status != 400 or contract.request_problems_of(contract.operation("POST", "/v3/auth/tokens"), body)
        answer = requests.post(url, json=body, timeout=10)
        assert answer.status_code == status and held(answer, "POST")["error"]["code"] == status
        assert "X-Subject-Token" not in answer.headers


def test_the_node_itself(service):
    base = service.client.endpoint
    assert held(requests.get(base + "/healthz", timeout=5)) == {"status": "alive"}
    assert held(requests.get(base + "/readyz", timeout=5)) == {"status": "ready"}
    metrics = requests.get(base + "/metrics", timeout=5)
    assert held(metrics) and metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert held(requests.get(base + "/openapi.yaml", timeout=5)).startswith("openapi: 3.1")
    for path, status, bodies in (("/healthz", 200, ({}, {"status": "ready"})), ("/readyz", 503, ({"status": "not ready"}, {"status": "ready", "reason": "x"}))):
        schema = contract.schema_of(contract.operation("GET", path), status)
        assert all(contract.problems_of(schema, body) for body in bodies)
    assert not contract.problems_of(contract.schema_of(contract.operation("GET", "/readyz"), 503), {"status": "not ready", "reason": "the disk is full"})


def every_operation(service):
    for path, item in contract.document()["paths"].items():
        for method in sorted(contract.METHODS & set(item)):
            if item[method].get("security") != []:
                yield method.upper(), path, path.replace("{project_id}", service.client.project).replace("{job_id}", NOBODY).replace("{async_job_id}", NOBODY).replace("{type}", "table")


def test_every_call_asks_for_credentials(service):
    for method, _, path in every_operation(service):
        answer = requests.request(method, service.client.endpoint + path, headers=JSON, data=b"{}" if method in ("POST", "PUT") else None, timeout=10)
        assert (answer.status_code, held(answer, method)["error_code"]) == (401, "APIG.0301"), path
        assert answer.headers["WWW-Authenticate"] and answer.json()["request_id"] == answer.headers["X-Request-Id"]


def test_every_call_refuses_another_project(service):
    for method, template, path in every_operation(service):
        if "{project_id}" in template:
            status, answer, _ = service.client.raw(method, path.replace(service.client.project, "0" * 32), b"{}" if method in ("POST", "PUT") else None)
            assert (status, answer["error_code"]) == (403, "DRS.M00261"), path


def test_every_call_with_a_body_refuses_other_types(service):
    for method, template, path in every_operation(service):
        if method != "GET":
            status, answer, _ = service.client.raw(method, path, b"<x/>", headers={"Content-Type": "text/xml"})
            assert (status, answer["error_code"]) == (415, "DRS.M00300"), path


def test_unknown_paths_and_methods(service):
    base = service.client.endpoint
    for method, path, status in (("GET", "/v5/none", 404), ("GET", "/", 404), ("PATCH", "/healthz", 405), ("POST", f"/v5/{service.client.project}/links", 405), ("DELETE", "/v3/auth/tokens", 405)):
        answer = requests.request(method, base + path, timeout=10)
        assert answer.status_code == status and ("Allow" in answer.headers) == (status == 405)
        assert contract.problems_of({"$ref": "#/components/schemas/Error"}, answer.json()) == []
        assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
