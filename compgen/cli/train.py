"""`compgen train`: a neural model of files, interruptible and resumable."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.files import STANDARD
from compgen.cli.interrupt import INTERRUPTED, held, keep_what_there_is
from compgen.cli.values import choice, flag, real, whole
from compgen.errors import InputError, UsageError
from compgen.neural.medium import BYTES, IMAGE, KINDS, SOUND, Medium
from compgen.neural.presets import PRESETS

if TYPE_CHECKING:
    from compgen.cli.train_inputs import Wanted
    from compgen.neural.progress import Observe, Outcome, Progress
    from compgen.neural.settings import Settings

PICTURE_PRESET = "0.2M"
"""What sees the pixel above, on a CPU: the default for pictures."""
EARLY, WORSE = 0.5, 0.05
"""Best before this share of the budget, by so many bits a byte: the budget was too long."""
CORPUS = "Pictures and sound"
RECIPE = "The recipe"
MACHINE = "The machine"


def train(
    corpus: Annotated[
        list[Path] | None,
        typer.Argument(metavar="CORPUS", help="Files to learn from, of any kind; - is stdin."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", show_default=False, help="Where the model goes."
        ),
    ] = None,
    learn_as: Annotated[
        str | None,
        choice(
            "--as",
            among=KINDS,
            called="kind",
            show_default=False,
            help="bytes, the default: files as they are; image: pixels of pictures, for cgen "
            "image; sound: µ-law, for cgen audio.",
            rich_help_panel=CORPUS,
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            "--size",
            metavar="WxH",
            show_default=False,
            help="Crop and resample pictures to this, as cgen image does.",
            rich_help_panel=CORPUS,
        ),
    ] = None,
    gray: Annotated[
        bool, flag("--gray", help="Convert pictures to gray.", rich_help_panel=CORPUS)
    ] = False,
    crops: Annotated[
        int,
        whole(
            "--crops",
            low=0,
            help="Learn so many pieces of --size of each picture, at all scales, every other "
            "mirrored; 0: the whole picture once.",
            rich_help_panel=CORPUS,
        ),
    ] = 0,
    sample_rate: Annotated[
        int | None,
        whole(
            "--sample-rate",
            low=1_000,
            high=48_000,
            metavar="HZ",
            show_default=False,
            help="Resample sounds to this; by default to 16000, if it is more.",
            rich_help_panel=CORPUS,
        ),
    ] = None,
    preset: Annotated[
        str | None,
        choice(
            "--preset",
            among=tuple(PRESETS),
            called="preset",
            show_default=False,
            help="gru, for a CPU, is the default, 0.2M for pictures; transformers of 0.2M, 0.8M, "
            "3M, 25M or 100M parameters, the large ones for GPUs.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        real(
            "--minutes",
            above=0,
            metavar="M",
            show_default=False,
            help="The budget, 2 by default: CPU minutes on a CPU, minutes on the clock on a GPU.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        whole(
            "--steps",
            low=1,
            show_default=False,
            help="The budget in steps instead: on the same CPU the same weights every time.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    batch: Annotated[
        int | None,
        whole(
            "--batch",
            low=1,
            show_default=False,
            help="Sequences in a step; by default the preset's.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    length: Annotated[
        int | None,
        whole(
            "--length",
            low=1,
            show_default=False,
            help="Bytes in a sequence; by default the preset's.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    rate: Annotated[
        float | None,
        real(
            "--rate",
            above=0,
            show_default=False,
            help="Multiply the preset's learning rates by X.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    dropout: Annotated[
        float | None,
        real(
            "--dropout",
            show_default=False,
            help="For gru: the share of units that hide while it learns, 0.2 by default; 0 suits a "
            "text so large that it is read once or twice.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    held_out: Annotated[
        float | None,
        real(
            "--held-out",
            show_default=False,
            help="The share of every file, its last part, that judges the model and is not learned "
            "from; 0.05 by default.",
            rich_help_panel=RECIPE,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        whole("--seed", low=0, show_default=False, help="Another seed, another model."),
    ] = None,
    device: Annotated[
        str,
        typer.Option(
            "--device",
            metavar="DEVICE",
            help="auto, cpu, cuda, cuda:1 or mps.",
            rich_help_panel=MACHINE,
        ),
    ] = "auto",
    threads: Annotated[
        int,
        whole(
            "--threads",
            low=1,
            help="On a CPU. More than one pays for transformers on a machine with nothing else "
            "to do; all of them count as CPU time.",
            rich_help_panel=MACHINE,
        ),
    ] = 1,
    no_compile: Annotated[
        bool,
        flag(
            "--no-compile",
            help="Do without torch.compile, which is for transformers on CUDA.",
            rich_help_panel=MACHINE,
        ),
    ] = False,
    resume: Annotated[
        bool,
        flag(
            "--resume",
            help="Go on with the unfinished training in DIR, with its options. The same command "
            "as before does so, too.",
        ),
    ] = False,
    force: Annotated[bool, flag("--force", help="Train anew, whatever is in DIR.")] = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE",
            show_default=False,
            help="Draw the loss curve as PNG; - draws it here.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Train a neural model on files; then: cgen text -c neural:model=DIR.

    It may be interrupted at any time, and goes on by the same command.

    [dim]cgen train *.png -o DIR --as image --size 64x64 --gray --crops 128[/]
    """
    from compgen.cli.train_inputs import Wanted, read_texts
    from compgen.neural.installation import require_torch

    if not corpus:
        raise UsageError("name the files to learn from; - is standard input")
    if output is None:
        raise UsageError("name a directory for the model: -o DIR")
    _check(output, plot, as_json, resume and force)
    wanted = _wanted(learn_as, size, gray, crops, sample_rate)
    require_torch("cgen train")
    from compgen.neural.data_parallel import leads
    from compgen.neural.devices import device_of
    from compgen.neural.training import train as train_model

    console.be_quiet(quiet or not leads())
    chosen = device_of(device)
    given = {
        "preset": preset,
        "steps": steps,
        "minutes": minutes,
        "batch": batch,
        "length": length,
        "dropout": dropout,
        "rate": rate,
        "held_out": held_out,
        "seed": seed,
    }
    settings = _settings(
        {name: value for name, value in given.items() if value is not None},
        output if resume else None,
    )
    if resume and learn_as is None:
        wanted = Wanted.as_before(settings.medium)
    elif preset is None and not resume and wanted.kind == IMAGE:
        settings = dataclasses.replace(settings, preset=PICTURE_PRESET)
    texts, medium = read_texts(corpus, wanted, settings.held_out, settings.seed)
    settings = dataclasses.replace(settings, medium=medium)
    if doubt := settings.doubt:
        console.warn(doubt)
    try:
        with held(), _progress(settings, chosen.type, quiet) as observe:
            outcome = train_model(
                texts,
                output,
                settings,
                device=chosen,
                threads=threads,
                compiled=False if no_compile else None,
                force=force,
                must_resume=resume,
                observe=observe,
                note=console.note,
            )
    except KeyboardInterrupt:
        console.note(f"interrupted; {output} is saved, and the same command goes on from there")
        return INTERRUPTED
    if leads():
        _report(outcome, output, chosen.type, plot, as_json)
    return 0


