"""Options with values: each says in one line what is wrong with what it was given.

typer's own messages differ from version to version and name neither the value nor a near
miss; an option made here raises UsageError, which reads as every other error of compgen.
"""

import math
from collections.abc import Sequence
from typing import Any

import typer

from compgen.errors import UsageError
from compgen.suggest import did_you_mean


def whole(*names: str, low: int | None = None, high: int | None = None, **settings: Any) -> Any:
    """An option for a whole number from `low` to `high`, both included."""

    def parse(text: str | int) -> int:
        try:
            value = int(text)
        except ValueError:
            raise UsageError(f"{names[0]} {text}: write a whole number") from None
        if (low is not None and value < low) or (high is not None and value > high):
            raise UsageError(f"{names[0]} must be {_range(low, high)}, not {value}")
        return value

    return typer.Option(*names, parser=parse, **{"metavar": "N", **settings})


def real(*names: str, above: float | None = None, **settings: Any) -> Any:
    """An option for a finite number, above `above` if that is given."""

    def parse(text: str | float) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise UsageError(f"{names[0]} {text}: write a number")
        if above is not None and value <= above:
            raise UsageError(f"{names[0]} must be above {above:g}, not {text}")
        return value

    return typer.Option(*names, parser=parse, **{"metavar": "X", **settings})


def choice(*names: str, among: Sequence[str], called: str, **settings: Any) -> Any:
    """An option for one word of `among`; one of them is `called` so."""
    known = [str(word) for word in among]

    def parse(word: str) -> str:
        if word not in known:
            raise UsageError(
                f"there is no {called} '{word}'{did_you_mean(word, known)}"
                f" ({called}s: {', '.join(known)})"
            )
        return str(word)

    return typer.Option(*names, parser=parse, **{"metavar": called.upper(), **settings})


def flag(*names: str, **settings: Any) -> Any:
    """An option that is there or is not."""
    return typer.Option(*names, metavar="", **settings)


def _range(low: int | None, high: int | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"{low} or more" if high is None else f"from {low} to {high}"
