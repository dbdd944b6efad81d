"""`Continuation`: what a sampler wrote, with everything needed to write it again."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Continuation:
    """A continuation of a prompt and its provenance."""

    data: bytes
    bits: float
    """Code length of `data` given prime and prompt, under the reading."""
    prompt: bytes
    compressor: str
    reading: str
    sampler: str
    seed: int
    sample: int
    corpus_sha256: str
    """SHA-256 of the part of the corpus that primed the compressor."""
    versions: dict[str, str] = field(default_factory=dict)
    stopped: bool = False
    """Whether a stop string ended it."""
    interrupted: bool = False

    @property
    def text(self) -> str:
        """UTF-8, what is not valid replaced: for display only, `data` keeps the bytes."""
        return self.data.decode("utf-8", errors="replace")

    @property
    def bits_per_byte(self) -> float:
        """Bits per byte of the continuation under the model that wrote it; 0 if it is empty."""
        return self.bits / len(self.data) if self.data else 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the fields of `compgen text --json`."""
        return {
            "text": self.text,
            "bytes_base64": base64.b64encode(self.data).decode(),
            "bytes": len(self.data),
            "compressor": self.compressor,
            "reading": self.reading,
            "sampler": self.sampler,
            "seed": self.seed,
            "sample": self.sample,
            "bits": self.bits,
            "bits_per_byte": self.bits_per_byte,
            "corpus_sha256": self.corpus_sha256,
            "versions": self.versions,
            "stopped": self.stopped,
            "interrupted": self.interrupted,
        }

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False)
