"""The type matrix: one table for each type, charset and shape of key, with extreme values as SQL literals.

`tables(server)` yields Table objects that the server can make. Each `v` table is made twice: with a primary key, and as
`nokey_…` without any, so that every type is also found by its value alone. Sessions that fill them need MODE.
"""
import dataclasses

MODE = "SET sql_mode='ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'"  # invalid ENUM texts become index 0


@dataclasses.dataclass
class Table:
    name: str
    type: str            # of the column v
    values: list         # literals; NULL is added
    only: str = ""       # "mariadb" or "mysql": which server has it; "vectors": WITH_VECTORS
    checksum: bool = True


WITH_VECTORS = ("mysql", "mariadb118")
LONG_TEXT = "REPEAT('0123456789abcdef',20000)"  # 320 kB
NINES = "9" * 35 + "." + "9" * 30


def _numbers():
    for name, bits in (("tinyint", 8), ("smallint", 16), ("mediumint", 24), ("int", 32), ("bigint", 64)):
        yield Table(name + "_s", name, [-2 ** (bits - 1), -1, 0, 1, 2 ** (bits - 1) - 1])
        yield Table(name + "_u", name + " unsigned", [0, 1, 2 ** bits - 1, 2 ** bits - 2])
    yield Table("zerofill_t", "int(6) unsigned zerofill", [0, 7, 4294967295])
    yield Table("decimal_wide", "decimal(65,30)", [NINES, "-" + NINES, "0." + "0" * 29 + "1", "-0." + "0" * 29 + "1", 0, "1.10"])
    yield Table("decimal_whole", "decimal(65,0)", ["9" * 65, "-" + "9" * 65, 0])
    yield Table("decimal_small", "decimal(2,2) unsigned zerofill", ["0.00", "0.99"])
    yield Table("float_t", "float", ["3.40282346e38", "-3.40282346e38", "1.17549435e-38", "1.4e-45", "-1.4e-45", "0.1", "16777217", "'-0'", 0])
    yield Table("float_digits", "float(7,3)", ["1234.567", "-0.001", 0])
    yield Table("double_t", "double", ["1.7976931348623157e308", "-1.7976931348623157e308", "2.2250738585072014e-308", "4.9406564584124654e-324",
                                       "-4.9406564584124654e-324", "0.1", "1e0/3", "'-0'", 0])
    yield Table("bit1", "bit(1)", ["b'0'", "b'1'"])
    yield Table("bit64", "bit(64)", ["b'" + "1" * 64 + "'", "b'0'", "b'1" + "0" * 63 + "'"])


