"""Readings `bits` and `payload` of a compressor whose finished stream can be measured.

    bits(x) = measure(compress(context + x)) - measure(compress(context))

`measure` says how many bits of a stream are information (`bits`) or payload (`payload`), so
any format that can be taken apart is read below the byte by one function of its own:

    zstd      compgen.formats.zstd_frame.information_bits, payload_bits
"""

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np

from compgen.conditional import Bits, Conditional
from compgen.conditionals.parallel import map_chunks
from compgen.reading import Reading

Compress = Callable[[bytes], bytes]
Measure = Callable[[bytes], int]


class StreamBits(Conditional):
    """Code lengths from the measured streams of the context with each candidate.

    compress  data to a whole stream; called from several threads at once if `parallel`, so it
              must keep no state between them
    measure   a stream to its length in bits, by whatever definition `reading` has
    parallel  whether `compress` releases the interpreter lock, so that threads pay

    The context is compressed anew for every candidate, but candidates given twice only once.
    The context's own length is measured when it is first needed.
    """

    def __init__(
        self,
        compress: Compress,
        measure: Measure,
        context: bytes = b"",
        *,
        reading: Reading = Reading.BITS,
        parallel: bool = False,
    ) -> None:
        self.reading = reading
        self._compress = compress
        self._measure = measure
        self._parallel = parallel
        self._context = bytes(context)
        self._context_bits: int | None = None

    def bits(self, continuations: Sequence[bytes]) -> Bits:
        if self._context_bits is None:
            (self._context_bits,) = self._stream_bits([b""])
        distinct = list(dict.fromkeys(continuations))
        lengths = map_chunks(self._stream_bits, distinct, self._parallel)
        by_candidate = dict(zip(distinct, lengths, strict=True))
        measured = [by_candidate[continuation] for continuation in continuations]
        return np.array(measured, np.float64) - self._context_bits

    def advance(self, data: bytes) -> None:
        self._context += data
        self._context_bits = None

    def fork(self) -> Self:
        twin = type(self)(
            self._compress,
            self._measure,
            self._context,
            reading=self.reading,
            parallel=self._parallel,
        )
        twin._context_bits = self._context_bits
        return twin

    def _stream_bits(self, continuations: Sequence[bytes]) -> list[int]:
        compress, measure, context = self._compress, self._measure, self._context
        return [measure(compress(context + continuation)) for continuation in continuations]
