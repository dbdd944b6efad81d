"""The command line as a user meets it: what is printed, where, and in which form."""

import base64
import contextlib
import hashlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compgen import registry
from compgen.cli import console, interrupt, parameters
from compgen.compressor import Compressor
from compgen.corpus import Window
from compgen.distribution import normalise
from compgen.reading import Reading
from compgen.registry import get_compressor, register
from compgen.sampling import SAMPLERS
from compgen.scoring import spread_positions

from .command_line import cgen, run, start
from .texts import ENGLISH

BYTES = ("--reading", "bytes")
COMMANDS = ("text", "predict", "score", "compressors", "demo")


@pytest.fixture(autouse=True)
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A short corpus, in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = Path("text")
    path.write_bytes(ENGLISH[:3000])
    return path


def sample(*words: str) -> Any:
    """The JSON object of one short sample."""
    ended = cgen("text", "The ", "--corpus", "text", *BYTES, "-n", "30", "--json", *words)
    return json.loads(ended.text)


# The stream


def test_a_pipe_gets_the_bytes_and_nothing_else() -> None:
    words = ("text", "The ", "--corpus", "text", *BYTES, "-n", "40", "--seed", "3")
    ended = run(*words)
    assert len(ended.out) == 40
    assert ended.out == base64.b64decode(json.loads(cgen(*words, "--json").text)["bytes_base64"])
    primed, summary = ended.err.splitlines()
    assert primed == "gzip, reading 'bytes', primed with all of text (3,000 bytes)"
    assert summary.startswith("40 bytes, ")
    assert summary.endswith(" bytes/s, seed 3")
    assert "\x1b" not in ended.err
    assert "\r" not in ended.err


def test_quiet_says_nothing() -> None:
    ended = cgen("text", "The ", "--corpus", "text", *BYTES, "-n", "5", "--quiet")
    assert ended.err == ""
    assert cgen("predict", "The ", "--corpus", "text", *BYTES, "-q").err == ""
    assert cgen("compressors", "-q").err == ""
    # and only while it is asked for
    assert cgen("compressors").err != ""
    cgen("compressors", "-q")
    cgen("--version")
    assert not console.notes().quiet


def test_a_seed_is_a_sample() -> None:
    first, again, other = sample("--seed", "1"), sample("--seed", "1"), sample("--seed", "2")
    assert first == again
    assert first["text"] != other["text"]
    unseeded = sample()
    assert sample("--seed", str(unseeded["seed"])) == unseeded


def test_the_nth_sample_does_not_depend_on_how_many_there_are() -> None:
    words = ("text", "The ", "--corpus", "text", *BYTES, "-n", "20", "--seed", "5", "--json")
    few = cgen(*words, "-N", "2").text.splitlines()
    many = cgen(*words, "-N", "4").text.splitlines()
    assert [json.loads(line)["sample"] for line in many] == [0, 1, 2, 3]
    assert len(set(many)) == 4
    assert many[:2] == few


def test_samples_are_told_apart() -> None:
    words = ("text", "The ", "--corpus", "text", *BYTES, "-n", "20", "--seed", "5", "-q")
    found = cgen(*words, "-N", "2").out
    objects = cgen(*words, "-N", "2", "--json").text.splitlines()
    first, second = (base64.b64decode(json.loads(line)["bytes_base64"]) for line in objects)
    assert found == b"--- 1 of 2 ---\n" + first + b"\n--- 2 of 2 ---\n" + second


