"""Samples in HTML: each byte coloured by what the judge pays for it, copies underlined.

The underline's tooltip says where in the corpus the copy stands.
"""

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from compgen.metrics.copying import match_lengths, spans

LEVELS = 8
"""Of heat: 0 to 1 bit, 1 to 2, …, 7 and more."""


def sample_html(text: bytes, bits: NDArray[np.float64], corpus: bytes, least: int = 12) -> str:
    """One sample. `bits`, shape (len(text),), is what each byte costs."""
    copies = spans(match_lengths(text, corpus), least) if corpus else []
    ends = dict(copies)
    parts: list[str] = []
    inside = 0  # where the copy that is open ends
    for start, piece in _characters(text):
        if inside and start >= inside:
            parts.append("</u>")
            inside = 0
        if start in ends and not inside:
            inside = ends[start]
            at = corpus.find(text[start:inside])
            title = f"{inside - start} bytes, verbatim at byte {at:,} of the corpus"
            parts.append(f'<u title="{escape(title)}">')
        elif start in ends:  # a copy from elsewhere goes on where this one ends
            inside = max(inside, ends[start])
        cost = float(bits[start : start + len(piece)].sum())
        heat = min(LEVELS - 1, int(max(cost, 0.0)))
        parts.append(f'<i class="h{heat}">{escape(_shown(piece))}</i>')
    if inside:
        parts.append("</u>")
    return "".join(_merged(parts))


def _characters(text: bytes) -> list[tuple[int, bytes]]:
    """Where each character begins and its bytes; a byte that is no UTF-8 stands alone."""
    found = []
    start = 0
    while start < len(text):
        length = 1
        for size in (1, 2, 3, 4):
            try:
                text[start : start + size].decode("utf-8")
            except UnicodeDecodeError:
                continue
            length = size
            break
        found.append((start, text[start : start + length]))
        start += length
    return found


def _shown(piece: bytes) -> str:
    text = piece.decode("utf-8", "replace")
    if text == "\r":
        return ""  # half of a line end
    if text in "\n\t" or text.isprintable():
        return text
    return "\N{REPLACEMENT CHARACTER}"


def _merged(parts: Sequence[str]) -> list[str]:
    """Neighbours of one heat in one element: a third of the size."""
    merged: list[str] = []
    for part in parts:
        if part.startswith("<i ") and merged and merged[-1].startswith(part[:14]):
            merged[-1] = merged[-1][: -len("</i>")] + part[14:]
        else:
            merged.append(part)
    return merged
