"""engine/redis/replica_link against real sources: what it receives, loaded into a server of the same kind, is the source's
data (DEBUG DIGEST), whatever the framing, the cuts and the failovers."""
import os
import pathlib
import socket
import subprocess
import threading
import time

import pytest

from support import redis_servers as rs
from support.drsd import PRESET, ROOT

DUMP = pathlib.Path(os.environ.get("OPENDRS_PSYNC_DUMP") or ROOT / "build" / PRESET / "bin/redis_psync_dump")


class Dump:
    """A run of the test program; `said` holds the words that it printed."""

    def __init__(self, port, out, **settings):
        out.mkdir(exist_ok=True)
        self.out = out
        self.process = subprocess.Popen([DUMP, f"port={port}", f"out={out}", *(f"{k}={v}" for k, v in settings.items())],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self):
        stdout, self.error = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, self.error
        words = stdout.split()
        self.full = words[0] == "full"
        self.said = dict(zip(words[1::2], words[2::2]))
        return self

    def refusal(self):
        _, self.error = self.process.communicate(timeout=60)
        assert self.process.returncode == 1, self.error
        return self.error

    def bytes(self, name):
        return (self.out / name).read_bytes()


def dump(server, out, **settings):
    return Dump(server.port, out, **settings).finish()


class Writer:
    """Changes data of many kinds until it is stopped."""

    def __init__(self, server):
        self.server, self.stopped, self.count = server, threading.Event(), 0
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        clients = [self.server.client(db) for db in (0, 9, 15)]
        while not self.stopped.is_set():
            n, client = self.count, clients[self.count % 3]
            pipe = client.pipeline(transaction=n % 4 == 0)
            pipe.incr("w:counter").rpush("w:list", n).hset("w:hash", f"f{n % 50}", n).zincrby("w:zset", 0.1, f"m{n % 9}")
            pipe.set(f"w:{n % 20}", "x" * (n % 300), ex=3600).incrbyfloat("w:float", 0.25).xadd("w:stream", {"n": n}, maxlen=100)
            pipe.sadd("w:set", n % 77).spop("w:set").delete(f"w:{(n + 7) % 20}")
            pipe.execute()
            self.count += 1
            time.sleep(0.001)

    def __enter__(self):
        self.thread.start()
        while self.count < 5:
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


def replay(server, stream):
    """The bytes of a stream as a client of the server."""
    with socket.create_connection(("127.0.0.1", server.port)) as link:
        drain = threading.Thread(target=lambda: [None for _ in iter(lambda: link.recv(1 << 16), b"")])
        drain.start()
        link.sendall(stream)
        link.sendall(b"*1\r\n$4\r\nQUIT\r\n")
        drain.join(30)


def load(kind, folder, rdb, *streams):
    """The digest of the data that a snapshot and the stream behind it make."""
    with rs.Server(kind, folder) as server:
        server.stop()
        (server.folder / "dump.rdb").write_bytes(rdb)
        server.run()
        for stream in streams:
            replay(server, stream)
        return server.digest()


@pytest.fixture(scope="module", params=rs.KINDS)
def source(request, server_folder):
    with rs.single(request.param, server_folder) as server:
        for db in (0, 3, 15):
            rs.fill(server.client(db), kind=request.param)
        yield server


@pytest.mark.parametrize("framing", ["mark", "length"])
def test_snapshot_and_stream_are_the_data_of_the_source(source, folder, framing):
    """In both framings, under load, so that bytes of the stream stand right behind the snapshot."""
    source.client().config_set("repl-diskless-sync", "yes" if framing == "mark" else "no")
    with Writer(source):
        run = dump(source, folder / "out", eof=int(framing == "mark"), bytes=150_000)
    more = dump(source, folder / "more", id=run.said["id"], offset=run.said["end"], until=source.offset())
    assert run.full and run.said["framing"] == framing and not more.full
    assert load(source.kind, folder, run.bytes("dump.rdb"), run.bytes("stream") + more.bytes("stream")) == source.digest()


