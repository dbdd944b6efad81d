"""Files: every compressor in the container, and every way to damage one."""

import hashlib
import io
import json
import random
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from compgen.coding import codec, container
from compgen.coding.container import compress_file, decompress_file
from compgen.coding.header import MAGIC, Header, read_header
from compgen.compressor import Compressor
from compgen.errors import (
    CompgenError,
    CompressorError,
    InputError,
    LossyError,
    UnsupportedError,
    UsageError,
)
from compgen.registry import get_compressor
from tests.test_compressors import PROGRAM, SPECS
from tests.texts import ENGLISH

CORPUS = ENGLISH[30_000:36_000]
FAST = ["gzip", "zstd", "bz2", "brotli", "cm:bits=12", "coded:gzip"]


def pack(data: bytes, spec: str = "gzip", corpus: bytes = b"") -> bytes:
    target = io.BytesIO()
    compress_file(io.BytesIO(data), target, get_compressor(spec), corpus=corpus, length=len(data))
    return target.getvalue()


def unpack(packed: bytes, corpus: bytes = b"", compressor: Compressor | None = None) -> bytes:
    target = io.BytesIO()
    decompress_file(io.BytesIO(packed), target, corpus=corpus, compressor=compressor)
    return target.getvalue()


def header_of(packed: bytes) -> Header:
    return read_header(io.BytesIO(packed)).header


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (codec.ModelBlocks, codec.ProgramBlocks):
        monkeypatch.setattr(kind, "block_bytes", 300)


# -------------------------------------------------------------------------------- round trips


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.usefixtures("small_blocks")
def test_files_come_back(spec: str) -> None:
    if spec.startswith("numcodecs"):
        pytest.importorskip("numcodecs")
    noise = random.Random(1).randbytes(350)
    texts = (b"", b"x", ENGLISH[:299], ENGLISH[:300], ENGLISH[:600] + noise + ENGLISH[:100])
    for data in texts[3:] if spec.startswith("command") else texts:
        packed = pack(data, spec)
        assert unpack(packed, compressor=get_compressor(spec)) == data
        assert header_of(packed).spec == str(get_compressor(spec))
        assert header_of(packed).length == len(data)


@pytest.mark.parametrize("spec", ["gzip", "zstd", "zstd:long=27", "coded:gzip", "cm"])
@pytest.mark.usefixtures("small_blocks")
def test_a_corpus_helps(spec: str) -> None:
    data = CORPUS[600:1000]
    alone, after = pack(data, spec), pack(data, spec, CORPUS[:1000])
    assert len(after) < len(alone)
    assert unpack(after, CORPUS[:1000]) == data
    mark = header_of(after).corpus
    assert mark is not None
    assert (mark.bytes, mark.sha256) == (1000, hashlib.sha256(CORPUS[:1000]).hexdigest())
    assert header_of(alone).corpus is None
    assert unpack(alone, b"a corpus that is not needed") == data


@pytest.mark.parametrize("spec", ["gzip", "zstd", "coded:gzip", "cm:bits=16"])
@pytest.mark.usefixtures("small_blocks")
def test_a_block_knows_the_blocks_before_it(spec: str) -> None:
    first, second = (random.Random(seed).randbytes(300) for seed in (2, 3))
    alone = len(pack(first + second, spec))
    for third in (first, second):
        packed = pack(first + second + third, spec)
        assert len(packed) < alone + 200
        assert unpack(packed) == first + second + third


@pytest.mark.parametrize("spec", ["bz2", "brotli", "png", f"command:{PROGRAM}"])
def test_what_takes_no_dictionary_says_so(spec: str) -> None:
    with pytest.raises(UnsupportedError, match="cannot be conditioned"):
        pack(b"data", spec, corpus=b"corpus")


@pytest.mark.parametrize("spec", FAST)
def test_nothing_grows_by_more_than_the_header(spec: str) -> None:
    noise = random.Random(3).randbytes(5000)
    header = len(header_of(pack(noise, spec)).encode())
    assert len(pack(noise, spec)) == header + 17 + 5000 + 17
    assert unpack(pack(noise, spec)) == noise


