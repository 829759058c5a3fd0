"""Jobs of the Redis routes, and what a test needs to judge them."""
import random
import threading
import time

import redis
import redis.cluster

from support.drsd import wait_for

HELD = 4_102_444_800_000  # deadlines are held back until the lane has caught up


def _endpoint(role, kind, address, user="", password=""):
    return [{"db_type": kind, "endpoint_type": "offline", "endpoint_role": role,
             "endpoint": {"endpoint_name": kind, "ip": address, "db_user": user, "db_password": password}, "ssl": {"ssl_link": False}}]


def redis_job(name, source, target, db_object=None, task_type="FULL_INCR_TRANS", cluster=False, **more):
    """`source`, `target`: "host:port,…"."""
    kind = "rediscluster" if cluster else "redis"
    return {"base_info": {"name": name, "job_type": "migration", "engine_type": f"{kind}-to-gaussredis", "job_direction": "non-dbs", "task_type": task_type, "net_type": "vpc",
                          "charging_mode": "on_demand", "enterprise_project_id": "0", "description": "", "expired_days": "14"},
            "source_endpoint": _endpoint("so", kind, source), "target_endpoint": _endpoint("ta", "redis", target),
            "policy_config": {}, "db_object": db_object or {"object_scope": "all"},
            "node_info": {"spec": {"node_type": "medium"}, "vpc": {"vpc_id": "v", "subnet_id": "s"},
                          "base_info": {"instance_type": "single", "arch": "x86", "availability_zone": "az-1"}}, **more}


def values(server, ours=b"__drs:"):
    """{(db, key): (what the value is, deadline)} of a server, by commands that every product answers alike: DEBUG
    DIGEST-VALUE prints scores and deadlines of fields in the product's own way."""
    out = {}
    sharded = server.raw("CONFIG", "GET", "cluster-enabled")[1] == b"yes"
    for db in range(1 if sharded else int(server.raw("CONFIG", "GET", "databases")[1])):
        client = server.client(db)
        client.response_callbacks.clear()
        keys = [key for key in server.client(db).scan_iter(count=1000) if not key.startswith(ours)]
        for at in range(0, len(keys), 500):
            part = keys[at:at + 500]
            pipe = client.pipeline(transaction=False)
            for key in part:
                pipe.execute_command("TYPE", key)
                pipe.execute_command("PTTL" if server.kind == "redis60" else "PEXPIRETIME", key)
            answers = pipe.execute()
            if server.kind == "redis60":  # it tells no moments
                now = int(time.time() * 1000)
                answers[1::2] = [left + now if left > 0 else left for left in answers[1::2]]
            pipe = client.pipeline(transaction=False)
            for i, key in enumerate(part):
                for command in _ask(answers[2 * i], key):
                    pipe.execute_command(*command)
            told = iter(pipe.execute(raise_on_error=False))
            for i, key in enumerate(part):
                kind = answers[2 * i]
                out[(db, key)] = (_value(kind, [next(told) for _ in _ask(kind, key)]), answers[2 * i + 1])
            _add_field_deadlines(server, client, db, [k for i, k in enumerate(part) if answers[2 * i] == b"hash"], out)
    return out


def sharded_values(nodes):
    """values() of a cluster's masters together, as a set."""
    return {item for node in nodes.masters for item in values(node).items()}


def _ask(kind, key):
    if kind == b"zset":
        return [("ZRANGE", key, 0, -1, "WITHSCORES")]
    if kind == b"hash":
        return [("HGETALL", key)]
    return [("DEBUG", "DIGEST-VALUE", key)]


def _value(kind, answers):
    (answer,) = answers
    if isinstance(answer, Exception):
        return str(answer)
    if kind == b"zset":
        return hash(tuple((m, float(s)) for m, s in zip(answer[::2], answer[1::2])))
    if kind == b"hash":
        return hash(frozenset(zip(answer[::2], answer[1::2])))
    return answer[0]