def _times():
    yield Table("date_t", "date", ["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-00-00'", "'2024-02-00'", "'2024-02-31'", "'0000-01-01'"])
    yield Table("time0", "time", ["'-838:59:59'", "'838:59:59'", "'00:00:00'"])
    yield Table("time6", "time(6)", ["'-838:59:59.000000'", "'838:59:59.000000'", "'-00:00:00.000001'", "'12:34:56.789012'", "'00:00:00'"])
    yield Table("time3", "time(3)", ["'-00:00:01.500'", "'-00:00:00.001'", "'01:00:00.010'"])
    yield Table("time_most", "time(6)", ["'-838:59:59.999999'", "'838:59:59.999999'"], only="mariadb")
    yield Table("datetime0", "datetime", ["'0000-00-00 00:00:00'", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'", "'2024-02-31 10:00:00'"])
    yield Table("datetime6", "datetime(6)", ["'0000-00-00 00:00:00'", "'9999-12-31 23:59:59.999999'", "'2024-00-00 00:00:00.000001'"])
    yield Table("timestamp0", "timestamp", ["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'0000-00-00 00:00:00'"])
    yield Table("timestamp6", "timestamp(6)", ["'1970-01-01 00:00:01.000001'", "'2038-01-19 03:14:07.999999'", "'0000-00-00 00:00:00'"])
    yield Table("year_t", "year", [0, 1901, 2155, 1970, 2001])


def _strings():
    yield Table("char_t", "char(10)", ["''", "'abc'", "'a  '", "'É'", "REPEAT('🙂',10)", "'0'"])
    yield Table("varchar_t", "varchar(300)", ["''", "' '", "'a '", "'A'", "'a'", "CONCAT('nul',CHAR(0),'\\\\''\"\\n\\r\\t',CHAR(26))", "REPEAT('🙂',300)"])
    for name in ("tinytext", "text", "mediumtext", "longtext"):
        yield Table(name + "_t", name, ["''", "'a '", "'a'", LONG_TEXT if name[0] in "ml" else "'x'"])
    yield Table("binary_t", "binary(8)", ["X'00'", "X'6100000000000000'", "X'6120'", "X'2020202020202020'", "X'FFFFFFFFFFFFFFFF'", "X'275C000A'"])
    yield Table("varbinary_t", "varbinary(40)", ["''", "X'00'", "X'0000'", "X'61'", "X'6100'", "X'275C0A1A00'"])
    for name in ("tinyblob", "blob", "mediumblob", "longblob"):
        yield Table(name + "_t", name, ["''", "X'00'", "X'00FF5C27'", LONG_TEXT if name[0] in "ml" else "X'01'"])
    yield Table("enum_t", "enum('a','b','ü','','c,''d')", ["'a'", "'ü'", "'no such member'", "4", "'c,''d'"])
    yield Table("enum_wide", "enum(" + ",".join(f"'m{i:x}'" for i in range(3000)) + ")", ["'m0'", "'mbb7'", "''"])
    yield Table("enum_most", "enum(" + ",".join(f"'m{i:x}'" for i in range(20000)) + ")", ["'m0'", "'m4e1f'", "''"], only="mysql")
    yield Table("set_t", "set('a','b','ü')", ["''", "'a'", "'a,b,ü'"])
    yield Table("set64", "set(" + ",".join(f"'m{i}'" for i in range(64)) + ")", ["18446744073709551615", "9223372036854775808", "9223372036854775809", "0"])
    yield Table("compressed_text", "text compressed", ["''", "'a'", "REPEAT('0123456789abcdef',1000)", "REPEAT('é',3000)"], only="mariadb")
    yield Table("compressed_varchar", "varchar(1000) compressed", ["''", "'a'", "REPEAT('é',900)"], only="mariadb")
    yield Table("compressed_short", "varchar(255) compressed character set latin1", ["''", "'a'", "REPEAT('b',255)"], only="mariadb")
    yield Table("compressed_tiny", "varbinary(100) compressed", ["''", "X'0000'", "REPEAT(X'00',100)"], only="mariadb")
    yield Table("compressed_blob", "longblob compressed", ["''", "X'00'", LONG_TEXT], only="mariadb")


def _documents():
    yield Table("json_t", "json", ["'{}'", "'[]'", "'null'", "'\"text\"'", "'{\"a\": [1, 2.5, \"x\", null, true], \"k\": {\"n\": -1}}'",
                                   "'18446744073709551615'", "'[1e20, 1.5e-300, 1.0, 0.1]'", "'{\"q\\\\\"\\\\\\\\\\u0000\": \"\\\\n\\u00e9🙂\"}'"])
    decimals = ["JSON_OBJECT('p', CAST('1.10' AS DECIMAL(5,2)))", "JSON_ARRAY(1, JSON_OBJECT('a\"b\\\\c.d é', JSON_ARRAY(0.5, CAST('-12345678901234567890.120' AS DECIMAL(40,3)))), 2.5)",
                "CAST(CAST('0.10' AS DECIMAL(5,2)) AS JSON)", "JSON_ARRAY(CAST('99999999999999999999999999' AS DECIMAL(40,0)), CAST('1.0' AS DECIMAL(3,1)))",
                f"JSON_ARRAY(CAST('{NINES}' AS DECIMAL(65,30)))", "JSON_OBJECT('', CAST('2.00' AS DECIMAL(5,2)), '$', JSON_OBJECT('[1]', CAST('3.00' AS DECIMAL(5,2))))"]
    yield Table("json_decimal", "json", decimals, only="mysql", checksum=False)  # 1.5 as a DECIMAL becomes a DOUBLE: the same text
    shapes = {"point": "POINT(1 2)", "linestring": "LINESTRING(0 0,1.5 -2.25,1e300 1e-300)", "polygon": "POLYGON((0 0,0 3,3 3,3 0,0 0),(1 1,1 2,2 2,2 1,1 1))",
              "multipoint": "MULTIPOINT((0 0),(1 1))", "multilinestring": "MULTILINESTRING((0 0,1 1),(2 2,3 3))",
              "multipolygon": "MULTIPOLYGON(((0 0,0 1,1 1,1 0,0 0)),((5 5,5 6,6 6,6 5,5 5)))", "geometrycollection": "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))"}
    for name, text in shapes.items():
        yield Table(name + "_t", name, [f"ST_GeomFromText('{text}',0)", f"ST_GeomFromText('{text}',3857)"])
    yield Table("geometry_t", "geometry", [f"ST_GeomFromText('{text}',0)" for text in shapes.values()] + ["ST_GeomFromText('POINT(10 20)',4326)"])
    yield Table("geometry_srid", "geometry /*!80003 SRID 4326 */", ["ST_GeomFromText('POINT(10 20)',4326)"], only="mysql")
    yield Table("vector_t", "vector(3)", ["X'0000803F0000004000004040'", "X'0000C0BF6042A20D01000080'", "X'000000000000008000000000'", "X'0A0D2700275C090000091A00'"], only="vectors")
    yield Table("vector_wide", "vector(3000)", ["REPEAT(X'0000803F',3000)", "REPEAT(X'5C270A00',3000)"], only="vectors")
    yield Table("vector_long", "vector(3)", ["X'0000803F'", "X'FFFF7F7F0000004000004040'"], only="mysql")  # fewer numbers, and longer than MariaDB takes
    yield Table("uuid_t", "uuid", ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'123e4567-e89b-12d3-a456-426614174000'",
                                   "'123e4567-e89b-42d3-a456-426614174000'", "'018f4567-e89b-72d3-a456-426614174000'", "'123e4567-e89b-12d3-2456-426614174000'",
                                   "'123e4567-e89b-52d3-8056-420000000000'"], only="mariadb")
    yield Table("inet4_t", "inet4", ["'0.0.0.0'", "'255.255.255.255'", "'10.0.32.0'"], only="mariadb")
    yield Table("inet6_t", "inet6", ["'::'", "'::ffff:192.0.2.1'", "'2001:db8::ff00:42:8329'", "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:2000'"], only="mariadb")


SAMPLES = {
    "big5": "'中文字功能許蓋餐'", "gbk": "CONVERT(X'815C815FD5408140B9FA' USING gbk)", "gb2312": "'中文字'", "gb18030": "CONVERT(X'815C81308130B9FA9439DC36' USING gb18030)",
    "sjis": "CONVERT(X'835C955C945CB1' USING sjis)", "cp932": "CONVERT(X'835C955C945C8740' USING cp932)", "ujis": "'ソ表能漢字'", "eucjpms": "'ソ表能漢字'", "euckr": "'한국어'",
    "ucs2": "'尧✀a''\\\\中'", "utf16": "'尧✀🙂a''\\\\'", "utf16le": "'尧✀🙂Ħa''\\\\'", "utf32": "'尧✀🙂a''\\\\'", "hebrew": "'שלום'", "greek": "'Ελλάδα'", "tis620": "'ไทย'",
    "koi8r": "'Привет'", "koi8u": "'Україна'", "cp1251": "'Привет'", "cp866": "'Привет'", "cp1256": "'سلام'", "armscii8": "'Հայ'", "geostd8": "'თბილისი'",
}
SINGLE = ["armscii8", "ascii", "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "dec8", "geostd8", "greek", "hebrew", "hp8", "keybcs2", "koi8r", "koi8u", "latin1",
          "latin2", "latin5", "latin7", "macce", "macroman", "swe7", "tis620"]


def _charsets(server):
    for (name,) in server.execute("SELECT character_set_name FROM information_schema.character_sets ORDER BY 1"):
        if name in ("binary", "filename"):
            continue
        values = ["''", "'plain'", "'b '", "'it''s \\\\ \"q\"'", SAMPLES.get(name, "'Äé'")]
        if name in SINGLE:
            values.append(f"CONVERT(X'{''.join(f'{b:02X}' for b in range(128 if name in ('ascii', 'swe7') else 256))}' USING {name})")
        yield Table(f"cs_{name}", f"varchar(300) character set {name}", values, only="mysql" if name == "gb18030" else "")
        yield Table(f"csc_{name}", f"char(40) character set {name}", values[:5], only="mysql" if name == "gb18030" else "")


def tables(server):
    kind = "mariadb" if server.mariadb else "mysql"
    for group in (_numbers(), _times(), _strings(), _documents(), _charsets(server)):
        for table in group:
            if table.only in ("", kind) or table.only == "vectors" and server.kind in WITH_VECTORS:
                yield table


def keyed(table):
    """Statements that make the table and its twin without a key, with one row for each value and NULL."""
    for name, columns, key in ((table.name, "id INT NOT NULL, ", ", PRIMARY KEY (id)"), ("nokey_" + table.name, "id INT NULL, ", "")):
        yield f"CREATE TABLE {name} ({columns}v {table.type} NULL{key})"
        yield _insert(name, table, 0)


def _insert(name, table, offset):
    values = [*table.values, "NULL"]
    return f"INSERT INTO {name} VALUES " + ",".join(f"({offset + i},{value})" for i, value in enumerate(values))


def changes(table):
    """INSERT, UPDATE (each value becomes the next one) and DELETE of every value."""
    values = [*table.values, "NULL"]
    count = len(values)
    for name in (table.name, "nokey_" + table.name):
        yield _insert(name, table, 100)
        if name != table.name:
            yield _insert(name, table, 0)  # rows that are the same twice
        for i in range(count):
            yield f"UPDATE {name} SET v={values[(i + 1) % count]} WHERE id={i}" + (" LIMIT 1" if name != table.name else "")
        yield f"DELETE FROM {name} WHERE id>=100 AND id%2=0"
        yield f"DELETE FROM {name} WHERE id=1"
