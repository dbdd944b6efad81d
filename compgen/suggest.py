"""Near misses for a word that is not known."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`"; did you mean 'gzip'?"`, or the empty string where nothing is near."""
    spellings = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), spellings, n=2, cutoff=0.5)
    if not near:
        return ""
    return f"; did you mean {' or '.join(repr(spellings[name]) for name in near)}?"
