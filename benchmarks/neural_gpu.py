"""A transformer on one GPU: training, generation, coding, each beside what the device could do.

    python -m benchmarks.neural_gpu TEXT … [--minutes 10] [--preset 25M] [--write docs/neural.md]

    copy, matmul ─► bandwidth, matrix rate ─┐        measured on the device, not looked up
    train        ─► bytes/s, bits per byte ─┤
    generate     ─► bytes/s at 1, 256, 4096 ┼─► a table: measured, roofline, share of it, memory
    code, decode ─► bytes/s, round trip    ─┘

The roofline of a step is the longer of its bytes moved over the bandwidth and its operations over
the matrix rate. Bytes: all weights once, and of each text the keys and values in the window.
Operations: two for each weight of a matrix and each text, and those of attention; training takes
three times as many (forward, and twice that backward).

`--tiny` is the smallest preset for a few steps, on anything: it shows that the program runs.
`--write` puts the report between two marks of a file, or at its end.
"""

import argparse
import itertools
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from compgen.conditionals.neural_fast import FastNeural
from compgen.errors import FailureError
from compgen.neural.checkpoint import Checkpoint, load
from compgen.neural.config import AnyConfig, GruConfig
from compgen.neural.corpus_split import Text, split
from compgen.neural.devices import device_of
from compgen.neural.held_out import held_out_of
from compgen.neural.modules import model_of
from compgen.neural.numerics import DTYPES, description, repeatable
from compgen.neural.progress import Progress
from compgen.neural.settings import HELD_OUT, Settings
from compgen.neural.torch_engine import TorchEngine
from compgen.neural.training import train

BEGIN, END = "<!-- benchmarks/neural_gpu.py -->", "<!-- end of benchmarks/neural_gpu.py -->"
LONG_LOOK = 512 << 10


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    matrix: int
    copied: int
    batches: tuple[int, ...]
    written: int
    """Bytes of each continuation."""
    coded: int


FULL = Size(matrix=8192, copied=1 << 30, batches=(1, 256, 4096), written=512, coded=1 << 18)
TINY = Size(matrix=256, copied=1 << 22, batches=(1, 2, 4), written=6, coded=64)


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    speed: float
    """Bytes a second."""
    roofline: float
    """Bytes a second, at most."""
    memory: float
    """Bytes, at the peak."""
    note: str = ""

    def __str__(self) -> str:
        share = f"{100 * self.speed / self.roofline:.1f} %"
        numbers = f"{_kilo(self.speed)} | {_kilo(self.roofline)} | {share} | {_giga(self.memory)}"
        return f"| {self.what} | {numbers} | {self.note} |"


@dataclass(frozen=True)
class Machine:
    """A device and what it can do."""

    device: torch.device
    bandwidth: float
    """Bytes a second, read or written."""
    rates: dict[str, float]
    """Operations a second in matrix products, by dtype."""

    def seconds(self, moved: float, operations: float, dtype: str) -> float:
        """The roofline: the least that a step can take."""
        return max(moved / self.bandwidth, operations / self.rates[dtype])

    def finish(self) -> None:
        """Wait until everything that was asked for is done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()

    def timed(self, work: Callable[[], object], repeats: int = 1) -> float:
        """Seconds on the clock of one `work`."""
        self.finish()
        started = time.perf_counter()
        for _ in range(repeats):
            work()
        self.finish()
        return (time.perf_counter() - started) / repeats

    def forget_peak(self) -> None:
        """Begin to measure memory anew, where that can be done."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak(self) -> float:
        """Bytes: of the device since `forget_peak`; of the whole process on a CPU, ever."""
        if self.device.type == "cuda":
            return float(torch.cuda.max_memory_allocated(self.device))
        return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measured(device: torch.device, size: Size) -> Machine:
    """The device, by a copy and matrix products."""
    machine = Machine(device, 1.0, {})
    with repeatable(device, torch.get_num_threads()):
        source = torch.ones(size.copied, dtype=torch.uint8, device=device)
        target = torch.empty_like(source)
        target.copy_(source)
        copying = machine.timed(lambda: target.copy_(source), 10)
        rates = {}
        for name, dtype in DTYPES.items():
            left = torch.ones(size.matrix, size.matrix, dtype=dtype, device=device)
            product = left @ left
            seconds = machine.timed(lambda: torch.mm(left, left, out=product), 10)  # noqa: B023
            rates[name] = 2 * size.matrix**3 / seconds
    return Machine(device, 2 * size.copied / copying, rates)


