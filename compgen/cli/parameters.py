"""The options that several commands share: one name, one meaning, one help text."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from compgen.reading import Reading

MODEL = "The model"
PRIMING = "The corpus"
SHAPING = "Shaping the distribution"
SAMPLING = "Sampling"
OUTPUT = "Output"


class SamplerName(StrEnum):
    """The names of the samplers, known without importing them."""

    ANCESTRAL = "ancestral"
    BEAM = "beam"
    SPANS = "spans"
    COINFLIPS = "coinflips"


class WindowName(StrEnum):
    """The parts of a corpus that may prime, known without importing numpy."""

    FIRST = "first"
    LAST = "last"
    RELEVANT = "relevant"


Prompt = Annotated[str | None, typer.Argument(help="What to continue.", show_default=False)]
PromptFile = Annotated[
    Path | None,
    typer.Option(help="Read the prompt from a file, any bytes; - is stdin.", metavar="FILE|-"),
]
CorpusFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--corpus",
        help="A file that primes the compressor; repeat it for several. "
        "Without one: the English text in Python's own documentation.",
        metavar="FILE",
        rich_help_panel=PRIMING,
    ),
]
WindowOption = Annotated[
    WindowName,
    typer.Option(
        help="Which part of a corpus larger than the window is used: the relevant pieces are "
        "those given which the prompt costs least.",
        rich_help_panel=PRIMING,
    ),
]
PrimeBytes = Annotated[
    int | None,
    typer.Option(
        help="How much of the corpus is used; by default what the compressor can see.",
        rich_help_panel=PRIMING,
        show_default=False,
    ),
]
CompressorSpec = Annotated[
    str,
    typer.Option(
        "--compressor",
        "-c",
        help="A spec such as gzip, zstd:level=19 or 'command:xz -9 -c'; gzip+zstd mixes two. "
        "See: compgen compressors.",
        metavar="SPEC",
        rich_help_panel=MODEL,
    ),
]
ReadingOption = Annotated[
    Reading,
    typer.Option(help="How code lengths are read; auto: the best.", rich_help_panel=MODEL),
]
Dither = Annotated[
    int,
    typer.Option(
        help="Average the reading 'bytes' over this many random prefixes; 0: off.",
        min=0,
        rich_help_panel=MODEL,
    ),
]
Experts = Annotated[
    int | None,
    typer.Option(
        help="Mix this many experts, each primed with a random half of the corpus; 0: one, "
        "primed with all of it.",
        min=0,
        rich_help_panel=MODEL,
        show_default=False,
    ),
]
Contexts = Annotated[
    str | None,
    typer.Option(
        help="The experts see the last K bytes only, in turn: 5,4,3; 0 is everything.",
        metavar="K,…",
        rich_help_panel=MODEL,
        show_default=False,
    ),
]
Temperature = Annotated[
    float,
    typer.Option("--temperature", "-t", help="0 is greedy.", rich_help_panel=SHAPING),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.", rich_help_panel=OUTPUT)]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No notes, no progress.", rich_help_panel=OUTPUT)
]
Seed = Annotated[
    int | None,
    typer.Option(
        help="The same seed, the same bytes.", min=0, rich_help_panel=SAMPLING, show_default=False
    ),
]
