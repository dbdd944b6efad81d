"""`compgen predict`: what a compressor thinks comes next."""

import json
from typing import Annotated

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.command import command
from compgen.reading import Reading


@command
def predict(
    prompt: options.Prompt = None,
    prompt_file: options.PromptFile = None,
    corpus: options.CorpusFiles = None,
    compressor: options.CompressorSpec = "gzip",
    reading: options.ReadingOption = Reading.AUTO,
    experts: options.Experts = None,
    contexts: options.Contexts = None,
    dither: options.Dither = 0,
    window: options.WindowOption = options.WindowName.RELEVANT,
    prime_bytes: options.PrimeBytes = None,
    seed: options.Seed = 0,
    top: Annotated[
        int,
        typer.Option(
            help="How many bytes to show.", min=1, max=256, rich_help_panel=options.OUTPUT
        ),
    ] = 16,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show the most likely next bytes: code lengths, probabilities, and how many tie."""
    import numpy as np

    from compgen.cli.inputs import expert_plan, read_corpus, read_prompt
    from compgen.corpus import Window
    from compgen.prediction import predict as predict_next
    from compgen.primed import prime
    from compgen.registry import get_compressors
    from compgen.report.terminal import prediction_chart

    primed = prime(
        get_compressors(compressor),
        read_corpus(corpus),
        read_prompt(prompt, prompt_file),
        reading=reading,
        dither=dither,
        experts=expert_plan(experts, contexts),
        window=Window(window),
        prime_bytes=prime_bytes,
        rng=np.random.default_rng([seed or 0, 0]),
    )
    if not quiet and not as_json:
        console.note(f"primed with {primed.prime.note}")
    prediction = predict_next(primed)
    if as_json:
        typer.echo(json.dumps(prediction.as_dict() | {"corpus_sha256": primed.prime.sha256}))
    else:
        console.results().print(prediction_chart(prediction, top))
