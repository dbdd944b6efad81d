"""`compgen text`: continuations."""

import time
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.interrupt import INTERRUPTED, held, keep_what_there_is
from compgen.cli.progress import ProgressLine
from compgen.cli.values import choice, flag, real, whole
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.generation import Plan, Writing
    from compgen.primed import Primed

Number = TypeVar("Number", int, float)
SHAPING, SAMPLING, OUTPUT = options.SHAPING, options.SAMPLING, options.OUTPUT


def text(
    prompt: options.Prompt = None,
    prompt_file: options.PromptFile = None,
    compressor: options.CompressorSpec = "gzip",
    corpus: options.CorpusFiles = None,
    n: Annotated[int, whole("--bytes", "-n", help="How many bytes to write.")] = 200,
    temperature: options.OwnTemperature = None,
    samples: Annotated[
        int, whole("--samples", "-N", low=1, help="How many continuations to write.")
    ] = 1,
    seed: options.Seed = None,
    reading: options.ReadingOption = Reading.AUTO,
    experts: options.Experts = None,
    contexts: options.Contexts = None,
    dither: options.Dither = None,
    window: options.WindowOption = "relevant",
    prime_bytes: options.PrimeBytes = None,
    sampler: Annotated[
        str | None,
        choice(
            "--sampler",
            among=options.SAMPLERS,
            called="sampler",
            help="ancestral (byte after byte), beam, spans or coinflips; by default what suits "
            "the compressor.",
            rich_help_panel=SAMPLING,
            show_default=False,
        ),
    ] = None,
    beam_width: Annotated[
        int | None,
        whole(
            "--beam-width",
            help="beam: how many are kept.",
            rich_help_panel=SAMPLING,
            show_default=False,
        ),
    ] = None,
    horizon: Annotated[
        int | None,
        whole(
            "--horizon",
            help="beam, spans: bytes of look-ahead.",
            rich_help_panel=SAMPLING,
            show_default=False,
        ),
    ] = None,
    commit: Annotated[
        int | None,
        whole(
            "--commit",
            help="beam, spans: bytes written at a time.",
            rich_help_panel=SAMPLING,
            show_default=False,
        ),
    ] = None,
    max_copy: Annotated[
        int | None,
        whole(
            "--max-copy",
            low=1,
            help="Never extend a verbatim copy of the corpus beyond N bytes.",
            rich_help_panel=SAMPLING,
            show_default=False,
        ),
    ] = None,
    stop: Annotated[
        list[str] | None,
        typer.Option(
            "--stop",
            metavar="TEXT",
            help="End before this string; may be repeated.",
            rich_help_panel=SAMPLING,
            show_default=False,
        ),
    ] = None,
    top_k: options.TopK = 0,
    top_p: options.TopP = 1.0,
    min_p: options.MinP = None,
    typical: options.Typical = 1.0,
    repeat_penalty: Annotated[
        float,
        real(
            "--repeat-penalty",
            help="Makes recent bytes less probable; 1: off.",
            rich_help_panel=SHAPING,
        ),
    ] = 1.0,
    repeat_last_n: Annotated[
        int,
        whole(
            "--repeat-last-n",
            help="How many bytes are recent to it; -1: all.",
            rich_help_panel=SHAPING,
        ),
    ] = 64,
    dry_multiplier: Annotated[
        float | None,
        real(
            "--dry-multiplier",
            help="DRY: penalty on continuing a repeat; 0: off, 0.8 is usual. By default what "
            "suits the compressor.",
            rich_help_panel=SHAPING,
            show_default=False,
        ),
    ] = None,
    dry_base: Annotated[
        float,
        real("--dry-base", help="DRY: its growth with each byte.", rich_help_panel=SHAPING),
    ] = 1.75,
    dry_allowed_length: Annotated[
        int | None,
        whole(
            "--dry-allowed-length",
            help="DRY: shorter repeats are free; 8 as a rule.",
            rich_help_panel=SHAPING,
            show_default=False,
        ),
    ] = None,
    dry_penalty_last_n: Annotated[
        int,
        whole(
            "--dry-penalty-last-n",
            help="DRY: how many bytes it looks back; -1: all.",
            rich_help_panel=SHAPING,
        ),
    ] = -1,
    as_json: options.JsonSamples = False,
    no_stream: Annotated[
        bool,
        flag("--no-stream", help="Print a sample only when it is whole.", rich_help_panel=OUTPUT),
    ] = False,
    quiet: options.Quiet = False,
) -> int:
    """Continue a text with any compressor.

    [dim]cgen text "The " -c zstd:level=19 --corpus book.txt[/]
    """
    from compgen.cli.inputs import expert_plan, read_corpus, read_prompt, require_one_stdin
    from compgen.cli.samplers import make_sampler, require_drawable
    from compgen.conditionals.experts import ExpertPlan
    from compgen.corpus import Window
    from compgen.generation import Plan, fresh_seed, tuned, writings
    from compgen.primed import default_corpus, prime
    from compgen.registry import get_compressors
    from compgen.sampling import Shaping

    console.be_quiet(quiet)
    compressors = get_compressors(compressor)
    chosen = make_sampler(sampler, compressors[0], beam_width, horizon, commit)
    mixture = expert_plan(experts, contexts)
    tuning = tuned(compressors, chosen, reading, mixture)
    plan = Plan(
        sampler=chosen,
        shaping=Shaping(
            temperature=_or(temperature, tuning.temperature),
            top_k=top_k,
            top_p=top_p,
            min_p=_or(min_p, tuning.min_p),
            typical_p=typical,
            repeat_penalty=repeat_penalty,
            repeat_last_n=repeat_last_n,
            dry_multiplier=_or(dry_multiplier, tuning.dry_multiplier),
            dry_base=dry_base,
            dry_allowed_length=_or(dry_allowed_length, tuning.dry_allowed_length),
            dry_penalty_last_n=dry_penalty_last_n,
        ),
        length=n,
        stop=tuple(word.encode("utf-8", "surrogateescape") for word in stop or ()),
        max_copy=max_copy,
        seed=fresh_seed() if seed is None else seed,
    )
    require_drawable(chosen, compressors, plan.shaping, bool(mixture))
    require_one_stdin(prompt_file, *(corpus or ()))
    primed = prime(
        compressors,
        read_corpus(corpus) if corpus else default_corpus(compressors),
        read_prompt(prompt, prompt_file),
        reading=reading,
        dither=dither,
        experts=mixture or ExpertPlan(tuning.experts, tuning.contexts),
        window=Window(window),
        prime_bytes=prime_bytes,
        rng=plan.model_rng(),
    )
    console.note(f"{primed.spec}, reading '{primed.reading}', primed with {primed.prime.note}")
    for sample, writing in enumerate(writings(primed, plan, samples)):
        if samples > 1 and not as_json:
            _separate(sample, samples)
        interrupted = _write(writing, primed, plan, as_json=as_json, whole=no_stream, quiet=quiet)
        if interrupted:
            return INTERRUPTED
    return 0


