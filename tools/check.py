#!/usr/bin/env python3
"""./x check: format, layers, spelling, shell scripts, tests that faults.md, mysql-events.md and mysql-ddl.md name, clang-tidy. Prints what is wrong and ends with `N passed, N failed`.

    check.py [--no-analyzer] [format|layers|headers|built|spelling|shell|faults|events|ddl|tidy]…

All of them by default. tidy takes some minutes on two cores the first time, and three times as long with the path-sensitive checks of
clang-analyzer-*, which `--no-analyzer` leaves out (docs/adr/2026-11-22-analyzer-outside-of-the-test-run.md).
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.chdir(ROOT)

# The arrows of docs/architecture.md: a folder may include itself and what stands here, nothing else.
LAYERS = {
    "base": [],
    "net": ["crypto", "base"],
    "crypto": ["base"],
    "wire": ["base"],
    "model": ["base"],
    "http": ["net", "crypto", "base"],
    "transform": ["model", "base"],
    "pipeline": ["transform", "model", "base"],
    "engine": ["pipeline", "transform", "model", "wire", "net", "crypto", "base"],
    "store": ["model", "base"],
    "job": ["engine", "pipeline", "transform", "store", "crypto", "model", "base"],
    "api": ["job", "store", "engine", "http", "crypto", "model", "base"],
    "drsd": ["api", "job", "store", "engine", "http", "crypto", "net", "model", "base"],
    "drsctl": ["http", "net", "crypto", "base"],
}
# Heavy headers stay in .cpp files (docs/architecture.md).
HEAVY = re.compile(r'#include <(boost/|spdlog/|nlohmann/json\.hpp|toml\+\+|CLI/|mysql)')
NO_ANALYZER = False
HEAVY_ALLOWED = {"src/model/field_spec.h", "src/http/transport.h"}


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "--", *patterns], capture_output=True, text=True, check=True).stdout
    return [f for f in out.splitlines() if os.path.exists(f)]


def check_format():
    run = subprocess.run(["clang-format-19", "--dry-run", "--Werror", *tracked("*.h", "*.cpp")], capture_output=True, text=True)
    wrong = sorted({line.split(":")[0] for line in run.stderr.splitlines() if "error:" in line})
    return [f"{f}: not formatted (./x format)" for f in wrong]


def layer_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] in ("src", "apps") else None


def check_layers(files=None):
    problems = []
    for path in files if files is not None else tracked("src/*.h", "src/*.cpp", "apps/*.h", "apps/*.cpp"):
        layer = layer_of(path)
        if layer not in LAYERS:
            problems.append(f"{path}: the folder {layer} is not in the table of layers")
            continue
        for number, line in enumerate(open(path, encoding="utf-8"), 1):
            found = re.match(r'\s*#include "([a-z_]+)/', line)
            if found and found[1] not in (layer, *LAYERS[layer]):
                problems.append(f"{path}:{number}: {layer} must not include {found[1]}")
    return problems


def check_headers():
    problems = []
    for path in tracked("src/*.h", "apps/*.h"):
        text = open(path, encoding="utf-8").read()
        if "#pragma once" not in text:
            problems.append(f"{path}: no #pragma once")
        if path not in HEAVY_ALLOWED and (found := HEAVY.search(text)):
            problems.append(f"{path}: {found[0]}… belongs into a .cpp file")
    for folder in sorted({str(pathlib.Path(p).parent) for p in tracked("src/*.cpp")}):
        if not os.path.exists(f"{folder}/README.md"):
            problems.append(f"{folder}: no README.md")
    return problems


def check_built():
    """A source that no CMakeLists.txt names is neither compiled nor tested."""
    named = set()
    for listing in tracked("*CMakeLists.txt"):
        for name in re.findall(r"[\w./]+\.cpp", open(listing, encoding="utf-8").read()):
            named.add(os.path.normpath(os.path.join(os.path.dirname(listing), name)))
    return [f"{path}: in no CMakeLists.txt" for path in tracked("src/*.cpp", "apps/*.cpp", "tests/*.cpp") if path not in named]


def check_spelling():
    words = "tools/spelling.txt"
    names = r"\b[a-z]+[A-Z]\w*\b"  # camelCase is code, not prose
    run = subprocess.run(["codespell", "--quiet-level=2", f"--ignore-words={words}", f"--ignore-regex={names}", *[f for f in tracked() if not f.startswith(("LICENSE", "tests/fuzz/", "tests/wire/"))]],
                         capture_output=True, text=True)
    return run.stdout.splitlines()


def check_shell():
    run = subprocess.run(["shellcheck", "x", ".ci/run", *tracked("*.sh")], capture_output=True, text=True)
    return run.stdout.splitlines()


def check_faults(page="docs/reference/faults.md"):
    """Every line of the page's tables names tests, and they exist: in tests/integration/test_faults.py unless it says where."""
    problems, known = [], {}
    for number, line in enumerate(open(page, encoding="utf-8"), 1):
        cells = line.split("|")
        if len(cells) < 3 or cells[1].strip() in ("fault", "statement", "---"):
            continue
        named = re.findall(r"`(?:([\w/]+\.py): )?(\w+)`", cells[-2])
        if not named:
            problems.append(f"{page}:{number}: names no test")
        for file, test in named:
            path = "tests/" + (file if "/" in file else "integration/" + (file or "test_faults.py"))
            if path not in known:
                known[path] = set(re.findall(r"^def (test_\w+)", open(path, encoding="utf-8").read(), re.M)) if os.path.exists(path) else set()
            if test not in known[path]:
                problems.append(f"{page}:{number}: {path} has no {test}")
    return problems