def _add_field_deadlines(server, client, db, hashes, out):
    if server.kind in ("redis60", "redis70", "valkey81"):
        return
    for key in hashes:
        fields = client.execute_command("HKEYS", key)
        if not fields:
            continue
        times = client.execute_command("HPEXPIRETIME", key, "FIELDS", len(fields), *fields)
        if set(times) != {-1}:
            value, deadline = out[(db, key)]
            out[(db, key)] = ((value, frozenset(zip(fields, times))), deadline)


def caught_up(client, one, source, target, seconds=60):
    """Waits until a key that is written to the source now has come to the target, and deadlines are the source's."""
    token = f"token:{random.getrandbits(60)}"
    source.client().set("sentinel:token", token)
    wait_for(lambda: target.client().get("sentinel:token") == token.encode(), seconds, "the token", lambda: f"{client.status(one)} {client.logs(one)[:6]}")


def equal(source, target, seconds=30, held=True):
    """Waits until both servers hold the same, deadlines included; the differences otherwise. `held`: the task has not been
    ended, deadlines are held back at the target."""
    def same(a, b):
        return a == b or (held and a and b and a[0] == b[0] and b[1] == HELD and a[1] > 0)

    def differences():
        a, b = values(source), values(target)
        return [(k, a.get(k), b.get(k)) for k in a.keys() | b.keys() if not same(a.get(k), b.get(k))]
    deadline = time.monotonic() + seconds
    while (found := differences()) and time.monotonic() < deadline:
        time.sleep(0.3)
    assert not found, f"{len(found)} differ: {found[:8]}"


class Load(threading.Thread):
    """An application that does what must take effect exactly once: counters, lists, streams, transactions. One per client."""

    def __init__(self, connect, seed, pause=0.0005, keys=20):
        super().__init__(daemon=True)
        self.connect, self.random, self.pause, self.keys = connect, random.Random(seed), pause, keys
        self.seed, self.stopping, self.done, self.error = seed, threading.Event(), 0, None
        self.start()

    def run(self):
        client = self.connect()
        while not self.stopping.wait(self.pause):
            try:
                self.one(client)
                self.done += 1
            except (redis.exceptions.ConnectionError, redis.exceptions.BusyLoadingError, redis.exceptions.ReadOnlyError, redis.exceptions.ClusterDownError):
                time.sleep(0.1)  # the source is away; the application does not know whether the last one counted
            except redis.exceptions.RedisError as e:
                self.error = e
                return

    def one(self, client):
        n, rnd = self.random.randrange(self.keys), self.random
        what = rnd.randrange(8)
        if what == 0:
            client.incr(f"count:{self.seed}:{n}")
        elif what == 1:
            client.rpush(f"list:{self.seed}:{n}", rnd.getrandbits(40))
            if rnd.random() < 0.3:
                client.lpop(f"list:{self.seed}:{n}")
        elif what == 2:
            client.xadd(f"stream:{self.seed}:{n}", {"v": rnd.getrandbits(40)}, maxlen=500)
        elif what == 3:
            sharded = isinstance(client, redis.cluster.RedisCluster)  # redis-py has no transactions there
            pipe = client if sharded else client.pipeline(transaction=True)
            pipe.incrby(f"{{t{self.seed}:{n}}}a", 5)
            pipe.append(f"{{t{self.seed}:{n}}}b", "x")
            pipe.zincrby(f"{{t{self.seed}:{n}}}z", 1.5, str(rnd.randrange(50)))
            if not sharded:
                pipe.execute()
        elif what == 4:
            client.hincrby(f"hash:{self.seed}:{n}", f"f{rnd.randrange(30)}", rnd.randrange(100))
        elif what == 5:
            client.delete(f"list:{self.seed}:{n}", ) if rnd.random() < 0.1 else client.setrange(f"str:{self.seed}:{n}", rnd.randrange(100), "abc")
        elif what == 6:
            client.set(f"gone:{self.seed}:{n}", rnd.getrandbits(30), px=rnd.randrange(1500, 60_000))
        else:
            client.sadd(f"set:{self.seed}:{n}", rnd.randrange(200))
            client.spop(f"set:{self.seed}:{n}")

    def stop(self):
        self.stopping.set()
        self.join()
        if self.error:
            raise self.error
