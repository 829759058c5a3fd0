"""drsd as a child process, and a client that signs requests and holds every answer against the contract."""
import hashlib
import hmac
import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.parse

import requests

from support import servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRESET = os.environ.get("OPENDRS_PRESET", "release")
DRSD = ROOT / "build" / PRESET / "bin/drsd"
DRSCTL = ROOT / "build" / PRESET / "bin/drsctl"


class Refused(Exception):
    """An answer of 400 or above."""

    def __init__(self, status, body):
        super().__init__(f"{status} {json.dumps(body)[:1500]}")
        self.status, self.body = status, body
        self.code = body.get("error_code") if isinstance(body, dict) else None


def _encode(text):
    return urllib.parse.quote(text, safe="-_.~")


class Client:
    """Calls with AK/SK signatures; `check` holds each answer against openapi.yaml (the demo switches it off)."""

    def __init__(self, credentials, check=True):
        self.credentials, self.endpoint, self.project = credentials, credentials["endpoint"], credentials["project_id"]
        self.session = requests.Session()
        if check:
            from support import contract
            self.check = contract.check
        else:
            self.check = lambda *_: None

    def sign(self, method, path, query, headers, body):
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = {**headers, "X-Sdk-Date": date, "Host": urllib.parse.urlsplit(self.endpoint).netloc}
        lower = {k.lower(): v.strip() for k, v in headers.items()}
        names = sorted(lower)
        uri = "/".join(_encode(urllib.parse.unquote(piece)) for piece in path.split("/"))
        canonical = "\n".join([method, uri if uri.endswith("/") else uri + "/",
                               "&".join(f"{_encode(k)}={_encode(v)}" for k, v in sorted(query)),
                               "".join(f"{n}:{lower[n]}\n" for n in names), ";".join(names), hashlib.sha256(body).hexdigest()])
        text = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self.credentials["secret_key"].encode(), text.encode(), hashlib.sha256).hexdigest()
        headers["Authorization"] = f"SDK-HMAC-SHA256 Access={self.credentials['access_key']}, SignedHeaders={';'.join(names)}, Signature={signature}"
        return headers

    def raw(self, method, path, body=None, query=(), headers=None):
        """(status, decoded body, headers) of a signed call on an absolute path."""
        data = b"" if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
        query = [(k, str(v)) for k, v in query]
        signed = self.sign(method, path, query, {"Content-Type": "application/json", **(headers or {})}, data)
        url = self.endpoint + path + ("?" + "&".join(f"{_encode(k)}={_encode(v)}" for k, v in query) if query else "")
        answer = self.session.request(method, url, data=data, headers=signed, timeout=60)
        content = answer.headers.get("Content-Type", "")
        decoded = answer.json() if content.startswith("application/json") and answer.content else answer.text
        assert answer.headers.get("X-Request-Id"), "no X-Request-Id"
        self.check(method, path, answer.status_code, content, decoded)
        return answer.status_code, decoded, answer.headers

    def call(self, method, path, body=None, query=(), headers=None):
        """The decoded answer of /v5/{project}PATH; raises Refused."""
        status, decoded, _ = self.raw(method, path if path.startswith("/v") else f"/v5/{self.project}{path}", body, query, headers)
        if status >= 400:
            raise Refused(status, decoded)
        return decoded

    # -- the calls that tests use all the time ---------------------------------------------------------------------
    def create(self, *jobs):
        return self.call("POST", "/jobs/batch-async-create", {"jobs": list(jobs)})["job"]["async_job_id"]

    def batch(self, batch):
        return self.call("GET", "/batch-async-jobs", query=[("async_job_id", batch)])["jobs"][0]

    def batch_jobs(self, batch):
        return self.call("GET", f"/batch-async-jobs/{batch}", query=[("limit", 100)])["jobs"]

    def detail(self, job, kind="detail", **query):
        return self.call("GET", f"/jobs/{job}", query=[("type", kind), *query.items()])["job"]

    def action(self, job, name, **params):
        return self.call("POST", f"/jobs/{job}/action", {"job": {"action_name": name, "action_params": params}})

    def validated(self, batch, seconds=90):
        """Waits for the end of the validation; returns the batch's state."""
        return wait_for(lambda: (s := self.batch(batch)["status"]) != "ASYNC_JOB_VALIDATING" and s, seconds, f"validation of {batch}")

    def follow(self, source, one):
        """As start() for a job of type INCR_TRANS, from where the log of the source ends now."""
        file, offset, *_ = source.execute("SHOW MASTER STATUS" if source.mariadb else "SHOW BINARY LOG STATUS")[0]
        batch = self.create(one)
        self.validated(batch)
        (listed,) = self.batch_jobs(batch)
        self.call("PUT", f"/jobs/{listed['id']}/start-position", {"file_and_position": f"{file}:{offset}"})
        self.call("PUT", f"/batch-async-jobs/{batch}", {"jobs": [{"type": "precheck", "params": {"job_id": listed["id"]}}]})
        assert self.validated(batch) == "AUTO_PARAM_VALIDATE_SUCCESS", [i for i in self.batch_jobs(batch)[0]["precheck_result"]["precheck_results"] if i["result"] != "PASSED"]
        self.call("POST", f"/batch-async-jobs/{batch}/commit")
        return listed["id"]

    def start(self, *jobs):
        """Creates, waits for the validation, commits; returns the job ids in the order of the names given."""
        batch = self.create(*jobs)
        state = self.validated(batch)
        listed = self.batch_jobs(batch)
        assert state == "AUTO_PARAM_VALIDATE_SUCCESS", json.dumps(
            [[i for i in j.get("precheck_result", {}).get("precheck_results", []) if i["result"] != "PASSED"] + j.get("network_results", []) for j in listed], indent=1)
        self.call("POST", f"/batch-async-jobs/{batch}/commit")
        ids = {j["base_info"]["name"]: j["id"] for j in listed}
        return [ids[j["base_info"]["name"]] for j in jobs]

    def status(self, job):
        return self.detail(job)["status"]

    def wait_status(self, job, *wanted, seconds=120):
        def look():
            status = self.status(job)
            if status in wanted:
                return status
            assert not status.endswith("_FAILED"), f"{status}: {self.logs(job)}"
            return None
        return wait_for(look, seconds, f"{job} to become {wanted}", lambda: f"{self.status(job)} {self.logs(job)[:8]}")

    def logs(self, job):
        return [(entry["level"], entry["message"]) for entry in self.detail(job, "log", limit=50)["logs"]]

    def progress(self, job):
        return self.detail(job, "progress")["progress_info"]


