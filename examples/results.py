"""The tables of docs/results.md, on stdout. See results.sh.

text × ways of using compressors  ─►  runs, kept in a directory  ─►  one table a text
"""

import hashlib
import platform
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from compgen import Corpus, get_compressor
from compgen.experiment.executors import run_all, workers_for
from compgen.experiment.quality import Bench, Quality
from compgen.experiment.spec import RunSpec
from compgen.experiment.split import split_of
from compgen.experiment.store import Store
from compgen.metrics.intervals import Mean
from compgen.versions import versions_of

PLAIN = (("min_p", 0.0), ("temperature", 1.0))
BASE = RunSpec(text_sha256="", compressor="gzip", seed=1, prompts=40, length=200, positions=100)
WAYS: dict[str, RunSpec] = {
    "gzip, the paper's way: next byte by whole bytes, T = 1": replace(
        BASE, reading="bytes", shaping=PLAIN
    ),
    "gzip, next byte by exact bits, T = 1": replace(BASE, reading="bits", shaping=PLAIN),
    "gzip, next byte by payload, min-p .1": replace(BASE, reading="payload"),
    "gzip, beam search, exact bits": replace(BASE, reading="bits", sampler="beam"),
    "gzip, spans, exact bits": replace(BASE, reading="bits", sampler="spans"),
    "… *null score*: spans that nobody ranked": replace(
        BASE, compressor="uniform", sampler="spans"
    ),
    "gzip, its decoder's distribution, T = 1": replace(BASE, experts=0, shaping=PLAIN),
    "gzip, the same, min-p .1": replace(BASE, experts=0),
    "**gzip, the default: 24 experts**": BASE,
    "**zstd**": replace(BASE, compressor="zstd"),
    "**brotli**": replace(BASE, compressor="brotli"),
    "**bz2** (spans)": replace(BASE, compressor="bz2"),
    "**cm**": replace(BASE, compressor="cm"),
    "**neural**": replace(BASE, compressor="neural"),
    "*n-gram of order 6, min-p .1*": replace(BASE, compressor="ngram"),
    "*uniform bytes*": replace(BASE, compressor="uniform"),
    "*a quotation of the corpus*": replace(BASE, compressor="uniform", sampler="quote"),
}


def main() -> None:
    """Run what is not there yet, on two processes, and print the page."""
    if len(sys.argv) != 3:
        sys.exit("usage: python examples/results.py TEXTS RUNS")
    directory, store = Path(sys.argv[1]), Store(Path(sys.argv[2]))
    corpus = Corpus.builtin()
    texts = {
        "tinyshakespeare.txt": (directory / "tinyshakespeare.txt").read_bytes(),
        "alice29.txt": (directory / "alice29.txt").read_bytes(),
        f"pydoc_data.topics, Python {platform.python_version()}": corpus.read(0, len(corpus)),
    }
    print(HEAD)
    for name, text in texts.items():
        print("\n".join(table(name, text, store)), flush=True)
    versions = ", ".join(f"{name} {version}" for name, version in versions_of([]).items())
    print(f"\n{versions}, {platform.machine()}.")


def table(name: str, text: bytes, store: Store) -> Iterator[str]:
    """One text: a heading, the split, the rows."""
    sha256 = hashlib.sha256(text).hexdigest()
    specs = {label: replace(way, text_sha256=sha256) for label, way in WAYS.items()}
    runs = run_all(
        list(specs.values()),
        {sha256: text},
        store,
        workers=workers_for(2, None),
        progress=lambda run: print(f"{name}: {run.spec.label}", file=sys.stderr),
    )
    base = next(iter(specs.values()))
    split = split_of(base, text)
    bench = Bench(split)
    yield f"\n## {name}\n"
    yield (
        f"Corpus {len(split.pool):,} bytes, judge's text {len(split.judged):,}, {base.prompts} "
        f"prompts of {base.prompt_bytes} bytes continued by {base.length}; the judge pays "
        f"{bench.real_bits_per_byte:.2f} bits per byte for the real continuations. "
        f"Split {split.sha256[:16]}.\n"
    )
    yield "| | gap | copied | longest | repeat | words | AUC | bits/byte | top-1 | cand./B | B/s |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    yield row("*real text*", bench.real())
    for label, run in zip(specs, runs, strict=True):
        has_read = sha256 in get_compressor(run.spec.compressor).learned_from
        yield row(f"{label} †" if has_read else label, bench.measure(run, label))


def row(label: str, found: Quality) -> str:
    """One line of the table."""
    cells = [
        interval(found.gap, "+.2f"),
        f"{found.covered.value:.2f}",
        f"{found.longest_copy.value:.0f}",
        f"{found.longest_repeat.value:.0f}",
        f"{found.valid_words.value:.2f}",
        f"{found.auc:.2f}",
    ]
    if (prediction := found.prediction) is None:
        cells += ["", ""]
    else:
        cells += [interval(prediction.cross_entropy, ".2f"), f"{100 * prediction.top1.value:.0f} %"]
    if found.run is None:
        cells += ["", ""]
    else:
        cells += [f"{found.candidates_per_byte or 0:,.0f}", f"{found.bytes_per_second or 0:,.0f}"]
    return f"| {label} | {' | '.join(cells)} |"


def interval(mean: Mean, form: str) -> str:
    """A mean and half its 95 % interval."""
    return f"{format(mean.value, form)} ±{mean.half_width:.2f}"


HEAD = """# How good is each compressor, read in each way?

`sh examples/results.sh TEXTS` makes this page. Each text is split into a corpus, an independent
judge's text and held-out prompts (docs/metrics.md says what every figure means, and what fools
it). *gap*: the judge's bits per byte of the samples less those of the real continuations: 0 is
right, both sides are wrong, ± is a 95 % bootstrap interval over the prompts. *copied*: share of
bytes in verbatim copies of the corpus, 12 bytes or more. *AUC*: of a classifier that tells
samples from real text; .5 is right, and with so few samples real text itself comes out anywhere
near it. *bits/byte*, *top-1*: on the true next byte at held-out places. *cand./B*: candidates
scored for each byte. One seed.

†: not a fair row: the network that comes with compgen has learned from this very file, from most
of what is held out here too.

A low gap with much copying is retrieval, not quality. Read the row of the quotation first."""


if __name__ == "__main__":
    main()
