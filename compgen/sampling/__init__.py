"""Samplers: ways of drawing a continuation from a conditional. Each is one small class."""

from compgen.sampling.ancestral import Ancestral
from compgen.sampling.beam import Beam
from compgen.sampling.coinflips import CoinFlips
from compgen.sampling.copying import CopyGuard
from compgen.sampling.quote import Quote
from compgen.sampling.sampler import Chunk, Sampler, Source
from compgen.sampling.shaping import Shaping
from compgen.sampling.spans import Spans

SAMPLERS: dict[str, type[Sampler]] = {
    sampler.name: sampler for sampler in (Ancestral, Beam, Spans, CoinFlips, Quote)
}

__all__ = [
    "SAMPLERS",
    "Ancestral",
    "Beam",
    "Chunk",
    "CoinFlips",
    "CopyGuard",
    "Quote",
    "Sampler",
    "Shaping",
    "Source",
    "Spans",
]
