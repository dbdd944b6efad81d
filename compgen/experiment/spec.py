"""`RunSpec`: one cell of a comparison's grid. What it is made of is what it is: its identity.

text × compressor × reading × sampler × shaping × seed  ──►  RunSpec ──hash──► a file's name
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from compgen.errors import UsageError

if TYPE_CHECKING:
    from compgen.experiment.run import Run

Shape = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class RunSpec:
    """Continuations of the prompts of one text by one compressor: pure, hashable, picklable."""

    text_sha256: str
    """Of the whole input."""
    compressor: str
    reading: str = "auto"
    sampler: str = ""
    """Empty: the compressor's own default."""
    shaping: Shape = ()
    """Names and values of `Shaping` fields that are not left to the compressor, sorted."""
    experts: int | None = None
    contexts: tuple[int, ...] | None = None
    max_copy: int | None = None
    seed: int = 0
    split_seed: int = 0
    prompts: int = 40
    prompt_bytes: int = 200
    length: int = 200
    positions: int = 100
    """How many next-byte distributions are looked at."""

    def __post_init__(self) -> None:
        if list(self.shaping) != sorted(self.shaping):
            raise UsageError("the shaping of a run is given by names in order")

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits of the SHA-256 of all fields."""
        fields = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(fields.encode()).hexdigest()[:16]

    @property
    def input_sha256(self) -> str:
        """Of the text."""
        return self.text_sha256

    def execute(self, data: bytes) -> "Run":
        """Run it on the text. Raises CompgenError where it makes no sense."""
        from compgen.experiment.run import execute
        from compgen.experiment.split import split_of

        return execute(self, split_of(self, data))

    def load(self, fields: dict[str, Any]) -> "Run":
        """A run from its JSON. Raises KeyError, TypeError or ValueError on anything else."""
        from compgen.experiment.run import Run

        return Run.from_dict(fields)

    @property
    def label(self) -> str:
        """What a row of a table is called: what differs from the defaults."""
        words = [self.compressor]
        if self.reading != "auto":
            words.append(self.reading)
        if self.sampler:
            words.append(self.sampler)
        words += [f"{name.replace('_', '-')} {value:g}" for name, value in self.shaping]
        if self.experts is not None:
            words.append(f"experts {self.experts}")
        if self.contexts is not None:
            words.append("contexts " + ",".join(map(str, self.contexts)))
        if self.max_copy is not None:
            words.append(f"max-copy {self.max_copy}")
        return ", ".join(words)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "RunSpec":
        """What `as_dict` gave, after JSON. Raises TypeError or ValueError on anything else."""
        contexts = fields.pop("contexts")
        shaping = tuple((str(name), float(value)) for name, value in fields.pop("shaping"))
        return cls(
            **fields, shaping=shaping, contexts=None if contexts is None else tuple(contexts)
        )
