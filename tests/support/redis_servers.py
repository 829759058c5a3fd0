"""Real Redis and Valkey servers for tests: each on a free port of 127.0.0.1, data in a folder of its own, ended by the
process id that started it.

    with single("redis80", folder) as server:
        server.client().set("k", "v")
    with replica_set("valkey91", folder, replicas=2, sentinels=3) as servers:
        servers.replicas[0].client().execute_command("FAILOVER")
    with cluster("redis70", folder, shards=3, replicas=1) as nodes:
        nodes.client().set("k", "v")

Kinds: redis70 (Debian 12), redis80 and valkey91 (unstable); for --all redis60 (Debian 11) and valkey81 (Debian 13). All are unpacked into the cache folder (tools/peer_server.sh)
and run with their own libraries: nothing is installed, so no service starts.
"""
import contextlib
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import redis
import redis.cluster

from support import servers

KINDS = ["redis70", "redis80", "valkey91"]
PEERS = {
    "redis70": ("bookworm", ["redis-server"]),
    "redis80": ("sid", ["redis-server"]),
    "valkey91": ("sid", ["valkey-server"]),
    "redis60": ("bullseye", ["redis-server"]),
    "valkey81": ("trixie", ["valkey-server"]),
}
servers.PEERS.update(PEERS)
START_SECONDS = 60


def program(kind):
    """The command that starts the server, with its own loader and libraries."""
    root = servers.peer_folder(kind)
    return servers.loader(root) + [f"{root}/usr/bin/{PEERS[kind][1][0]}"]


def is_valkey(kind):
    return kind.startswith("valkey")


def wait_until(what, condition, seconds=START_SECONDS):
    """Asks until it holds; server errors on the way count as not yet. Raises RuntimeError that names `what`."""
    deadline, last = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except redis.exceptions.RedisError as error:
            last = error
        time.sleep(0.05)
    raise RuntimeError(f"{what}: not within {seconds} s {last or ''}")


def _free_ports(count):
    """Free together, and each with a free port 10000 above it (the cluster's own)."""
    taken = []
    try:
        ports = []
        while len(ports) < count:
            with contextlib.ExitStack() as stack:
                first = stack.enter_context(socket.socket())
                first.bind(("127.0.0.1", 0))
                port = first.getsockname()[1]
                if port > 55000:
                    continue
                bus = socket.socket()
                try:
                    bus.bind(("127.0.0.1", port + 10000))
                except OSError:
                    bus.close()
                    continue
                taken += [bus]
                ports.append(port)
        return ports
    finally:
        for each in taken:
            each.close()


