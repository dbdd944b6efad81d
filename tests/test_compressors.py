"""Every registered compressor keeps the contract, and each its own promises."""

import importlib
import io
import random
import shutil
import struct
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from compgen import registry
from compgen.compressor import Compressor
from compgen.compressors.command import Command
from compgen.errors import CompressorError, LossyError, MissingPackageError, SpecError
from compgen.reading import Reading
from compgen.registry import BUILTIN, get_compressor
from tests import contract
from tests.texts import ENGLISH

PYTHON_ZLIB = (
    f"{sys.executable} -S -c 'import sys, zlib; "
    "sys.stdout.buffer.write(zlib.{}(sys.stdin.buffer.read()))'"
)
"""A program that is there wherever these tests run."""
PROGRAM = (
    "gzip -9 -c | gzip -dc"
    if shutil.which("gzip")
    else f"{PYTHON_ZLIB.format('compress')} | {PYTHON_ZLIB.format('decompress')}"
)

MODELS = ("coded", "cm", "neural", "pixelcm", "samplecm")
CHECKSUMMED = ("gzip", "zlib", "bz2", "png", "flac", "numcodecs", "command", *MODELS)
SLOW = ("command", *MODELS)
SPECS = [
    "gzip",
    "gzip:level=0",
    "gzip:level=1,strategy=filtered",
    "gzip:wbits=9,memlevel=1",
    "zlib",
    "zlib:wbits=9,level=6",
    "deflate",
    "deflate:wbits=9,memlevel=9,tables=huffman",
    "bz2",
    "bz2:level=1",
    "zstd",
    "zstd:level=-7",
    "zstd:level=19",
    "zstd:level=1,long=27",
    "zstd:long=10",
    "brotli",
    "brotli:quality=0,lgwin=10",
    "brotli:quality=11,mode=text",
    "png",
    "png:width=7,level=6",
    "png:width=33,channels=3",
    "png:channels=4,level=0",
    "webp",
    "webp:width=100,channels=3,method=0",
    "webp:width=37,channels=4,quality=0",
    "flac",
    "flac:bits=8,channels=2",
    "flac:bits=24,channels=8,rate=44100",
    "numcodecs:id=lz4",
    "numcodecs:id=zlib,level=6",
    "numcodecs:id=blosc,cname=zstd,shuffle=0",
    f"command:{PROGRAM}",
    "coded:gzip",
    "coded:zstd:level=19",
    "cm:bits=16",
    "neural:mix=off",
    "pixelcm:width=7,channels=3",
    "samplecm:law=linear",
    "ngram",
    "ngram:order=1",
    "uniform",
]


def make(spec: str) -> Compressor:
    if spec.startswith("numcodecs"):
        pytest.importorskip("numcodecs")
    if spec.startswith("flac"):
        pytest.importorskip("soundfile")
    return get_compressor(spec)


def test_the_example_keeps_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "examples")
    capitals = importlib.import_module("add_a_compressor").Capitals(level=8)
    contract.check_compressor(capitals)
    contract.check_conditional(
        lambda context: capitals.condition(context, dither=0),
        compressor=capitals,
        contexts=(b"", b"A\x01"),
    )


def largest(spec: str) -> int | None:
    """Bytes of the samples; None: all."""
    if spec.startswith(("coded", "neural", "pixelcm", "samplecm")):
        return 400
    if spec.startswith(("ngram", "uniform")):  # in Python, a byte at a time
        return 1_000
    return 10_000 if spec.startswith("cm") else None


def test_every_builtin_is_under_contract() -> None:
    elsewhere = {"hf"}  # it needs a model: tests/test_hf.py
    assert {spec.partition(":")[0] for spec in SPECS} == set(BUILTIN) - elsewhere


@pytest.mark.parametrize("spec", SPECS)
def test_contract(spec: str) -> None:
    contract.check_compressor(
        make(spec),
        detects_damage=spec.startswith(CHECKSUMMED),
        examples=4 if spec.startswith(SLOW) else 25,
        largest=largest(spec),
    )


@pytest.mark.parametrize(
    "spec", ["gzip", "deflate:level=1", "bz2", "zstd", "brotli:quality=2", "png", "webp:method=0"]
)
def test_the_bytes_reading_is_what_recompressing_says(spec: str) -> None:
    compressor = make(spec)
    contract.check_conditional(
        lambda context: compressor.condition(context, reading=Reading.BYTES),
        compressor=compressor,
        contexts=(b"", ENGLISH[:400]),
    )


