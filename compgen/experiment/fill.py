"""`FillSpec` and `FillRun`: one gap filled one way, by one seed, and what became of it.

input × way × seed ──► FillSpec ──execute──► FillRun: the sample as a file, time, choices
"""

import base64
import hashlib
import json
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

from compgen.experiment.way import Way

FORMAT = 1


@dataclass(frozen=True)
class FillSpec(ABC):
    """A gap in one input, and how it is filled: pure, hashable, picklable."""

    medium: ClassVar[str]

    input_sha256: str
    """Of the file, whole."""
    way: Way
    seed: int

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits of the SHA-256 of all fields."""
        fields = json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(fields.encode()).hexdigest()[:16]

    @property
    def label(self) -> str:
        """What the row is called that it belongs to."""
        return self.way.label

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"medium": self.medium, **asdict(self)}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """What `as_dict` gave, after JSON. Raises KeyError, TypeError or ValueError on anything
        else."""
        found = dict(fields)
        if found.pop("medium") != cls.medium:
            raise ValueError(f"no {cls.medium}")
        return cls(**found | {"way": Way(**found["way"])})

    @abstractmethod
    def execute(self, data: bytes) -> "FillRun":
        """Fill the gap in the file `data`. Raises CompgenError where that cannot be done."""

    def load(self, fields: dict[str, Any]) -> "FillRun":
        """A run from its JSON. Raises KeyError, TypeError or ValueError on anything else."""
        return FillRun.from_dict(fields, type(self).from_dict(fields["spec"]))


@dataclass(frozen=True)
class CodeLengths:
    """What the run's own compressor needs for the whole, its gap filled."""

    sample: float
    """Bits, with the sample in the gap."""
    truth: float
    """Bits, with the truth in it."""


@dataclass(frozen=True)
class FillRun:
    """What became of a spec."""

    spec: FillSpec
    sample: bytes
    """A file: the whole picture as PNG, or what was made as WAV."""
    seconds: float
    """Of the processor, for the filling alone."""
    choices: dict[str, Any] | None
    """Among proposals, as `Choices.as_dict` counts them; None where there were none."""
    code_lengths: CodeLengths
    compressor: str
    """With all its options."""
    versions: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "format": FORMAT,
            "id": self.spec.id,
            "spec": self.spec.as_dict(),
            "sample": base64.b64encode(self.sample).decode(),
            "seconds": self.seconds,
            "choices": self.choices,
            "code_lengths": asdict(self.code_lengths),
            "compressor": self.compressor,
            "versions": self.versions,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any], spec: FillSpec) -> Self:
        """What `as_dict` gave. Raises KeyError, TypeError or ValueError on anything else."""
        if fields["format"] != FORMAT:
            raise ValueError(f"format {fields['format']}")
        choices = fields["choices"]
        return cls(
            spec=spec,
            sample=base64.b64decode(fields["sample"], validate=True),
            seconds=float(fields["seconds"]),
            choices=None if choices is None else dict(choices),
            code_lengths=CodeLengths(**fields["code_lengths"]),
            compressor=str(fields["compressor"]),
            versions=dict(fields["versions"]),
        )
