"""PNG below the byte: the filters are Pillow's, and so is every bit."""

import random
import zlib

import numpy as np
import pytest

from compgen.compressors.png import Png
from compgen.conditional import BYTES
from compgen.conditionals import png_stream
from compgen.conditionals.deflate_stream import information_bits
from compgen.conditionals.png_bits import OneRowBits, PngBits
from compgen.conditionals.png_stream import deflated, picture_bits
from compgen.conditionals.stream_bits import StreamBits
from compgen.errors import CompressorError, UnsupportedError
from compgen.formats.png_filters import filtered
from compgen.reading import Reading
from tests import contract
from tests.texts import ENGLISH

SHAPES = [(0, 1), (0, 3), (7, 1), (33, 3), (64, 1), (16, 4)]


def gradient() -> bytes:
    y, x = np.mgrid[:80, :64]
    light = 3 * x + y * y // 30 + np.random.default_rng(0).integers(0, 3, x.shape)
    data: bytes = (light % 256).astype(np.uint8).tobytes()
    return data


DATA = {
    "gradient": gradient(),
    "text": ENGLISH[:5000],
    "noise": random.Random(1).randbytes(5000),
    "zeros": bytes(5000),
}


def rows_of(png: Png, data: bytes) -> np.ndarray:
    width, height = png._size(len(data))
    padded = png._pad(data, (width, height))
    return np.frombuffer(padded, np.uint8).reshape(height, -1)


def classic_bits(png: Png, data: bytes) -> int:
    """From Python's own zlib over our filters."""
    rows = rows_of(png, data)
    above = np.zeros(rows.shape[1], np.uint8)
    encoder = zlib.compressobj(png.level, zlib.DEFLATED, -15, 9, zlib.Z_FILTERED)
    raw = filtered(rows, above, png.channels).tobytes()
    return information_bits(encoder.compress(raw) + encoder.flush())


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize(("width", "channels"), SHAPES)
def test_filters_are_pillows(kind: str, width: int, channels: int) -> None:
    png = Png(width=width, channels=channels)
    for length in (0, 1, 5, 64 * 30, 4999):
        data = DATA[kind][:length]
        rows = rows_of(png, data)
        mine = filtered(rows, np.zeros(rows.shape[1], np.uint8), channels).tobytes()
        assert zlib.decompress(deflated(png.compress(data))) == mine


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize(("width", "channels"), SHAPES)
@pytest.mark.parametrize("level", [9, 1])
def test_bits_are_the_streams(kind: str, width: int, channels: int, level: int) -> None:
    png, data = Png(width=width, channels=channels, level=level), DATA[kind]
    for cut in (0, 1, 100, 64 * 30, 2500):
        context = data[:cut]
        wanted = [b"", b"a", data[cut : cut + 5], data[cut : cut + 200], bytes(3), b"a"]
        conditional = (
            PngBits(context, reading=Reading.BITS, level=level, width=width, channels=channels)
            if width
            else OneRowBits(context, reading=Reading.BITS, level=level, channels=channels)
        )
        lengths = [classic_bits(png, context + one) for one in wanted]
        difference = np.array(lengths, float) - classic_bits(png, context)
        assert conditional.bits(wanted).tolist() == difference.tolist()
        conditional.advance(data[cut : cut + 70])
        context += data[cut : cut + 70]
        difference = np.array([classic_bits(png, context + b"xy") - classic_bits(png, context)])
        assert conditional.bits([b"xy"]).tolist() == difference.tolist()


@pytest.mark.parametrize("spec", [Png(), Png(width=40), Png(width=9, channels=3)])
def test_bits_round_up_to_pillows_idat(spec: Png) -> None:
    for data in DATA.values():
        stream = spec.compress(data)
        bits = picture_bits(stream)
        assert 2 + -(-bits // 8) + 4 == len(deflated(stream))
        conditional = spec.condition(data[:3000], reading=Reading.BITS)
        assert conditional.bits([data[3000:]])[0] == bits - picture_bits(spec.compress(data[:3000]))


@pytest.mark.parametrize("reading", [Reading.BITS, Reading.PAYLOAD, Reading.FROZEN])
@pytest.mark.parametrize("width", [0, 24])
def test_contract(reading: Reading, width: int) -> None:
    png = Png(width=width)
    contract.check_conditional(
        lambda context: png.condition(context, reading=reading),
        contexts=(b"", b"a", ENGLISH[:700]),
    )


def test_another_zlib_in_pillow_is_measured_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    png, data = Png(width=32), DATA["gradient"]
    replica = png.condition(data[:900], reading=Reading.BITS)
    monkeypatch.setattr(png_stream, "is_classic", lambda _: False)
    measured = png.condition(data[:900], reading=Reading.BITS)
    assert isinstance(measured, StreamBits)
    wanted = [b"", *BYTES[::40], data[900:1000]]
    if isinstance(replica, PngBits):
        assert measured.bits(wanted).tolist() == replica.bits(wanted).tolist()
    assert isinstance(png.condition(data[:900]), PngBits)  # frozen is nobody's in particular


def test_pixels_are_read_better_than_bytes_can() -> None:
    """The true next pixels of a smooth picture cost less than uniform ones."""
    data = DATA["gradient"]
    conditional = Png(width=64).condition(data[: 64 * 40])
    assert conditional.reading is Reading.FROZEN
    cost = []
    for value in data[64 * 40 : 64 * 41 : 4]:
        cost.append(conditional.next_byte()[value])
        conditional.advance(data[64 * 40 + 4 * (len(cost) - 1) :][:4])
    assert np.mean(cost) < 6.5


def test_what_cannot_be_read() -> None:
    with pytest.raises(UnsupportedError, match="level 0 stores"):
        Png(level=0).condition(reading=Reading.BITS)
    with pytest.raises(UnsupportedError, match="no reading 'marginal'"):
        Png().condition(reading=Reading.MARGINAL)
    with pytest.raises(CompressorError, match="damaged"):
        picture_bits(bytes(16) + b"\0\0\0\7IDAT" + b"\7" * 7 + bytes(4))
