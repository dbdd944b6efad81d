"""compgen turns any lossless compressor into a generative model.

>>> import compgen
>>> compgen.generate("The ", compressor="gzip", seed=1)[0].text  # doctest: +SKIP

A compressor that gives a continuation x of a context c the length L(c + x) - L(c) bits has a
probability model: p(x | c) ∝ 2^-(L(c + x) - L(c)). See `generate` to sample from it,
`get_compressor` and `Compressor.condition` to ask it, and docs/readings.md for what "length"
means.
"""

import importlib
from typing import TYPE_CHECKING, Any

from compgen._version import __version__

if TYPE_CHECKING:
    from compgen.compressor import Compressor
    from compgen.conditional import Conditional, NextByteConditional
    from compgen.conditionals.mixture import Mixture
    from compgen.continuation import Continuation
    from compgen.corpus import Corpus, Window
    from compgen.errors import CompgenError
    from compgen.generation import generate
    from compgen.prediction import Prediction, predict
    from compgen.primed import Primed, prime
    from compgen.reading import Reading
    from compgen.registry import available, get_compressor, register
    from compgen.sampling import Ancestral, Beam, CoinFlips, Sampler, Shaping, Spans
    from compgen.scoring import Score, score

__all__ = [
    "Ancestral",
    "Beam",
    "CoinFlips",
    "CompgenError",
    "Compressor",
    "Conditional",
    "Continuation",
    "Corpus",
    "Mixture",
    "NextByteConditional",
    "Prediction",
    "Primed",
    "Reading",
    "Sampler",
    "Score",
    "Shaping",
    "Spans",
    "Window",
    "__version__",
    "available",
    "generate",
    "get_compressor",
    "predict",
    "prime",
    "register",
    "score",
]

_HOME = {
    "compgen.compressor": ("Compressor",),
    "compgen.conditional": ("Conditional", "NextByteConditional"),
    "compgen.conditionals.mixture": ("Mixture",),
    "compgen.continuation": ("Continuation",),
    "compgen.corpus": ("Corpus", "Window"),
    "compgen.errors": ("CompgenError",),
    "compgen.generation": ("generate",),
    "compgen.prediction": ("Prediction", "predict"),
    "compgen.primed": ("Primed", "prime"),
    "compgen.reading": ("Reading",),
    "compgen.registry": ("available", "get_compressor", "register"),
    "compgen.sampling": ("Ancestral", "Beam", "CoinFlips", "Sampler", "Shaping", "Spans"),
    "compgen.scoring": ("Score", "score"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import compgen` costs nothing."""
    for module, names in _HOME.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module 'compgen' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