def wait_for(look, seconds, what, state=lambda: ""):
    """The first true value of look(); AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}: {state()}"
        time.sleep(0.1)


class Drsd:
    def __init__(self, folder, config="", check=True, environment=None, arguments=()):
        self.data = pathlib.Path(folder) / "drsd"
        self.port = servers.free_port()
        self.log = pathlib.Path(folder) / "drsd.log"
        self.config = pathlib.Path(folder) / "drsd.toml"
        self.config.write_text(config)
        self.check, self.environment, self.arguments = check, environment or {}, list(arguments)
        self.process = None

    def launch(self):
        """Starts drsd."""
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": "print_stacktrace=1", **self.environment}
        output = open(self.log, "ab")
        self.process = subprocess.Popen([DRSD, "--data", self.data, "--listen", f"127.0.0.1:{self.port}", "--config", self.config, *self.arguments],
                                        stdout=output, stderr=output, env=environment)

    def run(self):
        """Starts drsd and waits until it is ready."""
        self.launch()
        wait_for(self._ready, 60, "drsd to be ready", self.tail)
        credentials = json.loads((self.data / "credentials.json").read_text())
        credentials["endpoint"] = f"http://127.0.0.1:{self.port}"
        self.client = Client(credentials, self.check)
        return self

    def _ready(self):
        assert self.process.poll() is None, f"drsd ended with {self.process.returncode}: {self.tail()}"
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def tail(self):
        return self.log.read_text(errors="replace")[-3000:]

    def kill(self):
        """kill −9, as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """SIGTERM; it must drain and end within 10 seconds (sanitizer builds are given more)."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            code = self.process.wait(10 if PRESET == "release" else 40)
            assert code == 0, f"drsd ended with {code}: {self.tail()}"

    def __enter__(self):
        return self.run()

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        elif self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def ctl(self, *arguments, ok=(0,)):
        """Runs drsctl against this drsd; returns its standard output."""
        run = subprocess.run([DRSCTL, "--data", self.data, "--endpoint", f"http://127.0.0.1:{self.port}", *arguments], capture_output=True, text=True, timeout=300)
        assert run.returncode in ok, f"drsctl {arguments}: {run.returncode}\n{run.stdout}\n{run.stderr}"
        return run.stdout


def job(name, source, target, objects, *, scope=None, task_type="FULL_INCR_TRANS", policy=None, job_type="sync", **more):
    """One job of a batch request, MySQL to MySQL. objects: the object_info map, or None for everything."""
    def endpoint(role, server):
        return [{"db_type": "mysql", "endpoint_type": "offline", "endpoint_role": role, "endpoint": {
            "endpoint_name": "mysql", "ip": "127.0.0.1", "db_port": str(server.port), "db_user": servers.USER, "db_password": servers.PASSWORD}}]
    info = {"object_scope": scope or ("all" if objects is None else "table")}
    if objects is not None:
        info["object_info"] = objects
    default_policy = {"filter_ddl_policy": "drop_database", "conflict_policy": "stop"} if job_type == "sync" else {}
    return {"base_info": {"name": name, "job_type": job_type, "engine_type": "mysql-to-mysql", "job_direction": "non-dbs", "task_type": task_type, "net_type": "vpc"},
            "source_endpoint": endpoint("so", source), "target_endpoint": endpoint("ta", target),
            "policy_config": {**default_policy, **(policy or {})}, "db_object": info,
            "node_info": {"spec": {"node_type": "small"}, "vpc": {"vpc_id": "vpc-1", "subnet_id": "subnet-1"},
                          "base_info": {"instance_type": "single", "arch": "x86", "availability_zone": "az-1"}}, **more}


def whole(database, target=None):
    return {database: {"name": target or database, "all": True}}


def tables(database, *names, target=None, rename=None):
    return {database: {"name": target or database, "all": False,
                       "tables": {n: {"type": "table", "name": (rename or {}).get(n, n), "all": True} for n in names}}}
