"""Random SQL conditions over a table of every kind of column, and its rows."""
import random

COLUMNS = {
    "number": ["i", "b", "u", "s", "de", "d2", "f", "d"],
    "integer": ["i", "b", "s", "u"],
    "text": ["v", "n", "m", "l", "c", "tx", "e", "st"],
    "moment": ["da", "dt", "d6", "ts"],
}


def create_table(mariadb):
    uca = "utf8mb4_unicode_ci" if mariadb else "utf8mb4_0900_ai_ci"
    return f"""CREATE TABLE t (id INT PRIMARY KEY, i INT, b BIGINT, u BIGINT UNSIGNED, s SMALLINT UNSIGNED NOT NULL, de DECIMAL(10,2), d2 DECIMAL(20,6),
        f FLOAT, d DOUBLE, v VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, n VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
        m VARCHAR(40) CHARACTER SET utf8mb4 COLLATE {uca}, l VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_swedish_ci,
        c CHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, tx TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
        vb VARBINARY(20), bn BINARY(4), da DATE, dt DATETIME, d6 DATETIME(6), ts TIMESTAMP NULL, ti TIME, y YEAR, bi BIT(5),
        e ENUM('red','Green','blue') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, st SET('a','b','c') CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci,
        js JSON)"""


WORDS = ["", "a", "A", "abc", "ABC", "abc ", "a_c", "a%c", "12", "-3.5", "12abc", " 7", "red", "blue", "x,y", "a\tb", "zz top", "O'Hara", "b\\c", "2024-02-29", "-", "_x"]
FOREIGN = ["é", "straße", "日本", "ÀB"]
INTEGERS = [0, 1, -1, 2, 3, 5, 7, 10, 100, -100, 2147483647, -2147483648]
MOMENTS = ["2024-02-29", "2023-12-31", "1999-01-01", "2024-03-15", "2030-06-30"]


def rows(chance, count):
    """Rows as tuples of literals, with every kind of special value among them."""

    def pick(*values):
        return None if chance.random() < 0.08 else chance.choice(values)

    def text():
        return pick(chance.choice(FOREIGN) if chance.random() < 0.03 else chance.choice(WORDS))

    for number in range(count):
        day = chance.choice(MOMENTS)
        yield (number, pick(*INTEGERS), pick(*INTEGERS, 2**63 - 1, -2**63, 2**53 + 1), pick(*[i for i in INTEGERS if i >= 0], 2**64 - 1, 2**63),
               chance.choice([0, 1, 2, 3, 65535]), pick("0", "1.50", "-1.50", "99999999.99", "2.25", "10"), pick("0", "0.333333", "-7.000001", "12345678901234.5"),
               pick(0, 0.1, 1.5, -2.25, 3e10), pick(0, 0.1, 1.5, -2.25, 1e300, 3), text(), text(), text(),
               pick("é") if chance.random() < 0.03 else pick(*WORDS), text() and chance.choice(WORDS)[:10], text(), pick(b"", b"a", b"abc", b"a\0", b"\xff"), pick(b"a", b"abcd", b"a\0b"),
               chance.choice(["0000-00-00", "2024-02-00"]) if chance.random() < 0.03 else pick(day), pick(day + " 00:00:00", day + " 13:14:15", "2024-03-15 23:59:59"),
               pick(day + " 13:14:15.000001", day + " 00:00:00"), pick("2024-02-29 01:02:03", "2023-12-31 23:59:59"), pick("00:00:00", "-01:30:00", "12:13:14", "100:00:01"),
               pick(2024, 1999, 0), pick(0, 1, 17), pick("red", "Green", "blue"), pick("", "a", "a,c", "a,b,c"), pick('{"a": 1}', "[]"))


