"""`Shaping`: every option that bends the next-byte distribution before a byte is drawn.

    code lengths ─► repetition penalty ─► DRY ─► top-k ─► typical ─► top-p ─► min-p ─► temperature

Names, order and meaning are llama.cpp's (common/common.h, `common_params_sampling`). Its
defaults are for tokens; where a byte is not a token ours differ, and say why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from compgen import distribution
from compgen.errors import UsageError

LN2 = float(np.log(2))


@dataclass(frozen=True)
class Shaping:
    """What happens to a next-byte distribution before a byte is drawn from it."""

    temperature: float = 1.0
    """Divides log-probabilities, last of all; 0 is greedy. (llama.cpp 0.8.)"""
    top_k: int = 0
    """Keep this many; 0: all. (llama.cpp 40, of 100,000 tokens; there are only 256 bytes.)"""
    top_p: float = 1.0
    """Keep the nucleus of this mass; 1: all. (llama.cpp 0.95.)"""
    min_p: float = 0.1
    """Keep what is at least this fraction of the most probable; 0: all. (llama.cpp 0.05.)
    0.1 is where compressors of text turn from soup to text (DESIGN.md, section 7)."""
    typical_p: float = 1.0
    """Locally typical sampling; 1: off."""
    repeat_penalty: float = 1.0
    """Divides the logits of recent bytes; 1: off. A byte repeats by nature: use with care."""
    repeat_last_n: int = 64
    """How many recent bytes the repetition penalty looks at; -1: all."""
    dry_multiplier: float = 0.0
    """Strength of DRY ("don't repeat yourself"); 0: off, 0.8 is usual."""
    dry_base: float = 1.75
    """DRY's penalty is multiplier · base^(repeat length - allowed length), in nats."""
    dry_allowed_length: int = 8
    """Repeats up to this long are free. (llama.cpp 2 tokens; a token is some 4 bytes.)"""
    dry_penalty_last_n: int = -1
    """How far back DRY looks for a repeat, in bytes; -1: to the start of the prompt."""
    dry_sequence_breakers: tuple[bytes, ...] = (b"\n", b":", b'"', b"*")
    """No repeat reaches back past one of these. (llama.cpp's.)"""

    def __post_init__(self) -> None:
        _require(isfinite(self.temperature) and self.temperature >= 0, "temperature", "0 or more")
        _require(self.top_k >= 0, "top-k", "0 or more (0 keeps all)")
        _require(0 < self.top_p <= 1, "top-p", "above 0 and at most 1 (1 keeps all)")
        _require(0 <= self.min_p <= 1, "min-p", "between 0 and 1 (0 keeps all)")
        _require(0 < self.typical_p <= 1, "typical", "above 0 and at most 1 (1 keeps all)")
        penalty = self.repeat_penalty
        _require(isfinite(penalty) and penalty > 0, "repeat-penalty", "above 0 (1 is off)")
        _require(self.repeat_last_n >= -1, "repeat-last-n", "-1 or more")
        multiplier = self.dry_multiplier
        _require(isfinite(multiplier) and multiplier >= 0, "dry-multiplier", "0 or more (0 is off)")
        _require(isfinite(self.dry_base) and self.dry_base >= 1, "dry-base", "1 or more")
        _require(self.dry_allowed_length >= 1, "dry-allowed-length", "1 or more")
        _require(self.dry_penalty_last_n >= -1, "dry-penalty-last-n", "-1 or more")

    @property
    def penalises(self) -> bool:
        """Whether what was written before changes what may come next."""
        return self.repeat_penalty != 1 or self.dry_multiplier > 0

    def apply(self, bits: NDArray[np.float64], history: bytes) -> distribution.Probabilities:
        """Probabilities to draw from, shape (256,), given `history` = prompt and output so far."""
        if self.penalises:
            bits = self._penalised(bits, history)
        p = distribution.probabilities(bits)
        return self.truncate(p)

    def truncate(self, p: distribution.Probabilities) -> distribution.Probabilities:
        """The truncations and the temperature alone; for candidates that are not bytes, too."""
        p = distribution.top_k(p, self.top_k)
        p = distribution.typical(p, self.typical_p)
        p = distribution.top_p(p, self.top_p)
        p = distribution.min_p(p, self.min_p)
        return distribution.temper(p, self.temperature)

    def _penalised(self, bits: NDArray[np.float64], history: bytes) -> NDArray[np.float64]:
        bits = bits.copy()
        if self.repeat_penalty != 1 and self.repeat_last_n:
            recent = history if self.repeat_last_n < 0 else history[-self.repeat_last_n :]
            # llama.cpp multiplies a negative logit by the penalty, and a log-probability is one
            bits[list(set(recent))] *= self.repeat_penalty
        if self.dry_multiplier > 0:
            last_n = self.dry_penalty_last_n
            visible = history if last_n < 0 else history[max(0, len(history) - last_n) :]
            lengths = repeat_lengths(visible, self.dry_sequence_breakers)
            for value, length in lengths.items():
                excess = length - self.dry_allowed_length
                if excess >= 0:
                    # beyond 1,000 bits nothing can be told apart, and base^excess overflows
                    growth = min(excess * np.log(self.dry_base), 600.0)
                    bits[value] += self.dry_multiplier * np.exp(growth) / LN2
        return bits


def repeat_lengths(history: bytes, breakers: Sequence[bytes]) -> dict[int, int]:
    """For each byte that would continue a repeat of `history`'s suffix: the longest such suffix.

    `{b: n}` says that the last n bytes occur earlier in `history`, followed there by b, and
    hold no sequence breaker.
    """
    starts = [history.rfind(breaker) + len(breaker) for breaker in breakers if breaker in history]
    reach = len(history) - max(starts, default=0)
    found: dict[int, int] = {}
    for length in range(1, reach + 1):
        suffix = history[len(history) - length :]
        at = history.find(suffix)
        if at + length >= len(history):
            break
        while 0 <= at and at + length < len(history):
            found[history[at + length]] = length
            at = history.find(suffix, at + 1)
    return found


def _require(held: bool, option: str, range_: str) -> None:
    if not held:
        raise UsageError(f"--{option} must be {range_}")