def test_a_pipe_may_give_little_at_a_time() -> None:
    class Pipe(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(7, size or 7))

    data = ENGLISH[:1000]
    packed = io.BytesIO()
    summary = compress_file(Pipe(data), packed, get_compressor("gzip"))
    assert summary.data_bytes == 1000
    assert summary.container_bytes == len(packed.getvalue())
    assert header_of(packed.getvalue()).length is None
    target = io.BytesIO()
    back = decompress_file(Pipe(packed.getvalue()), target)
    assert target.getvalue() == data
    assert back == summary
    assert summary.bits_per_byte == 8 * summary.container_bytes / 1000


def test_a_file_that_changes_while_it_is_read_is_noticed() -> None:
    with pytest.raises(InputError, match="has become 4"):
        compress_file(io.BytesIO(b"data"), io.BytesIO(), get_compressor("gzip"), length=5)


@pytest.mark.usefixtures("small_blocks")
def test_progress_counts_the_data_and_the_container() -> None:
    data = ENGLISH[:1000]
    told: list[tuple[int, int]] = []

    def tell(data: int, container: int) -> None:
        told.append((data, container))

    for spec in ("gzip", "coded:zstd", "cm:bits=12"):
        packed = io.BytesIO()
        told.clear()
        compress_file(io.BytesIO(data), packed, get_compressor(spec), progress=tell)
        assert told == sorted(told)
        assert told[-1] == (1000, len(packed.getvalue()) - 17)
        told.clear()
        packed.seek(0)
        decompress_file(packed, io.BytesIO(), progress=tell)
        assert told == sorted(told)
        assert told[-1] == (1000, len(packed.getvalue()) - 17)


def test_the_header_says_what_decoding_takes() -> None:
    header = header_of(pack(ENGLISH[:300], "coded:zstd", CORPUS))
    assert (header.spec, header.reading) == ("coded:zstd", "marginal")
    assert header.fingerprint is not None
    assert {"compgen", "python", "numpy", "numba", "zstd", "coded", "machine"} <= set(
        header.versions
    )
    program = header_of(pack(ENGLISH[:300], "gzip"))
    assert (program.reading, program.fingerprint) == (None, None)
    assert program.versions["gzip"].startswith("zlib")


def test_golden_container() -> None:
    """The first version of the format, byte by byte, with what zlib itself decodes."""
    body = (
        b'{"spec":"gzip","reading":null,"fingerprint":null,"block":16777216,"length":18,'
        b'"corpus":null,"versions":{}}'
    )
    front = b"\x89CGEN\r\n\n\x01" + struct.pack("<I", len(body)) + body
    seal = zlib.crc32(front)
    packed = front + struct.pack("<I", seal)
    coder = zlib.compressobj(9, zlib.DEFLATED, -15)
    code = coder.compress(b"a" * 13) + coder.flush()
    for kind, data, written in ((2, b"a" * 13, code), (1, b"noise", b"noise")):
        record = struct.pack("<BIII", kind, len(data), len(written), zlib.crc32(data))
        seal = zlib.crc32(record + written, seal)
        packed += record + struct.pack("<I", seal) + written
    end = struct.pack("<BQI", 0, 18, zlib.crc32(b"a" * 13 + b"noise"))
    packed += end + struct.pack("<I", zlib.crc32(end, seal))
    assert unpack(packed) == b"a" * 13 + b"noise"


# --------------------------------------------------------------------------------- refusals


def test_the_corpus_must_be_the_same() -> None:
    packed = pack(ENGLISH[:300], "zstd", CORPUS)
    wanted = hashlib.sha256(CORPUS).hexdigest()
    with pytest.raises(InputError, match=rf"6000 bytes.*{wanted}.*--corpus"):
        unpack(packed)
    with pytest.raises(InputError, match=rf"{wanted}.*5999 bytes"):
        unpack(packed, CORPUS[:-1])


