"""`neural`: a trained network, mixed with `cm`, coded. See compgen.conditionals.neural_mixing."""

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

from compgen.compressors.model import ModelCompressor
from compgen.conditionals.context_mixing import DEFAULT_BITS, LEAST_BITS
from compgen.errors import SpecError
from compgen.neural.medium import Medium
from compgen.neural.way import MODES, Renewable, Way
from compgen.options import one_of, parse_options, within
from compgen.reading import Reading
from compgen.tuning import Tuning

if TYPE_CHECKING:
    from compgen.conditional import Conditional
    from compgen.neural.engine import Engine

MACHINE = ("mode", "device", "dtype", "threads")
LARGEST_BITS = 26
"""As for `cm`: as much as a file that names its compressor may ask for."""


@dataclass(frozen=True)
class Neural(ModelCompressor):
    """A network that has learned, mixed with cm: neural:DIR,mix=off,bits=24; all are optional.

    DIR is a checkpoint that `compgen train` wrote; without, it is the one that comes with
    compgen. `mix=off` is the network alone, which is the default where `device` is a GPU. `bits`
    is the size of cm's table, 4 · 2^bits bytes. `mode=portable`, for recurrent networks on a CPU,
    writes files that any machine decodes; `mode=fast` runs any model on any `device` (auto, cpu,
    cuda, cuda:1, mps) with `dtype=float32`, or bfloat16 on CUDA, and so many `threads` of a CPU.
    """

    name = "neural"
    has_learned = True
    prime_bytes = 1 << 20  # counted in some seven seconds

    model: str = ""
    """The checkpoint's directory."""
    mixed: bool = True
    """With cm; `mix` in a spec."""
    bits: int = within(LEAST_BITS, LARGEST_BITS, default=DEFAULT_BITS)
    mode: str = one_of(*MODES, default="auto")
    device: str = "auto"
    dtype: str = one_of("float32", "bfloat16", default="float32")
    threads: int = within(1, 1024, default=1)

    def tuning(self, reading: Reading) -> Tuning:  # noqa: ARG002
        if not (self.mixed or _counts_by_default(self.device)):
            return Tuning(temperature=0.8, min_p=0.05)  # a penalty would be the host's work
        return Tuning(temperature=0.6, min_p=0.05, dry_multiplier=0.8, dry_allowed_length=8)

    def read(self, context: bytes, reading: Reading) -> "Conditional":  # noqa: ARG002
        if self.mixed:
            return self._mixing(self.engine(), b"", context)
        return self._alone(self.engine(), context)

    def after(
        self, corpus: bytes, context: bytes = b"", *, reading: Reading | str, dither: int | None
    ) -> "Conditional":
        if dither or not (self.mixed and corpus):
            return super().after(corpus, context, reading=reading, dither=dither)
        self.resolve(reading)
        return self._mixing(self.engine(), corpus, context)

    def anew(self, corpus: bytes) -> "Conditional":
        engine = self.engine()
        if isinstance(engine, Renewable):
            engine = engine.renewed()
        if self.mixed:
            return self._mixing(engine, corpus, b"")
        return self._alone(engine, corpus)

    def _alone(self, engine: "Engine[Any]", context: bytes) -> "Conditional":
        from compgen.conditionals.neural import PortableNeural
        from compgen.conditionals.neural_fast import FastNeural
        from compgen.neural.portable import PortableGru

        kind = PortableNeural if isinstance(engine, PortableGru) else FastNeural
        return kind(engine, context)

    def _mixing(self, engine: "Engine[Any]", corpus: bytes, context: bytes) -> "Conditional":
        from compgen.conditionals.neural_fast import FastMixing
        from compgen.conditionals.neural_mixing import PortableMixing
        from compgen.neural.portable import PortableGru

        kind = PortableMixing if isinstance(engine, PortableGru) else FastMixing
        return kind(engine, context, corpus=corpus, bits=self.bits)

    def engine(self) -> "Engine[Any]":
        """What runs the model. Raises UsageError or InputError where that cannot be read."""
        from compgen.neural.engines import engine_of

        return engine_of(self.model, Way(self.mode, self.device, self.dtype, self.threads))

    @property
    def learned_from(self) -> frozenset[str]:
        from compgen.neural.checkpoint import load_config
        from compgen.neural.engines import DEFAULT

        corpus = load_config(self.model or DEFAULT).provenance.get("corpus", [])
        entries = corpus if isinstance(corpus, list) else []
        return frozenset(str(entry.get("sha256")) for entry in entries if isinstance(entry, dict))

    @property
    def medium(self) -> Medium:
        """What the network has learned from: text, pictures of one width, a sound's µ-law.

        Raises UsageError or InputError where the checkpoint cannot be read.
        """
        from compgen.neural.checkpoint import load_config
        from compgen.neural.engines import DEFAULT

        return Medium.of(load_config(self.model or DEFAULT).provenance)

    @property
    def traits(self) -> dict[str, str]:
        from compgen.neural.lanes import ALONE, MIXED

        engine = self.engine()
        rule = MIXED if self.mixed else ALONE
        return {"sha256": engine.sha256, **engine.traits, "lanes": str(rule)}

    @property
    def file_spec(self) -> str:
        return replace(self, device="auto", dtype="float32", threads=1)._spelled("")

    @classmethod
    def from_options(cls, text: str) -> Self:
        first, _, rest = text.strip().partition(",")
        named = "=" not in first and bool(first)
        options = re.sub(r"(^|,)\s*mix\s*=", r"\1mixed=", rest if named else text)
        values = parse_options(cls, options)
        if named and "model" in values:
            raise SpecError(f"neural: the model is given twice, '{first}' and model=")
        values.setdefault("mixed", _counts_by_default(values.get("device", "auto")))
        return cls(**({"model": first} if named else {}) | values)

    def __str__(self) -> str:
        return self._spelled(self.model)

    def _spelled(self, model: str) -> str:
        options = [model] if model else []
        if self.mixed != _counts_by_default(self.device):
            options.append("mix=on" if self.mixed else "mix=off")
        if self.bits != DEFAULT_BITS:
            options.append(f"bits={self.bits}")
        options += [
            f"{field.name}={getattr(self, field.name)}"
            for field in fields(self)
            if field.name in MACHINE and getattr(self, field.name) != field.default
        ]
        return f"{self.name}:{','.join(options)}" if options else self.name


def _counts_by_default(device: str) -> bool:
    """Whether the network is mixed with cm if nothing is said: not on a GPU, which would wait."""
    return not device.startswith(("cuda", "mps"))
