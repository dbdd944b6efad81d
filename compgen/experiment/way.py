"""`Way`: how a gap in a picture or a sound is filled; what a row of a table is about."""

from dataclasses import dataclass

NULL = "null"
"""The norm of the null score: proposals are drawn without the compressor."""


@dataclass(frozen=True)
class Way:
    """A compressor and how it is asked: pure, hashable, picklable.

    Nothing in it depends on today's defaults but `temperature` and `min_p`, where None is what
    suits the unit: a medium's `resolve` fills in the rest.
    """

    compressor: str
    unit: str = ""
    """Empty, before it is resolved: the one in which the compressor can answer."""
    reading: str = "auto"
    norm: str = "typical"
    """Empty, once it is resolved, where the unit weighs no proposals by it."""
    temperature: float | None = None
    min_p: float | None = None

    @property
    def is_null(self) -> bool:
        """Whether it chooses without the compressor."""
        return self.norm == NULL

    @property
    def label(self) -> str:
        """What a row of a table is called."""
        words = ["null score" if self.is_null else self.compressor]
        if self.unit:
            words.append(self.unit)
        if self.norm not in ("", "typical", NULL):
            words.append(self.norm)
        if self.temperature is not None:
            words.append(f"temperature {self.temperature:g}")
        if self.min_p is not None:
            words.append(f"min-p {self.min_p:g}")
        return ", ".join(words)