def _check(output: Path, plot: Path | None, as_json: bool, contradiction: bool) -> None:
    """What can be seen to be wrong before anything is loaded. Raises UsageError."""
    if contradiction:
        raise UsageError("--resume goes on and --force begins anew; give one of them")
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file; -o names a directory for the model")
    if plot is None:
        return
    if plot == STANDARD:
        if as_json:
            raise UsageError("--json and --plot - both print to standard output; give one of them")
        return
    if plot.is_dir():
        raise UsageError(f"{plot} is a directory; name a file for the plot")
    if not plot.parent.is_dir():
        raise UsageError(f"{plot}: there is no directory {plot.parent}")
    from compgen.report.loss_curve import require_matplotlib

    require_matplotlib()


def _wanted(
    kind: str | None, size: str | None, gray: bool, crops: int, rate: int | None
) -> "Wanted":
    """Raises UsageError for options that do not go together."""
    from compgen.cli.image_inputs import parse_size
    from compgen.cli.train_inputs import Wanted

    return Wanted(kind or BYTES, parse_size(size), gray, crops, rate, is_said=kind is not None)


def _settings(given: dict[str, Any], resumed: Path | None) -> "Settings":
    """What was given; the rest as in the training that is to be resumed, or by default."""
    from compgen.neural.settings import Settings
    from compgen.neural.training import recorded_options

    recorded = None if resumed is None else recorded_options(resumed)
    if recorded is None:
        return Settings(**given)
    if "steps" in given or "minutes" in given:
        recorded = {**recorded, "steps": None, "minutes": None}
    recorded = {**recorded, "medium": Medium.of(recorded)}
    try:
        return Settings(**{**recorded, **given})
    except (TypeError, AttributeError):
        raise InputError(
            f"the unfinished training in {resumed} is damaged; --force trains anew"
        ) from None


