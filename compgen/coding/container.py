"""Files: any compressor's blocks in a container that says how to decode it.

    header │ block │ block │ … │ end                               little-endian
           │                   └── kind 0 │ total length │ CRC-32 of all data │ seal
           │                          1   │      8       │         4          │  4
           └── kind │ length │ size │ CRC-32 of the data │ seal │ code, or data
                1   │   4    │  4   │         4          │  4   │ size

`kind` is 1 for data that is stored, because its code would not be shorter, and 2 for code.
Each seal is the CRC-32 of its record (the code included), carried on from the seal before it,
the first from the header's checksum: a block that is damaged, missing, moved, or of another
file breaks the chain before anything is decoded. The CRC of the data then holds the decoder to
the encoder: where a model computes otherwise than it did where the file was written. That of
all data is the last word.

Both directions hold one block in memory, never the file. A container is no more than a header,
17 bytes a block and 17 bytes longer than its data.
"""

import hashlib
import platform
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from compgen.coding.codec import BlockCodec, block_codec, reading_of
from compgen.coding.header import CorpusMark, Header, read_exactly, read_header, read_up_to
from compgen.compressor import Compressor
from compgen.compressors.model import ModelCompressor
from compgen.errors import (
    CompressorError,
    InputError,
    UnsupportedError,
    UsageError,
)
from compgen.registry import get_compressor, runs_a_program
from compgen.versions import versions_of

END, STORED, CODED = range(3)
KIND = struct.Struct("<B")
BLOCK = struct.Struct("<III")
TOTAL = struct.Struct("<QI")
SEAL = struct.Struct("<I")

Progress = Callable[[int, int], None]
"""Told how many bytes have been read or produced, of the data and of the container."""


class Target(Protocol):
    """Where bytes can be written."""

    def write(self, data: bytes, /) -> object:
        """Write all of `data`."""


@dataclass(frozen=True)
class Summary:
    """What became of one file."""

    spec: str
    data_bytes: int
    container_bytes: int

    @property
    def bits_per_byte(self) -> float | None:
        """Of the container, in bits for each byte of data; None for no data."""
        return 8 * self.container_bytes / self.data_bytes if self.data_bytes else None


def _ignore(_data: int, _container: int) -> None:
    """Nobody wants to know."""


def compress_file(
    source: BinaryIO,
    target: Target,
    compressor: Compressor,
    *,
    corpus: bytes = b"",
    length: int | None = None,
    progress: Progress = _ignore,
) -> Summary:
    """Write what `source` holds to `target`, compressed after `corpus`.

    `length` is how much that is, where it is known, and it is checked. Raises
    UnsupportedError for a corpus that the compressor cannot be given, CompressorError where it
    fails, InputError where `source` is of another length.
    """
    codec = block_codec(compressor, corpus)
    done = written = 0

    def report(count: int) -> None:
        nonlocal done
        done += count
        progress(done, written)

    data = read_up_to(source, codec.block_bytes)
    first = codec.encode(data, report) if data else b""
    start = Header(
        spec=_file_spec(compressor),
        reading=reading_of(compressor),
        fingerprint=codec.fingerprint,
        block=codec.block_bytes,
        length=length,
        corpus=_mark(corpus),
        versions=_versions(compressor),
        model=_traits(compressor),
    ).encode()
    target.write(start)
    written = len(start)
    seal = int.from_bytes(start[-SEAL.size :], "little")
    total = check = 0
    code = first
    while data:
        total += len(data)
        check = zlib.crc32(data, check)
        kind, body = (CODED, code) if len(code) < len(data) else (STORED, data)
        record = KIND.pack(kind) + BLOCK.pack(len(data), len(body), zlib.crc32(data))
        seal = zlib.crc32(body, zlib.crc32(record, seal))
        target.write(record + SEAL.pack(seal))
        target.write(body)
        written += len(record) + SEAL.size + len(body)
        progress(done, written)
        if data := read_up_to(source, codec.block_bytes):
            code = codec.encode(data, report)
    record = KIND.pack(END) + TOTAL.pack(total, check)
    target.write(record + SEAL.pack(zlib.crc32(record, seal)))
    written += len(record) + SEAL.size
    if length is not None and total != length:
        raise InputError(f"it was {length} bytes long and has become {total} while it was read")
    return Summary(str(compressor), total, written)


