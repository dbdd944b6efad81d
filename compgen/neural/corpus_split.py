"""What a model learns from, and what it is judged by.

file 1 │ learned ……………………………………… │ held out │
file 2 │ learned ……………………………………… │ held out │        the last part of every file

A text that brings its own held-out bytes (crops of a picture, which overlap) is learned whole.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_HELD_OUT = 1 << 20
"""Of no file is more than this held out: more would tell nothing new."""

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Text:
    """A file of the corpus."""

    name: str
    data: bytes
    held_out: bytes = b""
    """What is to judge the model, where that is no part of `data`."""


@dataclass(frozen=True)
class Split:
    """A corpus, cut."""

    learned: Bytes
    """All files' first parts, one after another."""
    held_out: Bytes
    """All files' last parts, one after another."""
    facts: tuple[dict[str, Any], ...]
    """Name, length, SHA-256 and number of held-out bytes of every file."""


def split(texts: Sequence[Text], share: float) -> Split:
    """Hold out the last `share` of every file (0: nothing), in whole bytes, rounded."""
    learned, held_out, facts = [], [], []
    for text in texts:
        data = np.frombuffer(text.data, np.uint8)
        kept = min(round(share * data.size), MOST_HELD_OUT)
        if text.held_out:
            kept = len(text.held_out)
            data = np.frombuffer(text.data + text.held_out, np.uint8)
        learned.append(data[: data.size - kept])
        held_out.append(data[data.size - kept :])
        facts.append(
            {
                "name": text.name,
                "bytes": data.size,
                "sha256": hashlib.sha256(data.tobytes()).hexdigest(),
                "held_out_bytes": kept,
            }
        )
    return Split(_joined(learned), _joined(held_out), tuple(facts))


def _joined(parts: Sequence[Bytes]) -> Bytes:
    return np.concatenate(parts) if parts else np.zeros(0, np.uint8)
