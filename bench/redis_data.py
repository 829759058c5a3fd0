"""What the Redis benchmarks load: strings of 64 bytes, a tenth with a deadline, hashes of ten fields, five large sorted sets."""
import subprocess

from support import redis_servers, servers

# Neither side writes its data to disk by itself: the disk would decide.
SERVER = ("save \"\"", "appendonly no", "repl-backlog-size 64mb", "client-output-buffer-limit replica 0 0 0", "client-output-buffer-limit normal 0 0 0")


def encode(*arguments):
    out = [b"*%d\r\n" % len(arguments)]
    for each in arguments:
        each = each if isinstance(each, bytes) else str(each).encode()
        out += [b"$%d\r\n" % len(each), each, b"\r\n"]
    return b"".join(out)


def cli(kind):
    root = servers.peer_folder(kind)
    return servers.loader(root) + [f"{root}/usr/bin/redis-cli"]


def pipe(kind, port, commands):
    """redis-cli --pipe; `commands`: a file. Returns when every reply has come."""
    with open(commands, "rb") as file:
        done = subprocess.run([*cli(kind), "-p", str(port), "--pipe"], stdin=file, capture_output=True, text=True)
    if "errors: 0" not in done.stdout:
        raise SystemExit(done.stdout + done.stderr)


def write_commands(path, strings, hashes, members):
    """Returns (keys, commands)."""
    value = b"x" * 40
    commands = 0
    with open(path, "wb") as out:
        for i in range(strings):
            text = b"%s%024d" % (value, i * 2654435761 % 2**64)
            out.write(encode(b"SET", b"key:%010d" % i, text, b"PX", b"36000000") if i % 10 == 0 else encode(b"SET", b"key:%010d" % i, text))
            commands += 1
        for i in range(hashes):
            fields = [part for j in range(10) for part in (b"field%d" % j, b"value-%d-%d" % (i, j))]
            out.write(encode(b"HSET", b"hash:%08d" % i, *fields))
            commands += 1
        for n in range(5):
            for at in range(0, members, 100):
                scores = [part for j in range(at, at + 100) for part in (b"%d.5" % (j * 7919 % 1000003), b"member:%08d" % j)]
                out.write(encode(b"ZADD", b"zset:%d" % n, *scores))
                commands += 1
    return strings + hashes + 5, commands


def start(folder, *more):
    return redis_servers.single("redis70", folder, *SERVER, *more)
