"""Whatever one types: one clear line on stderr, nothing on stdout, the right exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compgen import registry
from compgen.compressor import Compressor
from compgen.registry import register

from .command_line import cgen, run
from .texts import ENGLISH

ALL_BYTES = bytes(range(256))
BRIEF = ("--reading", "bytes", "-n", "12", "--seed", "1", "-q")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a file of every kind that the tests name."""
    monkeypatch.chdir(tmp_path)
    Path("text").write_bytes(ENGLISH[:4000])
    Path("one").write_bytes(b"a")
    Path("empty").touch()
    Path("binary").write_bytes(ALL_BYTES)
    Path("directory").mkdir()
    with Path("huge").open("wb") as file:
        file.truncate(100 << 30)
    return tmp_path


def refused(status: int, *words: str, stdin: bytes = b"") -> str:
    """The one line with which a command is refused."""
    ended = cgen(*words, stdin=stdin, ok=False)
    assert ended.status == status, ended
    assert ended.out == b""
    lines = ended.err.splitlines()
    assert len(lines) == 1, ended.err
    assert lines[0].startswith("compgen: ")
    return lines[0].removeprefix("compgen: ")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        # files
        ("text x --corpus missing", "missing: no such file"),
        ("text x --corpus directory", "directory is a directory; name a file in it"),
        ("text x --corpus text --corpus missing", "missing: no such file"),
        ("text --prompt-file missing", "missing: no such file"),
        ("text --prompt-file directory", "directory is a directory"),
        ("text x --prompt-file text", "either as an argument or with --prompt-file, not both"),
        ("text --prompt-file - --corpus -", "standard input can be read for one thing only"),
        ("score missing", "missing: no such file"),
        ("score directory", "directory is a directory"),
        ("score --corpus -", "standard input can be read for one thing only"),
        ("score text --corpus huge", "huge is larger than 256 MB, too large to be coded"),
        # compressors
        ("text x -c gzp", "there is no compressor 'gzp'; did you mean 'gzip'?"),
        ("text x -c gzip+gzp", "there is no compressor 'gzp'; did you mean 'gzip'?"),
        ("text x -c gzip:levl=3", "gzip has no option 'levl'; did you mean 'level'"),
        ("text x -c gzip:level=99", "gzip: level=99 is not a whole number from 0 to 9"),
        ("text x -c gzip:level=high", "gzip: level=high is not a whole number"),
        ("text x -c zstd:level=23", "zstd: level=23 is not a whole number from -7 to 22"),
        ("text x -c gzip:9", "'9' is not an option; write key=value"),
        ("text x -c :", "a compressor spec begins with a name"),
        ("text x -c command:", "command needs a command line"),
        # readings, samplers, windows
        ("text x --reading bites", "there is no reading 'bites'; did you mean 'bits' or 'bytes'?"),
        ("text x --reading bits -c webp", "webp has no reading 'bits'; it has: bytes"),
        ("text x --sampler ancestrl", "no sampler 'ancestrl'; did you mean 'ancestral'?"),
        ("text x --sampler xyzzy", "samplers: ancestral, beam, spans, coinflips"),
        ("text x --window lst", "there is no window 'lst'; did you mean 'last'"),
        ("text x --sampler coinflips -c bz2", "the sampler 'coinflips' needs a decoder"),
        ("text x --sampler coinflips -c gzip+zlib", "drives one decoder"),
        ("text x --sampler coinflips --experts 2", "drives one decoder"),
        ("text x --sampler coinflips -t 0.5", "--temperature, --top-k and the like do not apply"),
        ("text x --sampler ancestral --horizon 3", "'ancestral' has no --horizon"),
        ("text x --sampler spans --beam-width 3", "'spans' has no --beam-width"),
        ("text x --sampler beam --commit 9", "--commit must be between 1 and the horizon (8)"),
        ("text x --sampler beam --horizon 0", "--horizon must be 1 or more"),
        ("text x --dither 2 --experts 2 --reading bytes", "--dither and --experts exclude"),
        ("text x --dither 2 --reading bits", "dither recovers what the reading 'bytes' rounds"),
        # numbers
        ("text x -n 0", "-n must be 1 or more, not 0"),
        ("text x -n -5", "-n must be 1 or more, not -5"),
        ("text x -n many", "--bytes many: write a whole number"),
        ("text x -n 1.5", "--bytes 1.5: write a whole number"),
        ("text x -t -1", "--temperature must be 0 or more"),
        ("text x -t nan", "--temperature nan: write a number"),
        ("text x -t inf", "--temperature inf: write a number"),
        ("text x -t warm", "--temperature warm: write a number"),
        ("text x --top-k -1", "--top-k must be 0 or more"),
        ("text x --top-p 0", "--top-p must be above 0 and at most 1"),
        ("text x --top-p nan", "--top-p nan: write a number"),
        ("text x --min-p 1.5", "--min-p must be between 0 and 1"),
        ("text x --typical 0", "--typical must be above 0"),
        ("text x --repeat-penalty 0", "--repeat-penalty must be above 0"),
        ("text x --repeat-last-n -2", "--repeat-last-n must be -1 or more"),
        ("text x --dry-base 0", "--dry-base must be 1 or more"),
        ("text x --dry-multiplier -1", "--dry-multiplier must be 0 or more"),
        ("text x --dry-allowed-length 0", "--dry-allowed-length must be 1 or more"),
        ("text x --max-copy 0", "--max-copy must be 1 or more, not 0"),
        ("text x --contexts rubbish", "--contexts rubbish: write lengths in bytes, such as 5,4,3"),
        ("text x --contexts 5,-1", "--contexts 5,-1: write lengths"),
        ("text x --contexts 5,,3", "--contexts 5,,3: write lengths"),
        ("text x --experts -1", "--experts must be from 0 to 1024, not -1"),
        ("text x --experts 1000000000", "--experts must be from 0 to 1024"),
        ("text x --prime-bytes 0", "--prime-bytes must be 1 or more"),
        ("text x --seed -1", "--seed must be 0 or more, not -1"),
        ("text x -N 0", "--samples must be 1 or more, not 0"),
        ("predict x --top 0", "--top must be from 1 to 256, not 0"),
        ("predict x --top 257", "--top must be from 1 to 256, not 257"),
        ("score text --positions 0", "--positions must be 1 or more, not 0"),
        ("score text -t 0", "--temperature must be above 0"),
        # words
        ("txt x", "there is no command 'txt'; did you mean 'text'? (commands: text, image, a"),
        ("text --temprature 1", "there is no option --temprature; did you mean '--temperature'"),
        ("text Once upon", "(upon); put a prompt of several words in quotes"),
        ("compressors gzip", "got unexpected extra argument(s) (gzip) (see"),
        ("text --json=yes", "option '--json' does not take a value"),
        ("text x --corpus", "option '--corpus' requires an argument"),
        ("--nonsense", "there is no option --nonsense"),
    ],
)  # fmt: skip
def test_asked_wrongly(words: str, complaint: str) -> None:
    assert complaint in refused(2, *words.split(" "))


