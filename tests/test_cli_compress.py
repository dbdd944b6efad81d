"""`compgen compress` and `compgen decompress`: names, terminals, errors, Ctrl-C."""

import hashlib
import json
import os
import signal
import stat
import sys
import time
from pathlib import Path

import pytest

from tests.command_line import cgen, start
from tests.test_compressors import PROGRAM
from tests.texts import ENGLISH

TEXT = ENGLISH[:3000]
MODELS = {"coded", "cm", "ngram", "uniform", "neural", "hf", "pixelcm", "samplecm"}
"""What `cgen compressors` lists as ours."""
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    file = tmp_path / "text.txt"
    file.write_bytes(TEXT)
    return file


def beside(file: Path) -> list[str]:
    """Every name in the file's directory: what a command has left there."""
    return sorted(found.name for found in file.parent.iterdir())


def packed(file: Path, *words: str | Path) -> Path:
    """The container of a file, made by gzip unless the words say otherwise."""
    spec = () if "-c" in words else ("-c", "gzip")
    cgen("compress", file, *spec, *words)
    return file.with_name(file.name + ".cg")


def refused(*words: str | Path, status: int = 1, stdin: bytes = b"") -> str:
    """The one line by which a command refuses."""
    ended = cgen(*words, stdin=stdin, ok=False)
    assert ended.status == status, ended
    assert ended.err.startswith("compgen: ")
    assert ended.err.count("\n") == 1, ended.err
    assert ended.out == b""
    return ended.err


# ------------------------------------------------------------------------------ there and back


@pytest.mark.parametrize("spec", ["gzip", "zstd:level=19", "coded:zstd", "cm:bits=16", None])
def test_there_and_back(text: Path, spec: str | None) -> None:
    words = ("-c", spec) if spec else ()
    cgen("compress", text, *words)
    assert beside(text) == ["text.txt", "text.txt.cg"]
    assert text.read_bytes() == TEXT
    text.unlink()
    cgen("decompress", f"{text}.cg")
    assert text.read_bytes() == TEXT
    assert beside(text) == ["text.txt", "text.txt.cg"]


def test_pipes(text: Path) -> None:
    one = cgen("compress", "-c", "gzip", stdin=TEXT)
    other = cgen("compress", "-c", "gzip", "-", stdin=TEXT)
    third = cgen("compress", "-c", "gzip", text, "-o", "-")
    assert one.out == other.out
    for container in (one.out, third.out):
        assert cgen("decompress", stdin=container).out == TEXT
        assert cgen("decompress", "-", "-o", "-", stdin=container).out == TEXT
    cgen("compress", "-c", "gzip", "-", "-o", f"{text}.x", stdin=TEXT)
    assert cgen("decompress", f"{text}.x", "-o", "-").out == TEXT
    assert beside(text) == ["text.txt", "text.txt.x"]


def test_empty_files(text: Path) -> None:
    text.write_bytes(b"")
    assert "0 bytes of data" in cgen("compress", text).err
    cgen("decompress", f"{text}.cg", "-o", f"{text}.back")
    assert Path(f"{text}.back").read_bytes() == b""


