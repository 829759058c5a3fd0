#!/usr/bin/env python3
"""./x test: builds what the tests need, runs all suites and adds up their results. The last line is
`N passed, N failed, N skipped`.

    run_tests.py [--all] [--only SUITE,…]     suites: check unit tsan fuzz contract integration smoke crash
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]
REPORTS = ROOT / "build/reports"
JOBS = str(os.cpu_count())
PYTEST = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short"]
TSAN_TESTS = ["test_base", "test_pipeline", "test_job", "test_store", "test_http", "test_job_run"]


class Totals:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.notes = []

    def add(self, passed, failed, skipped=0):
        self.passed, self.failed, self.skipped = self.passed + passed, self.failed + failed, self.skipped + skipped

    def xml(self, path, name):
        """Adds a JUnit or GoogleTest report; a missing one is a failure."""
        if not path.exists():
            self.add(0, 1)
            self.notes.append(f"{name}: ended without a report")
            return
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            skip = case.find("skipped")
            if case.find("failure") is not None or case.find("error") is not None:
                self.add(0, 1)
                self.notes.append(f"FAILED {name}: {case.get('classname')}.{case.get('name')}")
            elif skip is not None or case.get("status") == "notrun" or case.get("result") == "skipped":
                self.add(0, 0, 1)
                self.notes.append(f"skipped {name}: {case.get('name')}: {skip.get('message') if skip is not None else ''}")
            else:
                self.add(1, 0)


def say(text):
    print(f"\n== {time.strftime('%H:%M:%S')} {text}", flush=True)


def run(command, **more):
    """Runs a command with its output shown; True if it ended with 0."""
    return subprocess.run([str(c) for c in command], cwd=ROOT, **more).returncode == 0


def configure(preset):
    if not (ROOT / f"build/{preset}/build.ninja").exists():
        subprocess.run(["cmake", "--preset", preset], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def build(preset, *targets):
    configure(preset)
    return run(["cmake", "--build", f"build/{preset}", "-j", JOBS, *(["--target", *targets] if targets else [])], stdout=subprocess.DEVNULL)


def gtest(totals, preset, program, environment=None):
    report = REPORTS / f"{preset}-{program}.xml"
    report.unlink(missing_ok=True)
    out = subprocess.run([ROOT / f"build/{preset}/bin" / program, f"--gtest_output=xml:{report}", "--gtest_brief=1"], cwd=ROOT, capture_output=True, text=True,
                         env={**os.environ, **(environment or {})})
    print(f"{preset} {program}: {'ok' if out.returncode == 0 else out.stdout[-6000:] + out.stderr[-6000:]}", flush=True)
    totals.xml(report, f"{preset} {program}")
    if out.returncode and report.exists() and not any("FAILED" in n and program in n for n in totals.notes):
        totals.add(0, 1)  # a sanitizer found something after the last test
        totals.notes.append(f"FAILED {preset} {program}: ended with {out.returncode}")


def pytest(totals, name, paths, preset="release", environment=None, arguments=()):
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    run([*PYTEST, f"--junitxml={report}", *arguments, *paths], env={**os.environ, "OPENDRS_PRESET": preset, **(environment or {})})
    totals.xml(report, name)


def programs(preset):
    return sorted(p.name for p in (ROOT / f"build/{preset}/bin").glob("test_*"))


def start_tidy(args):
    """clang-tidy needs no server and a third of all the processor time: it runs beside everything else, behind it."""
    log = open(REPORTS / "tidy.log", "w", encoding="utf-8")
    command = ["nice", "-n", "19", "/usr/bin/python3", "tools/check.py", *([] if args.all else ["--no-analyzer"]), "tidy"]
    return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)


def finish_tidy(totals, tidy):
    began = time.monotonic()
    failed = tidy.wait() != 0
    print((REPORTS / "tidy.log").read_text(encoding="utf-8")[-8000:])
    print(f"tidy: {time.monotonic() - began:.0f} s more", flush=True)
    totals.add(int(not failed), int(failed))
    if failed:
        totals.notes.append("FAILED check: tidy")


# -- suites ----------------------------------------------------------------------------------------------------------
def suite_check(totals, args):
    out = subprocess.run(["/usr/bin/python3", "tools/check.py", "format", "layers", "headers", "built", "spelling", "shell", "faults", "events", "ddl"], cwd=ROOT, capture_output=True, text=True)
    print(out.stdout[-8000:])
    found = re.search(r"(\d+) passed, (\d+) failed", out.stdout)
    totals.add(*(int(n) for n in found.groups()) if found else (0, 1))


def suite_unit(totals, args):
    """Unit, wire and pipeline tests under ASan and UBSan."""
    with concurrent.futures.ThreadPoolExecutor(int(JOBS)) as pool:
        list(pool.map(lambda p: gtest(totals, "dev", p), programs("dev")))


def suite_tsan(totals, args):
    for program in [p for p in TSAN_TESTS if (ROOT / "build/tsan/bin" / p).exists()]:
        gtest(totals, "tsan", program, {"TSAN_OPTIONS": "halt_on_error=0 second_deadlock_stack=1"})


def suite_fuzz(totals, args):
    seconds = 600 if args.all else 30

    def one(program):
        name = program.name.removeprefix("fuzz_")
        corpus = ROOT / "build/fuzz/corpus" / name
        corpus.mkdir(parents=True, exist_ok=True)
        seeds = ROOT / "tests/fuzz/corpus" / name
        artifacts = ROOT / "build/fuzz/found"
        artifacts.mkdir(exist_ok=True)
        out = subprocess.run([program, f"-max_total_time={seconds}", "-max_len=65536", "-timeout=20", "-rss_limit_mb=2048", f"-artifact_prefix={artifacts}/{name}-",
                              corpus, *([seeds] if seeds.exists() else [])], capture_output=True, text=True)
        print(f"fuzz {name}: {'ok' if out.returncode == 0 else out.stderr[-3000:]}", flush=True)
        return name, out.returncode == 0

    with concurrent.futures.ThreadPoolExecutor(int(JOBS)) as pool:
        for name, good in pool.map(one, sorted((ROOT / "build/fuzz/bin").glob("fuzz_*"))):
            totals.add(int(good), int(not good))
            if not good:
                totals.notes.append(f"FAILED fuzz {name}")


def suite_contract(totals, args):
    pytest(totals, "contract", ["tests/contract"], preset="dev")


def suite_integration(totals, args):
    """Files side by side, one more than there are cores, each with servers of its own: most of the time goes by in waiting."""
    pytest(totals, "integration", ["tests/integration"], environment={"OPENDRS_ALL": "1"} if args.all else None,
           arguments=["-n", str(int(JOBS) + 1), "--dist", "loadfile"])


def suite_smoke(totals, args):
    """A part of the integration tests with the sanitizer build of drsd."""
    pytest(totals, "smoke", ["tests/integration"], preset="dev", arguments=["-m", "smoke"])


def suite_crash(totals, args):
    """The release build over MySQL, the sanitizer build over MariaDB; with --all further pairs."""
    def runs(name, pairs, kills, faults, redis_runs, preset="release"):
        counts = {"OPENDRS_KILLS": kills, "OPENDRS_FAULTS": faults, "OPENDRS_REDIS_RUNS": redis_runs, "OPENDRS_CRASH_PAIRS": os.environ.get("OPENDRS_CRASH_PAIRS", pairs)}
        pytest(totals, name, ["tests/crash"], preset=preset, environment=counts, arguments=["-s"])

    kills, faults = ("200", "60") if args.all else ("10", "10")
    os.environ.setdefault("OPENDRS_LOAD_KILLS", "25" if args.all else "4")
    runs("crash-release", "mysql>mysql", kills, faults, "180" if args.all else "16")
    runs("crash-asan", "mariadb>mariadb", kills, faults, "20" if args.all else "4", "dev")
    if args.all:
        runs("crash-all", "mariadb>mysql,mysql>mariadb,mariadb105>mariadb118,mariadb118>mariadb", "40", "20", "0")


SUITES = {"check": suite_check, "unit": suite_unit, "contract": suite_contract, "tsan": suite_tsan, "fuzz": suite_fuzz, "integration": suite_integration,
          "smoke": suite_smoke, "crash": suite_crash}
# The presets that a suite needs.
BUILDS = {"unit": ["dev"], "contract": ["dev"], "smoke": ["dev"], "crash": ["release", "dev"], "integration": ["release"], "tsan": ["tsan"], "fuzz": ["fuzz"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true", help="further server versions, long crash runs, long fuzzing")
    parser.add_argument("--only", default="", help="comma list of suites")
    args = parser.parse_args()
    wanted = args.only.split(",") if args.only else list(SUITES)
    REPORTS.mkdir(parents=True, exist_ok=True)
    totals = Totals()
    presets = {}
    for suite in wanted:
        for preset in BUILDS.get(suite, []):
            presets[preset] = TSAN_TESTS if preset == "tsan" else ()
    if "fuzz" in presets:
        presets["fuzz"] = ["fuzz_" + p.stem.removeprefix("fuzz_") for p in sorted((ROOT / "tests/fuzz").glob("fuzz_*.cpp"))]
    tidy = None
    if "check" in wanted:
        tidy = start_tidy(args)
    for preset, targets in presets.items():
        say(f"build {preset}")
        if not build(preset, *targets):
            totals.add(0, 1)
            totals.notes.append(f"FAILED build {preset}")
    for suite in wanted:
        say(suite)
        began = time.monotonic()
        SUITES[suite](totals, args)
        print(f"{suite}: {time.monotonic() - began:.0f} s", flush=True)
    if tidy:
        finish_tidy(totals, tidy)
    print()
    for note in totals.notes:
        print(note)
    if not totals.passed:
        totals.failed += 1  # nothing ran: never green
    print(f"{totals.passed} passed, {totals.failed} failed, {totals.skipped} skipped")
    return totals.failed > 0


if __name__ == "__main__":
    sys.exit(main())
