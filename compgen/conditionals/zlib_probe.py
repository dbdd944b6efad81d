"""What the running zlib is, and where its streams end, asked of zlib itself.

    shared_zlib()       the system's shared library, or None
    ZlibProbe           its encoder after a context: deflateCopy, Z_BLOCK, deflatePending
    is_classic_zlib()   whether the module `zlib` parses and codes as the replica in kernels/ does

zlib-ng, Intel's and Cloudflare's zlib write valid streams too, but other ones: they hash and
search differently. Their version strings are no guide, so their streams are looked at.
"""

import ctypes
import ctypes.util
import itertools
import weakref
import zlib
from functools import cache
from typing import Any, Protocol

from compgen.errors import CompressorError, MissingPackageError

_NAMES = ("libz.so.1", "libz.1.dylib", "zlib1.dll", "libz.so")
_OUTPUT = 1 << 16
_EMPTY_BLOCK = 10
"""Bits of a static block without symbols: a header of 3, an end of block of 7."""


class _Stream(ctypes.Structure):
    """`z_stream` (zlib.h)."""

    _fields_ = (
        ("next_in", ctypes.c_void_p),
        ("avail_in", ctypes.c_uint),
        ("total_in", ctypes.c_ulong),
        ("next_out", ctypes.c_void_p),
        ("avail_out", ctypes.c_uint),
        ("total_out", ctypes.c_ulong),
        ("msg", ctypes.c_char_p),
        ("state", ctypes.c_void_p),
        ("zalloc", ctypes.c_void_p),
        ("zfree", ctypes.c_void_p),
        ("opaque", ctypes.c_void_p),
        ("data_type", ctypes.c_int),
        ("adler", ctypes.c_ulong),
        ("reserved", ctypes.c_ulong),
    )


@cache
def shared_zlib() -> ctypes.CDLL | None:
    """The system's shared libz, or None. (It need not be the one that Python is linked to.)"""
    found = ctypes.util.find_library
    for name in itertools.chain(_NAMES, (found(short) for short in ("z", "zlib1"))):
        try:
            library = ctypes.CDLL(name) if name else None
        except OSError:
            continue
        if library is not None and hasattr(library, "deflatePending"):
            library.zlibVersion.restype = ctypes.c_char_p
            return library
    return None


class ZlibProbe:
    """The shared zlib's own encoder after a context: the oracle for exact bits.

    Raises MissingPackageError where there is no shared zlib, CompressorError where it refuses
    the options. `advance`, `bits`: as for a Conditional, but `bits` is of the whole stream.
    """

    def __init__(
        self,
        context: bytes = b"",
        *,
        level: int = 9,
        wbits: int = 15,
        memlevel: int = 8,
        filtered: bool = False,
    ) -> None:
        library = shared_zlib()
        if library is None:
            raise MissingPackageError("no shared zlib was found; install zlib (zlib1g, libz)")
        self._library = library
        self._stream = _Stream()
        self._output = ctypes.create_string_buffer(_OUTPUT)
        strategy = zlib.Z_FILTERED if filtered else zlib.Z_DEFAULT_STRATEGY
        options = level, zlib.DEFLATED, -wbits, memlevel, strategy
        status = library.deflateInit2_(
            *(ctypes.byref(self._stream), *options),
            *(library.zlibVersion(), ctypes.sizeof(_Stream)),
        )
        if status:
            raise CompressorError(f"zlib refuses level, window, memory, strategy {options}")
        weakref.finalize(self, library.deflateEnd, ctypes.byref(self._stream))
        self.advance(context)

    def advance(self, data: bytes) -> None:
        """Feed `data` to the encoder."""
        self._feed(self._stream, data, zlib.Z_NO_FLUSH)

    def bits(self, continuation: bytes) -> int:
        """Bits of the finished stream of context and continuation, before its padding."""
        copy = self._copy()
        self._feed(copy, continuation, zlib.Z_BLOCK)
        pending, spare = ctypes.c_uint(), ctypes.c_int()
        self._library.deflatePending(ctypes.byref(copy), ctypes.byref(pending), ctypes.byref(spare))
        bits: int = 8 * (copy.total_out + pending.value) + spare.value
        self._library.deflateEnd(ctypes.byref(copy))
        # where the last symbol has filled a block, Z_BLOCK adds nothing, but the end of the
        # stream needs a last block, which is empty
        whole = self._finished_bytes(continuation)
        return bits if bits > 8 * (whole - 1) else bits + _EMPTY_BLOCK

    def _finished_bytes(self, continuation: bytes) -> int:
        copy = self._copy()
        self._feed(copy, continuation, zlib.Z_FINISH)
        length: int = copy.total_out
        self._library.deflateEnd(ctypes.byref(copy))
        return length

    def _copy(self) -> _Stream:
        copy = _Stream()
        self._library.deflateCopy(ctypes.byref(copy), ctypes.byref(self._stream))
        return copy

    def _feed(self, stream: _Stream, data: bytes, flush: int) -> None:
        source = ctypes.create_string_buffer(data, len(data) + 1)
        stream.next_in, stream.avail_in = ctypes.addressof(source), len(data)
        while True:
            stream.next_out, stream.avail_out = ctypes.addressof(self._output), _OUTPUT
            self._library.deflate(ctypes.byref(stream), flush)
            if stream.avail_out:
                return


class ZlibModule(Protocol):
    """What the self-check needs of the module `zlib`, or of one that stands in for it."""

    DEFLATED: int

    def compressobj(self, level: int, method: int, wbits: int, /) -> Any:
        """As `zlib.compressobj`."""


@cache
def is_classic_zlib(module: ZlibModule = zlib) -> bool:
    """Whether `module` writes, for some built-in inputs, streams as long as the replica says.

    Some milliseconds, once. Raises ImportError without numba.
    """
    from compgen.conditionals.deflate_bits import DeflateBits

    for sample in samples():
        for level in range(1, 10):
            encoder = module.compressobj(level, module.DEFLATED, -15)
            length = len(encoder.compress(sample) + encoder.flush())
            if -(-DeflateBits(sample, level=level).code_length() // 8) != length:
                return False
    return True


def samples() -> list[bytes]:
    """Inputs on which encoders differ: many matches of 3 and 4, long chains, lazy choices.

    Short, but each level of zlib but the highest two takes another length for one of them.
    """
    words = b"the of and that a to in was it he his with as for had is not be on at by".split()
    state, prose, letters = 1, bytearray(), bytearray()
    for _ in range(1500):
        state = (state * 1103515245 + 12345) % (1 << 31)  # ISO C's example of rand()
        prose += words[(state >> 16) % len(words)] + b" "
        letters.append(b"ab"[(state >> 16) % 2])
    return [bytes(prose), bytes(letters), bytes(prose[i ^ 3] for i in range(2048))]
