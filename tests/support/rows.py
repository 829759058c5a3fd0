"""A comparison that shares nothing with the product: every row of a table, fetched by a plain client."""
import struct

import pymysql

NUMBERS = ("int", "bigint", "smallint", "tinyint", "mediumint", "decimal", "year")
TIMES = ("date", "datetime", "timestamp", "time")


def _expression(quoted, kind):
    if kind in ("float", "double"):
        return f"{quoted}*1e0"
    if kind in TIMES:
        return f"CAST({quoted} AS CHAR)"
    if kind == "json":
        return f"HEX(CAST({quoted} AS CHAR CHARACTER SET utf8mb4))"
    if kind in ("enum", "set"):
        return f"CONCAT(CAST({quoted} AS UNSIGNED),':',HEX(CAST({quoted} AS CHAR CHARACTER SET utf8mb4)))"
    return quoted if kind in NUMBERS else f"HEX({quoted})"


def _value(value, kind, signed_zeros):
    if value is None or kind not in ("float", "double"):
        return value
    return struct.pack(">d", float(value) if signed_zeros else float(value) + 0.0)


def fetch(server, database, table, signed_zeros):
    """All rows as tuples, sorted by their own text: bytes in hexadecimal, floats bit by bit."""
    with server.connect(database, cursorclass=pymysql.cursors.SSCursor) as c, c.cursor() as cursor:
        if not server.mariadb:
            cursor.execute("SET show_gipk_in_create_table_and_information_schema=ON")
        cursor.execute("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema=%s AND table_name=%s ORDER BY ordinal_position",
                       (database, table))
        columns = [("`" + name.replace("`", "``") + "`", kind) for name, kind in cursor.fetchall()]
        kinds = [kind for _, kind in columns]
        name = table.replace("`", "``")
        cursor.execute(f"SELECT {', '.join(_expression(*column) for column in columns)} FROM `{name}`")
        return sorted((tuple(_value(v, k, signed_zeros) for v, k in zip(row, kinds)) for row in cursor.fetchall()), key=repr)


def assert_equal(source, source_db, target, target_db, *names):
    signed_zeros = not source.mariadb and not target.mariadb  # MariaDB shows no negative zero
    for name in names:
        source_table, target_table = name if isinstance(name, tuple) else (name, name)
        left, right = fetch(source, source_db, source_table, signed_zeros), fetch(target, target_db, target_table, signed_zeros)
        if left != right:
            missing = [r for r in left if r not in set(right)][:5]
            extra = [r for r in right if r not in set(left)][:5]
            raise AssertionError(f"{source_db}.{source_table}: {len(left)} rows, target {len(right)}; only in the source {str(missing)[:2000]}; only in the target {str(extra)[:2000]}")