def test_no_file_decides_which_program_is_run() -> None:
    spec = str(get_compressor(f"command:{PROGRAM}"))
    packed = pack(ENGLISH[:300], spec)
    with pytest.raises(UnsupportedError, match=r"only you may decide.*-c 'command:"):
        unpack(packed)
    forged = Parts.of(packed).with_header(spec=f"coded:{spec}", reading="marginal").sealed()
    with pytest.raises(UnsupportedError, match="only you may decide"):
        unpack(forged)
    with pytest.raises(UsageError, match="was compressed with"):
        unpack(packed, compressor=get_compressor("gzip"))
    assert unpack(packed, compressor=get_compressor(spec)) == ENGLISH[:300]


def test_a_lossy_command_writes_no_file() -> None:
    with pytest.raises(LossyError):
        pack(bytes(5000), "command:head -c 9 | cat")


def test_another_model_is_refused_by_its_fingerprint() -> None:
    parts = Parts.of(pack(ENGLISH[:300], "coded:gzip"))
    other = {"numpy": "1.0"}
    for forged in (
        parts.with_header(spec="coded:gzip:level=3"),
        parts.with_header(fingerprint=1, versions=other),
        parts.with_header(spec="coded:zstd"),
    ):
        with pytest.raises(CompressorError, match=r"first predictions|cut short|damaged"):
            unpack(forged.sealed())
    with pytest.raises(CompressorError, match=r"numpy 1\.0 there and"):
        unpack(parts.with_header(fingerprint=1, versions=other).sealed())
    with pytest.raises(CompressorError, match="reading 'frozen'"):
        unpack(parts.with_header(reading="frozen").sealed())
    with pytest.raises(CompressorError, match="without a fingerprint"):
        unpack(parts.with_header(fingerprint=None).sealed())


@pytest.mark.parametrize(
    ("packed", "error", "complaint"),
    [
        (b"", InputError, "not a file"),
        (b"plain text, which is not ours", InputError, "not a file"),
        (MAGIC[:5], CompressorError, "cut short"),
        (MAGIC + b"\x02" + bytes(4), CompressorError, "version 2.*update"),
        (MAGIC + b"\x01\xff\xff\xff\xff", CompressorError, "absurd"),
    ],
)
def test_what_is_no_container(packed: bytes, error: type[Exception], complaint: str) -> None:
    with pytest.raises(error, match=complaint):
        unpack(packed)


# ----------------------------------------------------------------------------- bad containers


@dataclass
class Parts:
    """A container taken to pieces, to be put together wrongly with checksums that are right."""

    header: dict[str, object]
    blocks: list[tuple[int, int, int, int, bytes]]
    """kind, length, size, CRC of the data, body."""
    total: int
    check: int
    """CRC of all data."""
    raw_header: bytes | None = field(default=None)

    @classmethod
    def of(cls, packed: bytes) -> "Parts":
        (size,) = struct.unpack_from("<I", packed, 9)
        header = json.loads(packed[13 : 13 + size])
        position = 17 + size
        blocks = []
        while packed[position]:
            kind, length, count, check = struct.unpack_from("<BIII", packed, position)
            body = packed[position + 17 : position + 17 + count]
            blocks.append((kind, length, count, check, body))
            position += 17 + count
        total, check = struct.unpack_from("<QI", packed, position + 1)
        return cls(header, blocks, total, check)

    def with_header(self, **values: object) -> "Parts":
        return Parts({**self.header, **values}, self.blocks, self.total, self.check)

    def sealed(self) -> bytes:
        body = json.dumps(self.header).encode() if self.raw_header is None else self.raw_header
        front = MAGIC + b"\x01" + struct.pack("<I", len(body)) + body
        seal = zlib.crc32(front)
        packed = front + struct.pack("<I", seal)
        for kind, length, size, check, content in self.blocks:
            record = struct.pack("<BIII", kind, length, size, check)
            seal = zlib.crc32(content, zlib.crc32(record, seal))
            packed += record + struct.pack("<I", seal) + content
        end = struct.pack("<BQI", 0, self.total, self.check)
        return packed + end + struct.pack("<I", zlib.crc32(end, seal))


