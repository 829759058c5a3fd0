"""wire/resp against real servers: the table of commands and their keys, patterns, slots, and what may be applied twice."""
import os
import pathlib
import random
import re
import subprocess
import time

import pytest

from support import redis_servers as rs
from support.drsd import PRESET, ROOT

TABLE = pathlib.Path(os.environ.get("OPENDRS_COMMAND_TABLE") or ROOT / "build" / PRESET / "bin/redis_command_table")

# Every write command in its forms. Capital letters and digits are no keys, k1 … are.
SAMPLES = """
APPEND k1 v|BITFIELD k1 SET u8 0 1|BITOP AND k1 k2 k3|BLMOVE k1 k2 LEFT LEFT 0|BLMPOP 0 2 k1 k2 LEFT|BLPOP k1 k2 0|BRPOP k1 0|BRPOPLPUSH k1 k2 0
BZMPOP 0 2 k1 k2 MIN|BZPOPMAX k1 k2 0|BZPOPMIN k1 0|COPY k1 k2|COPY k1 k2 DB 1 REPLACE|DECR k1|DECRBY k1 2|DEL k1 k2 k3|DELIFEQ k1 v
EXPIRE k1 5|EXPIREAT k1 5|FLUSHALL|FLUSHDB ASYNC|FUNCTION DELETE X|FUNCTION FLUSH|FUNCTION LOAD X|FUNCTION RESTORE X|GEOADD k1 1 2 M
GEORADIUS k1 1 2 3 KM|GEORADIUS k1 1 2 3 KM STORE k2|GEORADIUS k1 1 2 3 KM COUNT 5 ASC STOREDIST k2|GEORADIUSBYMEMBER k1 M 3 KM STOREDIST k2
GEORADIUSBYMEMBER k1 M 3 KM|GEOSEARCHSTORE k1 k2 FROMMEMBER M BYRADIUS 1 KM|GETDEL k1|GETEX k1 PERSIST|GETSET k1 V|HDEL k1 F|HEXPIRE k1 5 FIELDS 1 F
HEXPIREAT k1 5 FIELDS 1 F|HGETDEL k1 FIELDS 1 F|HGETEX k1 FIELDS 1 F|HINCRBY k1 F 1|HINCRBYFLOAT k1 F 1|HMSET k1 F V|HPERSIST k1 FIELDS 1 F
HPEXPIRE k1 5 FIELDS 1 F|HPEXPIREAT k1 5 FIELDS 1 F|HSET k1 F V|HSETEX k1 FIELDS 1 F V|HSETNX k1 F V|INCR k1|INCRBY k1 1|INCRBYFLOAT k1 1
LINSERT k1 BEFORE A B|LMOVE k1 k2 LEFT LEFT|LMPOP 2 k1 k2 LEFT|LPOP k1|LPUSH k1 A B|LPUSHX k1 A|LREM k1 0 A|LSET k1 0 A|LTRIM k1 0 1
MIGRATE H 1 k1 0 5|MIGRATE H 1 "" 0 5 KEYS k1 k2|MIGRATE H 1 "" 0 5 COPY REPLACE AUTH2 U KEYS KEYS k1 k2|MOVE k1 1|MSET k1 V k2 V|MSETNX k1 V k2 V
MSETEX 2 k1 V k2 V EX 5|PERSIST k1|PEXPIRE k1 5|PEXPIREAT k1 5|PFADD k1 A|PFCOUNT k1|PFDEBUG ENCODING k1|PFMERGE k1 k2 k3|PSETEX k1 5 V|PUBLISH C M
RENAME k1 k2|RENAMENX k1 k2|RESTORE k1 0 X|RESTORE-ASKING k1 0 X|RPOP k1|RPOPLPUSH k1 k2|RPUSH k1 A|RPUSHX k1 A|SADD k1 A|SCRIPT LOAD X
SDIFFSTORE k1 k2 k3|SET k1 V|SET k1 V NX GET|SETBIT k1 1 1|SETEX k1 5 V|SETNX k1 V|SETRANGE k1 0 V|SINTERSTORE k1 k2|SMOVE k1 k2 M
SORT k1|SORT k1 LIMIT 0 5 STORE k2|SORT k1 STORE k2 ALPHA|SORT k1 BY STORE STORE k2|SORT k1 GET GET STORE k2|SPOP k1|SPUBLISH C M|SREM k1 A|SUNIONSTORE k1 k2 k3
SWAPDB 0 1|UNLINK k1 k2|VADD k1 VALUES 1 1 E|VREM k1 E|VSETATTR k1 E A|XACK k1 G 1-1|XADD k1 * F V|XAUTOCLAIM k1 G C 0 0|XCLAIM k1 G C 0 1-1|XDEL k1 1-1
XGROUP CREATE k1 G 0|XGROUP CREATECONSUMER k1 G C|XGROUP DELCONSUMER k1 G C|XGROUP DESTROY k1 G|XGROUP SETID k1 G 0
XREADGROUP GROUP G C STREAMS k1 0|XREADGROUP GROUP STREAMS C COUNT 1 NOACK STREAMS k1 k2 0 0|XSETID k1 1-1|XTRIM k1 MAXLEN 5
ZADD k1 1 M|ZDIFFSTORE k1 2 k2 k3|ZINCRBY k1 1 M|ZINTERSTORE k1 2 k2 k3 WEIGHTS 1 2|ZMPOP 2 k1 k2 MIN|ZPOPMAX k1|ZPOPMIN k1|ZRANGESTORE k1 k2 0 1
ZREM k1 M|ZREMRANGEBYLEX k1 - +|ZREMRANGEBYRANK k1 0 1|ZREMRANGEBYSCORE k1 0 1|ZUNIONSTORE k1 1 k2
EVAL S 2 k1 k2 A|EVAL S 0 A|EVALSHA S 1 k1|FCALL F 2 k1 k2 A|CLUSTER FLUSHSLOT 5|CLUSTER SYNCSLOTS ACK
"""
COMMANDS = [["" if word == '""' else word for word in text.split()] for text in SAMPLES.replace("\n", "|").split("|") if text]


