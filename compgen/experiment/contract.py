"""What a grid is made of, whatever the medium: `Spec`, pure, and `Result`, what becomes of it.

Spec ──execute(the input's bytes)──► Result ──as_dict──► JSON ──Spec.load──► Result
"""

from typing import Any, Protocol, TypeVar


class Result(Protocol):
    """What became of a spec; everything else is computed from it."""

    @property
    def spec(self) -> "Spec[Any]":
        """What was run."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""


R = TypeVar("R", bound=Result)
R_co = TypeVar("R_co", bound=Result, covariant=True)


class Spec(Protocol[R_co]):
    """One cell of a grid: hashable, picklable, and equal to another of equal `id`."""

    @property
    def id(self) -> str:
        """Its identity, and a file's name."""

    @property
    def label(self) -> str:
        """What it is called."""

    @property
    def input_sha256(self) -> str:
        """Of the input that it is run on."""

    def execute(self, data: bytes) -> R_co:
        """Run it on the input's bytes. Raises CompgenError where it makes no sense."""

    def load(self, fields: dict[str, Any]) -> R_co:
        """A result from its JSON. Raises KeyError, TypeError or ValueError on anything else."""