@pytest.mark.parametrize("piece", [1, 7, 41, 4096])
def test_bytes_behind_the_end_mark_belong_to_the_stream(source, folder, piece):
    """However the reads are cut: the mark stands over two of them, and the stream begins in the middle of one."""
    source.client().config_set("repl-diskless-sync", "yes")
    with rs.single(source.kind, folder) as small:
        small.client().set("k", "v")
        with Writer(small):
            run = dump(small, folder / "out", piece=piece, bytes=20_000)
        again = dump(small, folder / "again", id=run.said["id"], offset=run.said["offset"], bytes=20_000)
    assert run.full and run.said["framing"] == "mark"
    assert run.bytes("stream") == again.bytes("stream")
    assert run.bytes("stream").startswith(b"*")


def test_a_reconnect_gives_the_same_bytes(source, folder):
    with Writer(source):
        whole = dump(source, folder / "whole", bytes=50_000)
        for taken in (0, 1, 12_345, 49_999):
            part = dump(source, folder / f"part{taken}", id=whole.said["id"], offset=int(whole.said["offset"]) + taken, bytes=50_000 - taken)
            assert not part.full and part.said["id"] == whole.said["id"]
            assert part.bytes("stream") == whole.bytes("stream")[taken:]


def test_an_offset_that_the_source_does_not_have_gives_a_snapshot(source, folder):
    known = dump(source, folder / "known")
    assert dump(source, folder / "future", id=known.said["id"], offset=int(known.said["end"]) + 10**9).full
    assert dump(source, folder / "other", id="0" * 40, offset=known.said["end"]).full


def test_the_stream_begins_at_an_acknowledgement_after_the_snapshot_alone(source, folder):
    """Why acknowledge() has to be called each second: one that comes at once starts nothing."""
    source.client().config_set("repl-diskless-sync", "yes")
    with Writer(source):
        stuck = Dump(source.port, folder / "stuck", bytes=1000, ack="none")
        assert dump(source, folder / "good", bytes=1000).full
        time.sleep(3)
        assert stuck.process.poll() is None
    stuck.process.kill()
    stuck.process.communicate()


def test_valkey_sends_all_it_has_to_a_replica_that_names_its_version(folder):
    with rs.single("valkey91", folder) as server:
        rs.fill(server.client(), kind="valkey91")
        assert dump(server, folder / "out").bytes("dump.rdb").startswith(b"VALKEY080")
        refused = Dump(server.port, folder / "old", version="")
        assert "connectionLost" in refused.refusal()


@pytest.mark.parametrize("kind", rs.KINDS)
def test_the_stream_goes_on_at_the_new_master_after_a_failover(kind, folder):
    """The old id is the second one there; the new one comes with +CONTINUE and is the one to come back with."""
    with rs.replica_set(kind, folder, replicas=1) as servers:
        old, new = servers.master, servers.replicas[0]
        rs.fill(old.client(), kind=kind)
        with Writer(old):
            first = dump(old, folder / "first", bytes=30_000)
        servers.fail_over(new)
        with Writer(new):
            second = dump(new, folder / "second", id=first.said["id"], offset=first.said["end"], bytes=30_000)
        assert not second.full and second.said["id"] != first.said["id"]
        third = dump(new, folder / "third", id=second.said["id"], offset=second.said["end"], until=new.offset())
        assert not third.full and third.said["id"] == second.said["id"]
        stream = first.bytes("stream") + second.bytes("stream") + third.bytes("stream")
        assert load(kind, folder, first.bytes("dump.rdb"), stream) == new.digest() == old.digest()


def test_a_replica_is_a_source_too_and_one_without_its_master_is_asked_again_later(folder):
    with rs.replica_set("redis70", folder, replicas=1) as servers:
        rs.fill(servers.master.client())
        replica = servers.replicas[0]
        assert dump(replica, folder / "out").full
        servers.master.stop(hard=True)
        rs.wait_until("the link is down", lambda: replica.info()["master_link_status"] == "down")
        error = Dump(replica.port, folder / "down").refusal()
        assert error.startswith("redisNotReady") and "NOMASTERLINK" in error and "retry source" in error