# -------------------------------------------------------------------- what a model has to do


def matrix_weights(config: AnyConfig) -> int:
    """Weights that are multiplied by for each byte: all but the embedding."""
    return config.parameters - int(np.prod(config.shapes()["embedding.weight"]))


def attention_operations(config: AnyConfig, seen: float) -> float:
    """For one byte that sees `seen` others: products of queries and keys, and of values."""
    return 0.0 if isinstance(config, GruConfig) else 4.0 * config.layers * config.width * seen


def training_operations(config: AnyConfig, length: int) -> float:
    """For one byte of a sequence of `length`."""
    seen = 0.0
    if not isinstance(config, GruConfig):
        full = max(length - config.window, 0)
        rising = min(length, config.window)
        seen = (full * config.window + rising * (rising + 1) / 2) / length
    return 3 * (2 * matrix_weights(config) + attention_operations(config, seen))


def step_work(config: AnyConfig, batch: int, dtype: str) -> tuple[float, float]:
    """Bytes moved and operations of one step of `batch` texts, with full windows."""
    width = DTYPES[dtype].itemsize
    moved, seen = float(matrix_weights(config)), 0
    if not isinstance(config, GruConfig):
        seen = config.window
        moved += 2.0 * batch * config.layers * config.width * seen
    operations = batch * (2 * matrix_weights(config) + attention_operations(config, seen))
    return width * moved, operations


# ---------------------------------------------------------------------------------- the parts


