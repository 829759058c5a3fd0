"""A comparison that shares nothing with the product: every row of a table, fetched by a plain client in key order."""
import pymysql


def fetch(server, database, table, exact=True):
    """All rows as tuples, sorted by their own bytes; text and JSON as the server prints them."""
    with server.connect(database, cursorclass=pymysql.cursors.SSCursor) as c, c.cursor() as cursor:
        cursor.execute("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema=%s AND table_name=%s ORDER BY ordinal_position",
                       (database, table))
        columns = []
        for name, kind in cursor.fetchall():
            quoted = f"`{name}`"
            if kind in ("float", "double"):
                columns.append(f"HEX(CAST({quoted}*1e0 AS CHAR))")
            elif kind in ("json", "date", "datetime", "timestamp", "time"):
                columns.append(f"CAST({quoted} AS CHAR)")
            else:
                columns.append(f"HEX({quoted})" if kind not in ("int", "bigint", "smallint", "tinyint", "mediumint", "decimal") else quoted)
        cursor.execute(f"SELECT {', '.join(columns)} FROM `{table}`")
        return sorted(cursor.fetchall(), key=repr)


def assert_equal(source, source_db, target, target_db, *names):
    for name in names:
        source_table, target_table = name if isinstance(name, tuple) else (name, name)
        left, right = fetch(source, source_db, source_table), fetch(target, target_db, target_table)
        if left != right:
            missing = [r for r in left if r not in set(right)][:5]
            extra = [r for r in right if r not in set(left)][:5]
            raise AssertionError(f"{source_db}.{source_table}: {len(left)} rows, target {len(right)}; only in the source {missing}; only in the target {extra}")
