"""`compgen text`: continuations."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.command import INTERRUPTED, command
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.generation import Plan, Writing
    from compgen.primed import Primed

SHAPING, SAMPLING, OUTPUT = options.SHAPING, options.SAMPLING, options.OUTPUT


@command
def text(
    prompt: options.Prompt = None,
    prompt_file: options.PromptFile = None,
    corpus: options.CorpusFiles = None,
    compressor: options.CompressorSpec = "gzip",
    reading: options.ReadingOption = Reading.AUTO,
    n: Annotated[
        int, typer.Option("--bytes", "-n", help="Bytes to write.", rich_help_panel=SAMPLING)
    ] = 200,
    sampler: Annotated[
        options.SamplerName | None,
        typer.Option(
            help="By default ancestral, byte after byte, or what suits the compressor.",
            rich_help_panel=SAMPLING,
            show_default=False,
        ),
    ] = None,
    experts: options.Experts = None,
    contexts: options.Contexts = None,
    dither: options.Dither = 0,
    window: options.WindowOption = options.WindowName.RELEVANT,
    prime_bytes: options.PrimeBytes = None,
    temperature: options.Temperature = 1.0,
    top_k: Annotated[
        int, typer.Option(help="Keep the K most probable; 0: all.", rich_help_panel=SHAPING)
    ] = 0,
    top_p: Annotated[
        float, typer.Option(help="Keep the nucleus of this mass; 1: all.", rich_help_panel=SHAPING)
    ] = 1.0,
    min_p: Annotated[
        float,
        typer.Option(
            help="Keep what is at least this fraction of the most probable; 0: all.",
            rich_help_panel=SHAPING,
        ),
    ] = 0.1,
    typical: Annotated[
        float, typer.Option(help="Locally typical mass; 1: off.", rich_help_panel=SHAPING)
    ] = 1.0,
    repeat_penalty: Annotated[float, typer.Option(help="1: off.", rich_help_panel=SHAPING)] = 1.0,
    repeat_last_n: Annotated[
        int, typer.Option(help="Bytes that the penalty looks at; -1: all.", rich_help_panel=SHAPING)
    ] = 64,
    dry_multiplier: Annotated[
        float,
        typer.Option(help="Penalty on repeats (DRY); 0: off, 0.8: usual.", rich_help_panel=SHAPING),
    ] = 0.0,
    dry_base: Annotated[
        float, typer.Option(help="Its growth for each further byte.", rich_help_panel=SHAPING)
    ] = 1.75,
    dry_allowed_length: Annotated[
        int, typer.Option(help="Repeats up to this long are free.", rich_help_panel=SHAPING)
    ] = 8,
    dry_penalty_last_n: Annotated[
        int, typer.Option(help="How far back it looks; -1: all.", rich_help_panel=SHAPING)
    ] = -1,
    beam_width: Annotated[
        int | None,
        typer.Option(help="beam: how many are kept.", rich_help_panel=SAMPLING, show_default=False),
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option(
            help="beam, spans: bytes of look-ahead.", rich_help_panel=SAMPLING, show_default=False
        ),
    ] = None,
    commit: Annotated[
        int | None,
        typer.Option(
            help="beam, spans: bytes written at a time.",
            rich_help_panel=SAMPLING,
            show_default=False,
        ),
    ] = None,
    max_copy: Annotated[
        int | None,
        typer.Option(
            help="Never extend a verbatim copy of the corpus beyond N bytes.",
            metavar="N",
            rich_help_panel=SAMPLING,
            show_default=False,
        ),
    ] = None,
    stop: Annotated[
        list[str] | None,
        typer.Option(help="End before this string.", rich_help_panel=SAMPLING, show_default=False),
    ] = None,
    seed: options.Seed = None,
    samples: Annotated[
        int,
        typer.Option("--samples", "-N", help="How many continuations.", rich_help_panel=SAMPLING),
    ] = 1,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="One JSON object a sample.", rich_help_panel=OUTPUT),
    ] = False,
    no_stream: Annotated[
        bool,
        typer.Option(
            "--no-stream", help="Print a sample when it is whole.", rich_help_panel=OUTPUT
        ),
    ] = False,
    quiet: options.Quiet = False,
) -> int:
    """Continue a text with any compressor."""
    from compgen.cli.inputs import expert_plan, read_corpus, read_prompt
    from compgen.cli.samplers import make_sampler
    from compgen.corpus import Window
    from compgen.errors import UsageError
    from compgen.generation import Plan, fresh_seed
    from compgen.primed import prime
    from compgen.registry import get_compressors
    from compgen.sampling import Shaping

    if samples < 1:
        raise UsageError(f"--samples must be 1 or more, not {samples}")
    compressors = get_compressors(compressor)
    plan = Plan(
        sampler=make_sampler(sampler, compressors[0], beam_width, horizon, commit),
        shaping=Shaping(
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            typical_p=typical,
            repeat_penalty=repeat_penalty,
            repeat_last_n=repeat_last_n,
            dry_multiplier=dry_multiplier,
            dry_base=dry_base,
            dry_allowed_length=dry_allowed_length,
            dry_penalty_last_n=dry_penalty_last_n,
        ),
        length=n,
        stop=tuple(word.encode("utf-8", "surrogateescape") for word in stop or ()),
        max_copy=max_copy,
        seed=fresh_seed() if seed is None else seed,
    )
    primed = prime(
        compressors,
        read_corpus(corpus),
        read_prompt(prompt, prompt_file),
        reading=reading,
        dither=dither,
        experts=expert_plan(experts, contexts),
        window=Window(window),
        prime_bytes=prime_bytes,
        rng=plan.model_rng(),
    )
    if not quiet:
        console.note(f"{primed.spec}, reading '{primed.reading}', primed with {primed.prime.note}")
    for sample in range(samples):
        if samples > 1 and not as_json:
            _separate(sample, samples)
        interrupted = _write(primed, plan, sample, as_json=as_json, whole=no_stream, quiet=quiet)
        if interrupted:
            return INTERRUPTED
    return 0


def _write(
    primed: "Primed", plan: "Plan", sample: int, *, as_json: bool, whole: bool, quiet: bool
) -> bool:
    """Write one sample to stdout; true if Ctrl-C ended it early, with what there was."""
    from compgen.generation import Writing

    writing = Writing(primed, plan, sample)
    stream = console.ByteStream()
    streaming = not (as_json or whole)
    if streaming and stream.on_terminal:
        typer.secho(console.printable(primed.prompt.decode("utf-8", "replace")), dim=True, nl=False)
    interrupted = False
    started = time.perf_counter()
    with _Progress(plan.length, hidden=quiet or (streaming and stream.on_terminal)) as progress:
        try:
            for piece in writing:
                if streaming:
                    stream.write(piece)
                progress.update(writing)
        except KeyboardInterrupt:
            interrupted = True
    seconds = time.perf_counter() - started
    continuation = writing.result(interrupted=interrupted)
    if as_json:
        typer.echo(continuation.to_json())
    elif whole:
        stream.write(continuation.data)
    if not as_json:
        stream.finish()
    if not quiet:
        console.note(
            f"{len(continuation.data):,} bytes, {continuation.bits_per_byte:.2f} bits/byte, "
            f"{len(continuation.data) / max(seconds, 1e-9):,.0f} bytes/s, seed {plan.seed}"
            + (" (interrupted)" if interrupted else "")
        )
    return interrupted


def _separate(sample: int, samples: int) -> None:
    """A line between samples, so that they can be told apart in a pipe, too."""
    typer.echo(f"{'' if sample == 0 else chr(10)}--- {sample + 1} of {samples} ---")


class _Progress:
    """A line on stderr with bytes/s and bits/byte; nothing where stderr is no terminal."""

    def __init__(self, total: int, *, hidden: bool) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        screen = console.notes()
        self._bar = Progress(
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} bytes"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=screen,
            transient=True,
            disable=hidden or not screen.is_terminal,
        )
        self._task = self._bar.add_task("", total=total, rate="")
        self._started = time.perf_counter()

    def __enter__(self) -> "_Progress":
        self._bar.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._bar.stop()

    def update(self, writing: "Writing") -> None:
        """Show how far the sample is."""
        if self._bar.disable:
            return
        written = len(writing)
        rate = f"{written / max(time.perf_counter() - self._started, 1e-9):,.0f} bytes/s"
        if writing.bits_so_far is not None and written:
            rate += f", {writing.bits_so_far / written:.2f} bits/byte"
        self._bar.update(self._task, completed=written, rate=rate)