def encode(command):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in command]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


def ask(commands):
    """The lines that our tables answer."""
    out = subprocess.run([TABLE], input=b"".join(map(encode, commands)), capture_output=True, check=True).stdout.decode().splitlines()
    assert len(out) == len(commands)
    return out


@pytest.fixture(scope="module", params=rs.KINDS)
def server(request, server_folder):
    with rs.single(request.param, server_folder, "maxclients 100") as running:
        yield running


def write_commands(server):
    """Names of what the server says can be in a stream: flags write and may_replicate."""
    names = set()
    for entry in server.raw("COMMAND"):
        for command in [entry, *(entry[9] if len(entry) > 9 else [])]:
            flags = {flag.decode() if isinstance(flag, bytes) else str(flag) for flag in command[2]}
            if flags & {"write", "may_replicate"}:
                names.add(command[0].decode().lower())
    return names


def test_every_write_command_of_the_server_is_in_the_table(server):
    names = write_commands(server)
    assert len(names) > 100
    answers = ask([name.split("|") for name in sorted(names)])
    assert [name for name, answer in zip(sorted(names), answers) if answer.startswith("unknown")] == []


def test_reads_are_not_in_the_table(server):
    writes = write_commands(server)
    reads = sorted(entry[0].decode() for entry in server.raw("COMMAND") if b"readonly" in [bytes(f, "ascii") if isinstance(f, str) else f for f in entry[2]])
    reads = [name for name in reads if name.lower() not in writes | {"pfcount"}]
    assert len(reads) > 50
    assert [name for name, answer in zip(reads, ask([[name, "k"] for name in reads])) if not answer.startswith("unknown")] == []


def test_keys_are_those_that_the_server_finds(server):
    """COMMAND GETKEYS for every form of every write command; a command without a sample here fails."""
    writes = write_commands(server)
    sampled, wrong = set(), []
    for command, answer in zip(COMMANDS, ask(COMMANDS)):
        name = command[0].lower()
        full = f"{name}|{command[1].lower()}" if len(command) > 1 else name
        if not {name, full} & writes and name not in ("publish", "spublish", "script"):
            continue
        sampled |= {name, full}
        try:
            theirs = sorted(key.decode() for key in server.raw("COMMAND", "GETKEYS", *command))
        except rs.redis.exceptions.ResponseError as error:
            if "Invalid command specified" in str(error):
                continue  # not of this server
            assert re.search("no key arguments|Invalid arguments|wrong number of arguments", str(error)), (command, error)
            theirs = []
        kind, found, _, *keys = answer.split()
        ours = sorted(command[int(i)] for i in keys)
        if ours != theirs or found == "malformed":
            wrong.append((command, ours, theirs, found))
    assert wrong == []
    assert writes - sampled == set()