class Server:
    """One process. `options`: lines of the configuration, e.g. "appendonly yes"."""

    def __init__(self, kind, folder, options=(), port=None, role=""):
        self.kind, self.port, self.role = kind, port or _free_ports(1)[0], role
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=folder))
        self.options = list(options)
        self.process = None
        self.user = self.password = None
        if role == "sentinel":
            # A Sentinel writes its own state into its configuration.
            (self.folder / "conf").write_text("".join(line + "\n" for line in [*self._common(), *self.options]))
        self.run()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _common(self):
        lines = [f"port {self.port}", "bind 127.0.0.1", f"dir {self.folder}", "daemonize no"]
        if self.role != "sentinel":
            lines += ["enable-debug-command yes"] if self.kind != "redis60" else []
            lines += ["save \"\"", "repl-diskless-sync yes", "repl-diskless-sync-delay 0", "repl-backlog-size 16mb",
                      "repl-ping-replica-period 1"]
        return lines

    def run(self, loaded=True):
        """Starts (or starts again) the server on its port and data. `loaded`: waits until it has read them."""
        conf = self.folder / "conf"
        if self.role != "sentinel":
            conf.write_text("".join(line + "\n" for line in [*self._common(), *self.options]))
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([*program(self.kind), str(conf), *(["--sentinel"] if self.role == "sentinel" else [])], stdout=log, stderr=log,
                                        start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.kind} did not start:\n" + self.log()[-3000:])
            try:
                self.client().ping()
                return
            except (redis.exceptions.AuthenticationError, redis.exceptions.ResponseError):
                return  # it answers
            except redis.exceptions.BusyLoadingError:
                if not loaded:
                    return
            except redis.exceptions.ConnectionError:
                pass
            time.sleep(0.05)

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def client(self, db=0, **more):
        return redis.Redis(host="127.0.0.1", port=self.port, db=db, username=self.user, password=self.password, **more)

    def raw(self, *command, **more):
        """The reply as the server sent it: redis-py makes objects of many."""
        with contextlib.closing(self.client(**more)) as client:
            client.response_callbacks.clear()
            return client.execute_command(*command)

    def info(self, section="replication"):
        return self.client().info(section)

    def offset(self):
        return self.info()["master_repl_offset"]

    def digest(self):
        """One hash of all databases, the same for equal data."""
        return self.raw("DEBUG", "DIGEST")

    def stop(self, hard=False):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGKILL if hard else signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def remove(self):
        self.stop(hard=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


def single(kind, folder, *options, port=None):
    """A running server without a password; DEBUG is allowed."""
    return Server(kind, folder, options, port)


class ReplicaSet:
    """A master, its replicas, and Sentinels that watch them (master's name: "main")."""

    def __init__(self, kind, folder, replicas, sentinels, options):
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as made:
            self.master = made.enter_context(Server(kind, folder, options))
            self.replicas = [made.enter_context(Server(kind, folder, [*options, f"replicaof 127.0.0.1 {self.master.port}"])) for _ in range(replicas)]
            wait_until("replicas in step", lambda: all(r.info()["master_link_status"] == "up" for r in self.replicas))
            quorum = sentinels // 2 + 1
            watch = [f"sentinel monitor main 127.0.0.1 {self.master.port} {quorum}", "sentinel down-after-milliseconds main 1000",
                     "sentinel failover-timeout main 5000"]
            self.sentinels = [made.enter_context(Server(kind, folder, watch, role="sentinel")) for _ in range(sentinels)]
            if sentinels:
                wait_until("Sentinels that know all", self._all_known)
            self._stack = made.pop_all()

    def _all_known(self):
        for each in self.sentinels:
            flat = each.raw("SENTINEL", "MASTER", "main")
            state = dict(zip(flat[::2], flat[1::2]))
            if int(state[b"num-slaves"]) != len(self.replicas) or int(state[b"num-other-sentinels"]) != len(self.sentinels) - 1:
                return False
        return True

    @property
    def all(self):
        return [self.master, *self.replicas]

    def fail_over(self, to):
        """Makes a replica the master, without a Sentinel, and the others its replicas. Nothing is lost."""
        old = self.master
        wait_until("the replica in step", lambda: to.offset() == old.offset(), 20)
        to.client().execute_command("REPLICAOF", "NO", "ONE")
        for each in self.all:
            if each is not to and each.process.poll() is None:
                each.client().execute_command("REPLICAOF", "127.0.0.1", str(to.port))
        self.replicas = [each for each in self.all if each is not to]
        self.master = to
        wait_until("replicas of the new master", lambda: all(r.info()["master_link_status"] == "up" for r in self.replicas))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()


def replica_set(kind, folder, *options, replicas=1, sentinels=0):
    return ReplicaSet(kind, folder, replicas, sentinels, options)


class Cluster:
    """`shards` masters with the slots dealt evenly, each with `replicas` replicas; cluster_state ok everywhere."""

    def __init__(self, kind, folder, shards, replicas, options):
        self.kind, self._stack = kind, contextlib.ExitStack()
        own = ["cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 2000", "cluster-require-full-coverage yes", *options]
        with contextlib.ExitStack() as made:
            ports = _free_ports(shards * (1 + replicas))
            self.nodes = [made.enter_context(Server(kind, folder, own, port)) for port in ports]
            self.masters, rest = self.nodes[:shards], self.nodes[shards:]
            self._join(rest)
            self._stack = made.pop_all()

    def _join(self, replicas):
        first = self.nodes[0]
        for i, node in enumerate(self.masters):
            low, high = 16384 * i // len(self.masters), 16384 * (i + 1) // len(self.masters) - 1
            node.raw("CLUSTER", "ADDSLOTS", *range(low, high + 1))  # ADDSLOTSRANGE is Redis 7
            node.raw("CLUSTER", "SET-CONFIG-EPOCH", i + 1)
        for node in self.nodes[1:]:
            first.raw("CLUSTER", "MEET", "127.0.0.1", node.port)
        wait_until("nodes that know each other", lambda: all(self._size(node) == len(self.nodes) for node in self.nodes))
        for i, node in enumerate(replicas):
            master = self.masters[i % len(self.masters)]
            wait_until("a replica", lambda n=node, m=master: n.raw("CLUSTER", "REPLICATE", self.id_of(m)) == b"OK")
        self.wait_ok()
        wait_until("replicas in step", lambda: all(r.info()["master_link_status"] == "up" for r in replicas))

    @staticmethod
    def _size(node):
        return sum(b"handshake" not in line for line in node.raw("CLUSTER", "NODES").splitlines())

    @staticmethod
    def id_of(node):
        return node.raw("CLUSTER", "MYID").decode()

    def wait_ok(self):
        """Until every running node says cluster_state:ok and has all slots."""
        def good(node):
            state = node.raw("CLUSTER", "INFO")
            return b"cluster_state:ok" in state and b"cluster_slots_ok:16384" in state
        wait_until("cluster_state ok", lambda: all(good(n) for n in self.nodes if n.process.poll() is None))

    def client(self, **more):
        return redis.cluster.RedisCluster(host="127.0.0.1", port=self.nodes[0].port, **more)

    def owner(self, slot):
        """The master that says the slot is its own; what others know of it may be old."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found = [node for node in self.masters for low, high, owner, *_ in node.raw("CLUSTER", "SLOTS")
                     if low <= slot <= high and owner[1] == node.port]
            if len(found) == 1:
                return found[0]
            time.sleep(0.02)
        raise LookupError(slot)

    def move_slot(self, slot, to):
        """Moves a slot with its keys as redis-cli does: SETSLOT and MIGRATE, key by key."""
        source = self.owner(slot)
        to.raw("CLUSTER", "SETSLOT", slot, "IMPORTING", self.id_of(source))
        source.raw("CLUSTER", "SETSLOT", slot, "MIGRATING", self.id_of(to))
        while keys := source.raw("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.raw("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
        for node in [to, source, *[m for m in self.masters if m not in (to, source)]]:
            node.raw("CLUSTER", "SETSLOT", slot, "NODE", self.id_of(to))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()


def cluster(kind, folder, *options, shards=3, replicas=0):
    return Cluster(kind, folder, shards, replicas, options)


def fill(client, prefix="", big=2000, kind="redis70"):
    """Keys of every type in every encoding that the server writes, with and without a time to live. Returns their number.
    `prefix`: a hash tag for clusters. `kind`: adds what the server has beyond Redis 7.0."""
    pipe = client.pipeline(transaction=False)
    key = lambda name: prefix + name
    # strings: int, embstr, raw, LZF-compressible, binary, empty, long numbers
    for name, value in {"int": 7, "negative": -2**63, "int32": 2**31 - 1, "emb": "short", "raw": "x" * 100, "lzf": "abc" * 3000,
                        "binary": bytes(range(256)), "empty": "", "almost-int": "0012", "float": "3.0e5"}.items():
        pipe.set(key("s:" + name), value)
    pipe.set(key(""), "the empty name") if not prefix else None
    pipe.setbit(key("s:bits"), 1001, 1)
    pipe.pfadd(key("hll:sparse"), *range(10))
    pipe.pfadd(key("hll:dense"), *range(3000))
    # lists: listpack, quicklist of several nodes, a plain node
    pipe.rpush(key("l:small"), 1, "two", -3, "x" * 70)
    pipe.rpush(key("l:many"), *[f"element-{i}-{'y' * (i % 50)}" for i in range(big)])
    pipe.rpush(key("l:plain"), "a", "z" * 20000, "b")
    # sets: intset of 16, 32 and 64 bits, listpack, hash table
    pipe.sadd(key("set:int16"), *range(-5, 5))
    pipe.sadd(key("set:int32"), 1, 2**20)
    pipe.sadd(key("set:int64"), 1, 2**40)
    pipe.sadd(key("set:small"), "a", "b", 3)
    pipe.sadd(key("set:many"), *[f"member{i}" for i in range(big)])
    # hashes and sorted sets: listpack, hash table, skip list; scores that are hard to print
    pipe.hset(key("h:small"), mapping={"f": "v", "n": 5, "": "", "bin": bytes([0, 255, 10, 13])})
    pipe.hset(key("h:many"), mapping={f"f{i}": f"v{i}" * (i % 5) for i in range(big)})
    pipe.hset(key("h:long"), mapping={"f": "v" * 500})
    scores = {"a": 1, "b": -1.5, "inf": float("inf"), "-inf": float("-inf"), "tiny": 5e-324, "pi": 3.141592653589793, "big": 1e300, "tenth": 0.1}
    pipe.zadd(key("z:small"), scores)
    pipe.zadd(key("z:many"), {f"m{i}": i / 7 for i in range(big)})
    pipe.geoadd(key("geo"), [13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"])
    # streams: several nodes, groups, consumers, pending, deleted, empty
    for i in range(250):
        pipe.xadd(key("x:many"), {"n": i, f"field{i % 3}": "v" * (i % 30)}, id=f"{1000 + i}-{i % 4}")
    pipe.xdel(key("x:many"), "1010-2", "1011-3")
    pipe.xgroup_create(key("x:many"), "g1", id="0")
    pipe.xgroup_create(key("x:many"), "g2", id="$")
    if kind != "redis60":
        pipe.execute_command("XGROUP", "CREATECONSUMER", key("x:many"), "g1", "idle")
    pipe.execute_command("XREADGROUP", "GROUP", "g1", "worker", "COUNT", 20, "STREAMS", key("x:many"), ">")
    pipe.xack(key("x:many"), "g1", "1000-0", "1001-1")
    pipe.xadd(key("x:emptied"), {"a": 1}, id="5-5")
    pipe.xdel(key("x:emptied"), "5-5")
    # times to live, far away so that they do not pass within a test
    moment = int(time.time() * 1000) + 10**9
    for name in ("s:emb", "l:small", "h:many", "z:small", "x:many"):
        pipe.pexpireat(key(name), moment)
    if kind not in ("redis60", "redis70", "valkey81"):
        pipe.hset(key("h:field-ttl"), mapping={"a": 1, "b": 2, "c": 3})
        pipe.execute_command("HPEXPIREAT", key("h:field-ttl"), moment, "FIELDS", 2, "a", "b")
    pipe.execute()
    return sum(1 for _ in client.scan_iter(match=(prefix.replace("{", "[{]") + "*") if prefix else None, count=1000))