@pytest.mark.parametrize("sampler", [("ancestral",), ("spans", "--horizon", "9", "--commit", "5")])
def test_a_stop_string_ends_it_wherever_pieces_end(sampler: tuple[str, ...]) -> None:
    words: tuple[str, ...] = ("text", "The ", "--corpus", "text", *BYTES, "--seed", "4", "-n", "60")
    words = (*words, "-q", "--sampler", *sampler)
    whole = cgen(*words).out
    ascii_runs = [at for at in range(7, 50) if whole[at : at + 4].isascii()]
    for at in ascii_runs[:12:3]:
        stop = whole[at : at + 4].decode()
        expected = whole[: whole.find(stop.encode())]
        stopped = (*words, "--stop", stop, "--stop", "never to be seen")
        assert cgen(*stopped).out == expected
        assert cgen(*stopped, "--no-stream").out == expected
        found = json.loads(cgen(*stopped, "--json").text)
        assert (found["stopped"], found["text"]) == (True, expected.decode(errors="replace"))


def test_no_stream_writes_the_same() -> None:
    words = ("text", "The ", "--corpus", "text", *BYTES, "--seed", "4", "-n", "30", "-q")
    assert cgen(*words).out == cgen(*words, "--no-stream").out


@pytest.mark.parametrize(
    "words",
    [
        ("-c", "gzip+zstd"),
        ("--experts", "2", "--contexts", "4,3"),
        ("--dither", "2"),
        ("--sampler", "beam", "--beam-width", "2", "--horizon", "2"),
        ("--sampler", "coinflips"),
        ("--max-copy", "6", "--top-k", "20", "--top-p", "0.9", "--typical", "0.95"),
        ("--repeat-penalty", "1.1", "--repeat-last-n", "-1", "--dry-multiplier", "0.8"),
        ("--window", "last", "--prime-bytes", "500", "-t", "0"),
    ],
    ids=" ".join,
)
def test_every_option_is_heard(words: tuple[str, ...]) -> None:
    plain = ("text", "The ", "--corpus", "text", *BYTES, "--seed", "1", "-n", "16", "-q")
    found = cgen(*plain, *words).out
    assert len(found) == 16
    assert found != cgen(*plain).out


# JSON


def test_the_fields_of_text() -> None:
    found = sample("--seed", "7", "-c", "zstd:level=5", "--sampler", "spans")
    data = base64.b64decode(found["bytes_base64"])
    assert len(data) == 30
    assert found == {
        "text": data.decode("utf-8", "replace"),
        "bytes_base64": found["bytes_base64"],
        "bytes": 30,
        "compressor": "zstd:level=5",
        "reading": "bytes",
        "sampler": "spans",
        "seed": 7,
        "sample": 0,
        "bits": found["bits"],
        "bits_per_byte": found["bits"] / 30,
        "corpus_sha256": hashlib.sha256(ENGLISH[:3000]).hexdigest(),
        "versions": found["versions"],
        "stopped": False,
        "interrupted": False,
    }
    assert {"compgen", "python", "numpy", "zstd"} <= set(found["versions"])
    zstd = get_compressor("zstd:level=5").condition(ENGLISH[:3000] + b"The ", reading=Reading.BYTES)
    assert found["bits"] == zstd.bits([data])[0]


def test_the_fields_of_predict() -> None:
    ended = cgen("predict", "The ", "--corpus", "text", *BYTES, "--json")
    found = json.loads(ended.text)
    assert set(found) == {
        "compressor", "reading", "distinct_lengths", "ties_for_best", "entropy_bits", "next",
        "corpus_sha256",
    }  # fmt: skip
    assert sorted(row["byte"] for row in found["next"]) == list(range(256))
    bits = [row["bits"] for row in found["next"]]
    assert bits == sorted(bits)
    assert np.exp2(-np.array(bits)).sum() == pytest.approx(1)
    assert [row["probability"] for row in found["next"]] == pytest.approx(np.exp2(-np.array(bits)))
    assert found["ties_for_best"] == bits.count(bits[0])
    assert found["distinct_lengths"] == len(set(bits))
    letter = next(row for row in found["next"] if row["byte"] == ord("A"))
    assert letter["text"] == "A"


