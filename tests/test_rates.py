"""`cgen rates`: what is compressed, by which protocol, and what is printed of it."""

import csv
import io
import json
import struct
import sys
import types
import wave
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from compgen import registry
from compgen.compressor import Compressor
from compgen.compressors.model import ModelCompressor
from compgen.conditional import Conditional
from compgen.errors import CompressorError, InputError, LossyError, MissingPackageError
from compgen.evaluation.material import Material, gather, kind_of, random_control
from compgen.evaluation.model_size import parameter_count
from compgen.evaluation.patches import patches_of
from compgen.evaluation.published import RATES
from compgen.evaluation.rates import header_bytes, measure
from compgen.evaluation.recording import pieces_of
from compgen.evaluation.tokens import learn, numbers, varints
from compgen.reading import Reading
from compgen.registry import get_compressor, register
from compgen.report.rates_table import rates_table

from .command_line import cgen
from .texts import ENGLISH

TEXT = ENGLISH[:5000]
RNG = np.random.default_rng(8)


def wav(samples: Any, *, rate: int = 16_000, width: int = 2, channels: int = 1) -> bytes:
    """A WAV file; `samples` are bytes or an array of 16 bit."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        raw = samples if isinstance(samples, bytes) else samples.astype("<i2").tobytes()
        writer.writeframes(raw)
    return file.getvalue()


def png(pixels: Any, mode: str = "RGB") -> bytes:
    from PIL import Image

    file = io.BytesIO()
    size = pixels.shape[1], pixels.shape[0]
    Image.frombytes(mode, size, pixels.tobytes()).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file of each kind, in the working directory."""
    monkeypatch.chdir(tmp_path)
    Path("text").write_bytes(TEXT)
    Path("picture.png").write_bytes(png(RNG.integers(0, 256, (70, 130, 3), np.uint8)))
    Path("speech.wav").write_bytes(wav(RNG.integers(-999, 999, 5000, np.int16)))


# What is compressed


def test_patches_are_grey_and_whole() -> None:
    pixels = RNG.integers(0, 256, (70, 130, 3), np.uint8)
    found = patches_of(png(pixels), "it")
    assert len(found) == 2 * 2 * 2048
    # the paper's own words for it: np.mean(image, axis=-1).astype(np.uint8)
    grey = np.mean(pixels, axis=-1).astype(np.uint8)
    for number, (row, column) in enumerate([(0, 0), (0, 64), (32, 0), (32, 64)]):
        patch = grey[row : row + 32, column : column + 64]
        assert found[2048 * number :][:2048] == patch.tobytes()
    flat = RNG.integers(0, 256, (32, 64), np.uint8)
    assert patches_of(png(flat, "L"), "it") == flat.tobytes()


def test_pictures_that_cannot_be_cut() -> None:
    deep = RNG.integers(0, 1 << 16, (32, 64), np.uint16)
    for data, says in [
        (png(np.zeros((31, 64), np.uint8), "L"), "it has 64 x 31 pixels, less than one patch"),
        (png(deep, "I;16"), "it has more than 8 bits a channel"),
        (b"no picture", r"^it cannot be read as a picture by Pillow$"),
        (png(flat := np.zeros((64, 64), np.uint8), "L")[:60], "it cannot be read as a picture"),
    ]:
        with pytest.raises(InputError, match=says):
            patches_of(data, "it")
    assert flat.size


def test_a_picture_without_its_last_rows_is_not_gray() -> None:
    """Its stream is whole, and Pillow fills up the rest without a word."""
    whole = png(np.zeros((64, 64), np.uint8), "L")
    at = whole.index(b"IDAT")
    length = int.from_bytes(whole[at - 4 : at])
    rows = zlib.compress(bytes(65 * 40))
    chunk = b"IDAT" + rows
    short = (
        whole[: at - 4]
        + len(rows).to_bytes(4)
        + chunk
        + zlib.crc32(chunk).to_bytes(4)
        + whole[at + 4 + length + 4 :]
    )
    assert len(patches_of(whole, "it")) == 64 * 64
    with pytest.raises(InputError, match=r"^it: the picture is cut short: its last rows"):
        patches_of(short, "it")


