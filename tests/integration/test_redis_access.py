"""Tasks over TLS, with users of few rights, and through proxies that speak a part of the protocol."""
import base64
import json
import subprocess
import time

import pytest

from support import redis_servers
from support.drsd import Drsd, wait_for
from support.redis_jobs import HELD, Load, caught_up, equal, redis_job
from support.redis_proxy import RedisProxy

CONFIG = "[worker]\npoll_millis = 100\nretry_limit = 5\nretry_max_seconds = 1\n"
PASSWORD = "secret-of-the-task"


@pytest.fixture(scope="module")
def drsd(server_folder):
    folder = server_folder / "redis-access"
    folder.mkdir()
    with Drsd(folder, CONFIG) as running:
        yield running


def items(drsd, batch, *results):
    return {i["item"]: i["failed_reason"] for one in drsd.client.batch_jobs(batch) for i in one["precheck_result"]["precheck_results"] if i["result"] in results}


def end(drsd, one):
    drsd.client.call("POST", f"/jobs/{one}/stop", {"is_force_stop": False})
    drsd.client.wait_status(one, "RELEASE_RESOURCE_COMPLETE")


# -- TLS and users -------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def certificates(server_folder):
    """"ca", "other": authorities; "server": signed by the first."""
    folder = server_folder / "redis-certificates"
    folder.mkdir()

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr")
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "server.csr", "-days", "2", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "san", "-out", "server.pem")
    return folder


class Secured:
    """A server with a second port for TLS, and a user of a task with these rights."""

    def __init__(self, kind, folder, certificates, *rights):
        (port,) = redis_servers._free_ports(1)
        self.address = f"127.0.0.1:{port}"
        self.server = redis_servers.single(kind, folder, f"tls-port {port}", f"tls-cert-file {certificates}/server.pem", f"tls-key-file {certificates}/server.key",
                                           f"tls-ca-cert-file {certificates}/ca.pem", "tls-auth-clients no")
        self.server.raw("ACL", "SETUSER", "drs", "on", ">" + PASSWORD, *rights)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.remove()


# What the pre-check advises, and the documentation says.
SOURCE_RIGHTS = ("~*", "+psync", "+replconf", "+ping", "+info", "+cluster", "+multi", "+exec", "+select", "+pexpiretime", "+pttl", "+time", "+scan", "+dump", "+type", "+ttl")
TARGET_RIGHTS = ("~*", "+@all", "-@dangerous", "+restore", "+info", "+client|id", "+client|kill", "+select")


def secured_job(name, source, target, certificates, ca="ca", passwords=(PASSWORD, PASSWORD)):
    one = redis_job(name, source.address, target.address)
    pem = base64.b64encode((certificates / f"{ca}.pem").read_bytes()).decode()
    for side, password in zip(("source_endpoint", "target_endpoint"), passwords):
        one[side][0]["ssl"] = {"ssl_link": True, "ssl_cert_key": pem}
        one[side][0]["endpoint"] |= {"db_user": "drs", "db_password": password}
    return one


@pytest.mark.parametrize("kinds", [("redis70", "valkey91"), ("valkey91", "redis80")], ids="-".join)
def test_tls_and_users_of_few_rights(drsd, folder, certificates, kinds):
    with Secured(kinds[0], folder, certificates, *SOURCE_RIGHTS) as source, Secured(kinds[1], folder, certificates, *TARGET_RIGHTS) as target:
        redis_servers.fill(source.server.client())
        source.server.client(3).set("three", 3, px=900_000)
        (one,) = drsd.client.start(secured_job(f"tls-{kinds[0]}", source, target, certificates))
        load = Load(source.server.client, 41)
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        wait_for(lambda: load.done > 200, 30, "the load")
        # It is made anew over TLS as well.
        source.server.raw("CLIENT", "KILL", "TYPE", "replica")
        target.server.raw("CLIENT", "KILL", "USER", "drs")
        time.sleep(0.5)
        load.stop()
        caught_up(drsd.client, one, source.server, target.server)
        equal(source.server, target.server)
        users = {client["user"] for server in (source.server, target.server) for client in server.client().client_list()} - {"default"}
        assert users == {"drs"}
        end(drsd, one)
        assert 0 < target.server.client(3).pexpiretime("three") == source.server.client(3).pexpiretime("three") < HELD
        assert PASSWORD not in drsd.log.read_text() and PASSWORD not in json.dumps(drsd.client.logs(one))


def test_wrong_authority_user_or_password_is_told_for_each_side(drsd, folder, certificates):
    with Secured("redis70", folder, certificates, *SOURCE_RIGHTS) as source, Secured("valkey91", folder, certificates, *TARGET_RIGHTS) as target:
        def results(name, **more):
            batch = drsd.client.create(secured_job(name, source, target, certificates, **more))
            assert drsd.client.validated(batch) == "ASYNC_JOB_VALIDATE_FAILED"
            (listed,) = drsd.client.batch_jobs(batch)
            return json.dumps([listed.get("network_results"), list(items(drsd, batch, "FAILED").values())])
        told = results("wrong-ca", ca="other")
        assert "TLS" in told and source.address in told and target.address in told
        for name, side, passwords in (("wrong-source", source, ("wrong", PASSWORD)), ("wrong-target", target, (PASSWORD, "wrong"))):
            told = results(name, passwords=passwords)
            assert side.address in told and "WRONGPASS" in told, told
            assert PASSWORD not in told