def test_the_fields_of_score() -> None:
    Path("file").write_bytes(ENGLISH[3000:3400])
    ended = cgen("score", "file", "--corpus", "text", "-c", "png", *BYTES, "--positions", "5",
                 "-t", "2", "--json")  # fmt: skip
    found = json.loads(ended.text)
    assert set(found) == {
        "compressor", "reading", "temperature", "context_bytes", "bytes", "positions",
        "code_length_bits_per_byte", "cross_entropy_bits_per_byte", "standard_error",
        "top1_accuracy", "ties_mean",
    }  # fmt: skip
    assert (found["compressor"], found["reading"]) == ("png", "bytes")
    assert (found["context_bytes"], found["bytes"], found["positions"]) == (3000, 400, 5)
    png, data = get_compressor("png"), ENGLISH[3000:3400]
    paid = []
    for position in spread_positions(400, 5).tolist():
        context = ENGLISH[: 3000 + position]
        lengths = normalise(png.condition(context, reading=Reading.BYTES).next_byte() / 2)
        paid.append(lengths[data[position]])
    assert found["cross_entropy_bits_per_byte"] == pytest.approx(np.mean(paid))
    assert 1 <= found["ties_mean"] <= 256
    assert 0 <= found["top1_accuracy"] <= 1
    whole = len(png.compress(ENGLISH[:3400])) - len(png.compress(ENGLISH[:3000]))
    assert 400 * found["code_length_bits_per_byte"] == pytest.approx(8 * whole)


def test_score_reads_stdin_and_without_a_corpus_nothing_primes() -> None:
    words = ("-c", "png", *BYTES, "--positions", "2", "--json")
    piped = json.loads(cgen("score", *words, stdin=ENGLISH[:300]).text)
    assert (piped["context_bytes"], piped["bytes"]) == (0, 300)
    assert json.loads(cgen("score", "-", *words, stdin=ENGLISH[:300]).text) == piped


def test_the_compressors() -> None:
    found = {row["name"]: row for row in json.loads(cgen("compressors", "--json").text)}
    assert set(registry.names()) <= set(found)
    assert set(found["gzip"]) >= {
        "name", "origin", "description", "library", "readings", "window", "options", "missing",
    }  # fmt: skip
    assert found["gzip"]["window"] == 32768
    assert "bytes" in found["gzip"]["readings"]
    assert any(option.startswith("level=9") for option in found["gzip"]["options"])
    listed = cgen("compressors").text
    for name, row in found.items():
        assert f"\n{name} " in "\n" + listed
        assert (row["readings"] == []) == bool(row["missing"])
    assert "window 32 KB · zlib" in listed


def test_what_is_missing_is_listed_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    monkeypatch.delitem(sys.modules, "compgen.compressors.brotli", raising=False)
    rows = {row["name"]: row for row in json.loads(cgen("compressors", "--json").text)}
    assert "pip install 'brotli'" in rows["brotli"]["missing"]
    assert "missing: the compressor 'brotli' needs" in " ".join(cgen("compressors").text.split())


def test_json_knows_no_infinity(monkeypatch: pytest.MonkeyPatch) -> None:
    certain = np.full(256, np.inf)
    certain[65] = 0.0

    def surely(*_: object) -> Any:
        return certain

    monkeypatch.setattr("compgen.conditionals.deflate_clone.DeflateClone.bits", surely)
    rows = json.loads(cgen("predict", "The ", "--corpus", "text", *BYTES, "--json").text)
    assert rows["next"][0] == {"byte": 65, "text": "A", "bits": 0.0, "probability": 1.0}
    assert rows["next"][1]["bits"] is None
    assert rows["entropy_bits"] == 0


