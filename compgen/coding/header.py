"""The beginning of a container: what it takes to decode the rest.

    magic │ version │ size │ JSON, UTF-8 │ CRC-32 of all of that        little-endian
      8   │    1    │   4  │    size     │   4

    {"spec": "coded:gzip", "reading": "marginal", "fingerprint": 2870613451,
     "block": 1048576, "length": 35149, "corpus": {"sha256": "…", "bytes": 20000},
     "versions": {"compgen": "…", "numpy": "…", …}, "model": {}}

"model" is what a model that has learned before is known by, and how it computed (`neural`):
{"sha256": "…", "mode": "portable", "device": "cpu", "dtype": "float32", "lanes": "…", …}.

The magic number begins with a byte that no text has and holds both kinds of line end, so
that a transfer in text mode is found out (as PNG's does, W3C recommendation, section 5.2).
"""

import json
import struct
import zlib
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, NamedTuple

from compgen.errors import CompressorError, InputError

MAGIC = b"\x89CGEN\r\n\n"
VERSION = 1
FRONT = struct.Struct("<8sBI")
CHECK = struct.Struct("<I")
LARGEST_HEADER = 1 << 16
LARGEST_BLOCK = 64 << 20
"""A header may not ask for more memory than a block of this size."""
PIECE = 1 << 16
"""So much is read at once: a size that a damaged file claims allocates nothing."""


@dataclass(frozen=True)
class CorpusMark:
    """Which corpus the model had read: enough to know it again."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Header:
    """What a container says of itself."""

    spec: str
    reading: str | None
    """The reading that a model codes by; None for a program's own streams."""
    fingerprint: int | None
    """That of a model's first predictions."""
    block: int
    """The most data that a block holds, in bytes."""
    length: int | None
    """Bytes of data, where that was known when the file was begun."""
    corpus: CorpusMark | None
    versions: dict[str, str]
    model: dict[str, str]
    """What a model that has learned before is known by: `ModelCompressor.traits`."""

    def encode(self) -> bytes:
        """The header as it stands in the file."""
        body = json.dumps(asdict(self), separators=(",", ":")).encode()
        front = FRONT.pack(MAGIC, VERSION, len(body)) + body
        return front + CHECK.pack(zlib.crc32(front))


class Start(NamedTuple):
    """The beginning of a container, as it was read."""

    header: Header
    check: int
    """Its CRC-32."""
    size: int
    """Its length in bytes."""


def read_header(file: BinaryIO) -> Start:
    """The header that `file` begins with.

    Raises InputError where the file is no container, CompressorError where the header is
    damaged or of a later version.
    """
    start = read_up_to(file, FRONT.size)
    if not start.startswith(MAGIC[: len(start)]) or not start:
        raise InputError("it is not a file that 'compgen compress' wrote")
    if len(start) < FRONT.size:
        raise CompressorError(f"the file is cut short after {len(start)} bytes")
    _, version, size = FRONT.unpack(start)
    if version != VERSION:
        raise CompressorError(
            f"the file is of the format's version {version}, and this compgen reads {VERSION}; "
            "update compgen"
        )
    if size > LARGEST_HEADER:
        raise CompressorError("the file is damaged: its header has an absurd size")
    body = read_exactly(file, size)
    (check,) = CHECK.unpack(read_exactly(file, CHECK.size))
    if zlib.crc32(start + body) != check:
        raise CompressorError("the file is damaged: the checksum of its header is wrong")
    try:
        return Start(_parse(json.loads(body)), check, FRONT.size + size + CHECK.size)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CompressorError(f"the file's header makes no sense: {error!r}") from error


def read_exactly(file: BinaryIO, size: int) -> bytes:
    """The next `size` bytes. Raises CompressorError if there are fewer."""
    data = read_up_to(file, size)
    if len(data) < size:
        raise CompressorError("the file is cut short")
    return data


def read_up_to(file: BinaryIO, size: int) -> bytes:
    """The next `size` bytes, or all that are left; a pipe may give less at a time."""
    pieces = []
    while size:
        piece = file.read(min(size, PIECE))
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _parse(values: Any) -> Header:
    """A header of values of the right types. Raises ValueError, KeyError or TypeError."""
    corpus = values["corpus"]
    return Header(
        spec=_typed(str, values["spec"]),
        reading=_optional(str, values["reading"]),
        fingerprint=_optional(int, values["fingerprint"]),
        block=_within(1, LARGEST_BLOCK, values["block"]),
        length=None if values["length"] is None else _within(0, 1 << 62, values["length"]),
        corpus=None
        if corpus is None
        else CorpusMark(_typed(str, corpus["sha256"]), _within(1, 1 << 62, corpus["bytes"])),
        versions=_words(values["versions"]),
        model=_words(values.get("model", {})),
    )


def _words(value: Any) -> dict[str, str]:
    return {name: _typed(str, word) for name, word in _typed(dict, value).items()}


def _typed(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r} is not of type {kind.__name__}")
    return value


def _optional(kind: type, value: Any) -> Any:
    return None if value is None else _typed(kind, value)


def _within(low: int, high: int, value: Any) -> int:
    number: int = _typed(int, value)
    if not low <= number <= high:
        raise ValueError(f"{number} is out of range")
    return number