def check_events(page="docs/reference/mysql-events.md"):
    """Every type of event that the decoder knows has one line there, which names a test that exists."""
    names = set(re.findall(r'\{EventType::\w+, "([^"]+)"\}', open("src/wire/mysql/event.cpp", encoding="utf-8").read()))
    suites = "".join(open(path, encoding="utf-8").read() for path in tracked("tests/wire/*_test.cpp"))
    tests = {f"{suite}.{test}" for suite, test in re.findall(r"^TEST(?:_P|_F)?\((\w+), (\w+)\)", suites, re.M)}
    problems, seen = [], []
    for number, line in enumerate(open(page, encoding="utf-8"), 1):
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != 6 or cells[1] in ("event", "---"):
            continue
        seen += cells[1].split(", ")
        file, _, test = cells[4].strip("`").rpartition(": ")
        path = f"tests/integration/{file}"
        found = re.search(rf"^def {re.escape(test)}\b", open(path, encoding="utf-8").read(), re.M) if file and os.path.exists(path) else test in tests
        if not found:
            problems.append(f"{page}:{number}: no test {cells[4]}")
    problems += [f"{page}: no line for {name}" for name in sorted(names - set(seen))]
    return problems + [f"{page}: {name} has two lines or is no event" for name in sorted({n for n in seen if seen.count(n) > 1 or n not in names})]


def tidy_one(unit, key, stamp):
    """One unit; one whose content, headers and settings have not changed since it passed is not looked at again."""
    groups = ["--checks=-clang-analyzer-*"] if NO_ANALYZER else []
    command = ["clang-tidy-19", "--quiet", "-p", "build/tidy", "--warnings-as-errors=*", *groups, unit]
    run = subprocess.run(command, capture_output=True, text=True)
    lines = [line for line in run.stdout.splitlines() if ": error:" in line or ": warning:" in line]
    if run.returncode == 0:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(key)
    return lines or ([] if run.returncode == 0 else [f"{unit}: clang-tidy failed: {run.stderr.strip()[-300:]}"])


def tidy_units():
    """What is compiled at once (DRS_UNITY), with the sources in it: shared headers are read ten times less often."""
    # A configuration of its own, never built: developers may build single files.
    subprocess.run(["cmake", "--preset", "dev", "-B", "build/tidy", "-DDRS_UNITY=ON", "-DDRS_TESTS=OFF"], check=True, capture_output=True)
    for entry in json.load(open("build/tidy/compile_commands.json", encoding="utf-8")):
        path = pathlib.Path(entry["file"])
        sources = [path]
        if path.suffix == ".cxx":
            sources = [pathlib.Path(name) for name in re.findall(r'#include "(.*\.cpp)"', path.read_text(encoding="utf-8"))]
        sources = [source for source in sources if source.relative_to(ROOT).parts[0] in ("src", "apps")]  # not what the build makes
        if sources:
            yield str(path), sources


def check_tidy():
    headers = hashlib.sha256()
    for path in [".clang-tidy", *tracked("src/*.h", "src/*.def", "apps/*.h")]:
        headers.update(open(path, "rb").read())
    problems, work = [], []
    for unit, sources in tidy_units():
        content = hashlib.sha256(headers.digest())
        for source in sources:
            content.update(source.read_bytes())
        key = content.hexdigest() + " no-analyzer" * NO_ANALYZER
        stamp = ROOT / "build/tidy/passed" / (str(sources[0].relative_to(ROOT)).replace("/", "_") + ".passed")
        if not (stamp.exists() and stamp.read_text() == key):
            work.append((unit, key, stamp))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for lines in pool.map(lambda w: tidy_one(*w), work):
            problems += lines
    return sorted(set(problems))


CHECKS = {"format": check_format, "layers": check_layers, "headers": check_headers, "built": check_built, "spelling": check_spelling, "shell": check_shell, "faults": check_faults, "events": check_events, "ddl": lambda: check_faults("docs/reference/mysql-ddl.md"), "tidy": check_tidy}


def main(names):
    passed = failed = 0
    for name in names or CHECKS:
        problems = CHECKS[name]()
        print(f"{name}: {'ok' if not problems else f'{len(problems)} problems'}")
        for problem in problems[:60]:
            print("  " + problem)
        passed, failed = passed + (not problems), failed + bool(problems)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    NO_ANALYZER = "--no-analyzer" in sys.argv
    sys.exit(main([name for name in sys.argv[1:] if name != "--no-analyzer"]))
