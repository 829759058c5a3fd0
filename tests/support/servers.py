"""Real database servers for tests and the demo: each on a free port of 127.0.0.1, data in a folder of its own, ended by
the process id that started it.

    with start("mariadb", folder) as source, start("mysql", folder) as target:
        source.execute("CREATE DATABASE shop")

Kinds: mariadb (Debian 12's 10.11, installed), mysql (9.7), mariadb118, mariadb105: the last three are unpacked from other
Debian releases into the cache folder (tools/peer_server.sh) and run with their own libraries.
"""
import contextlib
import fcntl
import glob
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pymysql

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("OPENDRS_CACHE") or ("/var/cache/opendrs" if os.geteuid() == 0 else pathlib.Path.home() / ".cache/opendrs"))
USER = PASSWORD = "drs"
START_SECONDS = 120

PEERS = {
    "mysql": ("sid", ["mysql-server-core"]),
    "mariadb118": ("trixie", ["mariadb-server-core"]),
    "mariadb105": ("bullseye", ["mariadb-server-core-10.5"]),
}


@contextlib.contextmanager
def _alone(name):
    """One of several test processes at a time, for what is made once and kept in the cache."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def peer_folder(kind):
    """The unpacked server's folder; raises RuntimeError with the reason if it cannot be had."""
    suite, packages = PEERS[kind]
    with _alone(f"peer-{suite}"):
        run = subprocess.run([ROOT / "tools/peer_server.sh", suite, *packages], capture_output=True, text=True,
                             env={**os.environ, "OPENDRS_CACHE": str(CACHE)})
    if run.returncode:
        raise RuntimeError(f"{kind} cannot be unpacked: {run.stderr.strip()[-400:]}")
    return pathlib.Path(run.stdout.strip().splitlines()[-1])


def package_folder(package):
    """The folder of a Debian package that is unpacked beside the system; raises RuntimeError with the reason if it cannot be had."""
    with _alone(f"package-{package}"):
        run = subprocess.run([ROOT / "tools/unpack_package.sh", package], capture_output=True, text=True, env={**os.environ, "OPENDRS_CACHE": str(CACHE)})
    if run.returncode:
        raise RuntimeError(f"{package} cannot be unpacked: {run.stderr.strip()[-400:]}")
    return pathlib.Path(run.stdout.strip().splitlines()[-1])


def loader(root):
    """The command prefix that runs a program of an unpacked release with that release's own libraries."""
    program = next(iter(glob.glob(f"{root}/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2") or glob.glob(f"{root}/lib/x86_64-linux-gnu/ld-*.so*")))
    libraries = ":".join(p for p in (f"{root}/usr/lib/x86_64-linux-gnu", f"{root}/lib/x86_64-linux-gnu") if os.path.isdir(p))
    return [program, "--library-path", libraries]


def _program(kind):
    """(command prefix, arguments that every start of this server needs)."""
    if kind == "mariadb":
        return [shutil.which("mariadbd", path="/usr/sbin:" + os.environ["PATH"]) or "mariadbd"], []
    root = peer_folder(kind)
    server = next(p for p in (f"{root}/usr/sbin/mysqld", f"{root}/usr/sbin/mariadbd") if os.path.exists(p))
    share = f"{root}/usr/share/" + ("mysql" if kind in ("mysql", "mariadb105") or not os.path.isdir(f"{root}/usr/share/mariadb") else "mariadb")
    plugins = f"{root}/usr/lib/mysql/plugin"
    arguments = [f"--basedir={root}/usr", f"--lc-messages-dir={share}", f"--character-sets-dir={share}/charsets", f"--plugin-dir={plugins}"]
    return [*loader(root), server], arguments


def _as_server_user(folder):
    """The servers refuse to run as root; then their folder belongs to an account of their own."""
    if os.geteuid():
        return []
    with _alone("account"):
        if subprocess.run(["id", "mysql"], capture_output=True).returncode:
            subprocess.run(["useradd", "-r", "-M", "-s", "/usr/sbin/nologin", "mysql"], check=True)
    subprocess.run(["chown", "-R", "mysql", folder], check=True)
    return ["--user=mysql"]



def _initialise(kind, data):
    """Fills an empty data folder; the result is kept in the cache and copied, since it takes seconds."""
    template = CACHE / f"data-{kind}"
    with _alone(template.name):
        _make_template(kind, template)
    shutil.copytree(template / "data", data, symlinks=True)


def _make_template(kind, template):
    if not (template / ".complete").exists():
        shutil.rmtree(template, ignore_errors=True)
        template.mkdir(parents=True)
        prefix, arguments = _program(kind)
        user = _as_server_user(template)
        inner = template / "data"
        if kind == "mysql":
            subprocess.run([*prefix, "--no-defaults", *user, *arguments, f"--datadir={inner}", "--initialize-insecure"], check=True, capture_output=True)
        elif kind == "mariadb":
            subprocess.run(["mariadb-install-db", "--no-defaults", *user, f"--datadir={inner}", "--auth-root-authentication-method=normal", "--skip-test-db"],
                           check=True, capture_output=True)
        else:
            _install_foreign_mariadb(kind, prefix, arguments, user, inner)
        (template / ".complete").touch()


