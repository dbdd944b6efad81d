"""The options that several commands share: one name, one meaning, one help text."""

from pathlib import Path
from typing import Annotated

import typer

from compgen.cli.values import choice, flag, real, whole
from compgen.reading import Reading

MODEL = "The model"
SAMPLING = "Sampling"
SHAPING = "Shaping the distribution"
OUTPUT = "Output"

WINDOWS = ("first", "last", "relevant")
SAMPLERS = ("ancestral", "beam", "spans", "coinflips", "quote")
"""Names that are known here without importing numpy; a test holds them to the library's."""
MOST_EXPERTS = 1024


Prompt = Annotated[str | None, typer.Argument(help="What to continue.", show_default=False)]
PromptFile = Annotated[
    Path | None,
    typer.Option(
        "--prompt-file",
        metavar="FILE",
        show_default=False,
        help="Read the prompt from a file, any bytes; -: stdin.",
    ),
]
CompressorSpec = Annotated[
    str,
    typer.Option(
        "--compressor",
        "-c",
        metavar="SPEC",
        help="gzip, zstd:level=19, 'command:xz -9 -c', …; gzip+zstd mixes two. "
        "See: cgen compressors.",
    ),
]
CorpusFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--corpus",
        metavar="FILE",
        show_default=False,
        help="What primes the compressor; may be repeated. By default the English text in "
        "Python's own documentation, and nothing for neural, which has learned before.",
    ),
]
Seed = Annotated[
    int | None,
    whole("--seed", low=0, show_default=False, help="The same seed, the same bytes."),
]

ReadingOption = Annotated[
    Reading,
    choice(
        "--reading",
        among=tuple(Reading),
        called="reading",
        help="How code lengths are read: bytes, bits, payload, frozen or marginal; auto is the "
        "best that the compressor has.",
        rich_help_panel=MODEL,
    ),
]
Experts = Annotated[
    int | None,
    whole(
        "--experts",
        low=0,
        high=MOST_EXPERTS,
        metavar="J",
        show_default=False,
        help="Mix J experts, each primed with a random half of the corpus; 0: one, primed with "
        "all of it.",
        rich_help_panel=MODEL,
    ),
]
Contexts = Annotated[
    str | None,
    typer.Option(
        "--contexts",
        metavar="K,…",
        show_default=False,
        help="The experts see the last K bytes only, in turn, such as 5,4,3; 0 is everything.",
        rich_help_panel=MODEL,
    ),
]
Dither = Annotated[
    int | None,
    whole(
        "--dither",
        low=0,
        high=MOST_EXPERTS,
        metavar="J",
        show_default=False,
        help="Average the reading 'bytes' over J short prefixes; 0: off. Default: 8 where whole "
        "bytes are all that can be read of a compressor and it is fast.",
        rich_help_panel=MODEL,
    ),
]
WindowOption = Annotated[
    str,
    choice(
        "--window",
        among=WINDOWS,
        called="window",
        help="Which part of a corpus larger than the compressor can see: first, last, or the "
        "relevant pieces, given which the prompt costs least.",
        rich_help_panel=MODEL,
    ),
]
PrimeBytes = Annotated[
    int | None,
    whole(
        "--prime-bytes",
        show_default=False,
        help="How much of the corpus to use; by default what the compressor can see.",
        rich_help_panel=MODEL,
    ),
]
OwnTemperature = Annotated[
    float | None,
    real(
        "--temperature",
        "-t",
        metavar="T",
        show_default=False,
        help="Below 1 is bolder, 0 greedy, above 1 wilder. By default what suits the "
        "compressor, 1 as a rule.",
    ),
]
Temperature = Annotated[
    float,
    real("--temperature", "-t", metavar="T", help="Below 1 is bolder, 0 greedy, above 1 wilder."),
]

TopK = Annotated[
    int, whole("--top-k", help="Keep the N most probable; 0: all.", rich_help_panel=SHAPING)
]
TopP = Annotated[
    float, real("--top-p", help="Keep a nucleus of this mass; 1: all.", rich_help_panel=SHAPING)
]
MinP = Annotated[
    float | None,
    real(
        "--min-p",
        help="Keep what is at least X times as probable as the best; 0: all. By default what "
        "suits the compressor and what it is asked, 0.1 as a rule.",
        rich_help_panel=SHAPING,
        show_default=False,
    ),
]
Typical = Annotated[
    float,
    real("--typical", help="Keep the locally typical mass X; 1: all.", rich_help_panel=SHAPING),
]

JsonSamples = Annotated[
    bool, flag("--json", help="Print one JSON object a sample.", rich_help_panel=OUTPUT)
]
Json = Annotated[bool, flag("--json", help="Print JSON.", rich_help_panel=OUTPUT)]
Quiet = Annotated[
    bool, flag("--quiet", "-q", help="No notes and no progress.", rich_help_panel=OUTPUT)
]