def test_several_files(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b.txt", "c c")]
    for index, file in enumerate(files):
        file.write_bytes(TEXT[index * 500 :])
    cgen("compress", "-c", "gzip", *files)
    for file in files:
        file.unlink()
    cgen("decompress", *(f"{file}.cg" for file in files))
    for index, file in enumerate(files):
        assert file.read_bytes() == TEXT[index * 500 :]


def test_one_bad_file_does_not_keep_the_others(text: Path, tmp_path: Path) -> None:
    ended = cgen("compress", "-c", "gzip", "-q", tmp_path / "no", text, tmp_path, ok=False)
    assert ended.status == 2
    assert "no such file" in ended.err
    assert "is a directory" in ended.err
    good = tmp_path / "text.txt.cg"
    (tmp_path / "bad.cg").write_bytes(b"bad")
    text.unlink()
    assert cgen("decompress", tmp_path / "bad.cg", good, ok=False).status == 1
    assert text.read_bytes() == TEXT


def test_a_corpus(text: Path, tmp_path: Path) -> None:
    corpus = [tmp_path / "one", tmp_path / "two"]
    corpus[0].write_bytes(ENGLISH[:1000])
    corpus[1].write_bytes(ENGLISH[1000:1500])
    words = [word for file in corpus for word in ("--corpus", file)]
    alone = len(packed(text, "-c", "cm:bits=16").read_bytes())
    container = packed(text, "-c", "cm:bits=16", "-f", *words)
    assert len(container.read_bytes()) < alone - 200
    cgen("decompress", container, "-f", *words)
    assert text.read_bytes() == TEXT
    before = beside(text)
    wanted = hashlib.sha256(ENGLISH[:1500]).hexdigest()
    assert wanted in refused("decompress", container, "-o", tmp_path / "x")
    for wrong in (words[:2], words[2:] + words[:2]):
        assert wanted in refused("decompress", container, "-o", tmp_path / "x", *wrong)
    assert "dictionary" in refused("compress", text, "-f", "-c", "bz2", *words, status=2)
    assert "--corpus -" in refused("compress", text, "--corpus", "-", status=2)
    assert "empty" in refused("compress", text, "-f", "--corpus", os.devnull)
    assert beside(text) == before


# ------------------------------------------------------------------------------------- outputs


def test_nothing_is_overwritten_unasked(text: Path) -> None:
    container = packed(text)
    first = container.read_bytes()
    text.write_bytes(b"other")
    assert "--force" in refused("compress", text, "-c", "gzip", status=2)
    assert container.read_bytes() == first
    assert "--force" in refused("decompress", container, status=2)
    assert text.read_bytes() == b"other"
    cgen("decompress", container, "--force")
    assert text.read_bytes() == TEXT
    assert "input itself" in refused("compress", text, "-o", text, "-f", status=2)
    assert text.read_bytes() == TEXT


def test_the_input_is_kept_unless_it_is_to_go(text: Path) -> None:
    container = packed(text, "--keep")
    assert text.exists()
    packed(text, "--rm", "-f")
    assert not text.exists()
    cgen("decompress", container, "--rm")
    assert not container.exists()
    assert text.read_bytes() == TEXT
    assert "--rm" in refused("compress", text, "--rm", "-o", "-", status=2)
    assert "--rm" in refused("compress", "--rm", status=2, stdin=b"x")


def test_an_input_whose_output_failed_stays(text: Path) -> None:
    container = packed(text)
    refused("compress", text, "-c", "gzip", "--rm", status=2)
    assert text.exists()
    damaged = container.read_bytes()[:-1]
    container.write_bytes(damaged)
    text.unlink()
    refused("decompress", container, "--rm")
    assert container.read_bytes() == damaged
    assert beside(text) == ["text.txt.cg"]


@posix
def test_permissions_and_time_are_the_inputs(text: Path) -> None:
    text.chmod(0o640)
    os.utime(text, (1_000_000_000, 1_100_000_000))
    container = packed(text)
    cgen("decompress", container, "-f")
    for file in (container, text):
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        assert file.stat().st_mtime == 1_100_000_000
    mask = os.umask(0o027)
    try:
        cgen("compress", "-c", "gzip", "-o", f"{text}.pipe", stdin=TEXT)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(Path(f"{text}.pipe").stat().st_mode) == 0o640


@posix
def test_links_and_devices(text: Path, tmp_path: Path) -> None:
    link, real = tmp_path / "link", tmp_path / "real"
    real.write_bytes(b"old")
    link.symlink_to(real)
    cgen("compress", text, "-c", "gzip", "-o", link, "-f")
    assert link.is_symlink()
    assert cgen("decompress", real, "-o", "-").out == TEXT
    cgen("compress", text, "-c", "gzip", "-o", os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_places_that_cannot_be(text: Path, tmp_path: Path) -> None:
    assert "directory" in refused("compress", text, "-o", tmp_path, status=2)
    assert "no directory" in refused("compress", text, "-o", tmp_path / "no" / "x", status=2)
    assert "no such file" in refused("compress", tmp_path / "no", status=2)
    assert "-o FILE" in refused("decompress", text, status=2)
    assert "one file" in refused("compress", text, text, "-o", "-", status=2)
    assert "standard input" in refused("compress", "-", "-", status=2)
    assert "--json" in refused("compress", text, "-o", "-", "--json", status=2)
    assert "did you mean" in refused("compress", text, "-c", "gzop", status=2)
    assert beside(text) == ["text.txt"]


@posix
def test_no_binary_on_a_terminal(text: Path) -> None:
    container = packed(text)
    for verb, file in (("compress", text), ("decompress", container)):
        ours, theirs = os.openpty()
        process = start(verb, file, "-o", "-", stdout=theirs)
        _, err = process.communicate(timeout=60)
        os.close(theirs)
        os.close(ours)
        assert process.returncode == 2
        assert b"standard output is a terminal" in err


@posix
def test_progress_on_a_terminal(text: Path) -> None:
    """The line says how fast and how small, and is gone at the end."""
    ours, theirs = os.openpty()
    process = start("compress", text, "-c", "cm:bits=16", stderr=theirs)
    process.communicate(timeout=60)
    os.close(theirs)
    seen = b""
    while b"KB/s\x1b" not in seen.replace(b"\r\n", b""):
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert b"compressing" in seen
    assert b"3,000 bytes of data" in seen
    assert b"bits/byte" in seen


# --------------------------------------------------------------------------------- what is said


def test_the_summary(text: Path) -> None:
    ended = cgen("compress", text, "-c", "gzip")
    assert "3,000 bytes of data" in ended.err
    assert "bits/byte" in ended.err
    assert cgen("compress", text, "-c", "gzip", "-f", "-q").err == ""
    facts = json.loads(cgen("compress", text, "-c", "gzip", "-f", "--json").out)
    container = Path(f"{text}.cg")
    size = container.stat().st_size
    assert facts.pop("seconds") >= 0
    assert facts == {
        "input": str(text),
        "output": str(container),
        "compressor": "gzip",
        "bytes": 3000,
        "compressed_bytes": size,
        "bits_per_byte": 8 * size / 3000,
    }
    facts = json.loads(cgen("decompress", container, "-f", "--json").out)
    assert (facts["bytes"], facts["compressed_bytes"]) == (3000, size)


def test_compressors_says_which_are_ours() -> None:
    found = {
        info["name"]: info["is_model"] for info in json.loads(cgen("compressors", "--json").out)
    }
    assert {name for name, ours in found.items() if ours} == MODELS
    listing = cgen("compressors", "-q").text
    programs, ours = listing.index("real programs"), listing.index("ours: models")
    assert programs < listing.index("\ngzip") < listing.index("\nzstd") < ours
    assert ours < listing.index("\ncoded")
    assert ours < listing.index("\ncm ")


# ------------------------------------------------------------------------------------- bad ends


@pytest.mark.parametrize("damage", ["cut", "flip", "bomb", "text", "longer"])
@pytest.mark.parametrize("spec", ["gzip", "coded:gzip", "cm:bits=16"])
def test_bad_containers_leave_nothing(text: Path, spec: str, damage: str) -> None:
    container = packed(text, "-c", spec)
    good = container.read_bytes()
    middle = len(good) // 2
    bad = {
        "cut": good[:middle],
        "flip": good[:middle] + bytes([good[middle] ^ 4]) + good[middle + 1 :],
        "bomb": good.replace(b'"length":3000', b'"length":9999'),
        "text": TEXT,
        "longer": good + b"\0",
    }[damage]
    container.write_bytes(bad)
    text.unlink()
    assert str(container) in refused("decompress", container)
    assert beside(text) == ["text.txt.cg"]


def test_a_command_is_run_only_if_it_is_named(text: Path) -> None:
    spec = f"command:{PROGRAM}"
    container = packed(text, "-c", spec)
    assert "only you may decide" in refused("decompress", container, "-f", status=2)
    cgen("decompress", container, "-f", "-c", spec)
    assert text.read_bytes() == TEXT


@posix
@pytest.mark.parametrize("direction", ["compress", "decompress"])
def test_ctrl_c_leaves_nothing(tmp_path: Path, direction: str) -> None:
    file = tmp_path / "zeros"
    file.write_bytes(bytes(600_000))
    words: list[str | Path] = ["compress", file, "-c", "cm:bits=16"]
    if direction == "decompress":
        container = packed(file, "-c", "cm:bits=16")
        file.unlink()
        words = ["decompress", container]
    before = beside(file)
    process = start(*words)
    while beside(file) == before and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert beside(file) == before
    assert b"Traceback" not in err


@posix
@pytest.mark.parametrize("seconds", [0.3, 0.6, 1.0])
def test_ctrl_c_before_there_is_anything(tmp_path: Path, seconds: float) -> None:
    """While numba is imported, too, where an interruption looks like a failed import."""
    file = tmp_path / "zeros"
    file.write_bytes(bytes(600_000))
    process = start("compress", file, "-c", "cm:bits=16")
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT), err  # Python itself was starting
    assert beside(file) == ["zeros"]
    assert b"numba" not in err


@posix
def test_a_full_disk_is_one_line(text: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    assert "No space left" in refused("compress", text, "-c", "gzip", "-o", "/dev/full", "-f")
