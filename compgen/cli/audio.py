"""`compgen audio`: sounds, continued."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.audio_inputs import (
    Keep,
    check_free,
    check_plot,
    places,
    read_corpus_sounds,
    read_recording,
)
from compgen.cli.conversion import Force
from compgen.cli.files import STANDARD, open_output
from compgen.cli.interrupt import INTERRUPTED, keep_what_there_is
from compgen.cli.medium_note import warn_of_another_medium
from compgen.cli.progress import ProgressLine
from compgen.cli.values import choice, real, whole
from compgen.neural.medium import SOUND, Medium
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.compressor import Compressor
    from compgen.media.samples import Samples
    from compgen.sound.take import Session, Take

SHAPING, SAMPLING, OUTPUT, MODEL = options.SHAPING, options.SAMPLING, options.OUTPUT, options.MODEL
UNITS = ("sample", "record", "grain")
NORMS = ("typical", "importance", "raw", "null")
"""Names that are known here without importing numpy; a test holds them to the library's."""
LONGEST = 600.0


def audio(
    recording: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="A sound: WAV; FLAC and others where soundfile is installed. -: stdin.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.wav",
            show_default=False,
            help="Where to write what is given and what follows; -: stdout.",
        ),
    ] = None,
    compressor: Annotated[
        str | None,
        typer.Option(
            "--compressor",
            "-c",
            metavar="SPEC",
            show_default=False,
            help="flac, gzip, zstd:level=19, cm, …; by default flac, or gzip where soundfile is "
            "not installed. See: cgen compressors.",
        ),
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="LENGTH",
            show_default=False,
            help="What is given: 3s, 500ms or 50%; the rest is replaced. By default all is given, "
            "and a second is appended.",
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        real(
            "--seconds",
            above=0.0,
            show_default=False,
            help="How much to write: 1, or with --keep as much as is replaced.",
        ),
    ] = None,
    rate: Annotated[
        int | None,
        whole(
            "--rate",
            low=1_000,
            high=48_000,
            metavar="HZ",
            show_default=False,
            help="Resample to this first; by default to 16000, if it is more.",
        ),
    ] = None,
    unit: Annotated[
        str | None,
        choice(
            "--unit",
            among=UNITS,
            called="unit",
            help="In what the compressor is asked: sample (the next byte of µ-law), record (a "
            "residual after its past) or grain (a piece of what is known). By default that in "
            "which it can answer.",
            show_default=False,
        ),
    ] = None,
    corpus: Annotated[
        list[Path] | None,
        typer.Option(
            "--corpus",
            metavar="WAV",
            show_default=False,
            help="Sounds to learn from as well; may be repeated.",
        ),
    ] = None,
    samples: Annotated[
        int,
        whole("--samples", "-N", low=1, help="How many; more than one go to OUT-1.wav, …"),
    ] = 1,
    temperature: options.OwnTemperature = None,
    seed: options.Seed = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE.png",
            show_default=False,
            help="Spectrograms of what is given and what follows, beside the truth's.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    reading: options.ReadingOption = Reading.AUTO,
    dither: options.Dither = None,
    norm: Annotated[
        str,
        choice(
            "--norm",
            among=NORMS,
            called="norm",
            help="grain: how proposals are weighed: typical, importance or raw; null, for "
            "records as well: chosen without the compressor.",
            rich_help_panel=SAMPLING,
        ),
    ] = "typical",
    grain: Annotated[
        float,
        real("--grain", metavar="MS", help="grain: its length.", rich_help_panel=SAMPLING),
    ] = 60.0,
    overlap: Annotated[
        float,
        real(
            "--overlap",
            metavar="MS",
            help="grain: how much of what is before it has to match.",
            rich_help_panel=SAMPLING,
        ),
    ] = 12.0,
    crossfade: Annotated[
        float,
        real(
            "--crossfade",
            metavar="MS",
            help="grain: blend at the joins; 0: the joins stay as the compressor chose them.",
            rich_help_panel=SAMPLING,
        ),
    ] = 0.0,
    proposals: Annotated[
        int,
        whole(
            "--proposals",
            low=1,
            help="record, grain: among how many is chosen.",
            rich_help_panel=SAMPLING,
        ),
    ] = 16,
    min_p: options.MinP = None,
    force: Force = False,
    as_json: options.JsonSamples = False,
    quiet: options.Quiet = False,
) -> int:
    """Continue a sound with any compressor.

    [dim]cgen audio speech.wav -o longer.wav --seconds 2[/]

    The paper's own way, to hear the difference: gzip is asked for the next sample, by the whole
    bytes of its output:

    [dim]cgen audio speech.wav -o paper.wav --rate 8000 -c gzip --unit sample --reading bytes
    --dither 0 --min-p 0[/]
    """
    from compgen.errors import UsageError
    from compgen.generation import fresh_seed
    from compgen.imaging.norms import Norm
    from compgen.sound.take import Session
    from compgen.sound.units import UnitPlan

    console.be_quiet(quiet)
    targets = places(output, recording, samples, as_json=as_json)
    check_plot(plot)
    check_free([*targets, *([plot] if plot else [])], force=force)
    kept = Keep(keep)
    if seconds is not None and seconds > LONGEST:
        raise UsageError(f"--seconds must be at most {LONGEST:g}, not {seconds:g}")
    plan = UnitPlan(
        unit=unit,
        reading=reading,
        dither=dither,
        norm=Norm(norm),
        grain=grain,
        overlap=overlap,
        crossfade=crossfade,
        proposals=proposals,
        temperature=temperature,
        min_p=min_p,
    )
    coder = _compressor(compressor)
    found = read_recording(recording, rate)
    chosen = plan.make(coder, found.rate)
    given = kept.length(found, "; without --keep, --seconds are appended")
    known, truth = found.samples[:given], found.samples[given:]
    length = len(truth) if seconds is None and keep else round((seconds or 1.0) * found.rate)
    session = Session(
        known=known,
        length=max(1, length),
        rate=found.rate,
        unit=chosen,
        corpus=read_corpus_sounds(corpus, found.rate, known.shape[1]),
        blind=plan.norm is Norm.NULL,
        seed=fresh_seed() if seed is None else seed,
    )
    story = _story(session, coder, plan, kept, corpus)
    described = [
        f"{found.seconds:.2f} s",
        f"{found.rate:,} Hz",
        "mono" if known.shape[1] == 1 else "stereo",
        *found.notes,
    ]
    console.note(f"{recording}: {', '.join(described)}")
    console.note(
        f"{coder}, reading '{story['reading']}', unit '{chosen.name}', "
        f"{len(known) / found.rate:.2f} s given, {session.length / found.rate:.2f} s to write"
    )
    if chosen.name == "sample":
        asked = Medium(SOUND, channels=known.shape[1], rate=found.rate)
        warn_of_another_medium(coder, asked)
    made: list[Samples] = []
    status = 0
    with _Progress(samples, session, hidden=quiet) as progress:
        for sample in range(samples):
            take, status = _record(session, truth, story, sample, progress, as_json)
            made.append(take.samples)
            if targets:
                _write(targets[sample], take, story, status, force)
            if status:
                break
    if plot:
        _plot(plot, made, session, truth, force)
    return status


