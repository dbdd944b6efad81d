"""An independent judge: how probable is a text to one who has read other text of its kind?

    text of the source ─┬─ what primes the compressors
                        └─ what the judge reads: `cm`, which shares no byte of it

The gap of a sample is its bits per byte to the judge less those of the real continuation. Zero is
right and both sides are wrong: noise is above, copies and loops are below.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from compgen.conditional import Conditional

LARGEST = 4 << 20
"""Bytes that the judge reads at most: some half a minute."""


class Judge:
    """A context-mixing model that has read `text`."""

    def __init__(self, text: bytes) -> None:
        from compgen.conditionals.context_mixing import ContextMixing

        self._model: Conditional = ContextMixing(text[:LARGEST], bits=22)

    def bits_per_byte(
        self, prompts: Sequence[bytes], texts: Sequence[bytes]
    ) -> NDArray[np.float64]:
        """Of each text after its prompt, shape (n,); NaN for an empty one."""
        return np.array(
            [
                self.code_lengths(prompt, text).mean() if text else np.nan
                for prompt, text in zip(prompts, texts, strict=True)
            ],
            np.float64,
        )

    def code_lengths(self, prompt: bytes, text: bytes) -> NDArray[np.float64]:
        """Bits of each byte of `text` after `prompt`, shape (len(text),)."""
        state = self._model.fork()
        state.advance(prompt)
        return state.code_lengths(text)
