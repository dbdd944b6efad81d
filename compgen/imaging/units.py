"""Which unit suits which compressor, and a unit by its name."""

from dataclasses import dataclass, field, replace

from compgen.compressor import Compressor
from compgen.errors import UnsupportedError, UsageError
from compgen.imaging.block import BlockUnit, RowUnit
from compgen.imaging.fitting import fit, sees_pictures
from compgen.imaging.imagecodecs import ImageCodec
from compgen.imaging.norms import Norm
from compgen.imaging.pixel import PixelUnit
from compgen.imaging.record import RecordUnit
from compgen.imaging.unit import Unit
from compgen.imaging.window_coder import ByteCoder, block_reading
from compgen.media.layout import Layout
from compgen.reading import Reading
from compgen.sampling.shaping import Shaping

UNITS = ("pixel", "record", "row", "block")
LARGEST_BLOCK = 8
BLOCK_PROPOSALS, RECORD_PROPOSALS = 8, 16


@dataclass(frozen=True)
class UnitPlan:
    """What `compgen image` says about how to ask; None is what suits the unit."""

    unit: str | None = None
    reading: Reading | str = Reading.AUTO
    dither: int | None = None
    layout: Layout = Layout.INTERLEAVED
    norm: Norm = Norm.TYPICAL
    block: int = 4
    proposals: int | None = None
    levelled: bool = True
    """Blocks and rows come to the level of what surrounds them here, or as they are."""
    temperature: float | None = None
    min_p: float | None = None
    shaping: Shaping = field(default_factory=Shaping)
    """All but temperature and min-p."""

    def __post_init__(self) -> None:
        if self.unit is not None and self.unit not in UNITS:
            raise UsageError(f"no unit is called '{self.unit}'; there are: {', '.join(UNITS)}")
        if not 1 <= self.block <= LARGEST_BLOCK:
            raise UsageError(f"--block must be from 1 to {LARGEST_BLOCK}, not {self.block}")
        if self.proposals is not None and self.proposals < 1:
            raise UsageError(f"--proposals must be 1 or more, not {self.proposals}")

    def make(self, compressor: Compressor | ImageCodec, channels: int = 1) -> Unit:
        """The unit, for a compressor and pictures of so many channels.

        Raises UnsupportedError where compressor and unit do not go together.
        """
        name = self.unit or default_unit(compressor)
        if name in ("block", "row"):
            if self.dither:
                raise UsageError(
                    f"--dither {self.dither}: {name}s are weighed on pictures of their own, before "
                    "which nothing can stand; leave it out, or take --unit record or pixel"
                )
            cls = BlockUnit if name == "block" else RowUnit
            return cls(
                self._coder(compressor),
                norm=self.norm,
                height=self.block,
                width=self.block,
                proposals=self.proposals or BLOCK_PROPOSALS,
                levelled=self.levelled,
                shaping=self._shaped(TYPICAL_TEMPERATURE if self.norm is Norm.TYPICAL else 1.0, 0),
            )
        if isinstance(compressor, ImageCodec):
            raise UnsupportedError(f"{compressor} codes whole pictures: use --unit block or row")
        if name == "record":
            return RecordUnit(
                compressor,
                reading=self.reading,
                dither=self.dither,
                proposals=self.proposals or RECORD_PROPOSALS,
                shaping=self._shaped(1.0, 0.0),
            )
        temperature, min_p = 1.0, LEARNED_MIN_P if compressor.has_learned else 0.1
        if sees_pictures(compressor):
            reading = compressor.resolve(self.reading)
            tuning = fit(compressor, 1, channels).tuning(reading)
            temperature, min_p = tuning.temperature, tuning.min_p
        return PixelUnit(
            compressor,
            reading=self.reading,
            dither=self.dither,
            layout=self.layout,
            shaping=self._shaped(temperature, min_p),
        )

    def reading_of(self, compressor: Compressor | ImageCodec) -> Reading:
        """The reading in force; never `auto`."""
        if isinstance(compressor, ImageCodec):
            return Reading.BYTES
        if (self.unit or default_unit(compressor)) in ("block", "row"):
            return block_reading(compressor, self.reading)
        return compressor.resolve(self.reading)

    def _coder(self, compressor: Compressor | ImageCodec) -> ByteCoder | ImageCodec:
        if isinstance(compressor, ImageCodec):
            return compressor
        return ByteCoder(compressor, block_reading(compressor, self.reading), self.layout)

    def _shaped(self, temperature: float, min_p: float) -> Shaping:
        return replace(
            self.shaping,
            temperature=temperature if self.temperature is None else self.temperature,
            min_p=min_p if self.min_p is None else self.min_p,
        )


LEARNED_MIN_P = 0.01
"""For the pixels of a network: with 0.1 it paints flat, without any it leaves specks."""
TYPICAL_TEMPERATURE = 4.0
"""Bits by which a proposal may cost more or less than at home for a factor of two (prototype)."""


def default_unit(compressor: Compressor | ImageCodec) -> str:
    """The unit in which a compressor can answer.

    A model of pictures answers about pixels, and so does a network that has been trained (on
    pictures, one hopes); an image format about blocks, and what sorts its block as well;
    everything else, which sees one dimension, about records.
    """
    if isinstance(compressor, ImageCodec) or compressor.blind_ahead:
        return "block"
    if compressor.is_model and (sees_pictures(compressor) or compressor.has_learned):
        return "pixel"
    return "block" if sees_pictures(compressor) else "record"
