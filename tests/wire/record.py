#!/usr/bin/python3
"""Records the log of a real server as a test fixture.

record.py PORT NAME FILE.sql [ROWS] runs the statements (one a line) in a fresh database and writes data/NAME.bin, the
packets of the dump (4 bytes of length, little-endian, then the event), and data/ROWS.rows (NAME if not given), the
tables' content as the server itself prints it. The account is drs, password drs. The database is dropped at the end.
"""

import pathlib
import struct
import sys

import pymysql

COM_BINLOG_DUMP = 0x12
HEARTBEATS = (27, 41)
DATABASE = "wire_fixture"


def connect(port):
    connection = pymysql.connect(host="127.0.0.1", port=port, user="drs", password="drs", charset="utf8mb4", autocommit=True)
    connection.cursor().execute("SET time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'")
    return connection


def tail(cursor):
    cursor.execute("SELECT VERSION()")
    mariadb = "MariaDB" in cursor.fetchone()[0]
    cursor.execute("SHOW MASTER STATUS" if mariadb else "SHOW BINARY LOG STATUS")
    file, offset = cursor.fetchone()[:2]
    return mariadb, file, offset


def dump(port, mariadb, file, offset):
    """All packets from the place on, up to the first heartbeat."""
    connection = connect(port)
    cursor = connection.cursor()
    cursor.execute("SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum")
    cursor.execute("SET @master_heartbeat_period = 1000000000, @source_heartbeat_period = 1000000000")
    if mariadb:
        cursor.execute("SET @mariadb_slave_capability = 4")
    connection._execute_command(COM_BINLOG_DUMP, struct.pack("<IHI", offset, 0, 0xFEDC0000 + port) + file.encode())
    packets = []
    while True:
        event = connection._read_packet().get_all_data()[1:]
        packets.append(event)
        if event[4] in HEARTBEATS:
            connection._force_close()
            return packets


def value_sql(name, kind):
    if name.startswith("e_"):
        return f"CAST(`{name}` AS UNSIGNED)"
    return f"`{name}` * 1e0" if kind in ("float", "double") else f"CAST(`{name}` AS BINARY)"


def printed(value, kind):
    if value is None:
        return "NULL"
    if kind in ("float", "double"):
        return struct.pack(">d", float(value)).hex()
    raw = value if isinstance(value, bytes) else str(value).encode()
    return "".join(chr(b) if 0x20 < b < 0x7F and b != 0x5C else f"\\{b:02x}" for b in raw)


def rows(cursor):
    cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s ORDER BY 1", DATABASE)
    for (table,) in cursor.fetchall():
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
            " ORDER BY ordinal_position", (DATABASE, table))
        columns = cursor.fetchall()
        cursor.execute(f"SELECT {', '.join(value_sql(*column) for column in columns)} FROM `{table}` ORDER BY id")
        for row in cursor.fetchall():
            yield " ".join([table] + [printed(value, kind) for value, (_, kind) in zip(row, columns)])


def main():
    port, name, script = int(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    cursor = connect(port).cursor()
    cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
    cursor.execute(f"CREATE DATABASE {DATABASE}")
    cursor.execute(f"USE {DATABASE}")
    mariadb, file, offset = tail(cursor)
    for line in script.read_text().splitlines():
        if line and not line.startswith("#"):
            cursor.execute(line)
    data = pathlib.Path(__file__).parent / "data"
    content = sys.argv[4] if len(sys.argv) > 4 else name
    (data / f"{content}.rows").write_text("".join(line + "\n" for line in rows(cursor)))
    packets = dump(port, mariadb, file, offset)
    (data / f"{name}.bin").write_bytes(b"".join(struct.pack("<I", len(p)) + p for p in packets))
    cursor.execute(f"DROP DATABASE {DATABASE}")


main()
