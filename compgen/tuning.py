"""What writes best: the defaults of `compgen text` that a compressor may have of its own."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """Experts, contexts, truncation and penalties that belong together.

    They were found on some texts by gap, copying and loops, and measured on others
    (benchmarks/generation_quality.py). They hold as a whole: whoever names experts or
    contexts gets the general defaults for the rest.
    """

    experts: int = 0
    contexts: tuple[int, ...] = ()
    temperature: float = 1.0
    min_p: float = 0.1
    dry_multiplier: float = 0.0
    dry_allowed_length: int = 8


LEMPEL_ZIV = Tuning(
    experts=24,
    contexts=(4, 3, 3),
    temperature=0.6,
    min_p=0.05,
    dry_multiplier=0.8,
    dry_allowed_length=8,
)
"""For the decoder-marginals of Lempel-Ziv formats: found on deflate, used for its relatives."""

CONTEXT_MIXING = Tuning(temperature=0.8, min_p=0.05, dry_multiplier=0.8, dry_allowed_length=8)
"""For `cm`, which learns what it writes: without a penalty on repeats it falls into loops."""