@pytest.mark.parametrize("word", ["", "   "])
def test_empty_words(word: str) -> None:
    assert "--contexts" in refused(2, "text", "x", "--contexts", word)
    assert "a compressor spec begins with a name" in refused(2, "text", "x", "-c", word)
    assert "no sampler" in refused(2, "text", "x", "--sampler", word)


def test_an_empty_stop_string() -> None:
    assert "--stop needs a string" in refused(2, "text", "x", "--stop", "")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("text x --corpus empty", "empty is empty; a corpus needs at least one byte"),
        ("text x --corpus -", "/dev/stdin is empty"),
        ("text --prompt-file huge", "huge is larger than 256 MB"),
        ("score huge", "huge is larger than 256 MB"),
        ("score empty", "the file to score is empty; there is nothing to predict"),
        ("score", "the file to score is empty"),
        ("text x -c nothing:x", "the compressor 'nothing' is not installed: pip install"),
    ],
)
def test_it_failed(words: str, complaint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.EXTRAS, "nothing", "nothing")
    if words.endswith("--corpus -"):
        monkeypatch.setattr("compgen.cli.inputs.STDIN", Path("empty"))
        complaint = "empty is empty"
    assert complaint in refused(1, *words.split(" "))


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("head -c 5 | cat", "4000 bytes came back as 5 different ones"),
        ("nosuchprogram -9", "there is no program 'nosuchprogram'; install it, or check PATH"),
        ("timeout=0.2 sleep 10", "sleep took longer than 0.2 seconds"),
        ("false", "false failed with exit status 1"),
        ("sh -c 'echo broken >&2; exit 3'", "sh failed with exit status 3: broken"),
        ("cat | false", "false failed with exit status 1"),
        ("sh -c 'kill -9 $$'", "sh was killed by SIGKILL"),
    ],
)
def test_a_program_that_will_not_do(command: str, complaint: str) -> None:
    assert complaint in refused(1, "text", "x", "-c", f"command:{command}", "--corpus", "text")