def training(
    texts: Sequence[Text], directory: Path, settings: Settings, machine: Machine
) -> tuple[Row, list[str]]:
    """Train; the speed is the median over the looks at it, after the first quarter."""
    seen: list[Progress] = []
    machine.forget_peak()
    train(texts, directory, settings, device=machine.device, observe=seen.append, force=True)
    options = settings.as_dict()
    last = load(directory).config.provenance
    sequence = int(last["options"]["batch"]) * int(options["length"])
    later = seen[len(seen) // 4 :]
    speeds = [
        (after.step - before.step) * sequence / (after.seconds - before.seconds)
        for before, after in itertools.pairwise(later)
        if after.seconds > before.seconds and not after.evaluated
    ]
    speed = float(np.median(speeds)) if speeds else seen[-1].bytes_per_second
    # as training.py: bfloat16 for a transformer on CUDA
    low = machine.device.type == "cuda" and not settings.recipe.carried
    dtype = "bfloat16" if low else "float32"
    operations = training_operations(settings.config, int(options["length"]))
    roofline = machine.rates[dtype] / operations
    note = f"{dtype}, batch {last['options']['batch']} × {options['length']}, {seen[-1].step} steps"
    row = Row("training", speed, roofline, machine.peak(), note)
    model = model_of(load(directory), machine.device)
    lines = []
    for text in texts:
        held_out = held_out_of(split([text], settings.held_out), LONG_LOOK)
        if held_out is not None:
            cost = held_out.bits_per_byte(model)
            lines.append(f"| {text.name} | {len(text.data):,} | {held_out.size:,} | {cost:.3f} |")
    return row, lines


def generation(
    checkpoint: Checkpoint, machine: Machine, dtype: str, size: Size, prompt: bytes
) -> list[str]:
    """Writing at several batch sizes, with top-p and a temperature; windows are full."""
    rows = []
    for batch in size.batches:
        try:
            row = str(writing(checkpoint, machine, dtype, batch, size.written, prompt))
        except FailureError as error:
            row = f"| generation, batch {batch} | | | | | {error} |"
        rows.append(row)
    return rows


def writing(
    checkpoint: Checkpoint, machine: Machine, dtype: str, batch: int, count: int, prompt: bytes
) -> Row:
    """`count` bytes of each of `batch` continuations."""
    machine.forget_peak()
    rng = np.random.default_rng(0)
    engine = TorchEngine(checkpoint, machine.device, dtype=dtype)
    writer = FastNeural(engine, prompt).many(batch, temperature=0.8, top_p=0.95)
    writer.write(rng.random((batch, 8)))  # warms up, records the graph
    uniforms = rng.random((batch, count))
    seconds = machine.timed(lambda: writer.write(uniforms))
    bound = batch / machine.seconds(*step_work(checkpoint.config, batch, dtype), dtype)
    return Row(f"generation, batch {batch}", batch * count / seconds, bound, machine.peak(), dtype)


def coding(
    checkpoint: Checkpoint, machine: Machine, dtype: str, data: bytes
) -> tuple[list[str], str]:
    """Lossless coding in lanes and back, by two engines; says whether the data came back."""
    machine.forget_peak()
    sender = FastNeural(TorchEngine(checkpoint, machine.device, dtype=dtype))
    lanes = sender.lane_rule.lanes(len(data))[1].size
    streams: list[bytes] = []
    seconds = machine.timed(lambda: streams.append(sender.encode(data)))
    bound = lanes / machine.seconds(*step_work(checkpoint.config, lanes, dtype), dtype)
    note = f"{dtype}, {lanes} lanes, {8 * len(streams[0]) / len(data):.3f} bits per byte"
    rows = [str(Row("coding", len(data) / seconds, bound, machine.peak(), note))]
    receiver = FastNeural(TorchEngine(checkpoint, machine.device, dtype=dtype))
    found: list[bytes] = []
    seconds = machine.timed(lambda: found.append(receiver.decode(streams[0], len(data))))
    rows.append(str(Row("decoding", len(data) / seconds, bound, machine.peak(), dtype)))
    came_back = "gave back all of it" if found[0] == data else "FAILED: other bytes came back"
    return rows, f"Round trip of {len(data):,} bytes by two engines: {came_back}."


# --------------------------------------------------------------------------------- the report


def report(arguments: argparse.Namespace) -> str:
    device = device_of(arguments.device)
    size = TINY if arguments.tiny else FULL
    dtype = "bfloat16" if device.type == "cuda" else "float32"
    texts = [Text(path.name, path.read_bytes()) for path in arguments.texts]
    preset = arguments.preset or ("0.2M" if arguments.tiny else "25M")
    if arguments.tiny:
        settings = Settings(preset=preset, steps=6, batch=2, length=32)
    else:
        settings = Settings(preset=preset, minutes=arguments.minutes)
    machine = measured(device, size)
    with tempfile.TemporaryDirectory() as scratch:
        directory = arguments.model or Path(scratch) / "model"
        trained, held_out = training(texts, directory, settings, machine)
        checkpoint = load(directory)
    kept = max(round(HELD_OUT * len(texts[0].data)), 1)
    learned, unseen = texts[0].data[:-kept], texts[0].data[-kept:]
    written = generation(checkpoint, machine, dtype, size, learned[-4096:])
    coded, round_trip = coding(checkpoint, machine, dtype, (unseen + learned)[: size.coded])
    rates = ", ".join(f"{rate / 1e12:.3g} TFLOP/s {name}" for name, rate in machine.rates.items())
    lines = [
        f"{description(device)}, torch {torch.__version__}: {machine.bandwidth / 1e9:.4g} GB/s "
        f"copied (read and written), {rates}. Preset {preset}, "
        f"{checkpoint.config.parameters:,} parameters, "
        + (
            f"{arguments.minutes:g} minutes"
            if settings.steps is None
            else f"{settings.steps} steps"
        )
        + ".",
        "",
        "| | KB/s | roofline KB/s | of it | peak GB | |",
        "|---|---|---|---|---|---|",
        str(trained),
        *written,
        *coded,
        "",
        round_trip,
        "",
        "| text | bytes | held out | bits per byte |",
        "|---|---|---|---|",
        *held_out,
    ]
    return "\n".join(lines) + "\n"


def put(text: str, file: Path) -> None:
    """Let `file` hold the report between the marks, at its end if there are none."""
    before = file.read_text() if file.exists() else ""
    if BEGIN in before and END in before:
        first, _, rest = before.partition(BEGIN)
        last = rest.partition(END)[2]
    else:
        first, last = before + ("\n" if before else ""), "\n"
    file.write_text(f"{first}{BEGIN}\n{text}{END}{last}")


def _kilo(value: float) -> str:
    return f"{value / 1e3:,.1f}"


def _giga(value: float) -> str:
    return f"{value / 1e9:.2f}"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0, help="of training")
    parser.add_argument("--preset", help="25M by default")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--model", type=Path, help="where to keep the trained model")
    parser.add_argument("--write", type=Path, help="a Markdown file that gets the report")
    parser.add_argument("--tiny", action="store_true")
    arguments = parser.parse_args(words)
    text = report(arguments)
    print(text, end="")
    if arguments.write:
        put(text, arguments.write)


if __name__ == "__main__":
    main()
