"""From a `RunSpec` to a `Run`: the continuations, and what the model thought of real text.

Split ─► prime (the pool) ─► fork for each prompt ─┬─► sampler ─► continuations, seconds
                                                   └─► next bytes at held-out positions
                                                       and after contexts of growing length
"""

import base64
import dataclasses
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compgen.compressor import Compressor
from compgen.conditional import Conditional
from compgen.conditionals.experts import ExpertPlan
from compgen.corpus import Corpus, Window
from compgen.errors import UsageError
from compgen.experiment.counted import Counted
from compgen.experiment.spec import RunSpec
from compgen.experiment.split import Split
from compgen.generation import Plan, choose_sampler, shaped, tuned
from compgen.primed import Primed, prime
from compgen.registry import get_compressors
from compgen.sampling import CopyGuard, Shaping, Source
from compgen.versions import versions_of

FORMAT = 1
CONTEXT_LENGTHS = (16, 64, 256, 1024, 4096)
CURVE_PLACES = 12
"""Places in the held-out text at which each context length is tried."""
CONTEXT_BYTES = 300
"""Bytes before a held-out position that are read after the prime."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Run:
    """What became of a spec. Everything else is computed from it."""

    spec: RunSpec
    samples: tuple[bytes, ...]
    """A continuation of each prompt."""
    seconds: float
    """Of writing them, after the model was ready."""
    ready_seconds: float
    """Of priming it."""
    candidates: int
    """Candidates that were scored on the way."""
    compressor: str
    reading: str
    prime_bytes: int
    distributions: Floats
    """Next-byte code lengths at held-out positions, shape (positions, 256)."""
    true: NDArray[np.uint8]
    """The byte that came at each."""
    curve: Floats
    """Bits paid for the next byte after contexts of each of CONTEXT_LENGTHS alone, without a
    prime; shape (lengths, places), NaN where there was no such context."""
    versions: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON. Distributions are kept as float16 base64: a thousandth of a bit."""
        return {
            "format": FORMAT,
            "id": self.spec.id,
            "spec": self.spec.as_dict(),
            "samples": [base64.b64encode(sample).decode() for sample in self.samples],
            "seconds": self.seconds,
            "ready_seconds": self.ready_seconds,
            "candidates": self.candidates,
            "compressor": self.compressor,
            "reading": self.reading,
            "prime_bytes": self.prime_bytes,
            "distributions": base64.b64encode(self.distributions.astype("<f2").tobytes()).decode(),
            "true": base64.b64encode(self.true.tobytes()).decode(),
            "curve": [[None if np.isnan(x) else float(x) for x in row] for row in self.curve],
            "versions": self.versions,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "Run":
        """What `as_dict` gave. Raises KeyError, TypeError or ValueError on anything else."""
        if fields["format"] != FORMAT:
            raise ValueError(f"format {fields['format']}")
        distributions = np.frombuffer(base64.b64decode(fields["distributions"]), "<f2")
        return cls(
            spec=RunSpec.from_dict(dict(fields["spec"])),
            samples=tuple(base64.b64decode(sample) for sample in fields["samples"]),
            seconds=float(fields["seconds"]),
            ready_seconds=float(fields["ready_seconds"]),
            candidates=int(fields["candidates"]),
            compressor=str(fields["compressor"]),
            reading=str(fields["reading"]),
            prime_bytes=int(fields["prime_bytes"]),
            distributions=distributions.reshape(-1, 256).astype(np.float64),
            true=np.frombuffer(base64.b64decode(fields["true"]), np.uint8),
            curve=np.array(
                [[np.nan if x is None else x for x in row] for row in fields["curve"]], np.float64
            ).reshape(len(CONTEXT_LENGTHS), -1),
            versions=dict(fields["versions"]),
        )


def execute(spec: RunSpec, split: Split) -> Run:
    """Run a spec on the split that it names. Raises CompgenError where the spec makes no sense."""
    compressors = get_compressors(spec.compressor)
    sampler = choose_sampler(spec.sampler or None, compressors[0])
    mixture = None
    if spec.experts is not None or spec.contexts is not None:
        mixture = ExpertPlan(spec.experts or 0, spec.contexts or ())
    tuning = tuned(compressors, sampler, spec.reading, mixture)
    plan = Plan(
        sampler=sampler,
        shaping=_shaping(shaped(tuning), spec),
        length=spec.length,
        max_copy=spec.max_copy,
        seed=spec.seed,
    )
    started = time.perf_counter()
    primed = prime(
        compressors,
        Corpus([split.pool], "the pool"),
        reading=spec.reading,
        experts=mixture or ExpertPlan(tuning.experts, tuning.contexts),
        window=Window.FIRST,
        rng=plan.model_rng(),
    )
    ready = time.perf_counter()
    tally = [0]
    samples = tuple(
        _write(primed, plan, prompt, index, tally) for index, prompt in enumerate(split.prompts)
    )
    done = time.perf_counter()
    # who quotes predicts nothing
    positions = 0 if sampler.name == "quote" else spec.positions
    distributions, true = _look(primed.conditional, split, positions)
    return Run(
        spec=spec,
        samples=samples,
        seconds=done - ready,
        ready_seconds=ready - started,
        candidates=tally[0],
        compressor=primed.spec,
        reading=primed.reading,
        prime_bytes=len(primed.prime.data),
        distributions=distributions,
        true=true,
        curve=_curve(compressors, spec, split),
        versions=versions_of(compressors),
    )


def _shaping(defaults: Shaping, spec: RunSpec) -> Shaping:
    """The compressor's own, but for what the spec says."""
    types = {field.name: field.type for field in dataclasses.fields(Shaping)}
    if unknown := [name for name, _ in spec.shaping if name not in types]:
        raise UsageError(f"a run has no shaping called '{unknown[0]}'")
    values = {name: int(x) if types[name] in (int, "int") else x for name, x in spec.shaping}
    return dataclasses.replace(defaults, **values)  # type: ignore[arg-type]


def _write(primed: Primed, plan: Plan, prompt: bytes, index: int, tally: list[int]) -> bytes:
    """The continuation of one prompt; the seed and the prompt's place decide it."""
    conditional = primed.conditional.fork()
    conditional.advance(prompt)
    if not conditional.exact:  # an exact one has a compiled loop that a wrapper would hide
        conditional = Counted(conditional, tally)
    source = Source(
        conditional=conditional,
        compressor=primed.compressors[0],
        prime=primed.prime.data,
        prompt=prompt,
        shaping=plan.shaping,
        guard=None if plan.max_copy is None else CopyGuard(primed.prime.data, plan.max_copy),
        limit=plan.length,
    )
    written = bytearray()
    for chunk in plan.sampler.chunks(source, plan.sample_rng(index)):
        written += chunk.data
        if len(written) >= plan.length:
            break
    return bytes(written[: plan.length])


def _look(base: Conditional, split: Split, count: int) -> tuple[Floats, NDArray[np.uint8]]:
    """Next-byte distributions at places spread over the held-out text."""
    places = _places(split, count, 1)
    found = np.empty((len(places), 256))
    true = np.empty(len(places), np.uint8)
    for row, (segment, at) in enumerate(places):
        state = base.fork()
        state.advance(segment[max(0, at - CONTEXT_BYTES) : at])
        found[row] = state.next_byte()
        true[row] = segment[at]
    return found, true


def _curve(compressors: tuple[Compressor, ...], spec: RunSpec, split: Split) -> Floats:
    """See `Run.curve`; of the first compressor, under the run's reading."""
    compressor = compressors[0]
    found = np.full((len(CONTEXT_LENGTHS), CURVE_PLACES), np.nan)
    for row, length in zip(found, CONTEXT_LENGTHS, strict=True):
        for column, (segment, at) in enumerate(_places(split, CURVE_PLACES, length)):
            state = compressor.condition(segment[at - length : at], reading=spec.reading)
            row[column] = state.next_byte()[segment[at]]
    return found


def _places(split: Split, count: int, least: int) -> list[tuple[bytes, int]]:
    """`count` places, at least `least` bytes into their segments, the same for every run."""
    segments = [segment for segment in split.held_out if len(segment) > least]
    if not segments:
        return []
    room = [len(segment) - least for segment in segments]
    found = []
    ends = np.cumsum(room)
    for offset in np.linspace(0, ends[-1] - 1, count).astype(np.int64):
        index = int(np.searchsorted(ends, offset, "right"))
        found.append((segments[index], least + int(offset - ends[index]) + room[index]))
    return found