def _install_foreign_mariadb(kind, prefix, arguments, user, data):
    """mariadb-install-db's work with a server that is not installed: its SQL files through --bootstrap."""
    root = peer_folder(kind)
    share = next(p for p in (f"{root}/usr/share/mysql", f"{root}/usr/share/mariadb") if os.path.isdir(p))
    data.mkdir()
    (data / "mysql").mkdir()
    if user:
        subprocess.run(["chown", "-R", "mysql", data], check=True)
    names = [("mysql_system_tables.sql", "mariadb_system_tables.sql"), ("mysql_performance_tables.sql", "mariadb_performance_tables.sql"),
             ("mysql_system_tables_data.sql", "mariadb_system_tables_data.sql"), ("fill_help_tables.sql", "fill_help_tables.sql")]
    sql = "CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @auth_root_socket=NULL, @skip_auth_anonymous=1;\n"
    for pair in names:
        for name in pair:
            if os.path.exists(f"{share}/{name}"):
                sql += open(f"{share}/{name}", encoding="utf-8").read() + "\n"
                break
    subprocess.run([*prefix, "--no-defaults", *user, *arguments, f"--datadir={data}", "--bootstrap", "--skip-grant-tables"],
                   input=sql.encode(), check=True, capture_output=True)


class Server:
    def __init__(self, kind, folder, options):
        self.kind, self.port = kind, free_port()
        self.mariadb = kind.startswith("mariadb")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=folder))
        os.chmod(self.folder, 0o755)
        self.options = options
        self.process = None
        _initialise(kind, self.folder / "data")
        (self.folder / "data/auto.cnf").unlink(missing_ok=True)  # each has a server_uuid of its own
        self.run()
        self._create_user()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _socket(self):
        # A path of its own: socket paths are limited to 107 bytes, temporary folders may be long.
        return f"/tmp/drs-{self.port}.sock"

    def run(self):
        """Starts (or starts again) the server on its port and data."""
        prefix, arguments = _program(self.kind)
        # At its start a server removes what it takes for the temporary tables of its last run, also those of another one.
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        common = [f"--datadir={self.folder}/data", f"--tmpdir={temporary}", f"--port={self.port}", f"--socket={self._socket()}", f"--pid-file={self.folder}/pid",
                  "--bind-address=127.0.0.1", f"--server-id={self.port}", "--log-bin=bin", "--skip-name-resolve", "--innodb-buffer-pool-size=192M",
                  "--max-allowed-packet=64M", "--local-infile=1", "--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0", "--max-connections=300"]
        if self.mariadb:
            common += ["--binlog-format=ROW", "--character-set-server=utf8mb4", "--innodb-log-file-size=256M"]
        else:
            common += ["--mysqlx=OFF", "--secure-file-priv=", "--gtid-mode=ON", "--enforce-gtid-consistency=ON"]
        log = open(self.folder / "log", "ab")
        user = _as_server_user(self.folder)
        self.process = subprocess.Popen([*prefix, "--no-defaults", *user, *arguments, *common, *self.options], stdout=log, stderr=log,
                                        start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.kind} did not start:\n" + (self.folder / "log").read_text(errors="replace")[-3000:])
            try:
                self._root().close()
                return
            except pymysql.err.OperationalError:
                time.sleep(0.1)

    def _root(self):
        return pymysql.connect(unix_socket=self._socket(), user="root", password="", autocommit=True)

    def _create_user(self):
        with self._root() as c, c.cursor() as cursor:
            cursor.execute(f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute(f"GRANT ALL ON *.* TO '{USER}'@'%' WITH GRANT OPTION")

    def connect(self, database=None, **more):
        return pymysql.connect(host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, database=database,
                               **{"autocommit": True, "charset": "utf8mb4", "init_command": "SET time_zone='+00:00'", **more})

    def execute(self, *statements, database=None):
        """Runs statements; returns the rows of the last."""
        with self.connect(database) as c, c.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    def stop(self, hard=False):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if hard else signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if os.path.exists(self._socket()):
            os.unlink(self._socket())

    def remove(self):
        self.stop(hard=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def is_read_only(self):
        return self.execute("SELECT @@global.read_only")[0][0] in (1, "ON")

    def make_writable(self):
        if not self.mariadb:
            self.execute("SET GLOBAL super_read_only = OFF")
        self.execute("SET GLOBAL read_only = OFF")


def start(kind, folder, *options):
    """A running server of the kind below `folder`, with user drs / drs who may do everything."""
    return Server(kind, folder, options)
