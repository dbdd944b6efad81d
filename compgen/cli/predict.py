"""`compgen predict`: what a compressor thinks comes next."""

from typing import Annotated

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.values import whole
from compgen.reading import Reading


def predict(
    prompt: options.Prompt = None,
    prompt_file: options.PromptFile = None,
    compressor: options.CompressorSpec = "gzip",
    corpus: options.CorpusFiles = None,
    top: Annotated[int, whole("--top", low=1, high=256, help="How many bytes to show.")] = 16,
    seed: options.Seed = 0,
    reading: options.ReadingOption = Reading.AUTO,
    experts: options.Experts = None,
    contexts: options.Contexts = None,
    dither: options.Dither = None,
    window: options.WindowOption = "relevant",
    prime_bytes: options.PrimeBytes = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show the most likely next bytes, their code lengths, and how many tie."""
    import numpy as np

    from compgen.cli.inputs import expert_plan, read_corpus, read_prompt, require_one_stdin
    from compgen.corpus import Window
    from compgen.prediction import predict as predict_next
    from compgen.primed import default_corpus, prime
    from compgen.registry import get_compressors
    from compgen.report.terminal import prediction_chart

    console.be_quiet(quiet)
    compressors = get_compressors(compressor)
    require_one_stdin(prompt_file, *(corpus or ()))
    primed = prime(
        compressors,
        read_corpus(corpus) if corpus else default_corpus(compressors),
        read_prompt(prompt, prompt_file),
        reading=Reading(reading),
        dither=dither,
        experts=expert_plan(experts, contexts),
        window=Window(window),
        prime_bytes=prime_bytes,
        rng=np.random.default_rng([seed or 0, 0]),
    )
    console.note(f"primed with {primed.prime.note}")
    prediction = predict_next(primed)
    if as_json:
        console.show_json(prediction.as_dict() | {"corpus_sha256": primed.prime.sha256})
    else:
        console.show(prediction_chart(prediction, top))
