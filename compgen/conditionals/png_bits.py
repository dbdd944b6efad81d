"""`PngBits`: PNG's code lengths below the byte: filters as Pillow chooses them, deflate exactly.

    context ─► whole rows ─► filters ─► DeflateBits, advanced row by row
               └ what is begun of a row ─┬─ candidate ─► padded ─► filters ─► DeflateBits.bits
                                         ├─ …
    A picture of one row (width 0) is as wide as its data, so that a candidate may change the
    filter of everything before it: two DeflateBits, one for each filter that one row can get.

The stream is the one inside Pillow's IDAT chunks: level as given, window 2^15, memLevel 9,
Z_FILTERED (Pillow, src/libImaging/ZipEncode.c), when Pillow has the classic zlib.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Bits, Conditional
from compgen.conditionals.deflate_bits import DeflateBits
from compgen.formats.png_filters import COST, NONE, SUB, filtered
from compgen.reading import Reading

MEMLEVEL = 9


def _deflate(reading: Reading, level: int) -> DeflateBits:
    return DeflateBits(reading=reading, level=level, memlevel=MEMLEVEL, filtered=True)


class PngBits(Conditional):
    """Readings `bits`, `payload` and `frozen` of a PNG with rows of `width` pixels.

    A picture's last row is filled up by the row above it, as `Png` does; so is a candidate's.
    Raises as `DeflateBits`.
    """

    def __init__(
        self,
        context: bytes = b"",
        *,
        reading: Reading,
        level: int,
        width: int,
        channels: int,
    ) -> None:
        self.reading = reading
        self._pixel = channels
        self._row = width * channels
        self._deflate = _deflate(reading, level)
        self._above = np.zeros(self._row, np.uint8)
        self._begun = b""
        self._is_first = True
        self.advance(context)

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        lengths = self._deflate.bits(self._tails([b"", *continuations]))
        differences: Bits = lengths[1:] - lengths[0]
        return differences

    def advance(self, data: bytes) -> None:
        begun = self._begun + data
        whole = len(begun) // self._row * self._row
        if whole:
            rows = np.frombuffer(begun[:whole], np.uint8).reshape(-1, self._row)
            self._deflate.advance(filtered(rows, self._above, self._pixel).tobytes())
            self._above = rows[-1]
            self._is_first = False
        self._begun = begun[whole:]

    def fork(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._deflate = self._deflate.fork()
        return twin

    def _tails(self, continuations: Sequence[bytes]) -> list[bytes]:
        """What deflate gets to the picture's end, with each."""
        whole = [self._padded(self._begun + continuation) for continuation in continuations]
        tails = [b""] * len(whole)
        for size in {len(data) for data in whole} - {0}:
            mine = [index for index, data in enumerate(whole) if len(data) == size]
            joined = np.frombuffer(b"".join(whole[index] for index in mine), np.uint8)
            rows = joined.reshape(len(mine), -1, self._row)
            done = filtered(rows, self._above, self._pixel)
            for index, tail in zip(mine, done, strict=True):
                tails[index] = tail.tobytes()
        return tails

    def _padded(self, data: bytes) -> bytes:
        """`data`, with which a row begins, up to the end of one; a picture has at least one."""
        missing = -len(data) % self._row
        if self._is_first and not data:
            missing = self._row
        return data + self._padding(data, missing) if missing else data

    def _padding(self, data: bytes, missing: int) -> bytes:
        """The end of the row above the last; zeros where there is none."""
        begin = len(data) // self._row * self._row
        above = data[begin - self._row : begin] if begin else self._above.tobytes()
        return above[self._row - missing :]


class OneRowBits(Conditional):
    """The same for a picture of one row, which is as wide as its data.

    Only two filters are possible where nothing lies above: none, and sub (up is none there, and
    Paeth is sub). `frozen` keeps the filter that the context has, as it keeps its code tables.
    """

    def __init__(
        self, context: bytes = b"", *, reading: Reading, level: int, channels: int
    ) -> None:
        self.reading = reading
        self._pixel = channels
        self._plain, self._sub = _deflate(reading, level), _deflate(reading, level)
        self._plain.advance(bytes([NONE]))
        self._sub.advance(bytes([SUB]))
        self._costs = np.zeros(2, np.int64)
        """The sums of absolute values under the two filters."""
        self._last = bytes(channels)
        """The last bytes, whole pixels or not, one pixel long."""
        self._begun = 0
        """Bytes of a pixel that is not whole; they are filled up with zeros."""
        self._empty = True
        self.advance(context)

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        pieces = [self._padded(data) for data in (b"", *continuations)]
        choice = [self._filter(plain, sub) for plain, sub in pieces]
        if self.reading is Reading.FROZEN:
            choice = choice[:1] * len(pieces)
        lengths = np.empty(len(pieces))
        for kind, deflate in enumerate((self._plain, self._sub)):
            mine = [index for index, chosen in enumerate(choice) if chosen == kind]
            if mine:
                own = deflate.bits([pieces[index][kind] for index in mine])
                lengths[mine] = own + (
                    0.0 if self.reading is Reading.FROZEN else deflate.code_length()
                )
        differences: Bits = lengths[1:] - lengths[0]
        return differences

    def advance(self, data: bytes) -> None:
        if not data:
            return
        plain, sub = self._filtered(data)
        self._plain.advance(plain)
        self._sub.advance(sub)
        self._costs = self._costs + _costs(plain, sub)
        self._last = (self._last + data)[-self._pixel :]
        self._begun = (self._begun + len(data)) % self._pixel
        self._empty = False

    def fork(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._plain, twin._sub = self._plain.fork(), self._sub.fork()
        return twin

    def _filtered(self, data: bytes) -> tuple[bytes, bytes]:
        """`data`, which comes next, by both filters."""
        row = np.frombuffer(self._last + data, np.uint8)
        return data, (row[self._pixel :] - row[: -self._pixel]).tobytes()

    def _padded(self, data: bytes) -> tuple[bytes, bytes]:
        """`data` up to a whole pixel, and at least one, by both filters."""
        missing = -(self._begun + len(data)) % self._pixel
        if self._empty and not data:
            missing = self._pixel
        return self._filtered(data + bytes(missing))

    def _filter(self, plain: bytes, sub: bytes) -> int:
        """Which filter the row gets with these bytes at its end: 0 none, 1 sub."""
        none, less_left = self._costs + _costs(plain, sub)
        return int(less_left < none)


def _costs(plain: bytes, sub: bytes) -> NDArray[np.int64]:
    return np.array([COST[np.frombuffer(data, np.uint8)].sum() for data in (plain, sub)])