def decompress_file(
    source: BinaryIO,
    target: Target,
    *,
    corpus: bytes = b"",
    compressor: Compressor | None = None,
    progress: Progress = _ignore,
) -> Summary:
    """Write the data of the container that `source` holds to `target`.

    What is written before an error is raised is right as far as it goes, and not all. With
    `compressor`, it must be the one that the container names; a container that names a
    command line runs nothing without. Raises InputError where `source` is no container or
    the corpus is not the right one, CompressorError where it is damaged or this installation
    computes otherwise, MissingPackageError where its compressor needs a package.
    """
    header, seal, read = read_header(source)
    chosen = _compressor(header, compressor)
    _check_model(header, chosen)
    _check_corpus(header, corpus)
    codec = _decoder(header, chosen, corpus)
    total = check = done = 0

    def report(count: int) -> None:
        nonlocal done
        done += count
        progress(done, read)

    while True:
        front = read_exactly(source, KIND.size)
        (kind,) = KIND.unpack(front)
        if kind == END:
            break
        fields = read_exactly(source, BLOCK.size)
        length, size, data_check = BLOCK.unpack(fields)
        (expected,) = SEAL.unpack(read_exactly(source, SEAL.size))
        if kind not in (STORED, CODED) or not 0 < length <= header.block or size > length:
            raise CompressorError("the file is damaged: a block that cannot be")
        body = read_exactly(source, size)
        seal = zlib.crc32(body, zlib.crc32(front + fields, seal))
        if seal != expected:
            raise CompressorError("the file is damaged: the checksum of a block is wrong")
        read += KIND.size + BLOCK.size + SEAL.size + size
        total += length
        if header.length is not None and total > header.length:
            raise CompressorError("the file is damaged: it has more data than it declares")
        try:
            data = _decode(codec, kind, body, length, report)
            if len(data) != length or zlib.crc32(data) != data_check:
                raise CompressorError(
                    "the data comes out wrong: the decoder computes otherwise than the encoder did"
                )
        except CompressorError as error:
            raise CompressorError(f"{error}{_differences(header, chosen)}") from error
        check = zlib.crc32(data, check)
        target.write(data)
        progress(done, read)
    rest = read_exactly(source, TOTAL.size + SEAL.size)
    declared, whole_check = TOTAL.unpack_from(rest)
    (expected,) = SEAL.unpack_from(rest, TOTAL.size)
    if zlib.crc32(front + rest[: TOTAL.size], seal) != expected:
        raise CompressorError("the file is damaged: the checksum at its end is wrong")
    if declared != total or header.length not in (None, total):
        raise CompressorError("the file is damaged: it has less data than it declares")
    if check != whole_check:
        raise CompressorError("the file is damaged: the checksum of all its data is wrong")
    if source.read(1):
        raise CompressorError("something follows the end of the container; cut it off")
    return Summary(header.spec, total, read + len(front) + len(rest))


def _decode(
    codec: BlockCodec, kind: int, body: bytes, length: int, report: Callable[[int], None]
) -> bytes:
    if kind == CODED:
        return codec.decode(body, length, report)
    codec.skip(body, report)
    return body


def _compressor(header: Header, given: Compressor | None) -> Compressor:
    """The compressor that a header names, which runs no command that a file brought along."""
    if given is not None:
        if _file_spec(given) != header.spec:
            raise UsageError(f"the file was compressed with '{header.spec}', not '{given}'")
        return given
    if runs_a_program(header.spec):
        raise UnsupportedError(
            "the file asks for a program to be run, which only you may decide: if you trust it, "
            f"add -c '{header.spec}'"
        )
    try:
        return get_compressor(header.spec)
    except UsageError as error:
        raise CompressorError(
            f"the file was compressed with '{header.spec}', which cannot be had here: {error}"
        ) from error


def _file_spec(compressor: Compressor) -> str:
    return compressor.file_spec if isinstance(compressor, ModelCompressor) else str(compressor)


def _traits(compressor: Compressor) -> dict[str, str]:
    return compressor.traits if isinstance(compressor, ModelCompressor) else {}


def _check_model(header: Header, compressor: Compressor) -> None:
    """The model must be the very one, and compute as it did where the file was written.

    A portable one does so on any machine; of another, everything has to be the same.
    """
    there, here = header.model, _traits(compressor)
    if there.get("sha256") != here.get("sha256"):
        raise InputError(
            f"the file was coded by a model with the SHA-256 {there.get('sha256', '(none)')}, and "
            f"the one here has {here.get('sha256', '(none)')}; give the right one with "
            f"-c {compressor.name}:DIR"
        )
    binding = ("mode", "lanes") if there.get("mode") == "portable" else {**there, **here}
    differing = [
        f"{name} {there.get(name, '(none)')} there and {here.get(name, '(none)')} here"
        for name in binding
        if there.get(name) != here.get(name)
    ]
    if differing:
        raise CompressorError(
            "the file's model does not compute here as it did where the file was written: "
            + "; ".join(differing)
        )


def _check_corpus(header: Header, corpus: bytes) -> None:
    wanted, given = header.corpus, _mark(corpus)
    if wanted is None or wanted == given:
        return
    name = f"a corpus of {wanted.bytes} bytes with the SHA-256 {wanted.sha256}"
    if given is None:
        raise InputError(f"the file was compressed after {name}; add --corpus FILE")
    raise InputError(
        f"the file was compressed after {name}; the one given has {given.bytes} bytes and "
        f"{given.sha256}"
    )


def _decoder(header: Header, compressor: Compressor, corpus: bytes) -> BlockCodec:
    reading = reading_of(compressor)
    if header.reading != reading:
        raise CompressorError(
            f"the file is coded by the reading '{header.reading}', and here it would be "
            f"'{reading}'" + _differences(header, compressor)
        )
    if isinstance(compressor, ModelCompressor) and header.fingerprint is None:
        raise CompressorError("the file's header makes no sense: a model without a fingerprint")
    return block_codec(compressor, corpus if header.corpus else b"", header.fingerprint)


def _versions(compressor: Compressor) -> dict[str, str]:
    if isinstance(compressor, ModelCompressor):
        versions = versions_of([]) | compressor.libraries()
    else:
        versions = versions_of([compressor])
    return versions | {"machine": platform.machine()}


def _differences(header: Header, compressor: Compressor) -> str:
    """What is not as it was where the file was written, as the end of a message."""
    here = _versions(compressor)
    found = [
        f"{name} {there} there and {here.get(name, 'none')} here"
        for name, there in header.versions.items()
        if here.get(name) != there
    ]
    return f" ({'; '.join(found)})" if found else ""


def _mark(corpus: bytes) -> CorpusMark | None:
    return CorpusMark(hashlib.sha256(corpus).hexdigest(), len(corpus)) if corpus else None
