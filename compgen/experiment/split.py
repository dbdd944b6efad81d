"""A text cut into what primes, what the judge reads, and what is continued. No byte is two of them.

    text ─► segments of some 8,000 bytes, cut at blank lines, shuffled by a seed
              ├── 56 %  the judge's
              ├── 33 %  the pool: the corpus of every compressor
              └── 11 %  held out: prompts, their real continuations, other real text

Shuffled, because the end of a book differs from its beginning; in segments, because text repeats
itself nearby, and what is near a prompt would give its continuation away.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from compgen.errors import InputError, UsageError
from compgen.experiment.spec import RunSpec

SEGMENT = 8_000
JUDGED, POOLED = 0.56, 0.33
LEAST_SEGMENTS = 9
"""Fewer leave nothing to hold out."""


@dataclass(frozen=True)
class Split:
    """One shuffle of one text."""

    pool: bytes
    judged: bytes
    held_out: tuple[bytes, ...]
    """The segments that nobody has read."""
    prompts: tuple[bytes, ...]
    real: tuple[bytes, ...]
    """What really follows each prompt."""
    others: tuple[bytes, ...]
    """As many pieces of held-out text again, as long as the continuations."""

    @property
    def sha256(self) -> str:
        """Of all parts, in order: equal splits have equal hashes."""
        digest = hashlib.sha256()
        for part in (self.pool, self.judged, *self.prompts, *self.real, *self.others):
            digest.update(len(part).to_bytes(8, "little") + part)
        return digest.hexdigest()


def split_of(spec: RunSpec, text: bytes) -> Split:
    """The split that a spec names; the last few are kept."""
    return _split(text, spec.split_seed, spec.prompts, spec.prompt_bytes, spec.length)


@lru_cache(maxsize=4)
def _split(text: bytes, seed: int, prompts: int, prompt_bytes: int, length: int) -> Split:
    return split_text(text, seed=seed, prompts=prompts, prompt_bytes=prompt_bytes, length=length)


def split_text(
    text: bytes, *, seed: int = 0, prompts: int = 40, prompt_bytes: int = 200, length: int = 200
) -> Split:
    """Cut and shuffle `text`; the prompts are spread evenly over the held-out segments.

    Raises UsageError for sizes below 1, InputError for a text too short to be split.
    """
    if min(prompts, prompt_bytes, length) < 1:
        raise UsageError("a comparison needs at least one prompt and one byte to continue it by")
    window = prompt_bytes + length
    size = max(2 * window, min(SEGMENT, len(text) // 20))
    segments = _segments(text, size)
    if len(segments) < LEAST_SEGMENTS:
        raise InputError(
            f"{len(text):,} bytes are too few to be split into a corpus, a judge's text and "
            f"prompts of {prompt_bytes} + {length} bytes; {LEAST_SEGMENTS * size:,} would do"
        )
    rng = np.random.default_rng(seed)
    segments = [segments[index] for index in rng.permutation(len(segments))]
    judged = int(JUDGED * len(segments))
    pooled = max(1, int(POOLED * len(segments)))
    held_out = [part for part in segments[judged + pooled :] if len(part) >= window]
    if not held_out:
        raise InputError("no held-out segment is as long as a prompt and its continuation")
    chosen, real = [], []
    for index in range(prompts):
        segment = held_out[index % len(held_out)]
        start = int(rng.integers(len(segment) - window + 1))
        chosen.append(segment[start : start + prompt_bytes])
        real.append(segment[start + prompt_bytes : start + window])
    others = []
    for index in range(prompts):
        segment = held_out[(index + prompts) % len(held_out)]
        start = int(rng.integers(len(segment) - length + 1))
        others.append(segment[start : start + length])
    return Split(
        pool=b"".join(segments[judged : judged + pooled]),
        judged=b"".join(segments[:judged]),
        held_out=tuple(held_out),
        prompts=tuple(chosen),
        real=tuple(real),
        others=tuple(others),
    )


def _segments(text: bytes, size: int) -> list[bytes]:
    """Pieces of at least `size` bytes, cut after a blank line, or a line, or anywhere."""
    starts = [0]
    while starts[-1] + size < len(text):
        first = starts[-1] + size
        borders = [
            at + len(mark)
            for mark in (b"\n\n", b"\n")
            if (at := text.find(mark, first, first + size)) >= 0
        ]
        starts.append(min(borders[0] if borders else first, len(text)))
    if len(text) - starts[-1] < size and len(starts) > 1:
        starts.pop()  # the last piece joins the one before it
    return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]