class Broken(Compressor):
    """Fails as nobody expects."""

    name = "broken-for-a-test"
    error: type[BaseException] = ZeroDivisionError

    def compress(self, data: bytes) -> bytes:
        raise self.error("unlucky")

    def decompress(self, data: bytes) -> bytes:
        raise AssertionError


@pytest.fixture
def broken() -> Iterator[type[Broken]]:
    register(Broken)
    yield Broken
    del registry._registered[Broken.name]


@pytest.mark.parametrize(
    ("error", "complaint"),
    [
        (ZeroDivisionError, "this is a bug: ZeroDivisionError: unlucky (COMPGEN_DEBUG=1 shows"),
        (MemoryError, "out of memory; use less of the corpus"),
        (OSError, "unlucky"),
    ],
)
def test_what_nobody_expects_is_one_line_too(
    broken: type[Broken],
    error: type[BaseException],
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broken, "error", error)
    assert complaint in refused(1, "text", "x", "-c", broken.name)


def test_a_bug_shows_itself_to_those_who_ask(
    broken: type[Broken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPGEN_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cgen("text", "x", "-c", broken.name)


def test_a_message_cannot_drive_the_terminal() -> None:
    line = refused(2, "text", "x", "-c", "gz\x1b[31m\nip\udcff")
    assert "gz\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}ip" in line


# What is odd and is no error


def test_an_empty_prompt() -> None:
    assert len(cgen("text", "", "--corpus", "text", *BRIEF).out) == 12
    assert cgen("text", "--corpus", "text", *BRIEF) == cgen("text", "", "--corpus", "text", *BRIEF)


def test_a_corpus_of_one_byte() -> None:
    assert cgen("text", "", "--corpus", "one", *BRIEF).out == b"a" * 12


@pytest.mark.parametrize("spec", ["gzip", "bz2", "zstd", "brotli", "png", "webp"])
def test_a_binary_prompt(spec: str) -> None:
    words = ("--prompt-file", "binary", "--corpus", "text", "-c", spec, "--reading", "bytes")
    assert len(cgen("text", *words, "-n", "1", "-q").out) == 1


def test_a_prompt_that_is_no_utf8_arrives_as_it_is() -> None:
    Path("prompt").write_bytes(b"caf\xe9 \xff")
    words = ("--corpus", "text", "--json", *BRIEF)
    typed = cgen("text", "caf\udce9 \udcff", *words)  # as Python passes such bytes on
    assert typed == cgen("text", "--prompt-file", "prompt", *words)
    assert run("text", b"caf\xe9 \xff", *words).out == typed.out


def test_a_prompt_on_stdin() -> None:
    words = ("--corpus", "text", *BRIEF)
    piped = cgen("text", "--prompt-file", "-", *words, stdin=b"assert")
    assert piped == cgen("text", "assert", *words)
    assert piped.out != cgen("text", "while", *words).out


def test_a_corpus_on_stdin_or_through_a_pipe(files: Path) -> None:
    words = ("text", "assert", "--json", *BRIEF)
    expected = cgen(*words, "--corpus", "text").out
    assert run(*words, "--corpus", "-", stdin=(files / "text").read_bytes()).out == expected
    assert run(*words, shell='cat text | "$@" --corpus /dev/stdin').out == expected


def test_several_corpora_are_one() -> None:
    Path("twice").write_bytes(Path("text").read_bytes() * 2)
    words = ("text", "assert", "--json", *BRIEF)
    joined = cgen(*words, "--corpus", "text", "--corpus", "empty", "--corpus", "text")
    assert joined == cgen(*words, "--corpus", "twice")


@pytest.mark.parametrize("window", ["first", "last", "relevant"])
def test_a_corpus_larger_than_memory(window: str) -> None:
    words = ("text", "x", "--corpus", "huge", "--window", window, "-c", "zstd", *BRIEF)
    assert len(cgen(*words).out) == 12


def test_the_end_of_a_corpus_that_is_too_large_to_be_coded_whole() -> None:
    with Path("huge").open("r+b") as file:
        file.seek(-4000, os.SEEK_END)
        file.write(Path("text").read_bytes())
    ended = cgen("score", "text", "--corpus", "huge", "--prime-bytes", "4000", "--json",
                 "-c", "png", "--reading", "bytes", "--positions", "1")  # fmt: skip
    found = json.loads(ended.text)
    assert found["context_bytes"] == 4000
    assert found["code_length_bits_per_byte"] < 0.5  # it has just seen the same


# Streams that are closed or full: they need processes of their own


@pytest.mark.parametrize(
    ("redirection", "complaint"),
    [
        ('"$@" >/dev/full', "No space left on device"),
        ('"$@" >&-', "standard output is closed"),
    ],
)
@pytest.mark.parametrize(
    "words", [("text", "x", *BRIEF), ("predict", "x", "-q", "--reading", "bytes"), ("compressors",)]
)
def test_stdout_that_cannot_be_written(
    words: tuple[str, ...], redirection: str, complaint: str
) -> None:
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    corpus = () if words[0] == "compressors" else ("--corpus", "text", "-c", "bz2")
    ended = run(*words, *corpus, shell=redirection)
    assert ended.status == 1
    assert ended.err.startswith(f"compgen: {complaint}")
    assert ended.err.count("\n") == 1


def test_help_that_cannot_be_written() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    ended = run("text", "--help", shell='"$@" >/dev/full')
    assert (ended.status, ended.err) == (1, "compgen: No space left on device\n")


@pytest.mark.parametrize("redirection", ['"$@" 2>/dev/full', '"$@" 2>&-'])
def test_nobody_reads_stderr_and_the_result_is_there(redirection: str) -> None:
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    words = ("text", "x", "--corpus", "text", *BRIEF[:-1])
    ended = run(*words, shell=redirection)
    assert (ended.status, len(ended.out)) == (0, 12)
    assert run("text", "-n", "0", shell=redirection).status == 2


def test_stdin_that_is_closed() -> None:
    ended = run("text", "--prompt-file", "-", "--corpus", "text", shell='exec "$@" <&-')
    assert ended.status == 1
    assert ended.err == "compgen: standard input is closed; name a file\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no permissions")
def test_an_unreadable_file() -> None:
    Path("text").chmod(0)
    if os.access("text", os.R_OK):
        pytest.skip("root reads everything; tests/test_corpus.py pretends")
    assert "text: Permission denied" in refused(1, "text", "x", "--corpus", "text")


def test_a_directory_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said before the work; and if the work had to find out, by the output's own name."""
    Path("locked").mkdir()
    words = ("compress", "text", "-o", "locked/x.cg")
    with monkeypatch.context() as here:  # root writes everywhere
        here.setattr(os, "access", lambda path, mode: Path(path).name != "locked")
        ended = cgen(*words, ok=False)
    assert ended.status == 1
    assert "locked/x.cg: nothing can be written to the directory" in ended.err

    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied", "locked/.cgen-wxyz")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    ended = cgen(*words, ok=False)
    assert ended.status == 1
    assert "x.cg: Permission denied" in ended.err
    assert ".cgen" not in ended.err


def test_a_closed_pipe_ends_it_quickly_and_quietly() -> None:
    words = ("text", "x", "--corpus", "text", "--reading", "bytes", "-n", "99999999", "-q")
    ended = run(*words, shell='{ "$@"; echo $? >status; } | head -c 10')
    assert len(ended.out) == 10
    assert ended.err == ""
    assert Path("status").read_text() == "0\n"


@pytest.mark.parametrize(
    "words",
    [("compressors", "-q"), ("--help",)],
    ids=lambda words: " ".join(words),
)
def test_a_pipe_closed_before_anything_is_written(words: tuple[str, ...]) -> None:
    ended = run(*words, shell='{ "$@"; echo $? >status; } | true')
    assert ended.err == ""
    assert Path("status").read_text() == "0\n"


def test_the_module_is_the_program() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "compgen", "--version"], capture_output=True, check=True
    )
    assert ended.stdout.startswith(b"compgen ")
