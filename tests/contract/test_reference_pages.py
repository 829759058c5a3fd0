"""The generated pages under docs/reference are those of the present rules and messages."""
import pathlib
import subprocess

import pytest

from contract.test_request_schema import DESCRIBE

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("command", [["tools/gen_errors.py", "--check"], ["tools/gen_request.py", "--check", DESCRIBE]])
def test_the_page_is_current(command):
    run = subprocess.run(["/usr/bin/python3", *command], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