# Charts


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_charts_fit(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    Path("file").write_bytes(ENGLISH[:300])
    for words in (
        ("predict", "The ", "--corpus", "text", *BYTES),
        ("score", "file", "-c", "png", *BYTES, "--positions", "40", "--heatmap"),
        ("compressors",),
    ):
        lines = cgen(*words).text.splitlines()
        assert max(map(len, lines)) <= columns
        assert len(lines) > 5


def test_predict_draws_as_many_bars_as_asked() -> None:
    lines = cgen("predict", "The ", "--corpus", "text", *BYTES, "--top", "3").text.splitlines()
    rows = json.loads(cgen("predict", "The ", "--corpus", "text", *BYTES, "--json").text)["next"]
    assert lines[0].split() == ["next", "bits", "probability"]
    assert [line.split()[1] for line in lines[1:4]] == [f"{row['bits']:.3f}" for row in rows[:3]]
    widths = [line.count("█") for line in lines[1:4]]
    assert widths == [int(40 * row["probability"] / rows[0]["probability"]) for row in rows[:3]]
    assert lines[4].startswith("gzip, reading 'bytes': ")
    assert "distinct code lengths among 256 bytes" in " ".join(lines[4:])


def test_a_heat_map_in_a_pipe_is_digits() -> None:
    Path("file").write_bytes("aé\n\x1bb".encode())
    words = ("score", "file", "-c", "png", *BYTES, "--heatmap", "--corpus", "text")
    bits = json.loads(cgen(*words, "--json").text)["bits"]
    heat = [min(int(value), 7) for value in (bits[0], (bits[1] + bits[2]) / 2, *bits[3:])]
    assert len(bits) == 6
    lines = cgen(*words).text.splitlines()
    assert lines[:4] == ["aé$", "".join(map(str, heat[:3])), "·b", "".join(map(str, heat[3:]))]


def test_a_heat_map_covers_the_first_characters() -> None:
    words = ("score", "text", "-c", "png", *BYTES, "--heatmap", "--positions", "9", "--json")
    found = json.loads(cgen(*words).text)
    assert (found["positions"], len(found["bits"])) == (9, 9)
    assert np.mean(found["bits"]) == pytest.approx(found["cross_entropy_bits_per_byte"])


def test_characters_that_stdout_cannot_spell() -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    chart = run("predict", "Thé ", "--corpus", "text", *BYTES, "--top", "3", env=ascii_only)
    assert (chart.status, chart.out.isascii()) == (0, True)
    assert chart.out.count(b"#") > 3
    assert run("compressors", "-q", env=ascii_only).status == 0
    assert run("text", "--help", env=ascii_only).status == 0
    Path("umlauts").write_text("äöü" * 50)
    words = ("text", "ä", "--corpus", "umlauts", *BYTES, "-n", "12", "--seed", "1", "--json", "-q")
    ended = run(*words, env=ascii_only)
    assert ended.out == cgen(*words).out
    assert not ended.out.isascii()


# Terminals


class Terminal:
    """A pseudo-terminal that a process may have for its stdout, its stderr or both."""

    def __init__(self) -> None:
        self._ours, self.theirs = os.openpty()

    def read(self, process: "subprocess.Popen[bytes]") -> str:
        """All that the process writes until it ends."""
        os.close(self.theirs)
        found = b""
        with contextlib.suppress(OSError):  # EIO: the other side is closed
            while select.select([self._ours], [], [], 60)[0]:
                piece = os.read(self._ours, 1 << 16)
                if not piece:
                    break
                found += piece
        os.close(self._ours)
        process.wait(60)
        return found.decode().replace("\r\n", "\n")


def on_terminal(*words: str, env: dict[str, str] | None = None) -> str:
    """What a process prints whose stdout is a terminal."""
    terminal = Terminal()
    with start(*words, stdout=terminal.theirs, env=env) as process:
        return terminal.read(process)


def test_a_terminal_shows_the_prompt_and_whole_characters() -> None:
    Path("corpus").write_text("grün, weiß, 漢字, \N{GRINNING FACE}; " * 40)
    words = ("text", "grün", "--corpus", "corpus", *BYTES, "-n", "50", "--seed", "2", "-q")
    expected = cgen(*words).out.decode(errors="replace")
    assert not expected.isascii()
    assert on_terminal(*words) == f"\x1b[2mgrün\x1b[0m{expected}\n"
    assert on_terminal(*words, env={"TERM": "dumb"}) == f"grün{expected}\n"
    assert on_terminal(*words, "--no-stream", env={"TERM": "dumb"}) == f"grün{expected}\n"


def test_a_sample_cannot_drive_a_terminal() -> None:
    Path("corpus").write_bytes(b"\x1b[31m\x07\r\x9b" * 200)
    shaped = ("-n", "60", "-t", "3", "--seed", "1", "-q")
    words = ("text", "\x1b]0;title\x07", "--corpus", "corpus", *BYTES, *shaped)
    sample = cgen(*words).out
    assert set(b"\x1b\x07\r\x9b") <= set(sample)
    shown = on_terminal(*words, env={"TERM": "dumb"})
    assert not set(shown) & set("\x1b\x07\r\x9b")
    assert shown == console.printable("\x1b]0;title\x07" + sample.decode(errors="replace")) + "\n"


def test_charts_have_colours_on_a_terminal_only() -> None:
    Path("file").write_bytes(ENGLISH[:20])
    words = ("score", "file", "-c", "png", *BYTES, "--heatmap", "-q")
    assert "48;2;" in on_terminal(*words, env={"COLORTERM": "truecolor"})
    for env in ({"COLORTERM": "truecolor", "NO_COLOR": "1"}, {"TERM": "dumb"}):
        plain = on_terminal(*words, env=env)
        assert "48;" not in plain
        assert 'The "assert" stateme' in plain


def test_progress_is_a_line_that_goes_away() -> None:
    terminal = Terminal()
    words = ("text", "The ", "--corpus", "text", *BYTES, "-n", "60", "--no-stream")
    with start(*words, stderr=terminal.theirs) as process:
        shown = terminal.read(process)
        assert process.stdout is not None
        assert len(process.stdout.read()) == 60
    assert "60/60 bytes" in shown
    assert " bytes/s" in shown
    # it is erased, the cursor is back, and the summary is the last line
    assert shown.rindex("\x1b[2K") > shown.rindex("60/60 bytes")
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
    assert "60 bytes, " in shown[shown.rindex("\x1b[2K") :]


def test_progress_says_what_a_byte_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    from compgen.cli.text import _Progress

    class Written:
        bits_so_far = 12.0

        def __len__(self) -> int:
            return 8

    progress = _Progress(100, hidden=False)
    progress.hidden = False
    progress.update(Written())  # type: ignore[arg-type]
    assert progress._bar.tasks[0].completed == 8
    assert progress._bar.tasks[0].fields["rate"].endswith("bytes/s, 1.50 bits/byte")


class FakeTerminal:
    """Takes note of every write."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.writes: list[str] = []

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> None:
        self.writes.append(text)

    def flush(self) -> None:
        pass


def test_no_character_is_ever_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = FakeTerminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    text = "aé漢\N{GRINNING FACE}z"
    stream = console.ByteStream()
    for value in text.encode():
        stream.write(bytes([value]))
    stream.finish()
    assert [piece for piece in terminal.writes if piece] == [*text, "\n"]


def test_half_a_character_at_the_end_is_shown_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = FakeTerminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    stream = console.ByteStream()
    stream.write("é漢".encode()[:-1])
    stream.finish()
    stream.write(b"next")
    assert "".join(terminal.writes) == "é\N{REPLACEMENT CHARACTER}\nnext"


def test_of_a_long_prompt_the_end_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = FakeTerminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "dumb")
    console.ByteStream().prompt("é".encode() * 4000 + b"!")
    assert "".join(terminal.writes) == "…" + "é" * 999 + "!"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[31m", "?[31m"),
        ("\r\x00\x7f\x9b\u2028", "?????"),
        ("\u202eevil", "?evil"),
        ("wide\u3000space\u00a0", "wide\u3000space\u00a0"),
        ("\N{WOMAN}\u200d\N{PERSONAL COMPUTER}", "\N{WOMAN}\u200d\N{PERSONAL COMPUTER}"),
    ],
)
def test_what_is_printable(text: str, shown: str) -> None:
    assert console.printable(text) == shown.replace("?", "\N{REPLACEMENT CHARACTER}")


# Ctrl-C


class Interrupting(Compressor):
    """Ctrl-C, at a code length of one's choice."""

    name = "interrupting-for-a-test"
    left = 0
    default_dither = 0

    def compress(self, data: bytes) -> bytes:
        type(self).left -= 1
        if not self.left:
            raise KeyboardInterrupt
        return get_compressor("zstd").compress(data)

    def decompress(self, data: bytes) -> bytes:
        return get_compressor("zstd").decompress(data)


@pytest.fixture
def interrupting(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Interrupting]]:
    register(Interrupting)
    yield Interrupting
    del registry._registered[Interrupting.name]


