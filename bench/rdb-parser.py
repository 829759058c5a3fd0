#!/usr/bin/env python3
"""Reading a snapshot: how fast it is cut into keys, made into payloads for RESTORE, and into commands, all without a target."""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys

import common
from support import rdb_bytes as rdb

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "build/release/bin/bench_rdb"
STRINGS, HASHES, ZSETS, MEMBERS = 5_000_000, 200_000, 5, 200_000  # at scale 1: about 490 MB


def write(path, scale):
    """Strings of 64 bytes of which every tenth has a deadline, hashes of ten fields, long sorted sets; returns the keys."""
    noise = os.urandom(1 << 20).hex().encode()
    keys = 0
    with open(path, "wb") as out:
        out.write(b"REDIS0010" + rdb.aux(b"redis-ver", b"7.0.15") + b"\xfe\x00")
        for i in range(int(STRINGS * scale)):
            at = i * 61 % (len(noise) - 64)
            out.write((rdb.deadline(1_900_000_000_000 + i) if i % 10 == 9 else b"") + b"\x00\x0estr:%010d\x40\x40" % i + noise[at:at + 64])
            keys += 1
        for i in range(int(HASHES * scale)):
            at = i * 61 % (len(noise) - 200)
            fields = [part for n in range(10) for part in (b"field%d" % n, noise[at + 16 * n:at + 16 * n + 16])]
            out.write(rdb.key(16, b"hash:%08d" % i, rdb.string(rdb.listpack(*fields))))
            keys += 1
        for i in range(ZSETS):
            out.write(rdb.key(5, b"zset:%04d" % i, rdb.length(int(MEMBERS * scale))))
            for n in range(int(MEMBERS * scale)):
                out.write(b"\x13member:%012d" % n + b"\x00\x00" + noise[n:n + 4] + b"\x81\x40")
            keys += 1
        out.write(b"\xff" + bytes(8))  # without a checksum; it is computed all the same
    return keys


def measure(mode, path):
    run = subprocess.run([PROGRAM, mode, path], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr)
    keys, _, cpu, size, rss = run.stdout.split()
    return int(keys), float(cpu), int(size), int(rss) / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    subprocess.run(["cmake", "--build", ROOT / "build/release", "--target", "bench_rdb"], check=True, capture_output=True)
    modes = ("crc", "parse", "restore", "commands")
    with common.folder() as folder:
        path = folder / "dump.rdb"
        keys = write(path, options.scale)
        results = {mode: [] for mode in modes}
        for _ in range(options.rounds):  # in turn: a disturbance hits all of them
            for mode in modes:
                results[mode].append(measure(mode, path))
    if {r[0] for mode in modes[1:] for r in results[mode]} != {keys}:
        raise RuntimeError(f"{keys} keys were written, read were {results}")
    size = results["parse"][0][2]
    middle = {mode: statistics.median(r[1] for r in results[mode]) for mode in modes}  # seconds of processor time, reading the file included
    figures = {"keys": keys, "mb": round(size / 1e6, 1)}
    for mode in modes:
        figures[f"{mode}_mb_per_s"] = round(size / 1e6 / middle[mode])
    for mode in modes[1:]:
        figures[f"{mode}_ns_per_key"] = round(middle[mode] / keys * 1e9)
    figures["rss_mib"] = round(max(r[3] for mode in modes for r in results[mode]), 1)
    common.finish("rdb-parser", {"parse_to_crc_time": round(middle["parse"] / middle["crc"], 2)}, figures)


if __name__ == "__main__":
    sys.exit(main())
