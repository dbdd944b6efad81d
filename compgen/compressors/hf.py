"""`hf`: a Hugging Face language model, coded. The model is compgen.conditionals.hf."""

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Self

from compgen.compressors.model import ModelCompressor
from compgen.errors import MissingPackageError, SpecError
from compgen.options import one_of, parse_options, within
from compgen.reading import Reading
from compgen.tuning import Tuning

if TYPE_CHECKING:
    from compgen.conditional import Conditional
    from compgen.hf.token_model import TokenModel

WIDEST = 4096
VERIFIED = 64
"""Bytes that `verify` tries: both sides of the coder are one function, and a slow one."""


@dataclass(frozen=True)
class Hf(ModelCompressor):
    """A causal language model of transformers: hf:NAME_OR_PATH,beam=8,device=auto,dtype=float32.

    It is loaded from a directory, or from Hugging Face's cache; nothing is fetched. `beam` is how
    many tokenisations of the text are kept for the reading `marginal`, the next byte; the
    reading `bits` is the code length of the canonical one. `dtype=bfloat16` is for CUDA, `threads`
    are those of a CPU.
    """

    name = "hf"
    readings: ClassVar[tuple[Reading, ...]] = (Reading.MARGINAL, Reading.BITS)
    has_learned = True
    prime_bytes = 1 << 12

    model: str
    """A directory, or the name of a model that has been fetched."""
    beam: int = within(1, WIDEST, default=8)
    device: str = "auto"
    dtype: str = one_of("float32", "bfloat16", default="float32")
    threads: int = within(1, 1024, default=1)

    def tuning(self, reading: Reading) -> Tuning:  # noqa: ARG002
        return Tuning(temperature=0.8, min_p=0.05)

    def read(self, context: bytes, reading: Reading) -> "Conditional":
        model = self.loaded()
        from compgen.conditionals.hf import HfConditional, HfTokens

        if reading is Reading.BITS:
            return HfTokens(model, context)
        return HfConditional(model, context, width=self.beam)

    def anew(self, context: bytes) -> "Conditional":
        """The same distribution by a model of its own: to verify a file with."""
        model = self.loaded().renewed()
        from compgen.conditionals.hf import HfConditional

        return HfConditional(model, context, width=self.beam)

    def loaded(self) -> "TokenModel":
        """What runs the model, which is kept. Raises MissingPackageError and FailureError."""
        from compgen.hf.installation import require_transformers

        require_transformers()
        return _kept(self.model, self.device, self.dtype, self.threads)

    def verify(self, data: bytes) -> None:
        super().verify(data[:VERIFIED])

    @property
    def parameters(self) -> int:
        """How many numbers the model has learned, those that are used twice once."""
        return self.loaded().parameters

    @property
    def traits(self) -> dict[str, str]:
        model = self.loaded()
        return {"sha256": model.sha256, **model.traits}

    @property
    def file_spec(self) -> str:
        return str(replace(self, model="", device="auto", dtype="float32", threads=1))

    @classmethod
    def from_options(cls, text: str) -> Self:
        first, _, rest = text.strip().partition(",")
        if not first or "=" in first:
            raise SpecError("hf needs a model: hf:DIRECTORY or hf:NAME, then options")
        return cls(**parse_options(cls, f"model={first},{rest}".rstrip(",")))

    def __str__(self) -> str:
        options = [self.model] if self.model else []
        options += [
            f"{field.name}={getattr(self, field.name)}"
            for field in fields(self)[1:]
            if getattr(self, field.name) != field.default
        ]
        return f"{self.name}:{','.join(options)}" if options else self.name

    @classmethod
    def library(cls) -> str:
        from importlib.metadata import PackageNotFoundError, version

        coder = super().library()
        try:
            return f"{coder}, transformers {version('transformers')}"
        except PackageNotFoundError:
            raise MissingPackageError(
                "the compressor 'hf' needs transformers: pip install 'compgen[hf]'"
            ) from None


@lru_cache(maxsize=2)
def _kept(name: str, device: str, dtype: str, threads: int) -> "TokenModel":
    from compgen.hf.token_model import TokenModel
    from compgen.neural.devices import device_of

    return TokenModel(name, device_of(device), dtype, threads)
