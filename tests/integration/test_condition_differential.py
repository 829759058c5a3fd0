"""Row filters: our evaluation of random SQL conditions on random rows is the source's own, or none at all."""
import json
import os
import pathlib
import random
import subprocess

import pymysql
import pytest

from support import conditions, servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / os.environ.get("OPENDRS_PRESET", "release") / "bin/condition_eval"
COUNT = int(os.environ.get("OPENDRS_CONDITIONS") or (20000 if os.environ.get("OPENDRS_ALL") else 300))
SEED = int(os.environ.get("OPENDRS_SEED") or random.randrange(10**6))
ROWS = 60
BATCH = 40
# What the sessions of the engine set (connection.cpp).
SESSION = ("SET NAMES utf8mb4, time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,STRICT_ALL_TABLES', "
           "sql_auto_is_null = 0, div_precision_increment = 4")


def letter(value):
    """A value of SELECT as the verdict on the row."""
    if value is None:
        return "N"
    try:
        return "1" if float(value) else "0"
    except (TypeError, ValueError):
        return "-"  # texts and dates in the place of a condition: always the server's


class Judge:
    """What the server says of conditions, for each row in turn; E where it fails."""

    def __init__(self, server, database):
        self.cursor = server.connect(database, init_command=SESSION).cursor()

    def of_all(self, texts):
        try:
            self.cursor.execute("SELECT " + ", ".join(f"({text})" for text in texts) + " FROM t ORDER BY id")
            columns = zip(*self.cursor.fetchall())
            return ["".join(map(letter, column)) for column in columns]
        except pymysql.err.MySQLError:
            return [self.of_one(text) for text in texts]

    def of_one(self, text):
        try:
            self.cursor.execute(f"SELECT ({text}) FROM t ORDER BY id")
            return "".join(letter(value) for value, in self.cursor.fetchall())
        except pymysql.err.MySQLError as error:
            whole = str(error)
        verdicts = ""
        for number in range(ROWS):
            try:
                self.cursor.execute(f"SELECT ({text}) FROM t WHERE id = {number}")
                verdicts += letter(self.cursor.fetchone()[0])
            except pymysql.err.MySQLError:
                verdicts += "E"
        return verdicts if verdicts.strip("E") else "!" + whole

    def selected(self, text):
        """The rows that a WHERE finds, as a copy does; nothing if it fails."""
        try:
            self.cursor.execute(f"SELECT id FROM t WHERE ({text})")
            return {number for number, in self.cursor.fetchall()}
        except pymysql.err.MySQLError:
            return None


def ask_ours(server, database, texts):
    run = subprocess.run([PROGRAM, str(server.port), servers.USER, servers.PASSWORD, database, "t"], input="".join(json.dumps(t) + "\n" for t in texts),
                         capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def difference(ours, servers_own, selected):
    """Why a verdict of ours is wrong; an empty text if none is."""
    if ours.startswith("!") or servers_own.startswith("!"):
        return ""
    for number, (our, own) in enumerate(zip(ours, servers_own)):
        if our not in ("?", own):
            return f"row {number}: ours {our}, the server's {own}"
        if our != "?" and selected is not None and (our == "1") != (number in selected):
            return f"row {number}: ours {our}, WHERE says {number in selected}"
    return ""


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_verdicts_are_the_sources_own(request, kind, database):
    server = request.getfixturevalue(f"{kind}_pair")[0]
    server.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
    server.execute(conditions.create_table(server.mariadb), database=database)
    rows = list(conditions.rows(random.Random(SEED), ROWS))
    with server.connect(database, init_command=SESSION) as c, c.cursor() as cursor:
        cursor.executemany(f"INSERT INTO t VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)
    source = conditions.Conditions(SEED)
    judge = Judge(server, database)
    wrong, asked, judged, refused, failed = [], 0, 0, {}, 0
    texts = [source.one() for _ in range(COUNT)]
    ours = ask_ours(server, database, texts)
    assert len(ours) == COUNT
    for start in range(0, COUNT, BATCH):
        batch = list(zip(texts[start:start + BATCH], ours[start:start + BATCH]))
        for (text, our), own in zip(batch, judge.of_all([text for text, _ in batch])):
            selected = judge.selected(text)
            if why := difference(our, own, selected):
                wrong.append(f"{text}\n   {why}")
            if our.startswith("!"):
                refused[our] = text
            if own.startswith("!"):
                failed += 1
            elif not our.startswith("!"):
                asked += our.count("?")
                judged += len(our)
    print(f"{kind}: seed {SEED}, {COUNT} conditions, {judged} verdicts, {asked / max(1, judged):.2%} asked, {len(refused)} refusals, {failed} wrong for the server")
    assert not wrong, f"seed {SEED}, {len(wrong)} differences:\n" + "\n".join(wrong[:20])
    assert not refused, refused
    # Of few conditions a handful can be ones that only the server judges.
    assert asked < (0.05 if COUNT >= 5000 else 0.12) * judged