@pytest.mark.parametrize("spec", SPECS)
def test_nothing_may_follow_a_stream(spec: str) -> None:
    compressor = make(spec)
    with pytest.raises(CompressorError):
        compressor.decompress(compressor.compress(ENGLISH[:2000]) + b"garbage")


@pytest.mark.parametrize(
    ("spec", "other"),
    [
        ("gzip", "gzip:level=5"),
        ("gzip", "gzip:memlevel=1"),
        ("gzip", "gzip:wbits=9"),
        ("gzip", "gzip:strategy=filtered"),
        ("bz2", "bz2:level=1"),
        ("zstd", "zstd:level=19"),
        ("brotli", "brotli:quality=9"),
        ("brotli", "brotli:lgwin=10"),
        ("brotli", "brotli:mode=font"),
        ("png", "png:level=1"),
        ("png", "png:width=80"),
        ("png", "png:channels=3"),
        ("webp", "webp:method=0"),
        ("webp", "webp:quality=0"),
        ("webp", "webp:width=80"),
        ("webp", "webp:channels=3"),
        ("numcodecs:id=lz4", "numcodecs:id=lz4,acceleration=9"),
    ],
)
def test_options_reach_the_library(spec: str, other: str) -> None:
    data = ENGLISH[:150_000]
    assert make(spec).compress(data) != make(other).compress(data)


# ---------------------------------------------------------------------------------- deflate


def test_three_containers_of_one_stream() -> None:
    data = ENGLISH[:5000]
    raw, wrapped, zipped = (
        make(f"{name}:level=6,wbits=12").compress(data) for name in ("deflate", "zlib", "gzip")
    )
    assert wrapped[2:-4] == raw
    assert zipped[10:-8] == raw
    assert zlib.decompress(zipped, wbits=31) == data


@pytest.mark.parametrize("name", ["gzip", "zlib", "deflate"])
def test_the_window_is_where_matches_end(name: str) -> None:
    """A second copy just inside the window is nearly free; just outside it costs everything."""
    compressor = make(f"{name}:wbits=12")
    assert compressor.window == 4096
    noise = contract.SAMPLES["random"][:200]
    within, beyond = (len(compressor.compress(noise + bytes(gap) + noise)) for gap in (3000, 4096))
    assert beyond - within > 180


def test_the_prime_leaves_room_in_the_window() -> None:
    assert make("gzip").window == 32768
    assert 29_000 < make("gzip").prime_bytes < 32_000
    assert 0 < make("gzip:wbits=9").prime_bytes < 512 - 30


# ------------------------------------------------------------------------------------- zstd


def test_zstd_frames_carry_no_size_and_no_checksum() -> None:
    """RFC 8878, section 3.1.1.1.1: all flags of the frame header descriptor are zero."""
    for data in contract.SAMPLES.values():
        for spec in ("zstd", "zstd:long=20"):
            assert make(spec).compress(data)[:5] == b"\x28\xb5\x2f\xfd\x00"


def test_long_lengthens_the_window() -> None:
    noise = contract.SAMPLES["random"]
    data = noise + bytes(1 << 21) + noise
    short, long = (make(f"zstd:level=1,{option}long={log}") for option, log in (("", 15), ("", 24)))
    assert (short.window, long.window) == (1 << 15, 1 << 24)
    assert make("zstd:level=19").window == 1 << 23
    assert len(short.compress(data)) - len(long.compress(data)) > 2900


def test_zstd_threads_do_not_share_a_compressor() -> None:
    compressor = make("zstd")
    made = []

    def make_one() -> None:
        made.append(compressor._compressor())  # type: ignore[attr-defined]
        made.append(compressor._compressor())  # type: ignore[attr-defined]

    make_one()
    other = threading.Thread(target=make_one)
    other.start()
    other.join()
    assert made[0] is made[1]
    assert made[2] is made[3]
    assert made[0] is not made[2]


def test_zstd_switches_options_within_a_thread() -> None:
    fast, strong = make("zstd:level=1"), make("zstd:level=19")
    data = ENGLISH[:30_000]
    once = len(fast.compress(data)), len(strong.compress(data))
    assert once[0] > once[1]
    assert (len(fast.compress(data)), len(strong.compress(data))) == once


def test_a_forged_zstd_window_is_refused() -> None:
    """A window descriptor of 2^41 bytes (RFC 8878, section 3.1.1.1.2) allocates nothing."""
    stream = bytearray(make("zstd").compress(ENGLISH[:1000]))
    stream[5] = 31 << 3
    with pytest.raises(CompressorError, match="zstd"):
        make("zstd").decompress(bytes(stream))


# --------------------------------------------------------------------------------- pictures


