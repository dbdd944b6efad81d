"""Where a deflate stream's information ends: `bits` for a zlib that no replica knows.

zlib-ng and others write other streams than the classic zlib at the same level. Their own
streams are decoded, token by token, up to the end of the last block: exact for whatever
library is running, at the price of compressing the context anew for every candidate.
"""

import numpy as np

from compgen.conditionals.marginal_tables import DeflateOptions
from compgen.conditionals.stream_bits import StreamBits
from compgen.errors import CompressorError
from compgen.reading import Reading


def information_bits(stream: bytes) -> int:
    """Bits of a raw deflate stream up to its padding. Raises CompressorError on damage."""
    from compgen.kernels.inflate_tables import count_tokens

    *_, produced, bits = count_tokens(np.frombuffer(bytearray(stream), np.uint8), 0, 0)
    if produced < 0:
        raise CompressorError("deflate: the stream is damaged")
    return int(bits)


def stream_bits(context: bytes, options: DeflateOptions) -> StreamBits:
    """The reading `bits` after `context`, by the running zlib itself."""
    return StreamBits(
        options.compress, information_bits, context, reading=Reading.BITS, parallel=True
    )
