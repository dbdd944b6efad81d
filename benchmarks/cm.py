"""How strong and how fast is `cm`? Bits per byte beside real compressors, and bytes per second.

    python benchmarks/cm.py [TEXT …]        such as shared/data/text/alice29.txt

    pydoc_data.topics ─┬─ the last 50,000 bytes: held out
                       └─ the rest, without the paragraphs that the held-out part repeats

    cold     the held-out part, of a model that has read nothing
    primed   the held-out part, after the rest: for a compressor, the length of both
             together less that of the rest alone; for `cm`, the code length of its bytes

Each TEXT is measured cold. Lengths of `cm` are those of the coded stream, to the byte.
"""

import argparse
import bz2
import gzip
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from pydoc_data.topics import topics

import brotli
import numpy as np
import zstandard

from compgen.conditionals.context_mixing import ContextMixing

HELD_OUT = 50_000
SHORTEST_PARAGRAPH = 24
"""Shorter ones (headings, prompts) repeat by nature."""

Compress = Callable[[bytes], bytes]


def split() -> tuple[bytes, bytes]:
    """The rest and the held-out part of pydoc_data.topics; see the module."""
    text = "\n\n".join(topics.values()).encode()
    rest, held_out = text[:-HELD_OUT], text[-HELD_OUT:]
    known = one_line(held_out)

    def repeated(paragraph: bytes) -> bool:
        line = one_line(paragraph)
        return len(line) >= SHORTEST_PARAGRAPH and line in known

    kept = [paragraph for paragraph in rest.split(b"\n\n") if not repeated(paragraph)]
    return b"\n\n".join(kept), held_out


def one_line(text: bytes) -> bytes:
    return b" ".join(text.split())


def xz(data: bytes) -> bytes:
    return subprocess.run(["xz", "-9e", "-c"], input=data, capture_output=True, check=True).stdout


def zstd(data: bytes) -> bytes:
    stream: bytes = zstandard.ZstdCompressor(level=22).compress(data)
    return stream


def best_brotli(data: bytes) -> bytes:
    stream: bytes = brotli.compress(data, quality=11, lgwin=24)
    return stream


def compressors() -> dict[str, Compress]:
    """The real programs; xz only where the program is installed."""
    found: dict[str, Compress] = {
        "gzip -9": lambda data: gzip.compress(data, 9),
        "zstd -22": zstd,
        "xz -9e": xz,
        "brotli -11 -w 24": best_brotli,
        "bzip2 -9": lambda data: bz2.compress(data, 9),
    }
    if shutil.which("xz") is None:
        del found["xz -9e"]
    return found


def coded(prime: bytes, data: bytes, bits: int) -> tuple[float, float]:
    """Bits per byte of `data` after `prime` as coded, and bytes read per CPU second."""
    model = ContextMixing(prime, bits=bits)
    twin = model.fork()
    started = time.process_time()
    stream = model.encode(data)
    speed = len(data) / (time.process_time() - started)
    if twin.decode(stream, len(data)) != data:
        raise SystemExit("cm did not give back what it was given")
    return 8 * len(stream) / len(data), speed


def strength(bits: int) -> None:
    rest, held_out = split()
    print(f"pydoc_data.topics: {len(rest)} bytes to read, {len(held_out)} held out, bits per byte")
    print(f"{'':20s}{'cold':>8s}{'primed':>8s}")
    for name, compress in compressors().items():
        cold = 8 * len(compress(held_out)) / len(held_out)
        primed = 8 * (len(compress(rest + held_out)) - len(compress(rest))) / len(held_out)
        print(f"{name:20s}{cold:8.3f}{primed:8.3f}")
    cold, _ = coded(b"", held_out, bits)
    primed, _ = coded(rest, held_out, bits)
    print(f"{'cm':20s}{cold:8.3f}{primed:8.3f}")


def one_file(path: Path, bits: int) -> None:
    data = path.read_bytes()
    print(f"\n{path.name}: {len(data)} bytes, unprimed{'':10s}bytes  bits per byte")
    for name, compress in compressors().items():
        size = len(compress(data))
        print(f"{name:20s}{size:12d}{8 * size / len(data):9.3f}")
    rate, _ = coded(b"", data, bits)
    print(f"{'cm':20s}{round(rate * len(data) / 8):12d}{rate:9.3f}")


def speed(bits: int) -> None:
    rest, held_out = split()
    print("\none core, thousand bytes a second (the best of three)")
    model = ContextMixing(rest[:100_000], bits=bits)
    cold = max(coded(b"", rest[:100_000], bits)[1] for _ in range(3))
    print(f"{'coding, cold':24s}{cold / 1e3:8.1f}")
    forked = 0.0
    for _ in range(3):
        twin = model.fork()
        started = time.process_time()
        twin.code_lengths(held_out)
        forked = max(forked, len(held_out) / (time.process_time() - started))
    print(f"{'coding, on a fork':24s}{forked / 1e3:8.1f}")
    uniforms = np.random.default_rng(0).random(1000)
    model.fork().generate(uniforms[:4], min_p=0.05)  # compiles
    sampling = 0.0
    for _ in range(3):
        started = time.process_time()
        model.fork().generate(uniforms, min_p=0.05)
        sampling = max(sampling, uniforms.size / (time.process_time() - started))
    print(f"{'sampling, batch 1':24s}{sampling / 1e3:8.1f}")
    started = time.process_time()
    for _ in range(200):
        model.fork().advance(b"t")
    print(f"fork and its first byte {(time.process_time() - started) * 5e3:8.0f} microseconds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("texts", nargs="*", type=Path)
    parser.add_argument("--bits", type=int, default=24)
    arguments = parser.parse_args()
    ContextMixing(b"compile", bits=12).encode(b"first")
    strength(arguments.bits)
    for path in arguments.texts:
        one_file(path, arguments.bits)
    speed(arguments.bits)


if __name__ == "__main__":
    main()
