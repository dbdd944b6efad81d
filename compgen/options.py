"""The options of a compressor: declared once, read from a spec, checked on construction.

    level: int = within(0, 9, default=9)
    mode: str = one_of("generic", "text", default="generic")

Both are ordinary dataclass fields that carry their constraint as metadata, so that the
parser, the check and the listing of options say the same thing. A plain `level: int = 9`
is an option too: its type is checked and its range is not. `tables: Literal["a", "b"] = "a"`
says the same as `one_of`, to type checkers as well.
"""

import dataclasses
import math
import numbers
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from compgen.errors import SpecError
from compgen.suggest import did_you_mean

if TYPE_CHECKING:
    from compgen.compressor import Compressor

CONSTRAINT = "compgen constraint"
"""The metadata key of a field's constraint."""

KINDS: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a word",
}
"""The types that a spec can spell."""
BOOLEANS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


@dataclasses.dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if math.isinf(self.high):
            return f"of at least {self.low}"
        return f"from {self.low} to {self.high}"


@dataclasses.dataclass(frozen=True)
class Choice:
    """A few values, each spelt out."""

    values: tuple[Any, ...]

    def __contains__(self, value: object) -> bool:
        return value in self.values

    def __str__(self) -> str:
        return ", ".join(map(str, self.values[:-1])) + f" or {self.values[-1]}"


def within(low: float, high: float = math.inf, *, default: float) -> Any:
    """A dataclass field for a number from `low` to `high`, both included."""
    return dataclasses.field(default=default, metadata={CONSTRAINT: Range(low, high)})


def one_of(*values: str | int, default: str | int) -> Any:
    """A dataclass field for one of a few values."""
    return dataclasses.field(default=default, metadata={CONSTRAINT: Choice(values)})


def parse_options(cls: "type[Compressor]", text: str) -> dict[str, Any]:
    """`"level=6,wbits=15"` as keyword arguments of `cls`, by the types of its fields.

    Raises SpecError on what is not `key=value`, an unknown or repeated option, or a value
    of the wrong type; ranges are checked by the constructor.
    """
    options = {field.name: field for field in dataclasses.fields(cls)}
    values: dict[str, Any] = {}
    for key, value in split_pairs(cls.name, text):
        if key not in options:
            raise SpecError(
                f"{cls.name} has no option '{key}'{did_you_mean(key, options)}"
                f" (options: {', '.join(describe_options(cls)) or 'none'})"
            )
        values[key] = _coerce(cls.name, options[key], value)
    for field in options.values():
        if _is_required(field) and field.name not in values:
            raise SpecError(f"{cls.name} needs the option '{field.name}'")
    return values


def split_pairs(name: str, text: str) -> list[tuple[str, str]]:
    """`"a=1,b=2"` as pairs of strings. Raises SpecError on a repeated or malformed pair."""
    pairs: dict[str, str] = {}
    for part in text.split(",") if text.strip() else ():
        key, equals, value = (side.strip() for side in part.partition("="))
        if not (key and equals and value):
            raise SpecError(f"{name}: '{part}' is not an option; write key=value,key=value")
        if key in pairs:
            raise SpecError(f"{name}: the option '{key}' is given twice")
        pairs[key] = value
    return list(pairs.items())


def check_options(compressor: "Compressor") -> None:
    """Raise SpecError unless every option has its type and lies in its range."""
    for field in dataclasses.fields(compressor):
        kind, given = _kind(field), getattr(compressor, field.name)
        value = _plain(kind, given)
        constraint = _constraint(field)
        if kind in KINDS and type(value) is not kind:
            raise SpecError(_complaint(compressor.name, field, repr(given)))
        if constraint is not None and value not in constraint:
            raise SpecError(_complaint(compressor.name, field, given))
        object.__setattr__(compressor, field.name, value)


def describe_options(cls: "type[Compressor]") -> list[str]:
    """One phrase an option: `"level=9 (a whole number from 0 to 9)"`."""
    return [
        f"{field.name}={'…' if _is_required(field) else field.default} ({_expectation(field)})"
        for field in dataclasses.fields(cls)
    ]


def _plain(kind: Any, value: Any) -> Any:
    """Numbers of other libraries (numpy's, say) as Python's own; the rest as it is."""
    if isinstance(value, bool):
        return value
    if kind is int and isinstance(value, numbers.Integral):
        return int(value)
    if kind is float and isinstance(value, numbers.Real):
        return float(value)
    return value


def _coerce(name: str, field: "dataclasses.Field[Any]", text: str) -> Any:
    kind = _kind(field)
    if kind not in KINDS:
        raise SpecError(f"{name}: the option '{field.name}' cannot be written in a spec")
    try:
        if kind is bool:
            return BOOLEANS[text.lower()]
        value = kind(text)
    except (ValueError, KeyError):
        raise SpecError(_complaint(name, field, text)) from None
    if kind is float and not math.isfinite(value):
        raise SpecError(_complaint(name, field, text))
    return value


def _kind(field: "dataclasses.Field[Any]") -> Any:
    """The field's type; under `from __future__ import annotations` only its name is there."""
    if get_origin(field.type) is Literal:
        return type(get_args(field.type)[0])
    if isinstance(field.type, str):
        return {kind.__name__: kind for kind in KINDS}.get(field.type)
    return field.type


def _constraint(field: "dataclasses.Field[Any]") -> Range | Choice | None:
    """What `within` or `one_of` declared, or the values of a `Literal`."""
    if get_origin(field.type) is Literal:
        return Choice(get_args(field.type))
    constraint: Range | Choice | None = field.metadata.get(CONSTRAINT)
    return constraint


def _complaint(name: str, field: "dataclasses.Field[Any]", value: object) -> str:
    return f"{name}: {field.name}={value} is not {_expectation(field)}"


def _expectation(field: "dataclasses.Field[Any]") -> str:
    kind, constraint = KINDS.get(_kind(field), str(field.type)), _constraint(field)
    if isinstance(constraint, Choice):
        return str(constraint)
    return f"{kind} {constraint}" if constraint else kind


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