def test_parts_put_together_are_the_container() -> None:
    packed = pack(ENGLISH[:700], "coded:zstd")
    assert unpack(Parts.of(packed).sealed()) == ENGLISH[:700]


def accidents(packed: bytes, rng: random.Random) -> Iterator[bytes]:
    """Damage of the kind that happens: nothing knows of the checksums."""
    while True:
        damaged = bytearray(packed)
        first, second = sorted(rng.randrange(len(packed) + 1) for _ in range(2))
        match rng.randrange(7):
            case 0 | 1:
                damaged[rng.randrange(len(packed))] ^= 1 << rng.randrange(8)
            case 2:
                del damaged[first:]
            case 3:
                del damaged[first:second]
            case 4:
                damaged[first:second] = packed[second:] + packed[first:second]
            case 5:
                damaged[first:second] = rng.randbytes(second - first)
            case _:
                damaged[first:first] = packed[first:second]
        yield bytes(damaged)


VALUES: tuple[object, ...] = (
    None,
    -1,
    0,
    1,
    7,
    1 << 31,
    1 << 62,
    10**400,
    1.5,
    True,
    "",
    "gzip",
    [],
    {},
    "cm:bits=12",
)
SPEC_VALUES = ("", "gzop", "zlib", "zstd", "bz2", "coded", "coded:gzip", "cm:bits=99", "png", "+")


