"""What the benchmarks share: servers in a temporary folder, memory of a process, the closing JSON line."""
import contextlib
import json
import os
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="opendrs-bench-", ignore_cleanup_errors=True) as path:
        os.chmod(path, 0o755)
        yield pathlib.Path(path)


def rss_mib(pid):
    """Resident memory of a process in MiB."""
    for line in open(f"/proc/{pid}/status", encoding="ascii"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def cpu_seconds(pid):
    """Processor time of a process so far, user and system."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def finish(name, ratios, figures):
    for title, values in (("ratio", ratios), ("figure", figures)):
        for key, value in values.items():
            print(f"{title:7} {key:40} {value:>12}")
    print(json.dumps({"bench": name, "ratios": ratios, "figures": figures}))
