"""A new compressor in twenty lines, and what it writes.

Capital letters are the same words again: `The` and `the` share nothing for a byte compressor.
This one writes a capital as a flag and the small letter, an old trick of text compressors,
and hands the result to zlib. `name`, `compress` and `decompress` are all that compgen needs.

    python examples/add_a_compressor.py
"""

import re
import zlib
from dataclasses import dataclass

import compgen
from compgen.errors import CompressorError
from compgen.options import within

FLAG = b"\x01"  # before a capital, now small, and before a flag that was in the data


@compgen.register
@dataclass(frozen=True)
class Capitals(compgen.Compressor):
    """zlib over text whose capitals are a flag and a small letter."""

    name = "capitals"
    releases_gil = True
    level: int = within(1, 9, default=9)

    def compress(self, data: bytes) -> bytes:
        small = re.sub(rb"[A-Z\x01]", lambda found: FLAG + found[0].lower(), data)
        return zlib.compress(small, self.level)

    def decompress(self, data: bytes) -> bytes:
        try:
            small = zlib.decompress(data)
        except zlib.error as error:
            raise CompressorError(f"capitals: the stream is damaged: {error}") from error
        return re.sub(rb"\x01(.)", lambda found: found[1].upper(), small, flags=re.DOTALL)


if __name__ == "__main__":
    for sampler in ("ancestral", "spans"):
        written = compgen.generate(
            "The ",
            compressor="capitals:level=8",
            prime_bytes=8_000,  # a next byte recompresses it 8 times for each candidate
            sampler=sampler,
            n=80,
            seed=1,
        )[0]
        print(f"{written.compressor}, {sampler}, {written.bits_per_byte:.2f} bits per byte:")
        print(f"    {'The ' + written.text!r}")