def test_samples_are_the_high_bytes() -> None:
    samples = RNG.integers(-(1 << 15), 1 << 15, 5000, np.int16)
    found, changed = pieces_of(wav(samples), "it", 2048)
    assert changed == ""
    # audioop.bias(audioop.lin2lin(samples, 2, 1), 1, 128) keeps the high byte, plus 128
    high = samples.astype("<i2").tobytes()[1::2]
    assert found == bytes((value + 128) % 256 for value in high[:4096])
    eight = RNG.bytes(2048)
    assert pieces_of(wav(eight, width=1), "it", 2048) == (eight, "")
    for width in (3, 4):
        wide = b"".join(bytes(width - 2) + value.tobytes() for value in samples.astype("<i2"))
        assert pieces_of(wav(wide, width=width), "it", 2048) == (found, "")


def test_other_recordings_are_mixed_down_and_resampled() -> None:
    ramp = np.arange(-2000, 2096, dtype=np.int16)
    both = np.stack([ramp, ramp], axis=1)
    found, changed = pieces_of(wav(both, channels=2), "it", 2048)
    assert (found, changed) == (pieces_of(wav(ramp), "it", 2048)[0], "mixed down from 2 channels")
    tone = (12_000 * np.sin(np.arange(48_000) * 2 * np.pi * 440 / 48_000)).astype(np.int16)
    found, changed = pieces_of(wav(tone, rate=48_000), "it", 2048)
    assert changed == "resampled from 48,000 to 16,000 Hz"
    assert len(found) == 16_000 // 2048 * 2048
    spectrum = np.abs(np.fft.rfft(np.frombuffer(found, np.uint8) - 128.0))
    assert spectrum.argmax() * 16_000 / len(found) == pytest.approx(440, abs=2)


def test_recordings_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for data, says in [
        (wav(np.zeros(2047, np.int16)), "it has 2,047 samples at 16 kHz, less than one piece"),
        (b"RIFF", "it cannot be read as a WAV file: "),
        (b"hello, this is no recording", "it cannot be read as a WAV file: "),
        (wav(np.zeros(4096, np.int16))[:30], "it cannot be read as a WAV file: "),
    ]:
        with pytest.raises(InputError, match=says):
            pieces_of(data, "it", 2048)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'compgen\[audio\]'"):
        pieces_of(b"fLaC....", "it", 2048)


