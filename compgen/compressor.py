"""`Compressor`: what a lossless compressor must be able to do, and how it becomes a model.

A new compressor defines `name`, `compress` and `decompress`, and inherits the rest:

    @dataclass(frozen=True)
    class Reversed(Compressor):
        name = "reversed"
        level: int = 9

        def compress(self, data: bytes) -> bytes:
            return zlib.compress(data[::-1], self.level)

        def decompress(self, data: bytes) -> bytes:
            return zlib.decompress(data)[::-1]
"""

import dataclasses
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from compgen.errors import CompgenWarning, CompressorError, LossyError, UnsupportedError
from compgen.reading import Reading
from compgen.tuning import Tuning

if TYPE_CHECKING:
    import numpy as np

    from compgen.conditional import Conditional


@dataclasses.dataclass(frozen=True)
class Compressor(ABC):
    """A lossless compressor with its options: a frozen dataclass, equal by value, picklable.

    `str(compressor)` is its spec, and `get_compressor(str(compressor)) == compressor`.
    """

    name: ClassVar[str]
    """The name in a spec."""
    readings: ClassVar[tuple[Reading, ...]] = (Reading.BYTES,)
    """The readings that it offers, best first; the first is what `auto` means."""
    releases_gil: ClassVar[bool] = False
    """Whether `compress` runs in parallel on several threads."""
    default_sampler: ClassVar[str] = "ancestral"
    """The sampler that suits it best."""
    blind_ahead: ClassVar[str] = ""
    """Why its lengths say next to nothing of the single next byte; empty: they do."""
    has_learned: ClassVar[bool] = False
    """Whether it knows text before it has read any: it writes without a corpus."""
    is_model: ClassVar[bool] = False
    """Whether it is a distribution with an entropy coder, rather than a real program or library
    that a distribution is read off."""

    def __post_init__(self) -> None:
        from compgen.options import check_options

        check_options(self)

    @property
    def window(self) -> int | None:
        """How many bytes back the format can see with these options; None: all of them."""
        return None

    @property
    def prime_bytes(self) -> int:
        """How much of a corpus primes it by default: its window, or what it scores in bearable
        time."""
        return 32_000

    def prime_budget(self, reading: Reading) -> int:  # noqa: ARG002
        """`prime_bytes` under a reading: one that costs less can afford more."""
        return self.prime_bytes

    @property
    def learned_from(self) -> frozenset[str]:
        """SHA-256 of the files that it has learned from before: no fair test for it."""
        return frozenset()

    @property
    def default_dither(self) -> int:
        """Over how many prefixes the reading `auto` is dithered where whole bytes are all that
        can be read. 0 where a compression is dear, or where every symbol ends on a byte, as in
        LZ4: there is no fraction to recover."""
        return 8

    def tuning(self, reading: Reading) -> Tuning:  # noqa: ARG002
        """How it writes best, byte by byte, under a reading."""
        return Tuning()

    @abstractmethod
    def compress(self, data: bytes) -> bytes:
        """The compressed stream of `data`. Raises CompressorError where the program fails."""

    @abstractmethod
    def decompress(self, data: bytes) -> bytes:
        """The data that `compress` was given. Raises CompressorError on a damaged stream."""

    @property
    def dictionary_bytes(self) -> int:
        """How many bytes of what came before can be handed to it apart; 0: none."""
        return 0

    def compress_after(self, dictionary: bytes, data: bytes) -> bytes:
        """The stream of `data` for a decoder that knows `dictionary`, at most
        `dictionary_bytes` long. It may be of a simpler format than `compress` writes."""
        assert not dictionary, self.name
        return self.compress(data)

    def decompress_after(self, dictionary: bytes, stream: bytes, most: int) -> bytes:
        """The data that `compress_after` was given, if that is at most `most` bytes.

        Raises CompressorError on damage, and if there are more. A library that can stop early
        does so (where this is overridden); any other is found out when it is done.
        """
        assert not dictionary, self.name
        data = self.decompress(stream)
        if len(data) > most:
            raise CompressorError(f"{self.name}: more than {most} bytes come out of the stream")
        return data

    def condition(
        self,
        context: bytes = b"",
        *,
        reading: Reading | str = Reading.AUTO,
        dither: int | None = None,
    ) -> "Conditional":
        """The distribution of what follows `context`.

        `dither` averages the `bytes` reading over that many short prefixes before the context
        (0: off; None: `default_dither` where `auto` finds nothing better than whole bytes).
        Raises UnsupportedError if this compressor does not offer the reading.
        """
        definite = self.resolve(reading)
        if dither is None:
            unasked = reading == Reading.AUTO and definite is Reading.BYTES
            dither = self.default_dither if unasked else 0
        if not dither:
            return self.read(context, definite)
        if definite is not Reading.BYTES:
            raise UnsupportedError(
                f"dither recovers what the reading 'bytes' rounds away; '{definite}' rounds nothing"
            )
        from compgen.conditionals.dithered import Dithered

        return Dithered.of(lambda dithered: self.read(dithered, definite), context, dither)

    def after(
        self, corpus: bytes, context: bytes = b"", *, reading: Reading | str, dither: int | None
    ) -> "Conditional":
        """The distribution of what follows `context`, having learned from `corpus` before.

        To most, both are one text. Arguments and errors are those of `condition`.
        """
        return self.condition(corpus + context, reading=reading, dither=dither)

    def read(self, context: bytes, reading: Reading) -> "Conditional":
        """The conditional of one of this compressor's `readings`: what a faster or finer
        reading overrides. `reading` is definite and offered."""
        from compgen.conditionals.black_box import BlackBox

        assert reading is Reading.BYTES, reading
        return BlackBox(self, context)

    def mix(
        self, primes: Sequence[bytes], lengths: Sequence[int], history: bytes, reading: Reading
    ) -> "Conditional":
        """The mean of experts: expert i is primed with `primes[i]` and sees the last
        `lengths[i]` bytes of `history` (0: all of it). A compressor with a faster way to mix
        overrides this.
        """
        from compgen.conditionals.mixture import Mixture
        from compgen.conditionals.truncated import Truncated

        return Mixture(
            [
                Truncated(self.read(prime, reading), history, length)
                if length
                else self.read(prime + history, reading)
                for prime, length in zip(primes, lengths, strict=True)
            ]
        )

    def coin_flips(self, context: bytes, rng: "np.random.Generator") -> Iterator[bytes]:  # noqa: ARG002
        """Bytes, without end, that the real decoder makes of random bits after `context`.

        Raises UnsupportedError where the format does not allow it.
        """
        raise UnsupportedError(
            f"the sampler 'coinflips' needs a decoder that any bits drive on from a context; "
            f"{self.name} has none: use gzip, zlib or deflate"
        )

    def resolve(self, reading: Reading | str) -> Reading:
        """`auto` made definite: the best reading that nothing stands in the way of.

        Warns (CompgenWarning) where that is not the best that the format has. Raises
        UnsupportedError if the reading is not offered or something stands in its way.
        """
        try:
            reading = Reading(reading)
        except ValueError:
            known = ", ".join(Reading)
            raise UnsupportedError(
                f"no reading is called '{reading}'; there are: {known}"
            ) from None
        if reading is Reading.AUTO:
            best = self.readings[0]
            free = next((found for found in self.readings if not self.obstacle(found)), best)
            if free is not best:
                warnings.warn(
                    f"{self.name} is read by '{free}', not '{best}': {self.obstacle(best)}",
                    CompgenWarning,
                    stacklevel=3,
                )
            return free
        if reading not in self.readings:
            raise UnsupportedError(
                f"{self.name} has no reading '{reading}'; it has: {', '.join(self.readings)}"
            )
        if obstacle := self.obstacle(reading):
            raise UnsupportedError(f"{self.name} cannot be read by '{reading}': {obstacle}")
        return reading

    def obstacle(self, reading: Reading) -> str:  # noqa: ARG002
        """Why this reading cannot be had here and now, though the format has it; empty: it can."""
        return ""

    def verify(self, data: bytes) -> None:
        """Raise LossyError unless `data` survives compression and decompression."""
        try:
            returned = self.decompress(self.compress(data))
        except CompressorError as error:
            raise type(error)(f"{self}: {error}") from error
        if returned != data:
            raise LossyError(
                f"{self}: {len(data)} bytes came back as {len(returned)} different ones; "
                "a compressor that loses data has no code lengths to read"
            )

    @classmethod
    def library(cls) -> str:
        """The library that does the work and its version, "zlib 1.3.1"; empty: none to name.

        Raises MissingPackageError if it is not installed.
        """
        return ""

    @classmethod
    def from_options(cls, text: str) -> Self:
        """The compressor that `name:text` names: the inverse of `str`.

        Here `key=value,key=value`; a compressor whose spec reads otherwise overrides it, and
        `__str__`. Raises SpecError on an unknown option or a value out of range.
        """
        from compgen.options import parse_options

        return cls(**parse_options(cls, text))

    def __str__(self) -> str:
        options = ",".join(
            f"{field.name}={getattr(self, field.name)}"
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        )
        return f"{self.name}:{options}" if options else self.name
