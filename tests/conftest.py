"""Fixtures of all python tests: folders that are removed, servers shared by a module."""
import hashlib
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from support import servers  # noqa: E402
from support.drsd import Drsd  # noqa: E402


def _folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="opendrs-test-"))
    os.chmod(path, 0o755)
    return path


@pytest.fixture(scope="session")
def server_folder():
    path = _folder()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def folder():
    path = _folder()
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb_pair(server_folder):
    with servers.start("mariadb", server_folder) as a, servers.start("mariadb", server_folder) as b:
        yield a, b


@pytest.fixture(scope="session")
def mysql_pair(server_folder):
    with servers.start("mysql", server_folder) as a, servers.start("mysql", server_folder) as b:
        yield a, b


@pytest.fixture(scope="session")
def mariadb118_pair(server_folder):
    # Its own default collations are unknown to other servers.
    with servers.start("mariadb118", server_folder, "--character-set-collations=") as a, servers.start("mariadb118", server_folder, "--character-set-collations=") as b:
        yield a, b


@pytest.fixture(scope="session", params=["mariadb", "mysql"])
def pair(request):
    """(source, target) of both flavours in turn."""
    return request.getfixturevalue(f"{request.param}_pair")


@pytest.fixture(scope="session", params=["mariadb", pytest.param("mysql", marks=pytest.mark.skipif("OPENDRS_ALL" not in os.environ, reason="part of ./x test --all"))])
def usual_pair(request):
    """`pair`, for long tests of what is the same code for both flavours: MySQL's turn is part of ./x test --all."""
    return request.getfixturevalue(f"{request.param}_pair")


@pytest.fixture(scope="module", params=["mariadb", "mysql"])
def own_pair(request, server_folder):
    """Servers that no other file uses: read_only binds everybody, and tasks of others keep the control schema."""
    with servers.start(request.param, server_folder) as a, servers.start(request.param, server_folder) as b:
        yield a, b


@pytest.fixture
def drsd(folder):
    with Drsd(folder) as running:
        yield running


@pytest.fixture
def database(request):
    """A database name of the test's own."""
    name = "t_" + "".join(ch if ch.isalnum() else "_" for ch in request.node.name.lower())
    # Long names differ at their end only, in the parameters.
    return name if len(name) <= 50 else f"{name[:41]}_{hashlib.md5(name.encode()).hexdigest()[:8]}"
