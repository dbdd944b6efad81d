"""`compgen demo`: a tour in the terminal, without arguments and without network."""

from typing import TYPE_CHECKING, Any

from compgen.cli import console

if TYPE_CHECKING:
    from compgen.reading import Reading

PROMPT = b"The value of the expression is "
SEED = 7
LENGTH = 160
SENTENCE = (
    b"A class definition defines a class object, and a function is called with its arguments."
)


def demo() -> None:
    """Take a 30-second tour: no arguments, no network."""
    from rich.rule import Rule

    def say(text: str = "", style: str = "") -> None:
        console.results().print(text, style=style, markup=False)

    def title(text: str) -> None:
        console.results().print()
        console.results().print(Rule(text, align="left", style="dim", characters="─"))

    from compgen.reading import Reading

    say("A compressor is a language model that nobody asked.", "bold")
    say("If a continuation x costs gzip L bits, then gzip believes in it with p = 2^-L.")

    title("1  ask gzip for the next byte, as everybody does: by the length of its output")
    _predict(Reading.BYTES)
    say("Most bytes tie: whole bytes, and the jitter of block headers, drown the signal.")

    title("2  ask its decoder instead: what would gunzip write if it were fed coin flips?")
    _predict(Reading.AUTO)

    title("3  so let them write")
    voices: list[tuple[str, dict[str, Any], str]] = [
        ("gzip", {"reading": Reading.BYTES}, "gzip, by whole bytes"),
        ("gzip", {"sampler": "coinflips"}, "real coin flips through the real decoder of zlib"),
        ("gzip", {}, "gzip, read properly"),
        ("zstd", {"sampler": "spans"}, "zstd, choosing among phrases of its corpus"),
        ("bz2", {"sampler": "spans"}, "bz2, likewise"),
    ]
    for spec, options, remark in voices:
        _continue(spec, options, remark)

    title("4  a model of text is a judge of text")
    _judge()

    title("what next")
    say('cgen text "Once upon a time" --corpus book.txt      your own corpus')
    say('cgen predict "The " -c zstd:level=19                what it thinks next')
    say("cgen score file.txt --heatmap                      what surprised it")
    say("cgen compressors                                   what there is")


def _predict(reading: "Reading") -> None:
    from compgen import Corpus, get_compressor, predict, prime
    from compgen.report.terminal import prediction_chart

    primed = prime([get_compressor("gzip")], Corpus.builtin(), PROMPT, reading=reading)
    console.results().print(prediction_chart(predict(primed), top=6))


def _continue(spec: str, options: dict[str, Any], remark: str) -> None:
    from rich.text import Text

    from compgen import generate

    (one,) = generate(PROMPT, compressor=spec, n=LENGTH, seed=SEED, **options)
    line = Text()
    line.append(f"\n{remark}", "bold")
    line.append(f"  ({one.bits_per_byte:.2f} bits/byte)\n", "dim")
    line.append(PROMPT.decode(), "dim")
    line.append(console.printable(one.text.rstrip()))
    console.results().print(line)


def _judge() -> None:
    import numpy as np
    from rich.table import Table

    from compgen import Corpus, get_compressor, prime

    primed = prime([get_compressor("gzip")], Corpus.builtin(), b"\n")
    rng = np.random.default_rng(SEED)
    words = SENTENCE.split()
    rows = (
        ("English", SENTENCE),
        ("its words, shuffled", b" ".join(words[index] for index in rng.permutation(len(words)))),
        ("its letters, shuffled", bytes(rng.permutation(list(SENTENCE)).tolist())),
    )
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for header in ("gzip's opinion", "bits/byte", ""):
        table.add_column(header)
    for label, text in rows:
        bits = float(primed.conditional.bits([text])[0]) / len(text)
        table.add_row(label, f"{bits:.2f}", console.printable(text.decode()))
    console.results().print(table)
