"""Candidates scored per second, by every compressor, against plain recompression.

    naive     len(compress(context + candidate)), one candidate after another, one thread
    compgen   a conditional of each reading: next_byte(), then advance() by the byte that came

Both are timed in turns within one run on the same machine, so believe the ratios. The
candidates are the 256 next bytes, asked at successive positions of a text: what generating
costs, moving on included. With reading `marginal` the 256 come from one distribution.

    python benchmarks/scoring.py --context 30000
    python benchmarks/scoring.py -c gzip -c zstd:level=19 --json
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from compgen.compressor import Compressor
from compgen.conditional import BYTES, Conditional
from compgen.errors import CompgenError
from compgen.reading import Reading
from compgen.registry import available, get_compressor

EXAMPLES = {"numcodecs": "numcodecs:id=lz4", "command": "command:gzip -9 -c"}
"""Specs for the compressors that need options."""
FEW = 16
"""Candidates that the naive side scores at each position: the rest would cost the same."""


@dataclass(frozen=True)
class Measurement:
    """One reading of one compressor beside the naive way."""

    compressor: str
    reading: str
    context_bytes: int
    naive_per_second: float
    """Candidates per second by plain recompression."""
    per_second: float
    """Candidates per second by the conditional."""
    ratio: float
    """The median over the rounds of naive time by compgen's, candidate for candidate."""


def measure(
    compressor: Compressor, reading: Reading, text: bytes, context_bytes: int, seconds: float
) -> Measurement:
    """Time both sides in turns, at successive positions, for about `seconds`."""
    position = context_bytes
    conditional = compressor.condition(text[:position], reading=reading)
    # compiled kernels and thread pools start here, not in the measurement
    _step(conditional.fork(), b" ")
    naive_times: list[float] = []
    times: list[float] = []
    deadline = time.perf_counter() + seconds
    while len(times) < 3 or (time.perf_counter() < deadline and position + 1 < len(text)):
        context = text[:position]
        naive_times.append(_seconds(lambda: _recompress(compressor, context)) / FEW)  # noqa: B023
        following = text[position : position + 1]
        times.append(_seconds(lambda: _step(conditional, following)) / len(BYTES))  # noqa: B023
        position += 1
    return Measurement(
        compressor=str(compressor),
        reading=reading,
        context_bytes=context_bytes,
        naive_per_second=1 / statistics.median(naive_times),
        per_second=1 / statistics.median(times),
        ratio=statistics.median(
            naive / ours for naive, ours in zip(naive_times, times, strict=True)
        ),
    )


def _recompress(compressor: Compressor, context: bytes) -> None:
    for byte in BYTES[:: len(BYTES) // FEW]:
        len(compressor.compress(context + byte))


def _step(conditional: Conditional, following: bytes) -> None:
    conditional.next_byte()
    conditional.advance(following)


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def prose() -> bytes:
    from pydoc_data.topics import topics

    return "\n".join(topics.values()).encode()


def all_specs() -> list[str]:
    """Every compressor that can be used here, with its default options."""
    return [EXAMPLES.get(info.name, info.name) for info in available() if not info.missing]


def print_table(measurements: list[Measurement], context_bytes: int) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(f"next-byte candidates per second after {context_bytes:,} bytes of English")
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("compressor")
    table.add_column("reading")
    for header in ("recompressing", "compgen", "ratio"):
        table.add_column(header, justify="right")
    for row in measurements:
        table.add_row(
            row.compressor,
            row.reading,
            f"{row.naive_per_second:,.0f}",
            f"{row.per_second:,.0f}",
            f"{row.ratio:,.1f} x",
        )
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-c", "--compressor", action="append", metavar="SPEC", help="default: all")
    parser.add_argument("--context", type=int, default=30_000, metavar="BYTES")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each row")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    text = prose()
    if not 0 <= arguments.context < len(text):
        parser.error(f"--context goes from 0 to {len(text) - 1}")
    measurements = []
    try:
        for spec in arguments.compressor or all_specs():
            compressor = get_compressor(spec)
            for reading in compressor.readings:
                row = measure(compressor, reading, text, arguments.context, arguments.seconds)
                measurements.append(row)
    except CompgenError as error:
        print(f"scoring.py: {error}", file=sys.stderr)
        return error.exit_status
    if arguments.json:
        print(json.dumps([asdict(row) for row in measurements], indent=2))
    else:
        print_table(measurements, arguments.context)
    return 0


if __name__ == "__main__":
    sys.exit(main())