def test_pictures_begin_with_the_length_and_hold_padded_rows() -> None:
    from PIL import Image

    stream = make("png:width=4").compress(b"abcdefgh+-")
    assert stream[:8] == struct.pack("<Q", 10)
    with Image.open(io.BytesIO(stream[8:])) as image:
        assert image.size == (4, 3)
        assert image.tobytes() == b"abcdefgh+-gh"
    with Image.open(io.BytesIO(make("png:width=4,channels=3").compress(b"abc")[8:])) as image:
        assert (image.mode, image.size) == ("RGB", (4, 1))
        assert image.tobytes() == b"abc" + bytes(9)


def test_width_zero_is_one_row() -> None:
    from PIL import Image

    with Image.open(io.BytesIO(make("png:channels=3").compress(bytes(10))[8:])) as image:
        assert image.size == (4, 1)


@pytest.mark.parametrize("spec", ["webp", "webp:channels=3", "webp:channels=4"])
def test_webp_is_lossless_under_transparency(spec: str) -> None:
    """Without `exact`, libwebp repaints what alpha hides."""
    make(spec).verify(bytes(range(256)) * 40 + bytes(4000) + b"\xff" * 4000)


def test_webp_names_its_limit() -> None:
    with pytest.raises(CompressorError, match=r"16383.*width"):
        make("webp:width=1").compress(bytes(16384))
    make("webp:width=1").verify(bytes(16383))


@pytest.mark.parametrize("spec", ["png", "webp"])
def test_an_absurd_header_exhausts_nothing(spec: str) -> None:
    compressor = make(spec)
    picture = compressor.compress(b"hello")[8:]
    for length in (1 << 62, 1 << 34, 6_000_000, 300):
        with pytest.raises(CompressorError, match="pixels"):
            compressor.decompress(struct.pack("<Q", length) + picture)


@pytest.mark.parametrize("spec", ["png", "webp"])
def test_more_pixels_than_the_limit_are_not_even_decoded(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compressor = make(spec)
    large, small = (compressor.compress(bytes(length)) for length in (2048, 1024))
    monkeypatch.setattr("compgen.compressors.picture.MAX_PIXELS", 1024)
    with pytest.raises(CompressorError, match="the limit is 1024 pixels"):
        compressor.compress(bytes(1025))
    with pytest.raises(CompressorError, match="the limit is 1024 pixels"):
        compressor.decompress(large)
    assert compressor.decompress(small) == bytes(1024)


@pytest.mark.parametrize("spec", ["png:width=8", "webp:width=8"])
def test_a_forged_length_does_not_fit_the_padding(spec: str) -> None:
    stream = make(spec).compress(b"eight by" + b"two ")
    with pytest.raises(CompressorError, match="padding"):
        make(spec).decompress(struct.pack("<Q", 11) + stream[8:])


def test_a_picture_of_other_options_is_refused() -> None:
    for spec in ("png:channels=3", "png:width=5", "png:width=16", "webp"):
        with pytest.raises(CompressorError):
            make(spec).decompress(make("png").compress(b"fifteen bytes ."))


@pytest.mark.parametrize(
    ("width", "quality"), [(64, 75), (256, 75), (256, 30), (1024, 10), (256, 100)]
)
def test_the_window_of_webp_follows_width_and_quality(width: int, quality: int) -> None:
    compressor = make(f"webp:width={width},quality={quality}")
    window = compressor.window
    assert window is not None
    noise = random.Random(4).randbytes(4 * width)
    sizes = []
    for distance in (window // 2, 2 * window // width * width):
        gap = bytes(distance // width * width - len(noise))
        sizes.append(len(compressor.compress(noise + gap + noise)))
    assert sizes[0] < 1.4 * len(noise) < 1.8 * len(noise) < sizes[1]


# ---------------------------------------------------------------------------------- command


def python(code: str) -> str:
    """A command line that runs a line of Python; `data` is its input, `out` writes."""
    return (
        f"{sys.executable} -S -c 'import os, sys, time; data = sys.stdin.buffer.read(); "
        f"out = sys.stdout.buffer.write; {code}'"
    )


def test_a_missing_program_is_named() -> None:
    with pytest.raises(CompressorError, match=r"no program 'no-such-program'.*install.*PATH"):
        make("command:no-such-program -9").compress(b"x")


def test_a_failing_program_is_quoted() -> None:
    failing = Command(python('print("out of ideas", file=sys.stderr); sys.exit(3)'))
    with pytest.raises(CompressorError, match="exit status 3: out of ideas"):
        failing.compress(b"x")


def test_a_slow_program_is_stopped() -> None:
    slow = make(f"command:timeout=0.3 {python('time.sleep(60)')}")
    with pytest.raises(CompressorError, match=r"longer than 0\.3 seconds"):
        slow.compress(b"x")


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_killed_program_is_told() -> None:
    with pytest.raises(CompressorError, match="killed by SIGKILL"):
        Command(python("os.kill(os.getpid(), 9)")).compress(b"x")


def test_what_cannot_be_run_is_named(tmp_path: object) -> None:
    with pytest.raises(CompressorError, match="cannot be run"):
        Command(str(tmp_path)).compress(b"x")


def test_a_command_meets_no_shell() -> None:
    echo = Command(python("out(sys.argv[1].encode())") + " '$HOME; * > x'", "cat")
    assert echo.compress(b"") == b"$HOME; * > x"


def test_a_program_that_does_not_read_is_no_fault() -> None:
    words = f"{sys.executable} -S -c 'print(1)'"
    assert Command(words).compress(bytes(1 << 20)).strip() == b"1"


def test_a_lossy_command_is_refused() -> None:
    with pytest.raises(LossyError, match="different"):
        Command(python("out(data[1:])"), python("out(data)")).verify(b"abc")


def test_the_default_decompressor() -> None:
    assert make("command:xz -9 -c") == make("command:xz -9 -c | xz -dc")
    assert str(make("command:timeout=2.5 xz")) == "command:timeout=2.5 xz | xz -dc"
    assert make("command:timeout=2.5 xz") == Command("xz", "xz -dc", 2.5)


def test_a_quoted_bar_is_not_the_border() -> None:
    command = make("command:cut -d '|' -f ' | ' | cat '|'")
    assert isinstance(command, Command)
    assert (command.encoder, command.decoder) == ("cut -d '|' -f ' | '", "cat '|'")
    assert get_compressor(str(command)) == command


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("command", "needs a command line"),
        ("command:  ", "needs a command line"),
        ("command:| xz -dc", "needs a command line"),
        ("command:timeout=2", "needs a command line"),
        ("command:timeout=soon xz", "not a number of seconds"),
        ("command:timeout=0 xz", "at least"),
        ("command:timeout=nan xz", "at least"),
        ("command:xz '-9", "quotation"),
        ("command:xz | tr a b | cat", "no shell"),
    ],
)
def test_senseless_commands(spec: str, complaint: str) -> None:
    with pytest.raises(SpecError, match=complaint):
        get_compressor(spec)


def test_commands_run_side_by_side() -> None:
    barrier = Command(python("time.sleep(0.4); out(data)"), "cat")
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(barrier.compress, [b"a", b"b", b"c", b"d"])) == [
            b"a",
            b"b",
            b"c",
            b"d",
        ]


