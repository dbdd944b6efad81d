"""Deflate, read properly, against cloning zlib: every target of the readings in one run.

    python -m benchmarks.deflate

Exact bits, payload and frozen (benchmarks.deflate_bits), the decoder-marginal
(benchmarks.deflate_marginal), then the command line from outside.
"""

import os
import subprocess
import sys
import time

from benchmarks import deflate_bits, deflate_marginal

WRITTEN = 100_000


def command_line() -> None:
    """Start-up, and bytes a second after it, of `compgen text`: a short run and a long one."""
    for options in ([], ["--experts", "0"], ["--experts", "0", "--min-p", "0"]):
        short, long = (_run(options, length) for length in (1, WRITTEN))
        print(
            f"compgen text -c gzip {' '.join(options):24} starts in {short:.2f} s, "
            f"then {WRITTEN / (long - short) / 1000:.0f} KB/s"
        )


def _run(options: list[str], length: int) -> float:
    """Seconds that the command takes, the better of two."""
    command = [sys.executable, "-m", "compgen", "text", "The ", "-q", "--seed", "1", *options]
    best = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        subprocess.run(
            [*command, "-n", str(length)], check=True, stdout=subprocess.DEVNULL, env=os.environ
        )
        best = min(best, time.perf_counter() - start)
    return best


if __name__ == "__main__":
    deflate_bits.main([])
    deflate_marginal.main()
    command_line()
