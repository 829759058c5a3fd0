"""RDB files by hand: what servers of today no longer write but read. Forms and numbers as in redis: src/rdb.h,
src/ziplist.c, src/zipmap.c, src/intset.c, src/listpack.c."""
import struct


def crc64(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x95AC9329AC4BC9B5 if crc & 1 else 0)
    return crc


def length(n):
    if n < 64:
        return bytes([n])
    if n < 16384:
        return bytes([0x40 | n >> 8, n & 255])
    return b"\x80" + struct.pack(">I", n) if n < 1 << 32 else b"\x81" + struct.pack(">Q", n)


def string(text):
    return length(len(text)) + text


def integer(n):
    """A number as string of a special form."""
    for form, code in ((0, "<b"), (1, "<h"), (2, "<i")):
        if -(1 << 8 * struct.calcsize(code) - 1) <= n < 1 << 8 * struct.calcsize(code) - 1:
            return bytes([0xC0 | form]) + struct.pack(code, n)
    return string(str(n).encode())


def lzf(text):
    """Compressed: pieces of 32 literal bytes, and one copy wherever the last bytes repeat."""
    out, at = b"", 0
    while at < len(text):
        run = 0
        if at:
            while run < 264 and at + run < len(text) and text[at + run] == text[at - 1]:
                run += 1
        if run >= 3:
            out += bytes([min(run - 2, 7) << 5]) + (bytes([run - 9]) if run >= 9 else b"") + b"\0"
            at += run
        else:
            piece = text[at:at + 32]
            for cut in range(1, len(piece)):
                if piece[cut:cut + 2] == piece[cut - 1:cut] * 2:
                    piece = piece[:cut]
                    break
            out += bytes([len(piece) - 1]) + piece
            at += len(piece)
    return b"\xc3" + length(len(out)) + length(len(text)) + out


def ziplist(*elements):
    out, before, last = b"", 0, 10
    for element in elements:
        if isinstance(element, int):
            if 0 <= element <= 12:
                body = bytes([0xF1 + element])
            else:
                form, size = next((f, s) for f, s in ((0xFE, 1), (0xC0, 2), (0xF0, 3), (0xD0, 4), (0xE0, 8)) if -(1 << 8 * s - 1) <= element < 1 << 8 * s - 1)
                body = bytes([form]) + element.to_bytes(size, "little", signed=True)
        elif len(element) < 64:
            body = bytes([len(element)]) + element
        elif len(element) < 16384:
            body = bytes([0x40 | len(element) >> 8, len(element) & 255]) + element
        else:
            body = b"\x80" + struct.pack(">I", len(element)) + element
        last = 10 + len(out)
        entry = (bytes([before]) if before < 254 else b"\xfe" + struct.pack("<I", before)) + body
        out, before = out + entry, len(entry)
    return struct.pack("<IIH", len(out) + 11, last, min(len(elements), 65535)) + out + b"\xff"


def listpack(*elements):
    out = b""
    for element in elements:
        if isinstance(element, int):
            if 0 <= element < 128:
                body = bytes([element])
            elif -4096 <= element < 4096:
                body = bytes([0xC0 | element >> 8 & 0x1F, element & 255])
            else:
                form, size = next((f, s) for f, s in ((0xF1, 2), (0xF2, 3), (0xF3, 4), (0xF4, 8)) if -(1 << 8 * s - 1) <= element < 1 << 8 * s - 1)
                body = bytes([form]) + element.to_bytes(size, "little", signed=True)
        elif len(element) < 64:
            body = bytes([0x80 | len(element)]) + element
        elif len(element) < 4096:
            body = bytes([0xE0 | len(element) >> 8, len(element) & 255]) + element
        else:
            body = b"\xf0" + struct.pack("<I", len(element)) + element
        n, back = len(body), b""
        while True:
            back = bytes([n & 127 | (128 if back else 0)]) + back
            n >>= 7
            if not n:
                break
        out += body + back
    return struct.pack("<IH", len(out) + 7, min(len(elements), 65535)) + out + b"\xff"


def zipmap(pairs, unused=2):
    def size(n):
        return bytes([n]) if n < 254 else b"\xfe" + struct.pack("<I", n)

    out = bytes([min(len(pairs), 254)])
    for field, value in pairs:
        out += size(len(field)) + field + size(len(value)) + bytes([unused]) + value + b"?" * unused
    return out + b"\xff"


def intset(width, *numbers):
    return struct.pack("<II", width, len(numbers)) + b"".join(n.to_bytes(width, "little", signed=True) for n in sorted(numbers))


def score(text):
    """In type 3."""
    return {b"nan": b"\xfd", b"inf": b"\xfe", b"-inf": b"\xff"}.get(text) or bytes([len(text)]) + text


def stream_id(ms, seq):
    return struct.pack(">QQ", ms, seq)


def key(value_type, name, value, before=b""):
    """`before`: opcodes in front, e.g. a deadline."""
    return before + bytes([value_type]) + string(name) + value


def deadline(ms):
    return b"\xfc" + struct.pack("<q", ms)


def deadline_seconds(seconds):
    return b"\xfd" + struct.pack("<i", seconds)


def aux(name, value):
    return b"\xfa" + string(name) + string(value)


def file(*parts, magic=b"REDIS0009"):
    data = magic + b"".join(parts) + b"\xff"
    version = int(magic[-3:])
    return data + struct.pack("<Q", crc64(data)) if version >= 5 else data
