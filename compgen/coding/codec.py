"""How a compressor writes a file block by block, given what came before.

context = corpus + the blocks so far
  │
  ├─ ModelBlocks    a conditional reads all of it; one entropy-coded stream a block
  │  VerifiedBlocks the same, decoded back at once
  └─ ProgramBlocks  the library is handed the end of it as a dictionary, if it takes one;
                    a stream of its own format a block
"""

from abc import ABC, abstractmethod

from compgen.coding.model_coder import ModelCoder, Progress, silent
from compgen.compressor import Compressor
from compgen.compressors.model import ModelCompressor
from compgen.errors import CompressorError, LossyError, UnsupportedError
from compgen.reading import Reading
from compgen.registry import runs_a_program


class BlockCodec(ABC):
    """One side of a file: encodes, or decodes, its blocks in order."""

    block_bytes: int
    """How much data a block holds where this is the encoder."""

    @property
    def fingerprint(self) -> int | None:
        """That of the first predictions, once there are any; None: it makes none."""
        return None

    @abstractmethod
    def encode(self, data: bytes, progress: Progress = silent) -> bytes:
        """The code of the next block. Raises CompressorError where that cannot be had."""

    @abstractmethod
    def decode(self, code: bytes, length: int, progress: Progress = silent) -> bytes:
        """The next block, of `length` bytes, or of fewer if the code is damaged.

        Raises CompressorError on damage, and before it produces much more than that.
        """

    @abstractmethod
    def skip(self, data: bytes, progress: Progress = silent) -> None:
        """Decode nothing: the next block is stored, and is `data`."""


class ModelBlocks(BlockCodec):
    """By a conditional, which remembers as much of the file as it does."""

    block_bytes = 1 << 18

    def __init__(
        self, compressor: ModelCompressor, corpus: bytes, fingerprint: int | None = None
    ) -> None:
        conditional = compressor.after(corpus, reading=Reading.AUTO, dither=None)
        self._coder = ModelCoder(conditional, expected=fingerprint)

    @property
    def fingerprint(self) -> int:
        return self._coder.fingerprint

    def encode(self, data: bytes, progress: Progress = silent) -> bytes:
        return self._coder.encode(data, progress)

    def decode(self, code: bytes, length: int, progress: Progress = silent) -> bytes:
        return self._coder.decode(code, length, progress)

    def skip(self, data: bytes, progress: Progress = silent) -> None:
        self._coder.skip(data, progress)


class VerifiedBlocks(ModelBlocks):
    """The encoder of a model that may compute otherwise elsewhere: every block is decoded again, by
    a model of its own, before it is handed out."""

    def __init__(self, compressor: ModelCompressor, corpus: bytes) -> None:
        super().__init__(compressor, corpus)
        self._name = compressor.name
        self._decoder = ModelCoder(compressor.anew(corpus))

    def encode(self, data: bytes, progress: Progress = silent) -> bytes:
        """As any. Raises LossyError where the block does not come back."""
        code = super().encode(data, progress)
        try:
            if len(code) < len(data):
                came_back = self._decoder.decode(code, len(data)) == data
            else:  # it will be stored
                self._decoder.skip(data)
                came_back = True
        except CompressorError:
            came_back = False
        if not came_back or self._decoder.fingerprint != self.fingerprint:
            raise LossyError(
                f"{self._name}: this device does not compute the same twice, so nothing that it "
                "codes could be decoded; use device=cpu, or the mode 'portable'"
            )
        return code


class ProgramBlocks(BlockCodec):
    """By a program's own streams. One that takes no dictionary forgets at every block's end."""

    block_bytes = 16 << 20

    def __init__(self, compressor: Compressor, corpus: bytes) -> None:
        """Raises UnsupportedError for a corpus that the compressor cannot be given."""
        if corpus and not compressor.dictionary_bytes:
            raise UnsupportedError(
                f"{compressor.name} cannot be conditioned on a corpus when it compresses: its "
                "format has no dictionary; use cm, coded:…, gzip or zstd, or leave --corpus out"
            )
        self._compressor = compressor
        self._dictionary = b""
        self._checked = runs_a_program(str(compressor))
        self._remember(corpus)

    def encode(self, data: bytes, progress: Progress = silent) -> bytes:
        code = self._compressor.compress_after(self._dictionary, data)
        if self._checked and self._compressor.decompress(code) != data:
            raise LossyError(f"{self._compressor}: it does not give the data back")
        self._remember(data)
        progress(len(data))
        return code

    def decode(self, code: bytes, length: int, progress: Progress = silent) -> bytes:
        data = self._compressor.decompress_after(self._dictionary, code, length)
        self._remember(data)
        progress(len(data))
        return data

    def skip(self, data: bytes, progress: Progress = silent) -> None:
        self._remember(data)
        progress(len(data))

    def _remember(self, data: bytes) -> None:
        if size := self._compressor.dictionary_bytes:
            self._dictionary = (self._dictionary + data[-size:])[-size:]


def block_codec(
    compressor: Compressor, corpus: bytes = b"", fingerprint: int | None = None
) -> BlockCodec:
    """The codec of a compressor after `corpus`; with `fingerprint`, a decoder that expects it.

    Raises UnsupportedError where the compressor cannot be conditioned.
    """
    if isinstance(compressor, ModelCompressor):
        if fingerprint is None and not compressor.is_portable:
            return VerifiedBlocks(compressor, corpus)
        return ModelBlocks(compressor, corpus, fingerprint)
    if fingerprint is not None:
        raise CompressorError(f"{compressor.name} makes no predictions to fingerprint")
    return ProgramBlocks(compressor, corpus)


def reading_of(compressor: Compressor) -> Reading | None:
    """The reading that a model codes by; None for a program's own streams."""
    if isinstance(compressor, ModelCompressor):
        return compressor.coded_reading
    return None
