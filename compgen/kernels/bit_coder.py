"""The arithmetic coder of models that code bit by bit.

        low ├──────── 1 ────────┼────────── 0 ───────────┤ high       32 bits
                              middle = low + (high - low) · p(1)

Each bit narrows the interval; leading bytes that both ends share are written out.

Source: the carry-less coder of Mahoney, "Data Compression Explained" (arithmetic coding).
"""

import numpy as np

from compgen.kernels.cm_jit import inlined, int64

READ, ENCODE, DECODE = range(3)
"""What a model does: read bytes; write them to a stream as well; take them from a stream."""
WORST = 17
"""Most bytes that encoding one byte can write: 16 bits a bit, and what was pending."""
TAIL = 4
"""Bytes that end a stream."""
_ALL = int64(0xFFFFFFFF)


def begin(stream: bytes) -> np.ndarray:
    """The coder's interval at the start of a stream that is read, or written (b"").

    int64 (4,): low, high, the 32 bits of the stream that lie between, and how many bytes of it
    are taken or written.
    """
    first = int.from_bytes(stream[:TAIL].ljust(TAIL, b"\0"), "big")
    return np.array([0, 0xFFFFFFFF, first, TAIL], np.int64)


@inlined
def code_bit(mode, one, bit, low, high, current, position, stream):
    """Narrow the interval by a bit whose probability of being 1 is `one`, of 65536.

    mode    ENCODE or DECODE
    bit     which it is; where `mode` is DECODE, found out
    stream  uint8, to write to, with room for WORST bytes for every eight bits, or to read from;
            zeros are read past its end

    Returns the bit and the interval: low, high, current, position.
    """
    middle = low + ((high - low) * one >> 16)
    if mode == DECODE:
        bit = int64(current <= middle)
    if bit:
        high = middle
    else:
        low = middle + 1
    while (low ^ high) >> 24 == 0:
        if mode == ENCODE:
            stream[position] = high >> 24
        else:
            following = int64(0)
            if position < stream.shape[0]:
                following = int64(stream[position])
            current = ((current << 8) & _ALL) | following
        position += 1
        low = (low << 8) & _ALL
        high = ((high << 8) & _ALL) | 255
    return bit, low, high, current, position