@contextlib.contextmanager
def _progress(settings: "Settings", device: str, quiet: bool) -> Iterator["Observe"]:
    """A progress line on a terminal, some lines into a log; both notice Ctrl-C between steps."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as ProgressLine

    screen = console.notes()
    redraws = console.can_redraw(screen)
    line = ProgressLine(
        BarColumn(20),
        TextColumn("{task.percentage:3.0f} %"),
        TextColumn("{task.fields[facts]}"),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=quiet or not redraws,
    )
    with line:
        task = line.add_task("training", total=1.0, facts="")

        def observe(progress: "Progress") -> None:
            keep_what_there_is()
            facts = _facts(progress, settings)
            line.update(task, completed=progress.fraction, facts=facts)
            if progress.evaluated and not redraws:
                spent = f"{progress.seconds:.0f} {_seconds(device)}"
                console.note(f"{100 * progress.fraction:3.0f} % · {spent} · {facts}")

        yield observe


def _facts(progress: "Progress", settings: "Settings") -> str:
    """What a progress line says, in some 45 characters."""
    known = progress.held_out_bits is not None
    bits = progress.held_out_bits if known else progress.learned_bits
    rate = progress.rate_factor * settings.rate * settings.recipe.adam_rate
    speed = progress.bytes_per_second
    spelled = f"{speed / 1e6:.1f} MB/s" if speed >= 1e6 else f"{speed / 1e3:.1f} KB/s"
    return f"{bits:.3f} bits/byte · rate {rate:.1e} · {spelled}"


def _seconds(device: str) -> str:
    return "CPU seconds" if device == "cpu" else "seconds"


def _report(
    outcome: "Outcome", output: Path, device: str, plot: Path | None, as_json: bool
) -> None:
    from compgen.report.loss_curve import LossChart, write_png

    config = outcome.config
    made = config.provenance
    medium = Medium.of(made)
    bits = outcome.held_out_bits
    console.note(
        f"{output}: {config.kind}, {config.parameters:,} parameters, {made['step']:,} steps in "
        f"{made['seconds']:.0f} {_seconds(device)}"
        + ("" if bits is None else f"; {bits:.3f} bits/byte on {_held_out(medium)}")
    )
    if hint := _overlearned(outcome.history):
        console.warn(hint)
    if medium.kind != BYTES:
        console.note(f"it has learned {medium}; nothing else means anything to it")
    if as_json:
        result = {
            "directory": str(output),
            "sha256": outcome.sha256,
            "parameters": config.parameters,
            "held_out_bits_per_byte": bits,
            "config": config.as_dict(),
            "history": outcome.history,
        }
        console.show_json(result)
    else:
        console.note(f"try it: {_trial(medium)} -c neural:model={output}")
    if plot == STANDARD:
        console.show(LossChart(outcome.history))
    elif plot is not None:
        write_png(outcome.history, plot)


def _overlearned(history: list[dict[str, Any]]) -> str | None:
    """What to say where the corpus was learned by heart before the rates went down."""
    looks = [point for point in history if point["held_out"] is not None]
    if len(looks) < 2:
        return None
    best, last = min(looks, key=lambda point: float(point["held_out"])), looks[-1]
    share = best["step"] / last["step"]
    if share > EARLY or last["held_out"] - best["held_out"] < WORSE:
        return None
    return (
        f"it was best after {100 * share:.0f} % of the budget, and those weights are kept: the "
        "corpus is small; a shorter budget is likely to do better"
    )


def _held_out(medium: Medium) -> str:
    held_out = {BYTES: "text", IMAGE: "rows of pictures", SOUND: "sound"}
    return f"held-out {held_out[medium.kind]}"


def _trial(medium: Medium) -> str:
    """A command to use the model with."""
    if medium.kind == IMAGE:
        size = f"--size {medium.width}x{medium.height or medium.width}"
        gray = " --gray" if medium.channels == 1 else ""
        return f"cgen image PICTURE -o OUT.png {size}{gray}"
    if medium.kind == SOUND:
        return f"cgen audio SOUND -o OUT.wav --rate {medium.rate}"
    return 'cgen text "The "'