def interrupted(after: int, *words: str) -> tuple[bytes, str]:
    """What a command leaves behind that Ctrl-C ends after so many compressions."""
    Interrupting.left = after
    ended = cgen(*words, "-c", Interrupting.name, ok=False)
    assert ended.status == 130
    assert Interrupting.left <= 0, "it ended before"
    return ended.out, ended.err


@pytest.mark.usefixtures("interrupting")
def test_after_ctrl_c_a_sample_is_kept() -> None:
    words = ("text", "The ", "--corpus", "text", "-n", "500", "--seed", "1")
    out, err = interrupted(400, *words)
    assert 3 < len(out) < 400
    assert err.splitlines()[-1].endswith("(interrupted)")
    assert interrupted(400, *words, "--no-stream")[0] == out
    # what might have begun the stop string, and was held back, is there as well
    assert interrupted(400, *words, "--stop", out[-1:].decode("latin-1") + "zzz")[0] == out
    found = json.loads(interrupted(400, *words, "--json")[0])
    assert base64.b64decode(found["bytes_base64"]) == out
    assert found["interrupted"] is True


@pytest.mark.usefixtures("interrupting")
def test_after_ctrl_c_there_are_no_further_samples() -> None:
    out, _ = interrupted(1500, "text", "x", "--corpus", "text", "-n", "15", "-N", "9", "--json")
    objects = [json.loads(line) for line in out.splitlines()]
    assert 1 < len(objects) < 9
    assert [found["interrupted"] for found in objects] == [False] * (len(objects) - 1) + [True]


