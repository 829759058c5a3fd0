"""Damaged values: our reader never crashes on one, and what it and the server both take is the same value. `OPENDRS_SEED`
repeats a run."""
import os
import random
import struct
import subprocess

import pytest
import redis

from support import rdb_bytes, redis_servers
from support.drsd import PRESET, ROOT

PROGRAM = ROOT / "build" / PRESET / "bin/rdb_form"
COUNT = int(os.environ.get("OPENDRS_DAMAGES", "30000" if "OPENDRS_ALL" in os.environ else "400"))
SEED = int(os.environ.get("OPENDRS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
REFUSED = 0xFFFFFFFF
MAGIC = {"redis70": b"REDIS0010", "redis80": b"REDIS0012", "valkey91": b"VALKEY080"}
BATCH = 500


def sound_values(server):
    """{key: (type and value, version)} of small values in every encoding."""
    client = server.client()
    redis_servers.fill(client, big=40, kind=server.kind)
    client.config_set("hash-max-listpack-entries", 4)
    client.config_set("zset-max-listpack-entries", 4)
    client.config_set("set-max-intset-entries", 4)
    client.hset("large:hash", mapping={f"f{i}": i for i in range(9)})
    client.zadd("large:zset", {f"m{i}": i / 3 for i in range(9)})
    client.sadd("large:set", *[f"m{i}" for i in range(150)])
    client.rpush("large:list", *["x" * 900 for i in range(12)])
    out = {}
    for key in sorted(client.scan_iter()):
        payload = client.dump(key)
        if len(payload) < 4000:
            out[key] = (payload[:-10], payload[-10:-8])
    return out


def damaged(rnd, value, others):
    """The bytes, with one or two damages."""
    value = bytearray(value)
    for _ in range(rnd.randrange(1, 3)):
        at = rnd.randrange(1, max(2, len(value)))
        how = rnd.randrange(7)
        if how == 0:
            value[at:at + 1] = bytes([rnd.randrange(256)])
        elif how == 1:
            value[at:at + 1] = bytes([rnd.choice([0, 1, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xc0, 0xc3, 0xe0, 0xf0, 0xf4, 0xfe, 0xff])])
        elif how == 2 and at < len(value):
            value[at] ^= 1 << rnd.randrange(8)
        elif how == 3:
            del value[at:at + rnd.randrange(1, 9)]
        elif how == 4:
            value[at:at] = rnd.randbytes(rnd.randrange(1, 9))
        elif how == 5:
            other = rnd.choice(others)
            start = rnd.randrange(len(other))
            value[at:at + rnd.randrange(0, 20)] = other[start:start + rnd.randrange(1, 40)]
        else:
            value = value[:at + 1]
    return bytes(value)


def ours(folder, files):
    """For each RDB file: the commands, or None where it was refused."""
    path = folder / "files"
    path.write_bytes(b"".join(struct.pack("<I", len(each)) + each for each in files))
    run = subprocess.run([PROGRAM, "many", path], capture_output=True, timeout=300)
    assert run.returncode == 0, f"it crashed: {run.returncode} {run.stderr[-3000:]}"
    found, at = [], 0
    for _ in files:
        (size,) = struct.unpack_from("<I", run.stdout, at)
        at += 4
        found.append(None if size == REFUSED else run.stdout[at:at + size])
        at += 0 if size == REFUSED else size
    assert at == len(run.stdout)
    return found


def apply(server, commands):
    """The replies to bytes that are commands; they go to database 1."""
    client = server.client(1, socket_timeout=30)
    client.response_callbacks.clear()
    words, at, out = [], 0, []
    while at < len(commands):
        end = commands.index(b"\r\n", at)
        count, at, words = int(commands[at + 1:end]), end + 2, []
        for _ in range(count):
            end = commands.index(b"\r\n", at)
            size = int(commands[at + 1:end])
            words.append(commands[end + 2:end + 2 + size])
            at = end + 4 + size
        out.append(words)
    pipe = client.pipeline(transaction=False)
    for words in out:
        pipe.execute_command(*words)
    return pipe.execute(raise_on_error=False)


def value(server, db, key):
    """What the value is, with what a digest leaves out of streams."""
    client = server.client(db)
    client.response_callbacks.clear()
    found = [client.execute_command("DEBUG", "DIGEST-VALUE", key)]
    if client.execute_command("TYPE", key) == b"stream":
        flat = client.execute_command("XINFO", "STREAM", key, "FULL", "COUNT", "0")
        info = dict(zip(flat[::2], flat[1::2]))
        found += [info[b"length"], info[b"last-generated-id"], len(info[b"groups"])]
    return found


@pytest.mark.parametrize("kind", redis_servers.KINDS)
def test_what_both_take_is_the_same_value(folder, kind):
    rnd = random.Random(f"{SEED} {kind}")
    print(f"\n{kind}: OPENDRS_SEED={SEED}")
    counts = {"both": 0, "ours alone": 0, "the server alone": 0, "nobody": 0, "servers that died": 0}
    with redis_servers.single(kind, folder, "sanitize-dump-payload yes") as server:
        sound = sound_values(server)
        others = [value for value, _ in sound.values()]
        keys = sorted(sound)
        assert {value[0] for value in others} >= {0, 11, 18}
        for start in range(0, COUNT // len(redis_servers.KINDS), BATCH):
            size = min(BATCH, COUNT // len(redis_servers.KINDS) - start)
            picked = [sound[rnd.choice(keys)] for _ in range(size)]
            damages = [(damaged(rnd, value, others), version) for value, version in picked]
            files = [MAGIC[kind] + b"\xfe\x00" + body[:1] + rdb_bytes.string(b"k") + body[1:] + b"\xff" + bytes(8) for body, _ in damages]
            for (body, version), commands in zip(damages, ours(folder, files)):
                counts[judge(server, body + version, commands)] += 1
                if server.process.poll() is not None:
                    counts["servers that died"] += 1
                    server.run()
    print(counts)
    assert counts["both"] > 3 and counts["nobody"] > 10


def judge(server, body, commands):
    payload = body + struct.pack("<Q", rdb_bytes.crc64(body))
    client = server.client(0, socket_timeout=30)
    try:
        client.flushall()
        client.execute_command("RESTORE", "k", "0", payload)
        theirs = True
    except redis.exceptions.ConnectionError:  # it died of it
        theirs = False
        server.process.wait(10)
    except redis.exceptions.RedisError:
        theirs = False
    if server.process.poll() is not None or commands is None:
        return "the server alone" if theirs else "nobody"
    replies = apply(server, commands)
    if not commands or any(isinstance(reply, Exception) for reply in replies):
        return "the server alone" if theirs else "nobody"
    if not theirs:
        return "ours alone"
    if client.exists("k") or server.client(1).exists("k"):
        left, right = value(server, 0, "k"), value(server, 1, "k")
        assert left == right, f"{left} {right}\n{payload!r}\n{commands!r}"
    return "both"