def _or(given: Number | None, default: Number) -> Number:
    """What was given, or the default if nothing was (0 is something)."""
    return default if given is None else given


def _write(
    writing: "Writing", primed: "Primed", plan: "Plan", *, as_json: bool, whole: bool, quiet: bool
) -> bool:
    """Write one sample to stdout; true if Ctrl-C ended it early, with what there was."""
    from compgen.corpus import byte_count

    stream = console.ByteStream()
    streaming = not (as_json or whole)
    if streaming:
        stream.prompt(primed.prompt)
    shown = 0
    interrupted = False
    started = time.perf_counter()
    with _Progress(plan.length, hidden=quiet or (streaming and stream.on_terminal)) as progress:
        try:
            for piece in writing:
                keep_what_there_is()
                if streaming:
                    with held():
                        stream.write(piece)
                        shown += len(piece)
                progress.update(writing)
        except KeyboardInterrupt:
            interrupted = True
    seconds = time.perf_counter() - started
    continuation = writing.result(interrupted=interrupted)
    if as_json:
        console.show_json(continuation.as_dict())
    else:
        if whole:
            stream.prompt(primed.prompt)
        # after Ctrl-C, too, what was held back because it might have begun a stop string
        stream.write(continuation.data[shown:])
        stream.finish()
    ending = " (interrupted)" if interrupted else " (stopped)" if continuation.stopped else ""
    console.note(
        f"{byte_count(len(continuation.data))}, {continuation.bits_per_byte:.2f} bits/byte, "
        f"{len(continuation.data) / max(seconds, 1e-9):,.0f} bytes/s, seed {plan.seed}{ending}"
    )
    return interrupted


def _separate(sample: int, samples: int) -> None:
    """A line between samples, so that they can be told apart in a pipe, too."""
    console.write_bytes(f"{chr(10) * (sample > 0)}--- {sample + 1} of {samples} ---\n".encode())


class _Progress(ProgressLine):
    """Bytes of one sample, with bytes/s and bits/byte."""

    def __init__(self, total: int, *, hidden: bool) -> None:
        facts = "{task.completed:,.0f}/{task.total:,.0f} bytes", "{task.fields[rate]}"
        super().__init__(total, *facts, hidden=hidden, rate="")

    def update(self, writing: "Writing") -> None:
        """Show how far the sample is."""
        written = len(writing)
        rate = f"{self.per_second(written):,.0f} bytes/s"
        if writing.bits_so_far is not None and written:
            rate += f", {writing.bits_so_far / written:.2f} bits/byte"
        self.show(completed=written, rate=rate)
