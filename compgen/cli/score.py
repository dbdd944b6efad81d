"""`compgen score`: how many bits a file costs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.files import STANDARD
from compgen.cli.interrupt import INTERRUPTED, keep_what_there_is
from compgen.cli.score_image import score_picture
from compgen.cli.score_sound import score_recording
from compgen.cli.values import choice, flag, real, whole
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.corpus import Corpus

KINDS = ("bytes", "image", "sound")


def score(
    file: Annotated[
        Path | None,
        typer.Argument(help="What to score; - or nothing is stdin.", show_default=False),
    ] = None,
    compressor: options.CompressorSpec = "gzip",
    corpus: Annotated[
        list[Path] | None,
        typer.Option(
            "--corpus",
            metavar="FILE",
            show_default=False,
            help="What primes the compressor, whole; may be repeated. By default nothing does.",
        ),
    ] = None,
    positions: Annotated[
        int,
        whole("--positions", low=1, help="Predict the next byte at N evenly spaced positions."),
    ] = 256,
    temperature: Annotated[
        float, real("--temperature", "-t", above=0, metavar="T", help="Divide code lengths by T.")
    ] = 1.0,
    seed: options.Seed = 0,
    reading: options.ReadingOption = Reading.AUTO,
    experts: options.Experts = None,
    contexts: options.Contexts = None,
    dither: options.Dither = None,
    prime_bytes: Annotated[
        int | None,
        whole(
            "--prime-bytes",
            low=1,
            show_default=False,
            help="Use the last N bytes of the corpus; by default all of it.",
            rich_help_panel=options.MODEL,
        ),
    ] = None,
    heatmap: Annotated[
        bool,
        flag(
            "--heatmap",
            help="Colour each of the first N characters by its bits, N being --positions.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
    treat_as: Annotated[
        str | None,
        choice(
            "--as",
            among=KINDS,
            called="kind",
            help="Score the file's bytes, or the picture or sound in it; by default a picture as "
            "a picture, and WAV and FLAC as sound.",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="TRUTH",
            show_default=False,
            help="Pictures and sounds: measure what was generated against this one.",
        ),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="REGION",
            show_default=False,
            help="What of it was given, with --against: top:50%, left:50% or mask:FILE of a "
            "picture, 50%, 3s or 500ms of a sound.",
        ),
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Measure a file: its code length, and the cross-entropy of its true next bytes.

    A picture is coded as a picture, and a sound as a sound; --against TRUTH tells how well one
    was filled in or continued.
    """
    import numpy as np
    from rich.progress import Progress

    from compgen.cli.inputs import expert_plan, read_corpus, read_input, require_one_stdin
    from compgen.corpus import Window
    from compgen.errors import InputError, UsageError
    from compgen.primed import prime
    from compgen.registry import get_compressors
    from compgen.report.terminal import heat_map, score_table
    from compgen.scoring import score as score_file
    from compgen.scoring import spread_positions

    console.be_quiet(quiet)
    require_one_stdin(file or Path("-"), *(corpus or ()))
    data = read_input(file)
    of_bytes = bool(corpus or heatmap)
    if of_bytes and treat_as in ("image", "sound"):
        raise UsageError(f"--corpus and --heatmap are about bytes: leave out --as {treat_as}")
    kind = treat_as or ("bytes" if of_bytes else _kind(data))
    if kind != "bytes":
        score_medium = score_picture if kind == "image" else score_recording
        label = "standard input" if file in (None, STANDARD) else str(file)
        return score_medium(data, label, compressor, against, keep, as_json)
    if against is not None or keep is not None:
        raise UsageError("--against and --keep are for pictures and sounds, and this is neither")
    compressors = get_compressors(compressor)
    source = read_corpus(corpus) if corpus else None
    if not data:
        raise InputError("the file to score is empty; there is nothing to predict")
    primed = prime(
        compressors,
        source,
        reading=Reading(reading),
        dither=dither,
        experts=expert_plan(experts, contexts),
        window=Window.LAST,
        prime_bytes=prime_bytes or (_all_of(source) if source else None),
        rng=np.random.default_rng([seed or 0, 0]),
    )
    chosen = (
        np.arange(min(positions, len(data))) if heatmap else spread_positions(len(data), positions)
    )
    screen = console.notes()
    with Progress(
        console=screen, transient=True, disable=quiet or not console.can_redraw(screen)
    ) as progress:
        task = progress.add_task("predicting", total=chosen.size)

        def predicted(count: int) -> None:
            keep_what_there_is()
            progress.update(task, completed=count)

        result = score_file(primed, data, chosen, temperature=temperature, progress=predicted)
    if as_json:
        console.show_json(result.as_dict(each=heatmap))
    else:
        if heatmap:
            console.show(heat_map(result, data))
        console.show(score_table(result))
    if result.positions.size < chosen.size:
        console.note(f"interrupted after {result.positions.size} of {chosen.size} positions")
        return INTERRUPTED
    return 0


def _kind(data: bytes) -> str:
    """What a file is taken for."""
    from compgen.media.image_file import looks_like_an_image
    from compgen.media.sound_file import looks_like_a_sound

    if looks_like_a_sound(data):
        return "sound"
    return "image" if looks_like_an_image(data) else "bytes"


def _all_of(corpus: "Corpus") -> int:
    """The length of a corpus that is to be coded as a whole, if it can be."""
    from compgen.corpus import LARGEST_WHOLE
    from compgen.errors import UsageError

    if len(corpus) > LARGEST_WHOLE:
        raise UsageError(
            f"{corpus.label} is larger than {LARGEST_WHOLE >> 20} MB, too large to be coded as a "
            "whole; --prime-bytes N takes the last N bytes"
        )
    return len(corpus)
