"""From the words on the command line to the objects of the library."""

import sys
from collections.abc import Sequence
from pathlib import Path

from compgen.conditionals.experts import ExpertPlan
from compgen.corpus import Corpus
from compgen.errors import InputError, UsageError


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
    if path is None or str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory; name a file in it") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error


def read_corpus(paths: Sequence[Path] | None) -> Corpus:
    """The files, or the text that every installation has."""
    return Corpus.of_files(list(paths)) if paths else Corpus.builtin()


def expert_plan(experts: int | None, contexts: str | None) -> ExpertPlan | None:
    """`--experts J --contexts K,…`; None where neither was given."""
    if experts is None and contexts is None:
        return None
    try:
        lengths = tuple(int(word) for word in (contexts or "").split(",") if word.strip())
    except ValueError:
        lengths = (-1,)
    if any(length < 0 for length in lengths):
        raise UsageError(f"--contexts {contexts}: write lengths in bytes, such as 5,4,3")
    return ExpertPlan(experts or 0, lengths)
