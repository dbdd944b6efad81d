"""Make what README.md shows: run it to see, or with --write to put it there.

    python examples/readme.py [--write] [SECTION …]

Every sample is one seed, uncut. The corpus is the English text in Python's own
documentation (pydoc_data.topics), so the words differ a little between versions of Python.
"""

import io
import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compgen import Corpus, Reading, Shaping, generate, get_compressor, prime, score
from compgen.cli.console import printable
from compgen.coding.container import compress_file, decompress_file
from compgen.registry import available
from compgen.scoring import spread_positions

README = Path(__file__).parent.parent / "README.md"
PROMPT = "The value of the expression is "
SEED = 1
LENGTH = 200


def sample(remark: str, **options: Any) -> Iterator[str]:
    """One sample as a quotation: what made it, what it cost, all of it."""
    (one,) = generate(PROMPT, n=LENGTH, seed=SEED, **options)
    yield f"**{remark}** ({one.bits_per_byte:.2f} bits/byte)"
    yield "```text"
    text = PROMPT + one.text
    yield printable(text)
    yield "```"


def first() -> Iterator[str]:
    """What the first command prints."""
    (one,) = generate(PROMPT, n=LENGTH, seed=SEED)
    yield "```text"
    yield printable(one.text)
    yield "```"


def headline() -> Iterator[str]:
    """The first table: gzip read by its output, and by its decoder."""
    yield from sample("`--reading bytes`, by the length of gzip's output", reading="bytes")
    yield from sample(
        "`--reading bytes --experts 24 --contexts 4,3,3 -t 0.6 --min-p 0.05 --dry-multiplier 0.8`, "
        "the same with the experts that the default has",
        reading="bytes",
        experts=24,
        contexts=(4, 3, 3),
        shaping=Shaping(temperature=0.6, min_p=0.05, dry_multiplier=0.8),
    )
    yield from sample("the default, `--reading marginal`: by gzip's decoder")


def gallery() -> Iterator[str]:
    """The other samplers and compressors, the bad ones too."""
    yield from sample(
        "`--sampler coinflips`: random bits through the real zlib decoder. Soup, and an exact "
        "sample.",
        sampler="coinflips",
    )
    yield from sample("`--experts 0`: one model of the whole prime. It quotes.", experts=0)
    yield from sample("`-c zstd`, which sees the whole corpus", compressor="zstd")
    yield from sample("`-c brotli`", compressor="brotli")
    yield from sample("`-c gzip+zstd`: the mean of the two. It quotes.", compressor="gzip+zstd")
    yield from sample("`-c bz2`: phrases of its corpus, chosen by code length", compressor="bz2")
    yield from sample(
        "`-c bz2 --sampler ancestral`: a block sort cannot say what comes next",
        compressor="bz2",
        sampler="ancestral",
    )
    yield from sample("`-c cm`, a model of ours that learns as it reads", compressor="cm")
    yield from sample("`-c png`: it filters rows of pixels", compressor="png", sampler="spans")
    yield from sample(
        "`-c gzip --reading bytes --sampler beam`: the cheapest continuation is a loop",
        sampler="beam",
        reading="bytes",
    )


def scores() -> Iterator[str]:
    """Cross-entropy of the readings on the last 100 KB of the corpus."""
    text = Corpus.builtin().read(0, 1 << 30)
    held_out = text[-100_000:]
    positions = spread_positions(len(held_out), 1000)
    yield "| compressor, primed with | reading | cross-entropy | top-1 | ties for best | its own |"
    yield "|---|---|---|---|---|---|"
    for spec, corpus, remark in (
        ("gzip", text[:30_000], "first 30 KB"),
        ("zstd", text[:30_000], "first 30 KB"),
        ("brotli", text[:30_000], "first 30 KB"),
        ("zstd:level=19", text[:-100_000], f"all {len(text) // 1000 - 100} KB before"),
    ):
        compressor = get_compressor(spec)
        for reading in compressor.readings:
            if spec != "gzip" and reading is not compressor.readings[0]:
                continue  # these recompress 256 times a position
            primed = prime([compressor], Corpus([corpus]), reading=reading, prime_bytes=len(corpus))
            found = score(
                primed, held_out, positions[::10] if reading is Reading.BYTES else positions
            )
            yield (
                f"| `{spec}`, {remark} | `{reading}` | {found.cross_entropy_bits_per_byte:.2f} "
                f"± {1.96 * found.standard_error:.2f} | {100 * found.top1.mean():.0f} % "
                f"| {found.ties.mean():.1f} | {found.code_length_bits_per_byte:.2f} |"
            )


def compressors() -> Iterator[str]:
    """The rows of the table of compressors."""
    yield "| compressor | readings, best first | what it is |"
    yield "|---|---|---|"
    for info in available():
        if not info.missing:
            readings = " ".join(f"`{reading}`" for reading in info.readings)
            what = "ours, a model" if info.is_model else info.library or "the program you name"
            what = "the model you name" if info.name == "hf" else what
            yield f"| `{info.name}` | {readings} | {what} |"


def results() -> Iterator[str]:
    """Columns of the first table of docs/results.md, which examples/results.sh makes."""
    lines = (README.parent / "docs" / "results.md").read_text().splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("| |"))
    for line in lines[first:]:
        if not line:
            return
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        yield "| " + " | ".join(cells[index] for index in (0, 1, 2, 4, 5, 6, 7)) + " |"


def both() -> Iterator[str]:
    """The files that models make of the last 100 KB of the corpus, beside those of programs."""
    text = Corpus.builtin().read(0, 1 << 30)
    held_out, before = text[-100_000:], text[:-100_000]
    yield "| `-c` | bytes | bits per byte | after the corpus |"
    yield "|---|---|---|---|"
    for spec in (
        "gzip",
        "coded:gzip",
        "zstd:level=19",
        "coded:zstd:level=19",
        "bz2",
        "cm",
        "neural",
    ):
        cold = container(spec, held_out)
        primed = (
            "takes none" if spec == "bz2" else f"{8 * container(spec, held_out, before) / 1e5:.2f}"
        )
        yield f"| `{spec}` | {cold:,} | {8 * cold / 1e5:.2f} | {primed} |"


def container(spec: str, data: bytes, corpus: bytes = b"") -> int:
    """Size of the container that `cgen compress` writes; it is decompressed again."""
    target, back = io.BytesIO(), io.BytesIO()
    size = compress_file(io.BytesIO(data), target, get_compressor(spec), corpus=corpus)
    target.seek(0)
    decompress_file(target, back, corpus=corpus)
    assert back.getvalue() == data, spec
    return size.container_bytes


def main() -> None:
    """Print every section, or write them between README.md's markers."""
    sections = (first, compressors, headline, gallery, scores, results, both)
    named = [word for word in sys.argv[1:] if not word.startswith("-")]
    for section in sections:
        if named and section.__name__ not in named:
            continue
        text = README.read_text()
        body = "\n".join(section())
        name = section.__name__
        if "--write" not in sys.argv:
            print(f"\n<!-- {name} -->\n{body}")
            continue
        pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        text, found = re.subn(pattern, lambda m: m[1] + body + "\n" + m[2], text, flags=re.DOTALL)  # noqa: B023
        assert found == 1, name
        README.write_text(text)
    print(f"made with Python {platform.python_version()}")


if __name__ == "__main__":
    main()
