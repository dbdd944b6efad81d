"""Inputs for tests: real English that every Python has, and its opposites."""

from pydoc_data.topics import topics

import numpy as np

ENGLISH = "\n".join(topics.values()).encode()
_rng = np.random.default_rng(20261122)
RANDOM = _rng.bytes(70_000)
DNA = _rng.choice(np.frombuffer(b"ACGT", np.uint8), 70_000).tobytes()
ZEROS = bytes(70_000)
BINARY = np.arange(35_000, dtype=np.uint16).tobytes()
KINDS = {"english": ENGLISH, "random": RANDOM, "dna": DNA, "zeros": ZEROS, "binary": BINARY}
