"""Which unit suits which compressor, and a unit by its name."""

from dataclasses import dataclass, replace

from compgen.compressor import Compressor
from compgen.errors import UnsupportedError, UsageError
from compgen.imaging.norms import Norm
from compgen.imaging.window_coder import block_reading
from compgen.reading import Reading
from compgen.sampling.shaping import Shaping
from compgen.sound.fitting import hears_samples
from compgen.sound.grain import GrainUnit
from compgen.sound.record import RecordUnit
from compgen.sound.sample import SampleUnit
from compgen.sound.span_coder import SpanCoder, hears
from compgen.sound.unit import Unit

UNITS = ("sample", "record", "grain")
TYPICAL_TEMPERATURE = 8.0
"""Bits by which a grain may cost more or less than at home for a factor of two (prototype)."""
SAMPLE_MIN_P = 0.005
"""What is right for text, 0.1, ends in silence: a quiet moment is never left again. Without
any, cm ends in hiss (benchmarks/audio.py)."""
LEARNED_MIN_P = 0.05
"""For a network: with less it hisses, with 0.1 it falls silent (docs/neural.md)."""
RECORD_TEMPERATURE = 0.7
"""At 1 it is hoarser, at 0.5 it falls silent now and then (docs/audio.md)."""
LONGEST_GRAIN = 2_000.0


@dataclass(frozen=True)
class UnitPlan:
    """What `compgen audio` says about how to ask; None is what suits the unit."""

    unit: str | None = None
    reading: Reading | str = Reading.AUTO
    dither: int | None = None
    norm: Norm = Norm.TYPICAL
    grain: float = 60.0
    """Milliseconds, as the two below."""
    overlap: float = 12.0
    crossfade: float = 0.0
    proposals: int = 16
    temperature: float | None = None
    min_p: float | None = None

    def __post_init__(self) -> None:
        if self.unit is not None and self.unit not in UNITS:
            raise UsageError(f"no unit is called '{self.unit}'; there are: {', '.join(UNITS)}")
        for name, low in (("grain", 1.0), ("overlap", 1.0), ("crossfade", 0.0)):
            value = getattr(self, name)
            if not low <= value <= LONGEST_GRAIN:
                raise UsageError(
                    f"--{name} must be from {low:g} to {LONGEST_GRAIN:g} milliseconds, "
                    f"not {value:g}"
                )
        if self.proposals < 1:
            raise UsageError(f"--proposals must be 1 or more, not {self.proposals}")

    def make(self, compressor: Compressor, rate: int) -> Unit:
        """The unit, for a compressor and sounds of a rate.

        Raises UnsupportedError where compressor and unit do not go together.
        """
        name = self.name_for(compressor)
        if name == "grain":
            return GrainUnit(
                SpanCoder(compressor, self.reading_of(compressor), rate, self.dither or 0),
                norm=self.norm,
                grain=self.grain / 1000,
                overlap=self.overlap / 1000,
                crossfade=self.crossfade / 1000,
                proposals=self.proposals,
                shaping=self._shaped(TYPICAL_TEMPERATURE if self.norm is Norm.TYPICAL else 1.0, 0),
            )
        if hears(compressor):
            raise UnsupportedError(f"{compressor.name} codes sound of 16 bits: use --unit grain")
        if self.norm in (Norm.RAW, Norm.IMPORTANCE):
            raise UnsupportedError(
                f"--norm {self.norm} weighs grains, and this is --unit {name}: leave it out, or "
                "use --unit grain"
            )
        if name == "record":
            return RecordUnit(
                compressor,
                reading=self.reading,
                dither=self.dither,
                proposals=self.proposals,
                shaping=self._shaped(RECORD_TEMPERATURE, 0.0),
            )
        if self.norm is Norm.NULL:
            raise UnsupportedError(
                "--norm null chooses among proposals, and --unit sample has none: use --unit "
                "record or grain"
            )
        temperature, min_p = 1.0, LEARNED_MIN_P if compressor.has_learned else SAMPLE_MIN_P
        if hears_samples(compressor):
            tuning = compressor.tuning(self.reading_of(compressor))
            temperature, min_p = tuning.temperature, tuning.min_p
        return SampleUnit(
            compressor,
            reading=self.reading,
            dither=self.dither,
            shaping=self._shaped(temperature, min_p),
        )

    def name_for(self, compressor: Compressor) -> str:
        """The unit: a model answers about samples, everything else about grains."""
        return self.unit or ("sample" if compressor.is_model else "grain")

    def reading_of(self, compressor: Compressor) -> Reading:
        """The reading in force; never `auto`."""
        if self.name_for(compressor) == "grain":
            return block_reading(compressor, self.reading)
        return compressor.resolve(self.reading)

    def _shaped(self, temperature: float, min_p: float) -> Shaping:
        return replace(
            Shaping(),
            temperature=temperature if self.temperature is None else self.temperature,
            min_p=min_p if self.min_p is None else self.min_p,
        )