def test_patterns_match_as_at_the_server(server):
    rng = random.Random(7)
    client = server.client()
    client.flushall()
    texts = {bytes(rng.choice(b"ab-]^\\*\xff") for _ in range(rng.randrange(1, 6))) for _ in range(300)}
    client.mset({text: "" for text in texts})
    patterns = [bytes(rng.choice(b"ab*?[]^-\\\xff") for _ in range(rng.randrange(1, 9))) for _ in range(400)]
    texts = sorted(texts)
    ours = iter(ask([["glob", pattern, text] for pattern in patterns for text in texts]))
    for pattern in patterns:
        assert {text for text in texts if next(ours) == "1"} == set(server.raw("KEYS", pattern)), pattern


def test_slots_are_those_of_a_cluster(server_folder):
    rng = random.Random(5)
    keys = [bytes(rng.choice(b"{}ab\xff\x00") for _ in range(rng.randrange(0, 12))) for _ in range(500)]
    with rs.single("redis70", server_folder, "cluster-enabled yes") as node:
        assert ask([["slot", key] for key in keys]) == [str(node.raw("CLUSTER", "KEYSLOT", key)) for key in keys]


# -- what may be applied again ---------------------------------------------------------------------------------------
MOMENT = int(time.time() * 1000) + 10**9


def forms_of(rng, dumps, families, keys):
    """A random command of each form of these families, on a few keys, elements and moments, so that they meet often."""
    key, other = (rng.choice(keys) for _ in range(2))
    element, value, moment = rng.choice("xy"), rng.choice("pqrs"), MOMENT + rng.randrange(3)
    number, ident = rng.randrange(3), f"{rng.randrange(1, 7)}-{rng.randrange(2)}"
    forms = {
        "any": [["DEL", key], ["DEL", key, other], ["UNLINK", key], ["PERSIST", key], ["RESTORE", key, 0, rng.choice(dumps), "REPLACE"],
                ["RESTORE", key, moment, rng.choice(dumps), "REPLACE", "ABSTTL"]],
        "string": [["SET", key, value], ["SET", key, value, "KEEPTTL"], ["SET", key, value, "PXAT", moment], ["SET", key, value, "XX"],
                   ["MSET", key, value, other, value], ["SETBIT", key, rng.randrange(40), rng.randrange(2)], ["PFADD", key, element, value]],
        "hash": [["HSET", key, element, value], ["HSET", key, "x", value, "y", value], ["HMSET", key, element, value], ["HDEL", key, element], ["HDEL", key, "x", "y"]],
        "set": [["SADD", key, element], ["SREM", key, element], ["SREM", key, "x", "y"]],
        "zset": [["ZADD", key, number, element], ["ZADD", key, "CH", number, element], ["ZREM", key, element], ["ZREM", key, "x", "y"], ["GEOADD", key, number, number, element]],
        "stream": [["XADD", key, ident, "f", value], ["XADD", key, "MAXLEN", "=", 2, ident, "f", value], ["XADD", key, "MINID", "=", "3-0", ident, "f", value], ["XDEL", key, ident]],
    }
    return [form for name in families for form in forms[name]]


FAMILIES = ["any", "string", "hash", "set", "zset", "stream"]


def before_them(rng):
    """What else there may be before a run of them begins."""
    key = rng.choice(["a", "b", "c"])
    return rng.choice([["PEXPIREAT", key, MOMENT + 5], ["HPEXPIREAT", key, MOMENT + 5, "FIELDS", 1, "x"], ["RPUSH", key, "l"], ["HSET", key, "x", "0"],
                       ["SADD", key, "x"], ["ZADD", key, 5, "x"], ["XADD", key, "*", "f", "w"], ["APPEND", key, "tail"], ["XTRIM", key, "MAXLEN", 1]])


