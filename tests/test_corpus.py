"""What primes a compressor: which bytes are read, and how few."""

import hashlib
import os
import random
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from compgen import corpus as module
from compgen.compressor import Compressor
from compgen.conditional import Conditional
from compgen.conditionals.black_box import BlackBox
from compgen.corpus import PIECE_BYTES, Corpus, Window, byte_count, read_whole
from compgen.errors import InputError, UsageError
from compgen.reading import Reading
from compgen.registry import get_compressor

from .texts import ENGLISH

GZIP = get_compressor("gzip")
HUGE = 100 << 30


def sparse(path: Path, size: int = HUGE) -> Path:
    """A file of `size` zeros that takes no room."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


@pytest.fixture
def needle(tmp_path: Path) -> Path:
    """A large file of which one piece, and one alone, is English."""
    path = sparse(tmp_path / "haystack", 1 << 20)
    with path.open("r+b") as file:
        file.seek(37 * PIECE_BYTES)
        file.write(ENGLISH[:PIECE_BYTES])
    return path


def test_files_are_read_as_if_joined(tmp_path: Path) -> None:
    lengths = (5, 0, 4096, 1, 9000)
    parts = [ENGLISH[1000 * at : 1000 * at + size] for at, size in enumerate(lengths)]
    paths = []
    for name, part in zip("abcde", parts, strict=True):
        paths.append(tmp_path / name)
        paths[-1].write_bytes(part)
    corpus, joined = Corpus.of_files(paths), b"".join(parts)
    assert len(corpus) == len(joined)
    dice = random.Random(7)
    for _ in range(300):
        start, stop = dice.randrange(-3, len(joined) + 9), dice.randrange(-3, len(joined) + 9)
        assert corpus.read(start, stop) == joined[max(start, 0) : max(stop, 0)]


def test_a_corpus_that_fits_is_used_whole() -> None:
    prime = Corpus([b"abc", b"def"], "letters").prime(GZIP, 6, b"prompt")
    assert prime.data == b"abcdef"
    assert prime.note == "all of letters (6 bytes)"
    assert prime.sha256 == hashlib.sha256(b"abcdef").hexdigest()


@pytest.mark.parametrize(
    ("window", "expected"), [(Window.FIRST, ENGLISH[:5000]), (Window.LAST, ENGLISH[-5000:])]
)
def test_first_and_last(window: Window, expected: bytes) -> None:
    prime = Corpus([ENGLISH], "text").prime(GZIP, 5000, b"prompt", window)
    assert prime.data == expected
    assert prime.note == f"the {window} 5,000 of {len(ENGLISH):,} bytes of text"


@pytest.mark.parametrize(("prompt", "budget"), [(b"", 9000), (b"prompt", PIECE_BYTES - 1)])
def test_relevant_is_first_where_there_is_nothing_to_choose_by(prompt: bytes, budget: int) -> None:
    prime = Corpus([ENGLISH], "text").prime(GZIP, budget, prompt)
    assert prime.data == ENGLISH[:budget]
    assert prime.note.startswith("the first ")


def test_relevant_takes_the_cheapest_pieces_and_puts_the_best_last() -> None:
    text = ENGLISH[: 20 * PIECE_BYTES]
    prompt = text[11 * PIECE_BYTES + 500 : 11 * PIECE_BYTES + 700]
    pieces = [text[at : at + PIECE_BYTES] for at in range(0, len(text), PIECE_BYTES)]
    cost = [GZIP.condition(piece, reading=Reading.BYTES).bits([prompt])[0] for piece in pieces]
    best = np.argsort(cost, kind="stable")[:3]
    prime = Corpus([text], "text").prime(GZIP, 3 * PIECE_BYTES + 100, prompt)
    assert best[0] == 11
    assert prime.data == b"".join(pieces[index] for index in best[::-1])
    assert prime.note == "the 3 of 20 pieces of text given which the prompt costs least"


@pytest.mark.parametrize("spec", ["gzip", "bz2:level=1", "zstd", "brotli:quality=5"])
def test_relevant_finds_the_needle(needle: Path, spec: str) -> None:
    compressor = get_compressor(spec)
    prime = Corpus.of_files([needle]).prime(compressor, 2 * PIECE_BYTES, ENGLISH[2000:2100])
    assert prime.data.endswith(ENGLISH[:PIECE_BYTES])


class Counting(Compressor):
    """Counts the pieces that it judges, and offers no reading `bytes`."""

    name = "counting"
    readings = (Reading.FROZEN,)
    judged = 0

    def compress(self, data: bytes) -> bytes:
        return GZIP.compress(data)

    def decompress(self, data: bytes) -> bytes:
        return GZIP.decompress(data)

    def read(self, context: bytes, reading: Reading) -> Conditional:
        assert reading is Reading.FROZEN
        type(self).judged += 1
        return BlackBox(self, context)


def test_a_slow_compressor_judges_a_shortlist_only(
    needle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHORTLIST", 16)
    monkeypatch.setattr(Counting, "judged", 0)
    prime = Corpus.of_files([needle]).prime(Counting(), 2 * PIECE_BYTES, ENGLISH[2000:2100])
    assert Counting.judged == 16
    assert prime.data.endswith(ENGLISH[:PIECE_BYTES])


def test_a_budget_beyond_the_shortlist_is_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHORTLIST", 4)
    prime = Corpus([ENGLISH], "text").prime(GZIP, 10 * PIECE_BYTES, b"The value of")
    assert len(prime.data) == 10 * PIECE_BYTES


@pytest.mark.parametrize("window", list(Window))
def test_of_a_corpus_larger_than_memory_only_a_little_is_read(
    tmp_path: Path, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sparse(tmp_path / "huge")
    with path.open("r+b") as file:
        file.write(b"the beginning")
        file.seek(HUGE - 7)
        file.write(b"the end")
    read = 0
    original = module.FilePart.__getitem__

    def counting(part: module.FilePart, where: slice) -> bytes:
        nonlocal read
        found = original(part, where)
        read += len(found)
        return found

    monkeypatch.setattr(module.FilePart, "__getitem__", counting)
    tracemalloc.start()
    prime = Corpus.of_files([path]).prime(GZIP, 30_000, b"the begin", window)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20
    if window is Window.RELEVANT:
        # 4096 pieces for the quick judge, 256 for the compressor, 7 for the prime
        assert read <= (4096 + 256 + 7) * PIECE_BYTES
        assert b"the beginning" in prime.data
    else:
        assert read == 30_000
        assert prime.data.startswith(b"the beginning") == (window is Window.FIRST)
        assert prime.data.endswith(b"the end") == (window is Window.LAST)


def test_a_pipe_is_a_corpus(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(ENGLISH,))
    writer.start()
    corpus = Corpus.of_files([pipe])
    writer.join()
    assert corpus.read(0, len(corpus)) == ENGLISH


@pytest.mark.skipif(not os.path.exists("/proc/version"), reason="no /proc")
def test_a_file_that_hides_its_size_is_read(tmp_path: Path) -> None:
    assert len(Corpus.of_files(["/proc/version"])) > 0


def test_a_pipe_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_WHOLE", 1 << 20)
    with pytest.raises(InputError, match="/dev/zero is larger than 1 MB"):
        Corpus.of_files(["/dev/zero"])


def test_a_file_that_is_too_large_to_hold_is_refused_unread(tmp_path: Path) -> None:
    path = sparse(tmp_path / "huge")
    tracemalloc.start()
    with pytest.raises(InputError, match="larger than 256 MB"):
        read_whole(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


def test_a_file_of_the_largest_size_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_WHOLE", 1000)
    assert len(read_whole(sparse(tmp_path / "fits", 1000))) == 1000
    with pytest.raises(InputError):
        read_whole(sparse(tmp_path / "larger", 1001))


def test_a_file_that_goes_away_is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(ENGLISH)
    corpus = Corpus.of_files([path])
    path.unlink()
    with pytest.raises(UsageError, match="text: no such file"):
        corpus.read(0, 10)


def test_what_cannot_be_a_corpus(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        Corpus.of_files([tmp_path / "missing"])
    with pytest.raises(UsageError, match="is a directory"):
        Corpus.of_files([tmp_path])
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match="empty is empty"):
        Corpus.of_files([tmp_path / "empty", tmp_path / "empty"])


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_text("secret")

    def refuse(*_: object, **__: object) -> None:  # root reads everything, chmod or not
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    for read in (lambda: Corpus.of_files([path]), lambda: read_whole(path)):
        with pytest.raises(InputError, match="secret: Permission denied"):
            read()


def test_an_empty_file_among_others_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("text")
    corpus = Corpus.of_files([tmp_path / "empty", tmp_path / "text"])
    assert corpus.read(0, 9) == b"text"


def test_many_files_have_a_short_name(tmp_path: Path) -> None:
    for name in "abcde":
        (tmp_path / name).write_text(name)
    label = Corpus.of_files([tmp_path / name for name in "abcde"]).label
    assert label == f"{tmp_path / 'a'} + {tmp_path / 'b'} + 3 more files"


def test_the_builtin_corpus_is_english() -> None:
    corpus = Corpus.builtin()
    assert corpus.read(0, len(corpus)) == ENGLISH
    assert corpus.label == "Python's pydoc topics"


def test_counting_bytes() -> None:
    assert [byte_count(count) for count in (0, 1, 2000)] == ["0 bytes", "1 byte", "2,000 bytes"]
