#!/usr/bin/env python3
"""Catching up with commands that a Redis source has in its stream, against redis-cli --pipe of the same commands into the
same target while the source sends them to a replica that discards them; then the delay under a steady load."""
import argparse
import socket
import statistics
import threading
import time

import common
import redis_data
from support.drsd import Drsd, wait_for
from support.redis_jobs import redis_job


class Discarder(threading.Thread):
    """A replica that reads and forgets, so that the source works as hard as it does for drsd."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(b"PSYNC ? -1\r\n")
        self.ended = threading.Event()
        self.start()

    def run(self):
        self.socket.settimeout(0.5)
        while not self.ended.is_set():
            try:
                self.socket.sendall(b"*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n0\r\n")
                until = time.monotonic() + 1
                while time.monotonic() < until and not self.ended.is_set():
                    self.socket.recv(1 << 20)
            except socket.timeout:
                pass
            except OSError:
                return

    def stop(self):
        self.ended.set()
        self.join()
        self.socket.close()


def delays(source, target, rate, seconds):
    """Milliseconds from a write at the source to the moment at which the target shows it, beside a load of `rate`."""
    stop, found = threading.Event(), []

    def load():
        client, batch = source.client(), max(1, rate // 200)
        while not stop.is_set():
            began = time.monotonic()
            pipe = client.pipeline(transaction=False)
            for i in range(batch):
                pipe.incr(f"load:{i}")
            pipe.execute()
            time.sleep(max(0, batch / rate - (time.monotonic() - began)))
    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    a, b, until, i = source.client(), target.client(), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        i += 1
        a.set("probe", i)
        began = time.monotonic()
        while b.get("probe") != b"%d" % i:
            pass
        found.append((time.monotonic() - began) * 1000)
        time.sleep(0.02)
    stop.set()
    thread.join()
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(prog="./x bench redis-stream")
    parser.add_argument("--scale", type=float, default=1.0, help="1: about 2.1 million commands")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=int, default=20_000, help="commands per second of the steady load")
    options = parser.parse_args()
    ratios, cpu = [], []
    with common.folder() as folder:
        _, commands = redis_data.write_commands(folder / "commands", int(2_000_000 * options.scale), int(80_000 * options.scale), int(80_000 * options.scale))
        with redis_data.start(folder, "repl-backlog-size 1gb") as source, redis_data.start(folder) as target, Drsd(folder, "[worker]\npoll_millis = 50\n", check=False) as service:
            client = service.client
            (job,) = client.start(redis_job("stream", source.address, target.address))
            client.wait_status(job, "INCRE_TRANSFER_STARTED")
            for i in range(options.rounds):
                # The target alone takes them, from a client that does nothing else, while the source sends them away.
                client.action(job, "stop", pause_mode="target")
                client.wait_status(job, "PAUSING")
                discarder = Discarder(source.port)
                time.sleep(1)
                redis_data.pipe("redis70", source.port, folder / "commands")
                discarder.stop()
                source.client().set("round", i)
                began = time.monotonic()
                redis_data.pipe("redis70", target.port, folder / "commands")
                theirs = time.monotonic() - began
                used, began = common.cpu_seconds(service.process.pid), time.monotonic()
                client.action(job, "restart")
                wait_for(lambda: target.client().get("round") == b"%d" % i, 600, "the stream")
                ours = time.monotonic() - began
                used = common.cpu_seconds(service.process.pid) - used
                print(f"round {i}: redis-cli --pipe {theirs:.1f} s, drsd {ours:.1f} s with the restart, {used:.2f} s of processor time", flush=True)
                ratios.append(theirs / ours)
                cpu.append(used / commands * 1e6)
            found = delays(source, target, options.rate, 10)
    common.finish("redis-stream", {"speed_vs_pipe": round(statistics.median(ratios), 2)},
                  {"cpu_us_per_command": round(statistics.median(cpu), 2), "added_delay_ms_p50": round(found[len(found) // 2], 1), "added_delay_ms_p99": round(found[len(found) * 99 // 100], 1)})


if __name__ == "__main__":
    main()