def test_flac_is_read_by_soundfile(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = RNG.integers(-(1 << 15), 1 << 15, (2048, 1), np.int16)
    library = types.SimpleNamespace(
        read=lambda file, dtype, always_2d: (samples, 16_000), SoundFileError=OSError
    )
    monkeypatch.setitem(sys.modules, "soundfile", library)
    assert pieces_of(b"fLaC....", "it", 2048) == pieces_of(wav(samples), "it", 2048)


def test_files_are_gathered_by_kind() -> None:
    found = gather([Path("speech.wav"), Path("text"), Path("picture.png"), Path("text")])
    assert [(each.kind, len(each.data), each.files) for each in found] == [
        ("text", 10_000, 2), ("image", 8192, 1), ("audio", 4096, 1)
    ]  # fmt: skip
    assert found[0].data == TEXT + TEXT
    (cut,) = gather([Path("text")], limit=100)
    assert cut.data == TEXT[:100]
    (shared,) = gather([Path("text"), Path("text")], limit=101)
    assert shared.data == TEXT[:50] + TEXT[:50]
    (patches,) = gather([Path("picture.png")], limit=5000)
    assert patches.data == found[1].data[:4096], "whole patches"
    (plain,) = gather([Path("picture.png")], kind="text")
    assert plain.data == Path("picture.png").read_bytes()
    assert kind_of(Path("A.JPG")) == "image"
    Path("empty").touch()
    with pytest.raises(InputError, match="empty"):
        gather([Path("empty")])


# The protocol


@pytest.mark.parametrize(
    ("spec", "header"),
    # what stands in compgen.evaluation.rates
    [("gzip", 20), ("zlib", 8), ("deflate", 2)],
)
def test_the_header_is_counted_once(spec: str, header: int) -> None:
    compressor = get_compressor(spec)
    assert header_bytes(compressor) == header
    found = measure(compressor, Material("text", TEXT, 1), 1000)
    lengths = [len(compressor.compress(TEXT[at : at + 1000])) for at in range(0, 5000, 1000)]
    assert found.compressed_bytes == sum(lengths) - 4 * header
    assert found.rate == found.adjusted_rate == found.compressed_bytes / 5000
    assert (found.chunks, found.raw_bytes, found.header_bytes) == (5, 5000, header)
    whole = measure(compressor, Material("text", TEXT, 1), None)
    assert (whole.chunks, whole.compressed_bytes) == (1, len(compressor.compress(TEXT)))
    assert measure(compressor, Material("text", TEXT, 1), 9999).rate == whole.rate


def test_the_papers_own_way_of_counting_is_near() -> None:
    """compress.py: the stream of one zero byte is the header."""
    data = random_control(2048 * 64, np.random.default_rng(0))
    ours = measure(get_compressor("gzip"), data, 2048)
    streams = [zlib.compressobj(9, 8, 31) for _ in range(64)]
    size = sum(
        len(each.compress(data.data[2048 * at :][:2048]) + each.flush())
        for at, each in enumerate(streams)
    )
    one_zero = zlib.compressobj(9, 8, 31)
    papers = size - 63 * len(one_zero.compress(b"\0") + one_zero.flush())
    assert ours.compressed_bytes - papers == 63
    assert round(100 * papers / len(data.data), 1) == 100.1  # what its table says


def test_the_last_chunk_is_what_is_left() -> None:
    found = measure(get_compressor("deflate"), Material("text", TEXT, 1), 1700)
    pieces = [TEXT[:1700], TEXT[1700:3400], TEXT[3400:]]
    size = sum(len(get_compressor("deflate").compress(piece)) for piece in pieces)
    assert (found.chunks, found.compressed_bytes) == (3, size - 4)


class Even(Conditional):
    """Every byte costs two bits, whatever it is."""

    reading = Reading.MARGINAL
    exact = True

    def bits(self, continuations: Any) -> Any:
        return np.array([2.0 * len(data) for data in continuations])

    def code_lengths(self, data: bytes) -> Any:
        return np.full(len(data), 2.0)

    def advance(self, data: bytes) -> None:
        pass

    def fork(self) -> "Even":
        return Even()


class Pretended(ModelCompressor):
    """A model whose coder writes what one likes."""

    name = "pretended-for-a-test"
    written = 0.25
    returned = True

    def read(self, context: bytes, reading: Reading) -> Conditional:
        return Even()

    def compress(self, data: bytes) -> bytes:
        return bytes(round(len(data) * self.written) + 20)

    def decompress(self, data: bytes) -> bytes:
        return TEXT if self.returned else b"else"


def test_a_model_costs_what_its_distribution_says(monkeypatch: pytest.MonkeyPatch) -> None:
    data = Material("text", TEXT, 1)
    plain = measure(Pretended(), data, None)
    assert (plain.rate, plain.coder_bytes, plain.header_bytes) == (0.25, None, 0)
    assert measure(Pretended(), data, 100).rate == 0.25
    checked = measure(Pretended(), data, None, files=True)
    assert (checked.rate, checked.coder_bytes) == (0.25, 1270)
    for wrong in (0.24, 0.28):
        monkeypatch.setattr(Pretended, "written", wrong)
        with pytest.raises(CompressorError, match="its coder wrote"):
            measure(Pretended(), data, None, files=True)
    monkeypatch.setattr(Pretended, "written", 0.25)
    monkeypatch.setattr(Pretended, "returned", False)
    with pytest.raises(LossyError, match="did not come back"):
        measure(Pretended(), data, None, files=True)


def test_a_real_coder_writes_what_is_said() -> None:
    compressor = get_compressor("coded:gzip")
    for chunk in (None, 2048):
        found = measure(compressor, Material("text", TEXT, 1), chunk, files=True)
        pieces = [TEXT] if chunk is None else [TEXT[:2048], TEXT[2048:4096], TEXT[4096:]]
        bits = sum(compressor.condition().bits([piece])[0] for piece in pieces)
        assert found.compressed_bytes == pytest.approx(bits / 8)
        assert found.coder_bytes is not None
        # 9 bytes of a stream, 11 of a block, and a few of the coder's
        assert 20 * len(pieces) <= found.coder_bytes - bits / 8 <= 26 * len(pieces)


class Leaky(Compressor):
    name = "leaky-for-a-test"

    def compress(self, data: bytes) -> bytes:
        return data[:-1]

    def decompress(self, data: bytes) -> bytes:
        return data


class Choosy(Compressor):
    """Cannot compress nothing."""

    name = "choosy-for-a-test"

    def compress(self, data: bytes) -> bytes:
        if not data:
            raise CompressorError("nothing")
        return b"header" + data

    def decompress(self, data: bytes) -> bytes:
        return data[6:]


def test_losses_and_headers_of_odd_compressors() -> None:
    with pytest.raises(LossyError, match="did not come back"):
        measure(Leaky(), Material("text", TEXT, 1), None)
    assert header_bytes(Choosy()) == 7
    assert measure(Choosy(), Material("text", TEXT, 1), 1000).compressed_bytes == 5030 - 28


def test_parameters_are_those_that_were_learned_before() -> None:
    for spec in ("gzip", "coded:gzip", "cm", "coded:cm"):
        assert parameter_count(get_compressor(spec)) == 0
    header = Path(registry.__file__).parent / "neural" / "default" / "model.safetensors"
    with header.open("rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        tensors = json.loads(file.read(size))
    expected = sum(
        int(np.prod(tensor["shape"])) for name, tensor in tensors.items() if name[0] != "_"
    )
    assert parameter_count(get_compressor("neural")) == expected
    assert parameter_count(get_compressor("coded:neural:mix=off")) == expected


class Learned(Pretended):
    name = "learned-for-a-test"
    has_learned = True


class Telling(Learned):
    name = "telling-for-a-test"
    parameters = 7


def test_a_model_that_does_not_tell_its_size_has_no_adjusted_rate() -> None:
    data = Material("text", TEXT, 1)
    silent = measure(Learned(), data, None)
    assert (silent.parameters, silent.adjusted_rate, silent.rate) == (None, None, 0.25)
    screen = Console(file=io.StringIO())
    with screen.capture() as captured:
        screen.print(rates_table([silent], [data]))
    lines = [line.split() for line in captured.get().splitlines()]
    assert ["whole", Learned.name, "25.0"] in lines
    assert ["whole", Learned.name, "-"] in lines, "adjusted"
    assert measure(Telling(), data, None).adjusted_rate == 0.25 + 14 / 5000


def test_the_adjusted_rate_adds_two_bytes_a_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compgen.evaluation.rates.parameter_count", lambda _: 10_000)
    found = measure(Pretended(), Material("text", TEXT, 1), None)
    assert (found.rate, found.adjusted_rate) == (0.25, 0.25 + 20_000 / 5000)


def test_what_a_model_of_tokens_has_learned_is_counted_once(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from .test_hf import save_model, save_tokenizer

    save_model(tmp_path, save_tokenizer(tmp_path, 10))
    (weights,) = tmp_path.glob("*.safetensors")
    with weights.open("rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        tensors = json.loads(file.read(size))
    # the file has the matrix that is both ends of the model once
    shapes = [tensor["shape"] for name, tensor in tensors.items() if name != "__metadata__"]
    assert not any("lm_head" in name for name in tensors)
    found = parameter_count(get_compressor(f"hf:{tmp_path}"))
    assert found == sum(int(np.prod(shape)) for shape in shapes) > 10_000


# Tokens


@given(st.lists(st.integers(0, 1 << 20)))
def test_varints_are_leb128(values: list[int]) -> None:
    stream = varints(values)
    assert numbers(stream) == values
    assert len(stream) == sum(max(1, -(-value.bit_length() // 7)) for value in values)
    assert varints([0, 412]) == b"\x00\x9c\x03"


@pytest.fixture(scope="module")
def vocabulary() -> Any:
    pytest.importorskip("tokenizers")
    return learn(TEXT, 500)


@given(st.binary(max_size=300))
def test_tokens_are_the_text(vocabulary: Any, data: bytes) -> None:
    for text in (data, TEXT[: len(data)] + data):
        assert vocabulary.read(vocabulary.write(text)) == text


def test_a_vocabulary_is_learned_from_the_text(vocabulary: Any) -> None:
    assert len(vocabulary.tokens) == len(set(vocabulary.tokens)) == 500
    assert {bytes([value]) for value in range(256)} <= set(vocabulary.tokens)
    ranks = vocabulary.ranks(TEXT)
    assert len(ranks) < len(TEXT) / 2
    assert (np.diff(np.bincount(ranks, minlength=500)) <= 0).all(), "the most frequent first"
    # a decoder rebuilds it from what is spelled
    spelled, rebuilt = vocabulary.spelled, []
    while spelled:
        rebuilt.append(spelled[1 : 1 + spelled[0]])
        spelled = spelled[1 + spelled[0] :]
    assert tuple(rebuilt) == vocabulary.tokens
    assert learn(TEXT, 500).tokens == vocabulary.tokens
    assert len(learn(b"abc", 500).tokens) == 256, "no pair comes twice"


def test_the_rate_of_tokens_is_of_the_raw_bytes(vocabulary: Any) -> None:
    compressor = get_compressor("deflate")
    found = measure(compressor, Material("text", TEXT, 1), 2048, vocabulary=vocabulary)
    streams = [
        compressor.compress(vocabulary.write(TEXT[at : at + 2048])) for at in (0, 2048, 4096)
    ]
    assert found.compressed_bytes == sum(map(len, streams)) - 2 * 2
    assert found.rate == found.compressed_bytes / 5000
    assert (found.tokens, found.raw_bytes) == (500, 5000)
    assert found.vocabulary_bytes == len(compressor.compress(vocabulary.spelled))
    assert found.adjusted_rate == (found.compressed_bytes + found.vocabulary_bytes) / 5000
    plain = measure(compressor, Material("text", TEXT, 1), 2048)
    assert (plain.tokens, plain.vocabulary_bytes) == (None, 0)


def test_without_tokenizers_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    ended = cgen("rates", "text", "--tokens", "300", ok=False)
    assert "pip install 'compgen[hf]'" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_the_published_table_is_consistent() -> None:
    """The paper's adjusted rates are its raw ones and 2 bytes a parameter of 1 GB."""
    billions = {"Llama 2 (7B)": 7, "Chinchilla 1B": 1, "Chinchilla 7B": 7, "Chinchilla 70B": 70}
    millions = {"Transformer 800K": 0.8, "Transformer 3.2M": 3.2}
    for line in RATES:
        if line.adjusted is None:
            continue
        raw = (line.text, line.image, line.audio, line.random)
        size = billions.get(line.compressor, millions.get(line.compressor, 0) / 1000)
        for one, other in zip(raw, line.adjusted, strict=True):
            assert other - one == pytest.approx(200 * size, abs=0.11), line.compressor
    assert len(RATES) == 15


# The command

WORDS = ("rates", "text", "picture.png", "speech.wav")


def test_the_fields() -> None:
    found = json.loads(cgen(*WORDS, "-c", "gzip", "-c", "zstd:level=19", "--json").text)
    rates = found["rates"]
    assert len(rates) == 2 * 2 * 4
    assert set(rates[0]) == {
        "data", "compressor", "chunk", "raw_bytes", "chunks", "compressed_bytes",
        "header_bytes", "parameters", "rate", "adjusted_rate", "bits_per_byte", "coder_bytes",
        "tokens", "vocabulary_bytes", "cpu_seconds",
    }  # fmt: skip
    by_name = {(each["data"], each["compressor"], each["chunk"]): each for each in rates}
    whole = by_name["text", "gzip", None]
    assert whole["rate"] == len(get_compressor("gzip").compress(TEXT)) / 5000
    assert whole["bits_per_byte"] == 8 * whole["rate"]
    assert by_name["random", "zstd:level=19", 2048]["raw_bytes"] == 8192, "as much as the largest"
    assert 1 < by_name["random", "gzip", 2048]["rate"] < 1.01
    assert "arXiv:2309.10668v2" in found["published"]["source"]
    chinchilla = found["published"]["percent"][-1]
    assert (chinchilla["compressor"], chinchilla["image"]) == ("Chinchilla 70B", 48.0)
    again = json.loads(cgen(*WORDS, "-c", "gzip", "-c", "zstd:level=19", "--json").text)["rates"]
    assert [each["rate"] for each in again] == [each["rate"] for each in rates]


def test_csv_has_the_same() -> None:
    rows = list(csv.DictReader(io.StringIO(cgen(*WORDS, "--csv").text)))
    rates = json.loads(cgen(*WORDS, "--json").text)["rates"]
    assert [row["chunk"] for row in rows] == [str(each["chunk"] or "whole") for each in rates]
    assert [float(row["rate"]) for row in rows] == [each["rate"] for each in rates]


def test_the_table_is_like_the_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = cgen(*WORDS, "--limit", "4096").text.splitlines()
    assert lines[0].split() == ["chunk", "compressor", "text", "image", "audio", "random"]
    assert [line.split()[:2] for line in lines[1:3]] == [["whole", "gzip"], ["2048", "gzip"]]
    data = gather([Path("text")], limit=4096)[0]
    expected = measure(get_compressor("gzip"), data, 2048).rate
    assert lines[2].split()[2] == f"{100 * expected:.1f}"
    text = " ".join(" ".join(lines).split())
    assert "text: 4,096 bytes of 1 file" in text
    assert "2048 Chinchilla 70B 8.3 48.0 21.0 100.8" in text
    assert "43.4 and 16.4" in text
    assert max(map(len, lines)) <= 80


def test_rates_against_chunk_lengths() -> None:
    text = cgen("rates", "text", "--chunks", "256,whole,1024", "-c", "zlib").text
    view = text[text.index("against the chunk length") :].splitlines()
    assert view[1].split() == ["data", "compressor", "256", "whole", "1024"]
    short, whole, middle = map(float, view[2].split()[2:])
    assert whole < middle < short
    assert view[3].split()[:2] == ["random", "zlib"]
    assert "Chinchilla" not in cgen("rates", "text", "--chunks", "512").text


def test_rates_against_vocabularies() -> None:
    pytest.importorskip("tokenizers")
    words = ("rates", "text", "--chunks", "whole", "-c", "gzip", "--tokens", "300,400,999999")
    rates = json.loads(cgen(*words, "--json").text)["rates"]
    most = len(learn(TEXT, 999_999).tokens)
    assert [each["tokens"] for each in rates] == [None, None, 300, 400, most]
    assert [each["data"] for each in rates[2:]] == ["text"] * 3
    shown = cgen(*words).text
    view = shown[shown.index("as tokens") :].splitlines()
    view = view[next(at for at, line in enumerate(view) if "chunk" in line) :]
    assert view[0].split() == ["chunk", "compressor", "bytes", "300", "400", f"{most:,}"]
    expected = ["whole", "gzip", f"{100 * rates[0]['rate']:.1f}"]
    for each in rates[2:]:
        expected += [f"{100 * each['rate']:.1f}", f"+{each['vocabulary_bytes'] / 50:.1f}"]
    assert view[1].split() == expected
    table = shown[: shown.index("lower is better")]
    assert table.count("gzip") == 1, "the paper's table is of bytes"


def test_rates_against_model_size(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"zlib": 5000, "deflate": 2500, "gzip": 0}
    monkeypatch.setattr("compgen.evaluation.rates.parameter_count", lambda each: sizes[each.name])
    words = ["rates", "text", "--chunks", "whole,2048", "-c", "zlib", "-c", "deflate", "-c", "gzip"]
    shown = cgen(*words).text
    view = shown[shown.index("against model size") :].splitlines()
    view = view[next(at for at, line in enumerate(view) if "chunk" in line) :]
    lines = [line.split() for line in view[1:7]]
    assert [line[:3] for line in lines] == [
        [chunk, f"{size:,}", name]
        for chunk in ("whole", "2048")
        for size, name in ((0, "gzip"), (2500, "deflate"), (5000, "zlib"))
    ]
    for line, added in zip(lines, (0, 100, 200) * 2, strict=True):
        assert float(line[5]) == pytest.approx(float(line[3]) + added)
    sizes["zlib"] = 0
    assert "against model size" not in cgen(*words).text, "one model is no series"


def test_files_asks_the_coder() -> None:
    words = ("rates", "text", "-c", "coded:deflate", "--chunks", "whole", "--files")
    text = " ".join(cgen(*words).text.split())
    assert "coded:deflate, whole: bytes that its coder wrote beyond -log2 p, a chunk" in text
    rates = json.loads(cgen(*words, "--json").text)["rates"]
    assert 20 < rates[0]["coder_bytes"] - rates[0]["compressed_bytes"] < 26


def test_a_model_with_parameters_has_an_adjusted_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "compgen.evaluation.rates.parameter_count", lambda spec: 2500 * (spec.name == "zlib")
    )
    words = ("rates", "text", "--chunks", "2048", "-c", "gzip", "-c", "zlib")
    lines = cgen(*words).text.splitlines()
    assert [line.split()[1] for line in lines[1:3]] == ["gzip", "zlib"]
    at = next(number for number, line in enumerate(lines) if line.startswith("adjusted"))
    assert lines[at + 1].split() == ["chunk", "compressor", "text", "random"]
    raw, adjusted = float(lines[2].split()[2]), float(lines[at + 2].split()[2])
    assert lines[at + 2].split()[1] == "zlib"
    assert adjusted == pytest.approx(raw + 100)
    assert "2048 Chinchilla 70B 14008.3 14100.8" in " ".join(" ".join(lines).split())


class Stopping(Choosy):
    """Ctrl-C, at the n-th compression."""

    name = "stopping-for-a-test"
    left = 0

    def compress(self, data: bytes) -> bytes:
        type(self).left -= 1
        if not self.left:
            raise KeyboardInterrupt
        return b"header" + data


def test_after_ctrl_c_there_is_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    register(Stopping)
    try:
        Stopping.left = 8
        ended = cgen("rates", "text", "-c", Stopping.name, "--json", ok=False)
        assert (ended.status, len(json.loads(ended.text)["rates"])) == (130, 2)
        Stopping.left = 1
        assert cgen("rates", "text", "-c", Stopping.name, ok=False).out == b""
    finally:
        del registry._registered[Stopping.name]


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("nowhere",), 2, "nowhere: no such file"),
        (("text", "--as", "image"), 1, "text cannot be read as a picture"),
        (("text", "--as", "audio"), 1, "text cannot be read as a WAV file"),
        (("text", "--as", "sound"), 2, "there is no kind 'sound'"),
        (("text", "--chunks", "2k"), 2, "--chunks 2k: write lengths in bytes"),
        (("text", "--chunks", "0"), 2, "--chunks 0: write lengths in bytes"),
        (("text", "--chunks", "9" * 5000), 2, "write lengths in bytes"),
        (("text", "--chunks", "٣"), 2, "write lengths in bytes"),
        (("text", "--json", "--csv"), 2, "--json and --csv exclude each other"),
        (("text", "--tokens", "256"), 2, "--tokens 256: write sizes of vocabularies from 257"),
        (("text", "--tokens", "1k"), 2, "--tokens 1k: write sizes"),
        (("text", "--tokens", ""), 2, "--tokens : write sizes"),
        (("speech.wav", "--tokens", "300"), 2, "--tokens is for text"),
        (("text", "-c", "gzop"), 2, "there is no compressor 'gzop'"),
        (("-", "-"), 2, "standard input can be read for one thing only"),
        ((), 2, "missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_words(words: tuple[str, ...], status: int, says: str) -> None:
    ended = cgen("rates", *words, ok=False)
    assert (ended.status, ended.out) == (status, b"")
    assert says in ended.err
    assert len(ended.err.splitlines()) == 1
