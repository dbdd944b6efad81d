"""Range coding by `constriction`: the shortest layer that speaks bytes.

    weights (n, 256), bytes ──► RangeEncoder ──► 32-bit words, little-endian ──► RangeDecoder

`perfect=False` throughout: constriction's other way of rounding costs a hundred times as much,
and there is nothing left to round (see Weights).
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from compgen.errors import CompressorError, MissingPackageError

if TYPE_CHECKING:
    from compgen.coding.quantise import Weights

WORD = np.dtype("<u4")


class ByteEncoder:
    """Codes bytes, each by weights of its own."""

    def __init__(self) -> None:
        """Raises MissingPackageError without constriction."""
        constriction = _constriction()
        self._coder: Any = constriction.stream.queue.RangeEncoder()
        self._family: Any = constriction.stream.model.Categorical(perfect=False)

    def encode(self, data: bytes, weights: "Weights") -> None:
        """Append `data`; byte i is coded by `weights[i]`, shape (len(data), 256)."""
        if data:
            self._coder.encode(
                np.frombuffer(data, np.uint8).astype(np.int32), self._family, weights
            )

    def finish(self) -> bytes:
        """The stream: whole words, at most 8 bytes more than the information in it."""
        words: bytes = self._coder.get_compressed().astype(WORD).tobytes()
        return words


class ByteDecoder:
    """Gives back what a ByteEncoder was given, for the same weights."""

    def __init__(self, stream: bytes) -> None:
        """Raises CompressorError where `stream` is not whole words, MissingPackageError without
        constriction."""
        constriction = _constriction()
        if len(stream) % WORD.itemsize:
            raise CompressorError("the coded stream is cut short: it does not end with a word")
        words = np.frombuffer(stream, WORD).astype(np.uint32)
        self._coder: Any = constriction.stream.queue.RangeDecoder(words)
        self._model: Any = constriction.stream.model.Categorical
        self._family: Any = constriction.stream.model.Categorical(perfect=False)

    def decode(self, weights: "Weights") -> int:
        """The next byte, coded by `weights`, shape (256,).

        Raises CompressorError where no encoder can have written what is there.
        """
        try:
            return int(self._coder.decode(self._model(weights, lazy=True)))
        except AssertionError as error:  # constriction's "invalid for the employed entropy model"
            raise CompressorError("the coded stream is damaged") from error

    def decode_each(self, weights: "Weights") -> NDArray[np.uint8]:
        """The next n bytes, byte i coded by `weights[i]`, shape (n, 256). Raises as `decode`."""
        try:
            found = self._coder.decode(self._family, weights)
        except AssertionError as error:
            raise CompressorError("the coded stream is damaged") from error
        return np.asarray(found).astype(np.uint8)

    def finish(self) -> None:
        """Raise CompressorError if the stream goes on."""
        if not self._coder.maybe_exhausted():
            raise CompressorError("the coded stream is damaged: it goes on after the last byte")


def _constriction() -> Any:
    try:
        import constriction
    except ImportError as error:
        raise MissingPackageError(
            f"the entropy coder cannot be imported ({error}); pip install constriction"
        ) from error
    return constriction
