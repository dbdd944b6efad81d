"""Compression rates by the protocol of "Language Modeling Is Compression", Table 1.

    rate = compressed size / raw size        adjusted: + 2 bytes a parameter

    whole      the data as one piece
    chunked    pieces of C bytes, each compressed with nothing before it

A chunk of a real format pays for its container again and again, so that is counted once over
all chunks: size = sum of the streams - (n - 1) · header, where header is the length of the
stream of empty data (or of one zero byte, for what cannot compress nothing):

    gzip 20    10 header, 2 an empty block, 8 checksum and length
    zlib 8     2 header, 2 an empty block, 4 checksum
    deflate 2  an empty block          zstd, brotli, bz2, …: measured in the same way
    png        signature, IHDR, IEND, one row of nothing, and compgen's length, 8 bytes

The paper's own program takes the stream of one zero byte (compress.py), which is 1 byte more for
gzip: so its rates are lower than ours by 1/2048 of a chunk, 0.05 points.

A model (`coded:gzip`, `cm`, `neural`) has no container: its size is the sum of -log2 p, in
bits. With `files` its real coder writes every piece as well, and how far the two are apart is
told.

With a vocabulary every piece is written as tokens before it is compressed (compgen.evaluation.
tokens). The rate is still that of the raw bytes; what the vocabulary takes, compressed in the same
way, is told beside it and is a part of the adjusted rate.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from compgen.compressor import Compressor
from compgen.compressors.model import ModelCompressor
from compgen.errors import CompressorError, LossyError
from compgen.evaluation.material import Kind, Material
from compgen.evaluation.model_size import PARAMETER_BYTES, parameter_count
from compgen.evaluation.tokens import Vocabulary

CODER_TOLERANCE = 0.02
"""A real coder may be larger than the sum of -log2 p by this share and its container: lanes of
`neural` that start afresh, and frequencies that are rounded."""
CONTAINER_BYTES = 32
"""A coded stream's length, fingerprint, and checksums, for each MB of data."""

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Rate:
    """What one compressor makes of one kind of data, in pieces of one length."""

    kind: Kind
    compressor: str
    chunk: int | None
    """Bytes; None: the data as one piece."""
    raw_bytes: int
    chunks: int
    compressed_bytes: float
    """With one header; of a model, the sum of -log2 p divided by 8."""
    header_bytes: int
    """The length of the empty stream, which is taken off chunks - 1 times."""
    parameters: int | None
    """None: the model does not tell."""
    coder_bytes: int | None
    """What a model's real coder wrote, containers included; None: it was not asked."""
    seconds: float
    """CPU seconds."""
    tokens: int | None = None
    """How many the vocabulary has; None: bytes are compressed as they are."""
    vocabulary_bytes: float = 0.0
    """What the vocabulary takes, compressed by the same compressor; not in compressed_bytes."""

    @property
    def rate(self) -> float:
        """Compressed size / raw size."""
        return self.compressed_bytes / self.raw_bytes

    @property
    def adjusted_rate(self) -> float | None:
        """The same with all that a decoder needs to have, the model's parameters and the
        vocabulary; None: unknown."""
        if self.parameters is None:
            return None
        needed = PARAMETER_BYTES * self.parameters + self.vocabulary_bytes
        return (self.compressed_bytes + needed) / self.raw_bytes

    @property
    def bits_per_byte(self) -> float:
        return 8 * self.rate

    def as_dict(self) -> dict[str, Any]:
        """For JSON and CSV."""
        return {
            "data": self.kind,
            "compressor": self.compressor,
            "chunk": self.chunk,
            "raw_bytes": self.raw_bytes,
            "chunks": self.chunks,
            "compressed_bytes": self.compressed_bytes,
            "header_bytes": self.header_bytes,
            "parameters": self.parameters,
            "rate": self.rate,
            "adjusted_rate": self.adjusted_rate,
            "bits_per_byte": self.bits_per_byte,
            "coder_bytes": self.coder_bytes,
            "tokens": self.tokens,
            "vocabulary_bytes": self.vocabulary_bytes,
            "cpu_seconds": self.seconds,
        }