def _compressor(spec: str | None) -> "Compressor":
    from compgen.compressors.flac import soundfile
    from compgen.errors import MissingPackageError
    from compgen.registry import get_compressor

    if spec is None:
        spec = "flac"
        try:
            soundfile()
        except MissingPackageError:
            console.note("gzip chooses; pip install 'compgen[audio]' brings flac, which hears more")
            spec = "gzip"
    found = get_compressor(spec)
    found.library()  # so that a missing package is told of before anything else
    return found


def _record(
    session: "Session",
    truth: "Samples",
    story: dict[str, Any],
    sample: int,
    progress: "_Progress",
    as_json: bool,
) -> "tuple[Take, int]":
    """One sample, or as much of it as Ctrl-C leaves time for, and the exit status."""
    from compgen.sound.take import Take

    take = Take(session, sample)
    started = time.perf_counter()
    status = 0
    try:
        for done in take:
            keep_what_there_is()
            progress.update(sample, done)
    except KeyboardInterrupt:
        status = INTERRUPTED
    _report(take, session, truth, story, time.perf_counter() - started, status, as_json)
    return take, status


def _report(
    take: "Take",
    session: "Session",
    truth: "Samples",
    story: dict[str, Any],
    seconds: float,
    status: int,
    as_json: bool,
) -> None:
    """Say how a sample went."""
    from compgen.metrics.sound import measure_sound

    choices = take.choices
    console.note(
        f"{len(take.made) / session.rate:.2f} of {len(take) / session.rate:.2f} s, "
        f"{seconds:.1f} s of work, seed {session.seed}{' (interrupted)' if status else ''}"
    )
    if choices.count:
        console.note(str(choices))
    if choices.changes_nothing and not choices.blind:
        console.warn(
            "the compressor changes nothing: its choices are as good as blind; what you hear is "
            "the proposals"
        )
    measures = None
    if len(truth):
        length = min(len(truth), len(take.made))
        measures = measure_sound(take.made[:length], truth[:length], session.known, session.rate)
        console.note(str(measures))
    if as_json:
        console.show_json(
            {
                **story,
                **take.as_dict(),
                "seconds": round(seconds, 3),
                "interrupted": bool(status),
                "measures": measures.as_dict() if measures else None,
            }
        )