def state(client):
    """All that a reader could see: data, times to live of keys and fields, the counters of streams."""
    pipe = client.pipeline(transaction=False)
    pipe.response_callbacks = {}
    pipe.execute_command("DEBUG", "DIGEST")
    for key in "abc":
        pipe.execute_command("PEXPIRETIME", key)
        pipe.execute_command("XINFO", "STREAM", key)
        pipe.execute_command("HPEXPIRETIME", key, "FIELDS", 4, "x", "y", "z", "w")
    seen = []
    for reply in pipe.execute(raise_on_error=False):
        inner = {b"radix-tree-keys", b"radix-tree-nodes"}  # not data
        flat = isinstance(reply, list) and reply and isinstance(reply[0], bytes)
        seen.append(str(reply) if isinstance(reply, Exception) else [pair for pair in zip(reply[::2], reply[1::2]) if pair[0] not in inner] if flat else reply)
    return seen


def run_of(client, commands):
    """Applies commands; returns those that a stream would hold: that changed something."""
    pipe = client.pipeline(transaction=False)
    pipe.execute_command("INFO", "persistence")
    for command in commands:
        pipe.execute_command(*command)
        pipe.execute_command("INFO", "persistence")
    replies = pipe.execute(raise_on_error=False)
    changes = [reply["rdb_changes_since_last_save"] for reply in replies[::2]]
    return [command for i, command in enumerate(commands) if changes[i + 1] != changes[i]]


def test_any_suffix_of_a_run_of_repeatable_commands_may_be_applied_again(server):
    """isRepeatable() promises it; the resume of a stream stands on it."""
    rng = random.Random(int(os.environ.get("OPENDRS_SEED", "11")))
    client = server.client()
    client.flushall()
    client.hset("h", mapping={"x": "1", "u": "2"})
    client.sadd("s", "x", "u")
    client.zadd("z", {"x": 2, "u": 1})
    client.xadd("st", {"f": "1"}, id="2-1")
    client.set("str", "old")
    dumps = [client.dump(key) for key in ("h", "s", "z", "st", "str")]
    rounds = int(os.environ.get("OPENDRS_ROUNDS", "250"))
    length = 0
    for _ in range(rounds):
        client.flushall()
        run_of(client, [before_them(rng) for _ in range(rng.randrange(9))])
        families, keys = rng.sample(FAMILIES, rng.choice([1, 2, 2, 6])), rng.choice(["a", "a", "ab", "abc"])
        count = len(forms_of(rng, dumps, families, keys))
        picked = rng.sample(range(count), min(count, rng.choice([3, 4, 5, count])))
        commands = [forms_of(rng, dumps, families, keys)[rng.choice(picked)] for _ in range(12)]
        assert all(answer.split()[2] == "1" for answer in ask(commands)), commands
        commands = run_of(client, commands)
        length += len(commands)
        expected = state(client)
        for begin in reversed(range(len(commands))):
            pipe = client.pipeline(transaction=False)
            for command in commands[begin:]:
                pipe.execute_command(*command)
            replies = pipe.execute(raise_on_error=False)
            odd = [str(r) for r in replies if isinstance(r, Exception) and not re.search("WRONGTYPE|wrong kind|not a valid HyperLogLog|equal or smaller", str(r))]
            assert not odd, (commands, begin, odd)
            assert state(client) == expected, (commands, begin)
    assert length > rounds * 2


def test_pexpireat_applied_again_is_not_the_same(server):
    """Why it is not repeatable, although it is absolute: the key goes with its last field, and its time to live with it."""
    client = server.client()
    client.flushall()
    client.hset("k", "f", "v")
    commands = [["PEXPIREAT", "k", MOMENT], ["HDEL", "k", "f"], ["HSET", "k", "g", "v"]]
    for command in commands:
        client.execute_command(*command)
    assert server.raw("PEXPIRETIME", "k") == -1
    for command in commands:
        client.execute_command(*command)
    assert server.raw("PEXPIRETIME", "k") == MOMENT, "the server has changed: PEXPIREAT could be repeatable"
    assert ask(commands[:1])[0].split()[2] == "0"