def measure(
    compressor: Compressor,
    material: Material,
    chunk: int | None,
    *,
    files: bool = False,
    progress: Progress = lambda _: None,
    vocabulary: Vocabulary | None = None,
) -> Rate:
    """The rate of `compressor` on `material` in pieces of `chunk` bytes, the last what is left.

    With a `vocabulary` every piece is compressed as its tokens. `progress` is told how many bytes
    are done, of what is compressed. Every stream of a real format is decompressed
    again; of a model, only those of `files`, and of each kind only the first.

    Raises LossyError if data does not come back, CompressorError if a model's coder writes
    anything but what its distribution says.
    """
    started = time.process_time()
    data = material.data
    size = chunk or len(data)
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    vocabulary_bytes = 0.0
    if vocabulary is not None:
        pieces = [vocabulary.write(piece) for piece in pieces]
        spelled = Material(material.kind, vocabulary.spelled, 0)
        vocabulary_bytes = measure(compressor, spelled, None).compressed_bytes
    header, coder = 0, None
    if isinstance(compressor, ModelCompressor):
        compressed = _model_bytes(compressor, pieces, progress)
        if files:
            coder = _coder_bytes(compressor, pieces, compressed)
    else:
        header = header_bytes(compressor)
        compressed = _stream_bytes(compressor, pieces, progress) - (len(pieces) - 1) * header
    return Rate(
        kind=material.kind,
        compressor=str(compressor),
        chunk=chunk,
        raw_bytes=len(data),
        chunks=len(pieces),
        compressed_bytes=float(compressed),
        header_bytes=header,
        parameters=parameter_count(compressor),
        coder_bytes=coder,
        seconds=time.process_time() - started,
        tokens=None if vocabulary is None else len(vocabulary.tokens),
        vocabulary_bytes=vocabulary_bytes,
    )


def header_bytes(compressor: Compressor) -> int:
    """The length of the stream of no data; of one zero byte, where there is none."""
    try:
        return len(compressor.compress(b""))
    except CompressorError:
        return len(compressor.compress(b"\0"))


def _stream_bytes(compressor: Compressor, pieces: Sequence[bytes], progress: Progress) -> int:
    total = 0
    for piece in pieces:
        stream = compressor.compress(piece)
        if compressor.decompress(stream) != piece:
            raise LossyError(
                f"{compressor}: {len(piece)} bytes did not come back; a compressor that loses "
                "data has no rate"
            )
        total += len(stream)
        progress(len(piece))
    return total


def _model_bytes(compressor: ModelCompressor, pieces: Sequence[bytes], progress: Progress) -> float:
    """The sum of -log2 p over all pieces, each after nothing, in bytes."""
    bits = 0.0
    fresh = compressor.condition()
    for piece in pieces:
        bits += float(fresh.fork().code_lengths(piece).sum())
        progress(len(piece))
    return bits / 8


def _coder_bytes(compressor: ModelCompressor, pieces: Sequence[bytes], ideal: float) -> int:
    """What the real coder writes. Raises CompressorError if that is not `ideal`, nearly."""
    streams = [compressor.compress(piece) for piece in pieces]
    if compressor.decompress(streams[0]) != pieces[0]:
        raise LossyError(f"{compressor}: {len(pieces[0])} bytes did not come back")
    written = sum(map(len, streams))
    containers = CONTAINER_BYTES * sum(1 + (len(piece) >> 20) for piece in pieces)
    stored = sum(map(len, pieces))  # what a model does not shorten is stored as it is
    low = min(ideal, stored)
    if not low - len(pieces) <= written <= (1 + CODER_TOLERANCE) * low + containers:
        raise CompressorError(
            f"{compressor}: its coder wrote {written:,} bytes where its distribution asks for "
            f"{ideal:,.0f}; this is a bug of the model"
        )
    return written