def _story(
    session: "Session",
    coder: "Compressor",
    plan: Any,
    kept: Keep,
    corpus: Sequence[Path] | None,
) -> dict[str, Any]:
    """What it takes to make the sound again."""
    from compgen.versions import versions_of

    shaping = session.unit.shaping
    story: dict[str, Any] = {
        "compressor": str(coder),
        "reading": str(plan.reading_of(coder)),
        "unit": session.unit.name,
        "rate": session.rate,
        "channels": session.known.shape[1],
        "keep": str(kept),
        "seed": session.seed,
        "temperature": shaping.temperature,
        "min_p": shaping.min_p,
    }
    if session.unit.name == "grain":
        story |= {
            "norm": str(plan.norm),
            "grain_ms": plan.grain,
            "overlap_ms": plan.overlap,
            "crossfade_ms": plan.crossfade,
        }
    elif session.blind:
        story["norm"] = str(plan.norm)
    if session.unit.name != "sample":
        story["proposals"] = plan.proposals
    if corpus:
        story["corpus"] = [path.name for path in corpus]
    return story | {"versions": versions_of([coder])}


def _write(place: Path, take: "Take", story: dict[str, Any], status: int, force: bool) -> None:
    from compgen._version import __version__
    from compgen.media.wav_file import wav_bytes

    told = story | take.as_dict() | ({"interrupted": True} if status else {})
    data = wav_bytes(take.samples, story["rate"], f"compgen {__version__}", told)
    with open_output(place, force=force, like=STANDARD) as sink:
        sink.write(data)


def _plot(
    plot: Path, made: "Sequence[Samples]", session: "Session", truth: "Samples", force: bool
) -> None:
    """The truth first, if it is known, and every sample."""
    import numpy as np

    from compgen._version import __version__
    from compgen.media.png_file import SOFTWARE, png_bytes
    from compgen.report.spectrogram import spectrogram_sheet

    sounds, names = list(made), [f"sample {number + 1}" for number in range(len(made))]
    if len(truth):
        sounds.insert(0, np.concatenate([session.known, truth[: session.length]]))
        names.insert(0, "truth")
    sheet = spectrogram_sheet(sounds, names, session.rate, len(session.known))
    with open_output(plot, force=force, like=STANDARD) as sink:
        sink.write(png_bytes(sheet, {SOFTWARE: f"compgen {__version__}"}))


class _Progress(ProgressLine):
    """Seconds of all samples."""

    def __init__(self, samples: int, session: "Session", *, hidden: bool) -> None:
        self._each = session.length / session.rate
        self._rate = session.rate
        total = samples * self._each
        super().__init__(total, "{task.completed:.2f}/{task.total:.2f} s of sound", hidden=hidden)

    def update(self, sample: int, done: int) -> None:
        """Show how far it is: so many sounds, and so many samples of the next."""
        self.show(completed=sample * self._each + done / self._rate)