# -------------------------------------------------------------------------------- numcodecs


@pytest.mark.parametrize(
    ("spec", "error", "complaint"),
    [
        ("numcodecs", SpecError, "id"),
        ("numcodecs:level=1", SpecError, "id"),
        ("numcodecs:id=lz5", SpecError, "did you mean 'lz4'"),
        ("numcodecs:id=lz4,speed=1", SpecError, "lz4.*options"),
        ("numcodecs:id=delta", SpecError, "dtype"),
        ("numcodecs:id=packbits", LossyError, "different"),
        ("numcodecs:id=fixedscaleoffset,offset=0,scale=0.5,dtype=u1", LossyError, "different"),
        ("numcodecs:id=shuffle,elementsize=4", LossyError, "multiple"),
        ("numcodecs:id=pickle", LossyError, "disabled"),
    ],
)
def test_codecs_are_tried_before_they_are_trusted(
    spec: str, error: type[Exception], complaint: str
) -> None:
    with pytest.raises(error, match=complaint):
        make(spec)


def test_codec_options_are_typed_and_unordered() -> None:
    one = make("numcodecs:id=blosc,shuffle=2,cname=lz4hc,clevel=9")
    assert one == make("numcodecs:id=blosc,clevel=9,cname=lz4hc,shuffle=2")
    assert str(one) == "numcodecs:id=blosc,clevel=9,cname=lz4hc,shuffle=2"
    levels = [len(make(f"numcodecs:id=zlib,level={level}").compress(ENGLISH)) for level in (1, 9)]
    assert levels[0] > levels[1]


def test_without_numcodecs_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numcodecs", None)
    with pytest.raises(MissingPackageError, match=r"compgen\[numcodecs\]"):
        get_compressor("numcodecs:id=gzip")


def test_without_pillow_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingPackageError, match="pillow"):
        get_compressor("png").compress(b"x")