@pytest.mark.usefixtures("interrupting")
def test_after_ctrl_c_a_score_is_of_what_was_predicted() -> None:
    words = ("score", "text", "--positions", "100")
    out, err = interrupted(2000, *words, "--json")
    found = json.loads(out)
    assert 0 < found["positions"] < 100
    assert found["code_length_bits_per_byte"] > 0
    assert f"interrupted after {found['positions']} of 100 positions" in err
    assert b"cross-entropy" in interrupted(2000, *words)[0]


@pytest.mark.usefixtures("interrupting")
@pytest.mark.parametrize("command", ["text", "predict", "score"])
def test_ctrl_c_before_there_is_anything(command: str) -> None:
    words = ("text",) if command == "score" else ("x", "--corpus", "text")
    assert interrupted(1, command, *words) == (b"", "")


def press_ctrl_c(process: "subprocess.Popen[bytes]") -> tuple[bytes, str]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    return out, err.decode()


def test_a_real_ctrl_c_while_it_writes() -> None:
    words = ("text", "The ", "--corpus", "text", *BYTES, "-n", "99999999", "--seed", "1")
    with start(*words) as process:
        assert process.stdout is not None
        beginning = process.stdout.read(20)
        out, err = press_ctrl_c(process)
    whole = beginning + out
    assert whole == cgen(*words[:-4], "-n", str(len(whole)), "--seed", "1").out
    assert len(err.splitlines()) == 2
    assert err.endswith("(interrupted)\n")


