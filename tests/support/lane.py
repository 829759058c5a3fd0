"""A task in the incremental phase, for tests of schema changes."""
import time

from support import rows
from support.drsd import job, wait_for, whole

FAST = "[worker]\npoll_millis = 100\nretry_limit = 3\nretry_max_seconds = 1\n"
ITEM = ("CREATE TABLE item (id INT PRIMARY KEY, a VARCHAR(20), b INT, KEY kb (b))",
        "INSERT INTO item VALUES (1,'eins',10),(2,'zwei',20),(3,NULL,NULL)")


class Lane:
    """A task in the incremental phase over a database with `before` in it."""

    def __init__(self, service, pair, database, before=(), target_database=None, selection=None, through=None, **more):
        self.client, self.service = service.client, service
        self.source, self.target = pair
        self.database, self.copy = database, target_database or database + "_c"
        self.source.execute(f"CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
        self.run("CREATE TABLE marker (id INT PRIMARY KEY, n BIGINT)", *before)
        (self.id,) = self.client.start(job(database[:40], *(through or pair), selection or whole(database, self.copy), **more))
        self.client.wait_status(self.id, "INCRE_TRANSFER_STARTED")
        self.arrive()

    def run(self, *statements):
        self.source.execute(*statements, database=self.database)

    def state(self):
        return f"{self.client.status(self.id)} {self.client.logs(self.id)[:6]}"

    def arrive(self, seconds=60):
        value = time.time_ns() // 1000
        self.run(f"REPLACE INTO marker VALUES (1, {value})")

        def look():
            assert not self.client.status(self.id).endswith("_FAILED"), self.state()
            return self.target.execute("SELECT n FROM marker", database=self.copy) == ((value,),)
        wait_for(look, seconds, "the marker row", self.state)

    def equal(self, *names):
        self.arrive()
        rows.assert_equal(self.source, self.database, self.target, self.copy, *names)

    def definition(self, server, database, table):
        columns = server.execute("SELECT column_name, ordinal_position, column_type, is_nullable, column_default, character_set_name, collation_name, extra "
                                 f"FROM information_schema.columns WHERE table_schema='{database}' AND table_name='{table}' ORDER BY 2")
        indexes = server.execute("SELECT index_name, non_unique, seq_in_index, column_name, sub_part FROM information_schema.statistics "
                                 f"WHERE table_schema='{database}' AND table_name='{table}' ORDER BY 1, 3")
        return columns, indexes

    def same(self, table, copy=None):
        assert self.definition(self.source, self.database, table) == self.definition(self.target, self.copy, copy or table)

    def stopped(self, *parts):
        wait_for(lambda: self.client.status(self.id) == "INCRE_TRANSFER_FAILED", 60, "the stop", self.state)
        errors = [text for level, text in self.client.logs(self.id) if level.lower() == "error"]
        for part in parts:
            assert part.lower() in errors[0].lower(), (part, errors)

    def states(self):
        return [row[0].decode() if isinstance(row[0], bytes) else row[0]
                for row in self.target.execute(f"SELECT state FROM drs_ctl.ddl WHERE job_id='{self.id}' ORDER BY seq_no")]

    def ddl(self):
        """(state, text) of the statements that the API lists, oldest first."""
        return [(one["state"], one["ddl_text"]) for one in reversed(self.listed(limit=100)["ddl_list"])]

    def number(self):
        """Of the newest statement."""
        return self.listed(limit=1)["ddl_list"][0]["seqno"]

    def listed(self, **query):
        return self.client.call("GET", f"/jobs/{self.id}/ddl", query=list(query.items()))

    def tables(self):
        return {row[0] for row in self.target.execute("SHOW TABLES", database=self.copy)}
