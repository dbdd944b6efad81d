"""A WAV file of 16 bits with the story of how it was made in its LIST chunk.

RIFF ─┬─ fmt   format 1 (PCM), channels, rate, …
      ├─ LIST  INFO ─┬─ ISFT  the software
      │              └─ ICMT  a comment: the story as JSON, in ASCII
      └─ data  the samples
"""

import json
import struct
from collections.abc import Mapping
from typing import Any

from compgen.media.samples import Samples, pcm_bytes

PCM = 1


def wav_bytes(samples: Samples, rate: int, software: str, story: Mapping[str, Any]) -> bytes:
    """The file."""
    channels = samples.shape[1]
    form = struct.pack("<HHIIHH", PCM, channels, rate, 2 * channels * rate, 2 * channels, 16)
    comment = json.dumps(story).encode("ascii") + b"\0"
    info = b"INFO" + _chunk(b"ISFT", software.encode("ascii") + b"\0") + _chunk(b"ICMT", comment)
    chunks = _chunk(b"fmt ", form) + _chunk(b"LIST", info) + _chunk(b"data", pcm_bytes(samples))
    return _chunk(b"RIFF", b"WAVE" + chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    """Name, length, data, and a zero where the length is odd."""
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