def test_a_real_ctrl_c_while_it_reads_its_corpus() -> None:
    os.mkfifo("pipe")
    process = start("text", "The ", "--corpus", "pipe")
    with process, Path("pipe").open("wb"):  # opens as soon as the other side does
        assert press_ctrl_c(process) == (b"", "")


def test_ctrl_c_does_nothing_where_it_is_ignored() -> None:
    # as under nohup; sh starts background processes so
    words = ("text", "The ", "--corpus", "text", *BYTES, "-n", "300", "-q")
    with start(*words, shell='trap "" INT; exec "$@"') as process:
        assert process.stdout is not None
        beginning = process.stdout.read(5)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, len(beginning + out)) == (0, 300)


def test_ctrl_c_waits_where_it_would_do_harm() -> None:
    def press() -> None:
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupt.end_at_once()
        interrupt.keep_what_there_is()
        with pytest.raises(KeyboardInterrupt):
            press()
        with interrupt.held():
            press()
            with pytest.raises(KeyboardInterrupt):  # who presses it twice does not want to wait
                press()
        with pytest.raises(KeyboardInterrupt):
            interrupt.keep_what_there_is()
        interrupt.keep_what_there_is()
        # inside a call of a kernel, numba runs Python; there it waits as often as it is pressed
        inside = {"__name__": "numba.core.serialize", "signal": signal}
        exec("signal.raise_signal(2); signal.raise_signal(2)", inside)
        with pytest.raises(KeyboardInterrupt):
            interrupt.keep_what_there_is()
    finally:
        signal.signal(signal.SIGINT, before)


# Help


def test_help_names_every_option_of_the_issue() -> None:
    found = {command: cgen(command, "--help").text for command in COMMANDS}
    options = (
        "--prompt-file --corpus --compressor -c --reading --bytes -n --sampler --experts "
        "--contexts --temperature -t --top-k --top-p --min-p --typical --repeat-penalty "
        "--dry-multiplier --beam-width --horizon --max-copy --stop --seed --samples -N --json "
        "--no-stream --quiet"
    )
    for option in options.split():
        assert f" {option} " in found["text"], option
    for option in ("--corpus", "-c", "--positions", "--heatmap", "--json"):
        assert f" {option} " in found["score"], option
    assert "--json" in found["predict"]
    assert "--json" in found["compressors"]
    everything = cgen("--help").text
    for command in COMMANDS:
        assert f" {command} " in everything


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)], ids=" ".join)
def test_help_is_readable(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = cgen(*command, "--help").text
    assert max(map(len, shown.splitlines())) <= 80
    for jargon in ("<bool>", "<int", "<float>", "range", "BOOLEAN", "INTEGER", "completion"):
        assert jargon not in shown
    assert cgen(*command, "-h").text == shown


def test_without_words_there_is_help_and_the_status_of_wrong_usage() -> None:
    ended = cgen(ok=False)
    assert ended.status == 2
    assert ended.text.strip() == cgen("--help").text.strip()


def test_help_is_immediate() -> None:
    """CPU seconds, of the best of three: the clock on the wall depends on the neighbours."""

    def seconds(*words: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run(*words).status == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds("--help") for _ in range(3)) < 0.3
    program = (
        "import sys; sys.argv[1:] = ['text', '--help']\n"
        "from compgen.cli.main import run\n"
        "try: run()\n"
        "finally: assert not {'numpy', 'numba', 'scipy', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


def test_names_known_without_the_library_are_the_librarys() -> None:
    assert set(parameters.SAMPLERS) == set(SAMPLERS)
    assert set(parameters.WINDOWS) == set(Window)
