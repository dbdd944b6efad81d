"""What the bytes are that a network learns from: files, pixels of one width, or a sound's µ-law.

    bytes   a file as it is
    image   rows of pixels, `width` of them, channels interleaved (compgen/media/layout.py)
    sound   µ-law, `rate` samples a second, channels interleaved (compgen/media/mu_law.py)

A network of pixels has learned how far away the pixel above is: another width is another language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

BYTES, IMAGE, SOUND = "bytes", "image", "sound"
KINDS = (BYTES, IMAGE, SOUND)


@dataclass(frozen=True)
class Medium:
    """Numbers that do not belong to the kind are 0."""

    kind: str = BYTES
    width: int = 0
    """Pixels in a row."""
    height: int = 0
    """Rows of a picture, where all were made equal; pictures of any height can be asked about."""
    channels: int = 0
    """Bytes of a pixel or of a moment of sound."""
    crops: int = 0
    """How many pieces of each picture; 0: the picture as a whole, resampled."""
    rate: int = 0
    """Samples a second."""

    @property
    def row(self) -> int:
        """How many bytes away the pixel above is; 0 where there are no rows."""
        return self.width * self.channels

    @property
    def held_out(self) -> str:
        """What judges a model."""
        return {
            BYTES: "the last part of every file",
            IMAGE: "the lowest rows of every picture",
            SOUND: "the ends of the pieces of every sound",
        }[self.kind]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what belongs to the kind."""
        numbers = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in numbers.items() if value}

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> Self:
        """What a checkpoint's provenance tells of it, which may be anything.

        Bytes where it tells nothing, as older checkpoints do.
        """
        entries = provenance.get("medium")
        if not isinstance(entries, dict) or entries.get("kind") not in KINDS:
            return cls()
        numbers = {
            field.name: value
            for field in fields(cls)
            if isinstance(value := entries.get(field.name), int) and field.name != "kind"
        }
        return cls(entries["kind"], **numbers)

    def unlike(self, asked: "Medium") -> str | None:
        """What `asked`, which a network of this medium is used for, has that this has not:
        `"pictures 64 pixels wide, gray, not …"`; None: nothing that matters."""
        if self.kind == asked.kind and self._language == asked._language:
            return None
        return f"{self}, not {asked}"

    @property
    def _language(self) -> tuple[int, ...]:
        return self.width, self.channels, self.rate

    def __str__(self) -> str:
        if self.kind == IMAGE:
            colours = "gray" if self.channels == 1 else "RGB"
            return f"pictures {self.width} pixels wide, {colours}"
        if self.kind == SOUND:
            channels = "mono" if self.channels == 1 else "stereo"
            return f"sound of {self.rate:,} Hz, {channels}"
        return "text or other files"


FILES = Medium()
"""Whatever bytes."""
