"""From the words on the command line to the objects of the library."""

import sys
from collections.abc import Sequence
from pathlib import Path

from compgen.cli import console
from compgen.conditionals.experts import ExpertPlan
from compgen.corpus import Corpus, read_whole
from compgen.errors import InputError, UsageError

STDIN = Path("/dev/stdin")


def read_prompt(prompt: str | None, prompt_file: Path | None) -> bytes:
    """The prompt's bytes, from the argument or from a file."""
    if prompt_file is None:
        # bytes that are not UTF-8 arrive as surrogates (PEP 383) and leave as they were
        return (prompt or "").encode("utf-8", "surrogateescape")
    if prompt is not None:
        raise UsageError("give the prompt either as an argument or with --prompt-file, not both")
    return read_input(prompt_file)


def read_input(path: Path | None) -> bytes:
    """All of a file; `-` or None is stdin."""
    if path is not None and str(path) != "-":
        return read_whole(path)
    if sys.stdin is None:
        raise InputError("standard input is closed; name a file")
    if sys.stdin.isatty():
        console.note("reading from the terminal; Ctrl-D on an empty line ends it")
    return read_whole(sys.stdin.buffer)


def read_corpus(paths: Sequence[Path] | None) -> Corpus:
    """The files, or the text that every installation has; `-` is stdin."""
    if not paths:
        return Corpus.builtin()
    return Corpus.of_files([STDIN if str(path) == "-" else path for path in paths])


def require_one_stdin(*sources: Path | None) -> None:
    """Raise UsageError if standard input is to be read for more than one of `sources`."""
    if sum(str(path) == "-" for path in sources) > 1:
        raise UsageError("standard input can be read for one thing only; name a file")


def expert_plan(experts: int | None, contexts: str | None) -> ExpertPlan | None:
    """`--experts J --contexts K,…`; None where neither was given."""
    if experts is None and contexts is None:
        return None
    return ExpertPlan(experts or 0, () if contexts is None else _lengths(contexts))


def _lengths(contexts: str) -> tuple[int, ...]:
    words = contexts.split(",")
    if not all(word.strip().isdecimal() for word in words):
        raise UsageError(f"--contexts {contexts}: write lengths in bytes, such as 5,4,3")
    return tuple(map(int, words))