@pytest.mark.parametrize("kind", rs.KINDS)
def test_who_may_not_replicate_is_told_the_remedy(kind, folder):
    with rs.single(kind, folder, "requirepass geheim", "user reader on >geheim2 +@read +ping ~*", "user copier on >geheim3 +psync +replconf ~*") as server:
        error = Dump(server.port, folder / "none").refusal()
        assert error.startswith("accessDenied") and "NOAUTH" in error
        error = Dump(server.port, folder / "wrong", password="falsch").refusal()
        assert error.startswith("accessDenied") and "falsch" not in error
        error = Dump(server.port, folder / "reader", user="reader", password="geheim2").refusal()
        assert error.startswith("replicationRefused") and "ACL SETUSER reader +psync +replconf" in error and "ask_user source" in error
        assert "geheim" not in error
        assert dump(server, folder / "copier", user="copier", password="geheim3").full
        assert dump(server, folder / "default", password="geheim").full


def test_a_source_without_psync_is_refused_by_name(folder):
    with rs.single("redis70", folder, 'rename-command PSYNC ""') as server:
        error = Dump(server.port, folder / "out").refusal()
        assert error.startswith("replicationRefused") and "2.8" in error and "rename-command" in error


def test_a_source_that_loads_is_asked_again_later(folder):
    with rs.single("redis70", folder, "key-load-delay 5000", "loading-process-events-interval-bytes 1024") as server:
        server.client().mset({f"k{i}": os.urandom(500) for i in range(1000)})
        server.raw("SAVE")
        server.stop(hard=True)
        server.run(loaded=False)
        error = Dump(server.port, folder / "out").refusal()
        assert error.startswith("redisNotReady") and "LOADING" in error


def _certificate(folder, name, signed_by=None):
    key, request, certificate = (folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
    run = lambda *command: subprocess.run(command, check=True, capture_output=True)
    if not signed_by:
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", key, "-out", certificate)
        return certificate
    run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1\n")
    run("openssl", "x509", "-req", "-in", request, "-days", "2", "-CA", signed_by, "-CAkey", signed_by.with_suffix(".key"), "-CAcreateserial", "-extfile", folder / "san", "-out", certificate)
    return certificate


@pytest.mark.parametrize("kind", rs.KINDS)
def test_tls_is_verified(kind, folder):
    ca, other = _certificate(folder, "ca"), _certificate(folder, "other")
    server_certificate = _certificate(folder, "server", ca)
    tls_port = rs._free_ports(1)[0]
    with rs.single(kind, folder, f"tls-port {tls_port}", f"tls-cert-file {server_certificate}", f"tls-key-file {folder}/server.key",
                   f"tls-ca-cert-file {ca}", "tls-auth-clients no") as server:
        rs.fill(server.client(), kind=kind)
        with Writer(server):
            run = Dump(tls_port, folder / "out", ca=ca, bytes=100_000).finish()
        assert run.full
        rest = Dump(tls_port, folder / "rest", ca=ca, id=run.said["id"], offset=run.said["end"], until=server.offset()).finish()
        assert load(kind, folder, run.bytes("dump.rdb"), run.bytes("stream") + rest.bytes("stream")) == server.digest()
        assert Dump(tls_port, folder / "other", ca=other).refusal().startswith("tlsFailed")
        assert Dump(server.port, folder / "plain", ca=ca, timeout=1).refusal().startswith("tlsFailed")


def test_a_peer_that_is_no_redis_server_is_told(folder):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def answer():
            peer, _ = listener.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                time.sleep(1)
        thread = threading.Thread(target=answer)
        thread.start()
        error = Dump(listener.getsockname()[1], folder / "out").refusal()
        thread.join()
    assert error.startswith("badReply: 127.0.0.1:") and "'H'" in error