def test_rights_that_the_end_needs_are_asked_for_before(drsd, folder, certificates):
    """Deadlines of keys are given back from the source's."""
    without = [right for right in SOURCE_RIGHTS if right != "+pexpiretime"]
    with Secured("redis70", folder, certificates, *without) as source, Secured("redis70", folder, certificates, *TARGET_RIGHTS) as target:
        batch = drsd.client.create(secured_job("no-deadlines", source, target, certificates))
        drsd.client.validated(batch)
        failed = items(drsd, batch, "FAILED")
        assert "pexpiretime" in failed.pop("srcDbPrivilegesIsEnoughForIncre") and not failed


def test_a_password_that_changes_stops_the_task_until_it_is_back(drsd, folder, certificates):
    with Secured("redis70", folder, certificates, *SOURCE_RIGHTS) as source, Secured("redis70", folder, certificates, *TARGET_RIGHTS) as target:
        (one,) = drsd.client.start(secured_job("rotated", source, target, certificates))
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        for side in (target.server, source.server):
            caught_up(drsd.client, one, source.server, target.server)
            side.raw("ACL", "SETUSER", "drs", "resetpass", ">another")
            side.raw("CLIENT", "KILL", "USER", "drs")
            source.server.client().incr("meanwhile")
            wait_for(lambda: drsd.client.status(one) == "INCRE_TRANSFER_FAILED", 60, "the fault", lambda: f"{drsd.client.status(one)} {drsd.client.logs(one)[:5]}")
            assert any("WRONGPASS" in text for _, text in drsd.client.logs(one)[:3])
            side.raw("ACL", "SETUSER", "drs", "resetpass", ">" + PASSWORD)
            drsd.client.action(one, "restart")
            wait_for(lambda: drsd.client.status(one) == "INCRE_TRANSFER_STARTED", 30, "the restart", lambda: drsd.client.logs(one)[:5])
        caught_up(drsd.client, one, source.server, target.server)
        equal(source.server, target.server)
        end(drsd, one)


# -- proxies -------------------------------------------------------------------------------------------------------------
def test_a_job_through_a_proxy_that_knows_few_commands(drsd, folder):
    with redis_servers.single("redis70", folder) as source, redis_servers.single("valkey91", folder) as target, RedisProxy(target, crossing="passed") as proxy:
        redis_servers.fill(source.client())
        (one,) = drsd.client.start(redis_job("proxy", source.address, proxy.address))
        load = Load(source.client, 42, pause=0.005)
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        wait_for(lambda: load.done > 150, 60, "the load")
        load.stop()
        caught_up(drsd.client, one, source, target)
        equal(source, target)
        assert proxy.seen["INFO"] and proxy.seen["SELECT"] and proxy.seen["CLIENT"]  # it was asked, and told
        drsd.ctl("compare", one)
        end(drsd, one)
        assert not list(target.client().scan_iter(match="__drs:*"))


@pytest.mark.parametrize("at", ["SELECT 3", "FUNCTION"])
def test_a_connection_that_is_lost_while_the_target_is_tried_out_tells_nothing_of_it(drsd, folder, at):
    """What a target does not know is left out: the newest mark in a database that it is held not to have, functions."""
    with redis_servers.single("redis80", folder) as source, redis_servers.single("redis80", folder) as target, RedisProxy(target, unknown=(), crossing="passed") as proxy:
        (one,) = drsd.client.start(redis_job("lost-at-" + at.lower().replace(" ", ""), source.address, proxy.address))
        drsd.client.wait_status(one, "INCRE_TRANSFER_STARTED")
        caught_up(drsd.client, one, source, target)
        for _ in range(50):
            source.client(3).incr("in another database")
        wait_for(lambda: target.client(3).get("in another database") == b"50", 30, "the other database")
        proxy.closes_on = {at}
        target.raw("CLIENT", "KILL", "TYPE", "normal")
        wait_for(lambda: not proxy.closes_on, 30, "the next run to try the target out", lambda: drsd.client.logs(one)[:5])
        source.client(3).incr("in another database")
        source.client().execute_command("FUNCTION", "LOAD", "#!lua name=mylib\nredis.register_function('f', function() return 7 end)")
        caught_up(drsd.client, one, source, target)
        equal(source, target)
        assert target.client().execute_command("FCALL", "f", 0) == 7
        end(drsd, one)


@pytest.mark.parametrize("crossing", ["refused", "split"])
def test_transactions_over_slots_are_needed_and_asked_for_before(drsd, folder, crossing):
    """One that splits them silently would let half a batch through, and a worker that was replaced."""
    with redis_servers.single("redis70", folder) as source, redis_servers.single("redis70", folder) as target, RedisProxy(target, crossing=crossing) as proxy:
        source.client().set("k", 1)
        batch = drsd.client.create(redis_job(f"proxy-{crossing}", source.address, proxy.address))
        assert drsd.client.validated(batch).endswith("VALIDATE_FAILED"), items(drsd, batch, "FAILED", "ALARM")
        failed = items(drsd, batch, "FAILED")
        assert list(failed) == ["dstTransactionCheck"] and "several slots" in failed["dstTransactionCheck"], failed
        assert not target.client().exists("k")
