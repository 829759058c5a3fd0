#!/usr/bin/env python3
"""1,000 job reads per second for 20 seconds over keep-alive connections with tokens: latency and memory of drsd."""
import http.client
import statistics
import sys
import threading
import time

import common  # noqa: F401 - sets the path
from support.drsd import Drsd, job, whole

RATE, SECONDS, CONNECTIONS = 1000, 20, 16


class Nowhere:
    port = 1


def token(client):
    c = client.credentials
    _, _, headers = client.raw("POST", "/v3/auth/tokens", {"auth": {"identity": {"methods": ["password"], "password": {
        "user": {"name": c["user_name"], "password": c["password"], "domain": {"name": c["domain_name"]}}}}, "scope": {"project": {"id": c["project_id"]}}}})
    return headers["X-Subject-Token"]


def reader(port, path, headers, offset, latencies):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    count, step = RATE * SECONDS // CONNECTIONS, CONNECTIONS / RATE
    began = time.perf_counter() + offset
    for i in range(count):
        due = began + i * step
        if (wait := due - time.perf_counter()) > 0:
            time.sleep(wait)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        latencies.append(time.perf_counter() - due)  # from when it was due: waiting in our own queue counts


def main():
    with common.folder() as folder, Drsd(folder, check=False) as service:
        batch = service.client.create(*[job(f"bench-{i}", Nowhere, Nowhere, whole("a", "b")) for i in range(20)])
        service.client.validated(batch)
        one = service.client.batch_jobs(batch)[0]["id"]
        headers = {"X-Auth-Token": token(service.client), "Content-Type": "application/json"}
        idle = common.rss_mib(service.process.pid)
        latencies = []
        threads = [threading.Thread(target=reader, args=(service.port, f"/v5/{service.client.project}/jobs/{one}?type=detail", headers, i / RATE, latencies)) for i in range(CONNECTIONS)]
        began = time.perf_counter()
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        took = time.perf_counter() - began
        ordered = sorted(latencies)
        common.finish("api", {"reached_rate": round(len(ordered) / took / RATE, 3)}, {
            "requests": len(ordered), "p50_ms": round(statistics.median(ordered) * 1000, 2), "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 2),
            "rss_before_mib": round(idle, 1), "rss_after_mib": round(common.rss_mib(service.process.pid), 1)})


if __name__ == "__main__":
    sys.exit(main())
