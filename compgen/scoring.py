"""How many bits a file costs: coded as a whole, and predicted byte by byte.

code length    what the compressor itself needs for the file after the corpus
cross-entropy  what its next-byte distribution, under a reading, pays for the true bytes
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compgen.distribution import normalise
from compgen.errors import InputError, UsageError
from compgen.prediction import TIE_DECIMALS, json_number, ties_for_best
from compgen.primed import Primed
from compgen.reading import Reading


@dataclass(frozen=True)
class Score:
    """The price of a file under one compressor and one reading."""

    compressor: str
    reading: str
    context_bytes: int
    bytes: int
    code_length_bits_per_byte: float
    positions: NDArray[np.int64] = field(repr=False)
    """Where in the file the next byte was predicted, ascending."""
    bits: NDArray[np.float64] = field(repr=False)
    """-log2 p of the true byte at each position."""
    top1: NDArray[np.float64] = field(repr=False)
    """1 where the true byte was the most probable; 1/k where k tied for that."""
    ties: NDArray[np.int64] = field(repr=False)
    """How many bytes tied for the most probable."""
    temperature: float = 1.0

    @property
    def cross_entropy_bits_per_byte(self) -> float:
        """Mean -log2 p of the true next byte."""
        return float(self.bits.mean())

    @property
    def standard_error(self) -> float:
        """Standard error of the cross-entropy, the positions taken as independent."""
        return float(self.bits.std(ddof=1) / np.sqrt(self.bits.size)) if self.bits.size > 1 else 0.0

    def as_dict(self, *, each: bool = False) -> dict[str, Any]:
        """For JSON: the fields of `compgen score --json`; `each` adds every position's bits."""
        fields: dict[str, Any] = {
            "compressor": self.compressor,
            "reading": self.reading,
            "temperature": self.temperature,
            "context_bytes": self.context_bytes,
            "bytes": self.bytes,
            "positions": int(self.positions.size),
            "code_length_bits_per_byte": json_number(self.code_length_bits_per_byte),
            "cross_entropy_bits_per_byte": json_number(self.cross_entropy_bits_per_byte),
            "standard_error": json_number(self.standard_error),
            "top1_accuracy": float(self.top1.mean()),
            "ties_mean": float(self.ties.mean()),
        }
        if each:
            fields["bits"] = [json_number(bits) for bits in self.bits]
        return fields


def spread_positions(size: int, count: int) -> NDArray[np.int64]:
    """At most `count` evenly spaced positions in `size` bytes, the first and last included."""
    return np.unique(np.linspace(0, size - 1, min(count, size)).round().astype(np.int64))


def score(
    primed: Primed,
    data: bytes,
    positions: NDArray[np.int64],
    *,
    temperature: float = 1.0,
    progress: Callable[[int], None] = lambda _: None,
) -> Score:
    """Score `data` after the prime; `positions` (ascending) are where bytes are predicted.

    Each position is conditioned on the prime and all of the file before it. A
    KeyboardInterrupt after the first position ends the scoring early, with what there is.

    Raises InputError on an empty file.
    """
    if not data:
        raise InputError("the file to score is empty; there is nothing to predict")
    if not (np.isfinite(temperature) and temperature > 0):
        raise UsageError("--temperature must be above 0")
    coded = own_code_length(primed, data)
    bits, top1, ties = [], [], []
    state = primed.conditional.fork()
    done = 0
    try:
        for count, position in enumerate(positions.tolist(), start=1):
            state.advance(data[done:position])
            done = position
            lengths = normalise(state.next_byte() / temperature)
            best = ties_for_best(lengths)
            true = lengths[data[position]]
            bits.append(true)
            ties.append(best)
            top1.append(float(true <= lengths.min() + 10.0**-TIE_DECIMALS) / best)
            progress(count)
    except KeyboardInterrupt:
        if not bits:
            raise
    return Score(
        compressor=primed.spec,
        reading=primed.reading,
        context_bytes=len(primed.prime.data),
        bytes=len(data),
        code_length_bits_per_byte=coded / len(data),
        positions=positions[: len(bits)],
        bits=np.array(bits, np.float64),
        top1=np.array(top1, np.float64),
        ties=np.array(ties, np.int64),
        temperature=temperature,
    )


def own_code_length(primed: Primed, data: bytes) -> float:
    """Bits that the compressor itself spends on `data` after the prime, as finely as it tells.

    A mixture has no stream of its own: its code length is that of its distribution. So is a
    model's, which codes by it.
    """
    if len(primed.compressors) > 1 or Reading.BYTES not in primed.compressors[0].readings:
        return float(primed.conditional.bits([data])[0])
    (compressor,) = primed.compressors
    reading = Reading.BITS if Reading.BITS in compressor.readings else Reading.BYTES
    context = primed.prime.data + primed.prompt
    return float(compressor.condition(context, reading=reading, dither=0).bits([data])[0])
