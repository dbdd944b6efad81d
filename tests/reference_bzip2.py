"""A bzip2 decoder written from the format alone: slow, plain, and counting every bit it reads.

It shares nothing with compgen.formats.bzip2_stream, which it is there to check: that one finds
where blocks end by their magic numbers, this one decodes every symbol and inverts the sort.
"""

from dataclasses import dataclass, field


class DamagedError(Exception):
    """The stream breaks a rule of the format."""


@dataclass
class Decoded:
    """What was read, and how many bits each kind of thing took."""

    data: bytearray = field(default_factory=bytearray)
    headers: int = 0
    tables: int = 0
    selectors: int = 0
    symbols: int = 0
    padding: int = 0
    blocks: int = 0
    groups: set[int] = field(default_factory=set)
    """Numbers of tables that blocks had."""


class Reader:
    """Bits, the highest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self.text = "".join(f"{byte:08b}" for byte in data)
        self.at = 0

    def read(self, bits: int) -> int:
        if self.at + bits > len(self.text):
            raise DamagedError("read past the end")
        self.at += bits
        return int(self.text[self.at - bits : self.at] or "0", 2)


def decode(stream: bytes) -> Decoded:
    """Decode one stream; every byte of it must be used."""
    reader, out = Reader(stream), Decoded()
    if bytes(reader.read(8) for _ in range(3)) != b"BZh":
        raise DamagedError("magic")
    largest = 100_000 * (reader.read(8) - ord("0"))
    out.headers = 32
    while True:
        magic = reader.read(48)
        crc = reader.read(32)
        out.headers += 80
        if magic == 0x177245385090:
            break
        if magic != 0x314159265359:
            raise DamagedError("block magic")
        column, origin = block(reader, out, largest)
        data = expand_runs(invert_sort(column, origin))
        if checksum(data) != crc:
            raise DamagedError("CRC")
        out.data += data
        out.blocks += 1
    out.padding = len(reader.text) - reader.at
    if out.padding > 7 or "1" in reader.text[reader.at :]:
        raise DamagedError("padding")
    return out


def block(reader: Reader, out: Decoded, largest: int) -> tuple[bytes, int]:
    """The last column of the sorted rotations, and the row of the original."""
    start = reader.at
    if reader.read(1):
        raise DamagedError("randomised")
    origin = reader.read(24)
    rows = reader.read(16)
    used = []
    for row in range(16):
        if rows >> 15 - row & 1:
            cells = reader.read(16)
            used += [16 * row + cell for cell in range(16) if cells >> 15 - cell & 1]
    groups, count = reader.read(3), reader.read(15)
    out.groups.add(groups)
    out.headers += reader.at - start

    start = reader.at
    order = list(range(groups))
    selectors = []
    for _ in range(count):
        place = 0
        while reader.read(1):
            place += 1
        order.insert(0, order.pop(place))
        selectors.append(order[0])
    out.selectors += reader.at - start

    start = reader.at
    tables = []
    for _ in range(groups):
        length, lengths = reader.read(5), []
        for _ in range(len(used) + 2):
            while reader.read(1):
                length += -1 if reader.read(1) else 1
            if not 1 <= length <= 20:
                raise DamagedError("code length")
            lengths.append(length)
        tables.append(canonical(lengths))
    out.tables += reader.at - start

    start = reader.at
    column, done, run, weight = bytearray(), 0, 0, 1
    front = list(used)
    while True:
        if done // 50 >= count:
            raise DamagedError("more symbols than selectors")
        table = tables[selectors[done // 50]]
        done += 1
        code, length = 0, 0
        while (length, code) not in table:
            code, length = code << 1 | reader.read(1), length + 1
            if length > 20:
                raise DamagedError("no such code")
        symbol = table[length, code]
        if symbol < 2:
            run += weight << symbol
            weight <<= 1
            continue
        column += bytes(front[:1]) * run
        run, weight = 0, 1
        if symbol == len(used) + 1:
            break
        front.insert(0, front.pop(symbol - 1))
        column.append(front[0])
    if len(column) > largest or not origin < len(column):
        raise DamagedError("block size")
    if -(-done // 50) != count:
        raise DamagedError("selectors that are for nothing")
    out.symbols += reader.at - start
    return bytes(column), origin


def canonical(lengths: list[int]) -> dict[tuple[int, int], int]:
    table, code = {}, 0
    for length in range(1, 21):
        for symbol, its in enumerate(lengths):
            if its == length:
                table[length, code] = symbol
                code += 1
        code <<= 1
    return table


def invert_sort(column: bytes, origin: int) -> bytes:
    """From the last column of the sorted rotations to the row `origin`."""
    following = sorted(range(len(column)), key=column.__getitem__)
    out, row = bytearray(), origin
    for _ in column:
        row = following[row]
        out.append(column[row])
    return bytes(out)


def expand_runs(data: bytes) -> bytes:
    """Four equal bytes are followed by how many more there are."""
    out, at, run = bytearray(), 0, 0
    while at < len(data):
        byte = data[at]
        run = run + 1 if out and run and out[-1] == byte else 1
        out.append(byte)
        at += 1
        if run == 4:
            out += bytes([byte]) * data[at]
            at, run = at + 1, 0
    return bytes(out)


def checksum(data: bytes) -> int:
    """CRC-32, the highest bit first."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc ^ 0xFFFFFFFF
