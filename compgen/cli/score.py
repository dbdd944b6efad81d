"""`compgen score`: how many bits a file costs."""

import json
from pathlib import Path
from typing import Annotated

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.command import INTERRUPTED, command
from compgen.reading import Reading


@command
def score(
    file: Annotated[
        Path | None, typer.Argument(help="What to score; - or nothing is stdin.", metavar="FILE|-")
    ] = None,
    corpus: Annotated[
        list[Path] | None,
        typer.Option(
            "--corpus",
            help="A file that primes the compressor, whole; repeat it for several. "
            "Without one the context is empty.",
            metavar="FILE",
            rich_help_panel=options.PRIMING,
        ),
    ] = None,
    compressor: options.CompressorSpec = "gzip",
    reading: options.ReadingOption = Reading.AUTO,
    experts: options.Experts = None,
    contexts: options.Contexts = None,
    dither: options.Dither = 0,
    temperature: Annotated[
        float,
        typer.Option(
            "--temperature",
            "-t",
            help="Code lengths are divided by it.",
            rich_help_panel=options.MODEL,
        ),
    ] = 1.0,
    positions: Annotated[
        int,
        typer.Option(help="Predict the next byte at this many evenly spaced positions.", min=1),
    ] = 256,
    seed: options.Seed = 0,
    heatmap: Annotated[
        bool,
        typer.Option(
            help="Colour each of the first characters, as many as positions, by its bits.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Measure a file: its code length, and the cross-entropy of its true next bytes."""
    import numpy as np
    from rich.progress import Progress

    from compgen.cli.inputs import expert_plan, read_input
    from compgen.corpus import Corpus
    from compgen.errors import InputError
    from compgen.primed import prime
    from compgen.registry import get_compressors
    from compgen.report.terminal import heat_map, score_table
    from compgen.scoring import score as score_file
    from compgen.scoring import spread_positions

    compressors = get_compressors(compressor)
    data = read_input(file)
    if not data:
        raise InputError("the file to score is empty; there is nothing to predict")
    source = Corpus.of_files(list(corpus)) if corpus else None
    primed = prime(
        compressors,
        source,
        reading=reading,
        dither=dither,
        experts=expert_plan(experts, contexts),
        prime_bytes=len(source) if source else None,
        rng=np.random.default_rng([seed or 0, 0]),
    )
    chosen = (
        np.arange(min(positions, len(data))) if heatmap else spread_positions(len(data), positions)
    )
    screen = console.notes()
    with Progress(
        console=screen, transient=True, disable=quiet or not screen.is_terminal
    ) as progress:
        task = progress.add_task("predicting", total=chosen.size)
        result = score_file(
            primed,
            data,
            chosen,
            temperature=temperature,
            progress=lambda done: progress.update(task, completed=done),
        )
    if as_json:
        typer.echo(json.dumps(result.as_dict(each=heatmap)))
    else:
        if heatmap:
            console.results().print(heat_map(result, data))
        console.results().print(score_table(result))
    return INTERRUPTED if result.positions.size < chosen.size else 0