def quote(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


class Conditions:
    """`wild`: the share of operands whose type is not the one that fits."""

    def __init__(self, seed, wild=0.02):
        self.chance, self.wild = random.Random(seed), wild

    def one(self):
        while True:
            text = self.condition(self.chance.choice([1, 1, 2, 2, 3]))
            if len(text) <= 512:
                return text

    def pick(self, *makers):
        return self.chance.choice(makers)()

    def some(self, kind, depth):
        """An operand of the kind, now and then of another."""
        if self.chance.random() < self.wild:
            kind = self.chance.choice(["integer", "number", "text", "moment"])
        return getattr(self, kind)(depth)

    def leaf_integer(self):
        return self.chance.choice(COLUMNS["integer"]) if self.chance.random() < 0.6 else str(self.chance.choice(INTEGERS + [12345678901]))

    def integer(self, depth):
        if depth <= 0 or self.chance.random() < 0.35:
            return self.leaf_integer()
        i, t, m, d = (lambda k=kind: self.some(k, depth - 1) for kind in ("integer", "text", "moment", "number"))
        small = lambda: str(self.chance.choice([0, 1, 2, 3, 5, -1, -2]))
        return self.pick(
            lambda: f"({i()} {self.chance.choice('+-*')} {small()})", lambda: f"({i()} {self.chance.choice(['DIV', '%', 'MOD'])} {small()})",
            lambda: f"{i()} {self.chance.choice('+-')} {i()}", lambda: f"-{self.chance.choice(COLUMNS['integer'])}", lambda: f"({i()} {self.chance.choice(['|', '&', '^', '<<', '>>'])} {small()})",
            lambda: f"~{self.chance.choice(COLUMNS['integer'])}", lambda: f"{self.chance.choice(['ABS', 'SIGN', 'BIT_COUNT', 'FLOOR', 'CEILING', 'ROUND'])}({i()})",
            lambda: f"{self.chance.choice(['LENGTH', 'CHAR_LENGTH', 'ASCII', 'OCTET_LENGTH', 'CHARACTER_LENGTH', 'ORD'])}({t()})",
            lambda: f"{self.chance.choice(['YEAR', 'MONTH', 'DAY', 'QUARTER', 'DAYOFWEEK', 'WEEKDAY', 'DAYOFYEAR', 'TO_DAYS', 'DAYOFMONTH'])}({m()})",
            lambda: f"{self.chance.choice(['HOUR', 'MINUTE', 'SECOND', 'MICROSECOND'])}({self.chance.choice(['dt', 'd6', 'ts', 'ti'])})",
            lambda: f"EXTRACT({self.chance.choice(['YEAR', 'MONTH', 'DAY', 'YEAR_MONTH', 'QUARTER'])} FROM {m()})", lambda: f"DATEDIFF({m()}, {m()})",
            lambda: f"UNIX_TIMESTAMP({self.chance.choice(['dt', 'ts'])})", lambda: "TIME_TO_SEC(ti)", lambda: f"INSTR({t()}, {quote(self.chance.choice(WORDS))})",
            lambda: f"LOCATE({quote(self.chance.choice(WORDS))}, {t()}, {small()})", lambda: f"POSITION('b' IN {t()})", lambda: f"STRCMP({t()}, {t()})",
            lambda: f"FIELD({t()}, 'a', 'abc', '12')", lambda: f"FIELD({i()}, {small()}, {i()})", lambda: f"FIND_IN_SET('y', {t()})", lambda: f"CAST({d()} AS SIGNED)", lambda: f"CAST({i()} AS UNSIGNED)",
            lambda: f"IF({self.condition(depth - 1)}, {i()}, {small()})", lambda: f"IFNULL({i()}, {small()})", lambda: f"COALESCE(NULL, {i()}, 4)", lambda: f"NULLIF({i()}, {small()})",
            lambda: f"CASE WHEN {self.condition(depth - 1)} THEN {small()} ELSE {i()} END", lambda: f"CASE {i()} WHEN 1 THEN 5 WHEN {small()} THEN 6 END",
            lambda: f"GREATEST(i, {small()}, 3)", lambda: f"LEAST({i()}, 2)", lambda: f"MOD({i()}, 3)", lambda: f"ISNULL({t()})")

    def number(self, depth):
        if depth <= 0 or self.chance.random() < 0.4:
            return self.chance.choice(COLUMNS["number"] + ["1.5", "-2.25", "0.1", "1e0", "2.5e-1", "100.00"])
        n = lambda: self.some("number", depth - 1)
        return self.pick(
            lambda: self.integer(depth), lambda: f"({n()} {self.chance.choice('+-*')} {n()})", lambda: f"({n()} / {self.chance.choice([1, 2, 4, 5, 10])})", lambda: f"({n()} % {self.chance.choice([2, 3])})",
            lambda: f"ROUND({self.chance.choice(['de', 'd2'])}, {self.chance.choice([0, 1, 2, 4])})", lambda: f"TRUNCATE({self.chance.choice(['de', 'd2'])}, 1)", lambda: f"FLOOR({n()})", lambda: f"CEIL({n()})", lambda: f"ABS({n()})",
            lambda: f"CAST({self.chance.choice(['de', 'd2', 'i'])} AS DECIMAL(20,3))", lambda: f"SQRT({n()})", lambda: f"-({n()})", lambda: f"GREATEST(de, d2, 1.5)", lambda: f"IFNULL({n()}, 0.5)", lambda: f"({self.chance.choice(['v', 'n'])} + 0)")

    def text(self, depth):
        if depth <= 0 or self.chance.random() < 0.45:
            return self.chance.choice(COLUMNS["text"]) if self.chance.random() < 0.75 else quote(self.chance.choice(WORDS))
        column = self.chance.choice(COLUMNS["text"][:6])
        small = lambda: str(self.chance.choice([0, 1, 2, 3, -1, -2, 9]))
        t = lambda: column if self.chance.random() < 0.6 else self.text_of(column, depth - 1)
        literal = lambda: quote(self.chance.choice(WORDS))
        return self.pick(
            lambda: f"CONCAT({t()}, {literal()})", lambda: f"CONCAT({t()}, {self.chance.choice(['i', 's', '5', 'de'])})", lambda: f"CONCAT_WS(',', {t()}, {literal()}, {column})", lambda: f"UPPER({t()})", lambda: f"LOWER({t()})",
            lambda: f"TRIM({t()})", lambda: f"LTRIM({t()})", lambda: f"RTRIM({t()})", lambda: f"TRIM({self.chance.choice(['BOTH', 'LEADING', 'TRAILING'])} 'a' FROM {t()})", lambda: f"LEFT({t()}, {small()})", lambda: f"RIGHT({t()}, {small()})",
            lambda: f"SUBSTRING({t()}, {small()})", lambda: f"SUBSTR({t()}, {small()}, {small()})", lambda: f"MID({t()}, {small()}, 2)", lambda: f"REPLACE({t()}, {literal()}, {literal()})", lambda: f"REVERSE({t()})", lambda: f"REPEAT({t()}, {small()})",
            lambda: f"LPAD({t()}, {self.chance.choice([0, 3, 8])}, 'xy')", lambda: f"RPAD({t()}, {self.chance.choice([0, 3, 8])}, ' ')", lambda: f"HEX({t()})", lambda: f"HEX({self.integer(depth - 1)})", lambda: f"ELT({self.leaf_integer()}, {t()}, {literal()})",
            lambda: f"SUBSTRING_INDEX({t()}, {quote(self.chance.choice(['b', ',', ' ']))}, {small()})", lambda: f"IF({self.condition(depth - 1)}, {t()}, {literal()})", lambda: f"COALESCE({t()}, {literal()})", lambda: f"NULLIF({t()}, {literal()})",
            lambda: f"CASE WHEN {self.condition(depth - 1)} THEN {t()} ELSE {literal()} END", lambda: f"CAST({self.leaf_integer()} AS CHAR)", lambda: f"CONCAT({self.chance.choice(['da', 'dt', 'd6', 'ti'])}, {literal()})")

    def text_of(self, column, depth):
        """A text made of one column, so that collations agree."""
        return self.pick(lambda: f"LOWER({column})", lambda: f"CONCAT({column}, 'b')", lambda: f"TRIM({column})", lambda: f"LEFT({column}, 3)", lambda: f"IFNULL({column}, 'A')")

    def moment(self, depth):
        if depth <= 0 or self.chance.random() < 0.6:
            return self.chance.choice(COLUMNS["moment"])
        m = lambda: self.some("moment", depth - 1)
        count = lambda: self.chance.choice(["1", "-1", "30", "400", "s", "2"])
        unit = lambda: self.chance.choice(["DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "HOUR", "MINUTE", "SECOND"])
        return self.pick(lambda: f"DATE({m()})", lambda: f"LAST_DAY({m()})", lambda: f"({m()} {self.chance.choice('+-')} INTERVAL {count()} {unit()})", lambda: f"DATE_ADD({m()}, INTERVAL {count()} {unit()})",
                         lambda: f"DATE_SUB({m()}, INTERVAL {count()} {unit()})", lambda: f"DATE'{self.chance.choice(MOMENTS)}'", lambda: f"CAST({m()} AS DATE)", lambda: f"IFNULL({self.chance.choice(['da, da', 'dt, ts', 'ts, dt'])})")

    def comparison(self, depth):
        symbol = self.chance.choice(["=", "<>", "!=", "<", "<=", ">", ">=", "<=>"])
        kind = self.chance.choice(["integer", "number", "text", "text", "moment", "time", "guarded", "bytes"])
        if kind == "time":
            return f"ti {symbol} '{self.chance.choice(['00:00:00', '12:13:14', '-01:30:00', '100:00:01'])}'"
        if kind == "guarded":
            return self.chance.choice([f"y {symbol} {self.chance.choice([2024, 1999, 2155])}", f"bi {symbol} {self.chance.choice([0, 1, 17])}"])
        if kind == "bytes":
            return f"{self.chance.choice(['vb', 'bn'])} {symbol} {self.chance.choice(['vb', 'bn', quote('a'), quote('abc'), quote('abcd')])}"
        if kind == "moment" and self.chance.random() < 0.6:
            day = self.chance.choice(MOMENTS)
            column = self.chance.choice(COLUMNS["moment"])
            clock = " 13:14:15" if column != "da" and self.chance.random() < 0.5 else ""
            pair = [column, quote(day + clock)]
            self.chance.shuffle(pair)
            return f"{pair[0]} {symbol} {pair[1]}"
        if kind == "text" and self.chance.random() < 0.1:
            return f"{self.some('text', 0)} {symbol} {self.some('integer', 0)}"
        return f"{self.some(kind, depth - 1)} {symbol} {self.alike(kind, depth - 1)}"

    def alike(self, kind, depth):
        """The right side: texts mostly literals, because columns of two collations do not go together."""
        if kind == "text" and self.chance.random() < 0.85:
            return quote(self.chance.choice(WORDS))
        return self.some(kind, depth)

    def condition(self, depth):
        c = lambda: self.condition(depth - 1)
        if depth > 0 and self.chance.random() < 0.5:
            return self.pick(lambda: f"{c()} AND {c()}", lambda: f"({c()}) OR {c()}", lambda: f"({c()} OR {c()})", lambda: f"NOT {c()}", lambda: f"NOT ({c()})", lambda: f"({c()} XOR {c()})", lambda: f"!({c()})",
                             lambda: f"({c()}) IS {self.chance.choice(['TRUE', 'FALSE', 'NOT TRUE', 'NOT FALSE', 'UNKNOWN', 'NULL', 'NOT NULL'])}", lambda: f"{c()} && {c()}")
        negated = self.chance.choice(["", "", "NOT "])
        literal = lambda: quote(self.chance.choice(WORDS))
        return self.pick(
            lambda: self.comparison(depth), lambda: self.comparison(depth), lambda: self.comparison(depth), lambda: f"{self.chance.choice(['i', 'v', 'da', 'js', 'e', 'ti', 'bi', 'vb'])} IS {negated}NULL",
            lambda: f"{self.some('text', depth - 1)} {negated}LIKE {quote(self.chance.choice(['a%', '%c', '_b%', 'abc', '%', 'a', '%b%', '1_', 'a!_c', '%,%', 'A%C']))}", lambda: f"{self.some('text', 0)} {negated}LIKE 'a!_c' ESCAPE '!'",
            lambda: f"{self.chance.choice(COLUMNS['text'][:6])} {negated}" + r"LIKE 'a\_c'",
            lambda: f"{self.some('integer', depth - 1)} {negated}IN ({', '.join(str(self.chance.choice(INTEGERS)) for _ in range(3))})", lambda: f"{self.some('text', depth - 1)} {negated}IN ({literal()}, {literal()}, NULL)",
            lambda: f"{self.some('text', 0)} {negated}IN ({literal()}, {literal()})", lambda: f"{self.some('number', depth - 1)} {negated}BETWEEN {self.some('number', 0)} AND {self.some('number', 0)}",
            lambda: f"{self.some('text', 0)} {negated}BETWEEN {literal()} AND {literal()}", lambda: f"{self.chance.choice(['da', 'dt'])} {negated}BETWEEN '2023-01-01' AND '2024-03-01'", lambda: f"{self.some('integer', depth - 1)}",
            lambda: f"{self.chance.choice(['v', 'n', 'm'])} COLLATE utf8mb4_bin = {literal()}", lambda: f"BINARY {self.chance.choice(['v', 'n'])} = {literal()}")
