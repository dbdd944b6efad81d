"""What a neural model is made of: the numbers from which every tensor's shape follows.

    gru           byte ─► embedding ─► GRU ─► head ─► 256 logits
    transformer   byte ─► embedding ─► layers × (attention, MLP) ─► head ─► 256 logits

The names of the tensors are torch's own `state_dict` names of `gru.py` and `transformer.py`.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from compgen.errors import InputError, UsageError

Shape = tuple[int, ...]
Shapes = dict[str, Shape]

FORMAT = 1
"""The version of config.json."""
ALPHABET = 256
MOST_PARAMETERS = 1 << 30
"""4 GB of float32: ten times the largest preset. A config that asks for more is refused."""
MOST_WINDOW = 1 << 20


@dataclasses.dataclass(frozen=True)
class Config:
    """Sizes and provenance. Raises UsageError on sizes that no model has."""

    kind: ClassVar[str]
    provenance: Mapping[str, Any] = dataclasses.field(
        default_factory=dict, kw_only=True, hash=False
    )
    """How it came to be: data, budget, seed, results. Says nothing of what it computes."""

    def __post_init__(self) -> None:
        if not isinstance(self.provenance, Mapping):
            raise UsageError(f"provenance must be an object, not {self.provenance!r}")
        for size in dataclasses.fields(self):
            if size.type is int:
                _require_size(size.name, getattr(self, size.name))
        self._check()
        if self.parameters > MOST_PARAMETERS:
            raise UsageError(
                f"{self.sizes_spelled()} makes {self.parameters:,} parameters; "
                f"at most {MOST_PARAMETERS:,} are allowed"
            )

    def _check(self) -> None:
        """Raise UsageError on sizes that do not go together."""

    def shapes(self) -> Shapes:
        """Name and shape of every tensor, all of them float32."""
        raise NotImplementedError

    def with_provenance(self, provenance: Mapping[str, Any]) -> Self:
        """The same model, of this provenance."""
        return dataclasses.replace(self, provenance=provenance)

    @property
    def sizes(self) -> dict[str, int]:
        """The numbers that decide what the model computes."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.type is int
        }

    @property
    def parameters(self) -> int:
        """How many numbers are learned."""
        return sum(math.prod(shape) for shape in self.shapes().values())

    def sizes_spelled(self) -> str:
        """`"gru, embedding 64, hidden 256"`."""
        return ", ".join([self.kind, *(f"{name} {size}" for name, size in self.sizes.items())])

    def as_dict(self) -> dict[str, Any]:
        """What config.json holds."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        provenance = dict(fields.pop("provenance"))
        return {"format": FORMAT, "kind": self.kind, **fields, "provenance": provenance}


@dataclasses.dataclass(frozen=True)
class GruConfig(Config):
    """One recurrent layer of `hidden` units."""

    kind = "gru"
    embedding: int = 64
    hidden: int = 256
    dropout: float = 0.2
    """Share of the hidden units that training hides from the head."""

    def _check(self) -> None:
        share = self.dropout
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
            raise UsageError(f"dropout must be from 0 to below 1, not {share!r}")

    def shapes(self) -> Shapes:
        return {
            "embedding.weight": (ALPHABET, self.embedding),
            "rnn.weight_ih_l0": (3 * self.hidden, self.embedding),
            "rnn.weight_hh_l0": (3 * self.hidden, self.hidden),
            "rnn.bias_ih_l0": (3 * self.hidden,),
            "rnn.bias_hh_l0": (3 * self.hidden,),
            "head.weight": (ALPHABET, self.hidden),
            "head.bias": (ALPHABET,),
        }


@dataclasses.dataclass(frozen=True)
class TransformerConfig(Config):
    """`layers` blocks of `width` numbers a byte; attention reaches `window` bytes back."""

    kind = "transformer"
    width: int
    layers: int
    heads: int
    window: int

    def _check(self) -> None:
        if self.width % (2 * self.heads):
            raise UsageError(
                f"width {self.width} cannot be shared evenly among {self.heads} heads of an even "
                "number each"
            )
        if self.window > MOST_WINDOW:
            raise UsageError(f"window must be at most {MOST_WINDOW:,}, not {self.window:,}")
        if self.layers > 1000:
            raise UsageError(f"layers must be at most 1000, not {self.layers:,}")

    def shapes(self) -> Shapes:
        width = self.width
        shapes: Shapes = {"embedding.weight": (ALPHABET, width)}
        for layer in range(self.layers):
            block = f"blocks.{layer}."
            shapes[block + "qkv.weight"] = (3 * width, width)
            shapes[block + "out.weight"] = (width, width)
            shapes[block + "up.weight"] = (4 * width, width)
            shapes[block + "down.weight"] = (width, 4 * width)
        shapes["head.weight"] = (ALPHABET, width)
        return shapes


AnyConfig = GruConfig | TransformerConfig
KINDS: dict[str, type[GruConfig] | type[TransformerConfig]] = {
    "gru": GruConfig,
    "transformer": TransformerConfig,
}


def config_of(entries: object, source: object) -> AnyConfig:
    """The config that the JSON of config.json describes.

    Raises InputError, naming `source`, unless every entry is there and makes sense.
    """
    if not isinstance(entries, dict):
        raise InputError(f"{source} is not the configuration of a model")
    if entries.get("format") != FORMAT:
        raise InputError(
            f"{source} has format {_shown(entries.get('format'))}; "
            f"this version of compgen reads {FORMAT}"
        )
    kind = entries.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(
            f"{source} is of an unknown kind of model, {_shown(kind)}; there are {', '.join(KINDS)}"
        )
    known = KINDS[kind]
    names = {field.name for field in dataclasses.fields(known)}
    given = {name: value for name, value in entries.items() if name not in ("format", "kind")}
    if strange := sorted(set(given) ^ names):
        missing = strange[0] in names
        raise InputError(
            f"{source} {'lacks' if missing else 'has an unknown entry,'} {_shown(strange[0])}"
        )
    try:
        return known(**given)
    except UsageError as error:
        raise InputError(f"{source}: {error}") from None


def _require_size(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_PARAMETERS:
        raise UsageError(
            f"{name} must be a whole number from 1 to {MOST_PARAMETERS:,}, not {_shown(value)}"
        )


def _shown(value: object) -> str:
    """A value from a file that may be anything, short enough for one line."""
    text = ascii(value)
    return text if len(text) <= 40 else text[:37] + "..."
