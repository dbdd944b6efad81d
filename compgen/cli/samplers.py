"""A sampler from the options of the command line."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from compgen.compressor import Compressor
from compgen.errors import UsageError
from compgen.generation import choose_sampler
from compgen.sampling import CoinFlips, Sampler, Shaping


def make_sampler(
    name: str | None,
    compressor: Compressor,
    beam_width: int | None,
    horizon: int | None,
    commit: int | None,
) -> Sampler:
    """The sampler with the options that were given. Raises UsageError if it has no such option."""
    sampler = choose_sampler(name, compressor)
    given = {
        "width": ("--beam-width", beam_width),
        "horizon": ("--horizon", horizon),
        "commit": ("--commit", commit),
    }
    offered: set[str] = (
        {field.name for field in dataclasses.fields(sampler)}
        if dataclasses.is_dataclass(sampler)
        else set()
    )
    changes = {}
    for field, (option, value) in given.items():
        if value is None:
            continue
        if field not in offered:
            raise UsageError(f"the sampler '{sampler.name}' has no {option}")
        changes[field] = value
    if not changes:
        return sampler
    if "horizon" in changes and "commit" not in changes:
        # a shorter horizon than the default commit means: commit all of it
        changes["commit"] = min(changes["horizon"], sampler.commit)  # type: ignore[attr-defined]
    return dataclasses.replace(sampler, **changes)  # type: ignore[type-var]


def require_drawable(
    sampler: Sampler, compressors: Sequence[Compressor], shaping: Shaping, experts: bool
) -> None:
    """Raise UsageError, before anything is primed, where `coinflips` cannot do what is asked."""
    if not isinstance(sampler, CoinFlips):
        return
    if shaping != Shaping():
        raise UsageError(
            "the sampler 'coinflips' takes what the decoder gives; --temperature, --top-k and "
            "the like do not apply to it"
        )
    if experts or len(compressors) > 1:
        raise UsageError("the sampler 'coinflips' drives one decoder and cannot draw from several")
    compressors[0].coin_flips(b"", np.random.default_rng(0))