def forgeries(packed: bytes, rng: random.Random) -> Iterator[bytes]:
    """Damage of the kind that is made: every checksum of the container is right."""
    original = Parts.of(packed)
    while True:
        parts = Parts.of(packed)
        index = rng.randrange(len(parts.blocks))
        kind, length, size, check, body = parts.blocks[index]
        choice = rng.randrange(10)
        if choice == 0:
            key = rng.choice(list(parts.header))
            value = rng.choice(SPEC_VALUES if key == "spec" else VALUES)
            parts = parts.with_header(**{key: value})
        elif choice == 1:
            del parts.header[rng.choice(list(parts.header))]
        elif choice == 2:
            parts.raw_header = rng.choice((b"", b"[]", b"[" * 5000, b"\xff", b'{"spec":', b"null"))
        elif choice == 3:
            rng.shuffle(parts.blocks)
        elif choice == 4:
            del parts.blocks[index]
        elif choice == 5:
            wrong = max(0, length + rng.choice((-1, 1, 7, 1 << 20, -length)))
            parts.blocks[index] = (kind, wrong, size, check, body)
        elif choice == 6:
            flipped = bytearray(body)
            flipped[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
            parts.blocks[index] = (kind, length, size, check, bytes(flipped))
        elif choice == 7:
            cut = body[: rng.randrange(len(body))]
            parts.blocks[index] = (kind, length, len(cut), check, cut)
        elif choice == 8:
            parts.blocks[index] = (rng.choice((0, 1, 2, 3, 255)), length, size, check, body)
        else:
            parts.total = rng.choice((0, 1, original.total + 1, 1 << 63))
        yield parts.sealed()


DAMAGED = 1000
"""Containers in all, over the specs below."""


@pytest.mark.parametrize("spec", FAST)
@pytest.mark.parametrize("damage", [accidents, forgeries])
@pytest.mark.usefixtures("small_blocks")
def test_damaged_containers(
    spec: str, damage: Callable[[bytes, random.Random], Iterator[bytes]]
) -> None:
    """None crashes, none returns wrong bytes, and none writes what is not the data's start."""
    rng = random.Random(f"{spec} {damage.__name__}")
    data = ENGLISH[:500] + rng.randbytes(300) + ENGLISH[500:800]
    packed = pack(data, spec)
    damaged = damage(packed, rng)
    refused = 0
    complaints = []
    for _ in range(-(-DAMAGED // (2 * len(FAST)))):
        target = io.BytesIO()
        try:
            decompress_file(io.BytesIO(next(damaged)), target)
        except CompgenError as error:
            refused += 1
            complaints.append(str(error))
            continue
        assert target.getvalue() == data
    assert all(text and "\n" not in text and len(text) < 1000 for text in complaints)
    assert refused > DAMAGED / (2 * len(FAST)) / 2


@pytest.mark.usefixtures("small_blocks")
def test_the_blocks_of_two_files_do_not_mix() -> None:
    """Each block is right, and each follows a block that is; but not the one it followed."""
    one, other = (pack(text, "bz2") for text in (ENGLISH[:600], ENGLISH[600:1200]))
    second, others = (len(Parts.of(packed).blocks[1][4]) + 17 + 17 for packed in (one, other))
    with pytest.raises(CompressorError, match="checksum of a block"):
        unpack(one[:-second] + other[-others:])


# -------------------------------------------------------------------------------------- bombs


def peak_memory(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("spec", ["gzip", "zstd", "bz2", "brotli"])
def test_a_bomb_is_stopped_where_its_length_ends(spec: str) -> None:
    """Fifty megabytes of zeros under checksums that are right and a length of a thousand."""
    compressor = get_compressor(spec)
    bomb = compressor.compress_after(b"", bytes(50_000_000))
    length = max(1000, len(bomb))
    parts = Parts.of(pack(bytes(1000), spec))
    parts.header["length"] = parts.total = length
    parts.blocks = [(2, length, len(bomb), zlib.crc32(bytes(length)), bomb)]
    packed = parts.sealed()

    def refuse() -> None:
        with pytest.raises(CompressorError, match=r"more than|damaged"):
            unpack(packed)

    assert peak_memory(refuse) < 5_000_000


def test_a_claim_allocates_nothing() -> None:
    parts = Parts.of(pack(ENGLISH[:300], "gzip"))
    kind, _, _, check, body = parts.blocks[0]
    largest = parts.with_header(block=64 << 20, length=None)
    largest.blocks = [(kind, 64 << 20, (64 << 20) - 1, check, body)]
    absurd = parts.with_header(block=1 << 40)

    def refuse() -> None:
        for packed in (largest.sealed(), absurd.sealed()):
            with pytest.raises(CompressorError):
                unpack(packed)

    assert peak_memory(refuse) < 1_000_000


def test_more_blocks_than_declared_are_not_decoded() -> None:
    parts = Parts.of(pack(ENGLISH[:300], "gzip"))
    parts.blocks *= 5
    target = io.BytesIO()
    with pytest.raises(CompressorError, match="more data than it declares"):
        decompress_file(io.BytesIO(parts.sealed()), target)
    assert target.getvalue() == ENGLISH[:300]


@pytest.mark.parametrize("direction", ["compress", "decompress"])
def test_one_block_is_held_and_never_the_file(
    direction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codec.ProgramBlocks, "block_bytes", 1 << 16)
    data = random.Random(4).randbytes(1 << 12) * 1024

    class Nowhere:
        def write(self, data: bytes, /) -> None:
            pass

    def work() -> None:
        if direction == "compress":
            compress_file(io.BytesIO(data), Nowhere(), gzip)
        else:
            decompress_file(io.BytesIO(packed), Nowhere())

    gzip = get_compressor("gzip")
    packed = pack(data)
    assert peak_memory(work) < 1_000_000


def test_what_the_model_gets_wrong_later_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong data from a decoder that raises nothing: the checksum of the data says so."""
    packed = pack(ENGLISH[:300], "gzip")
    monkeypatch.setattr(codec.ProgramBlocks, "decode", lambda *_: b"x" * 300)
    target = io.BytesIO()
    with pytest.raises(CompressorError, match="computes otherwise"):
        container.decompress_file(io.BytesIO(packed), target)
    assert target.getvalue() == b""
