"""The branch of `compgen score` for sounds."""

from pathlib import Path
from typing import TYPE_CHECKING

from compgen.cli import console
from compgen.errors import InputError, UsageError

if TYPE_CHECKING:
    from compgen.media.sound_file import SoundFile
    from compgen.metrics.sound import SoundMeasures


def score_recording(
    data: bytes,
    label: str,
    spec: str,
    against: Path | None,
    keep: str | None,
    as_json: bool,
) -> int:
    """Print what the sound costs, and its measures `against` the truth where that is given."""
    from compgen.media.sound_file import read_sound
    from compgen.registry import get_compressor
    from compgen.report.sound_measures import sound_score_table
    from compgen.sound.score import score_sound

    if against is None and keep is not None:
        raise UsageError("--keep says what was given of the sound; --against names the truth")
    if against is not None and keep is None:
        raise UsageError("--against measures what was made: say what was given, --keep 50%, 3s …")
    compressor = get_compressor(spec)
    compressor.library()  # so that a missing package is told of before anything else
    found = read_sound(data, any_rate=True, label=label)
    measures = None
    if against is not None and keep is not None:
        measures = _measure(found, label, against, keep)
    score = score_sound(found.samples, found.rate, compressor)
    for note in found.notes:
        console.note(f"{label}: {note}")
    if as_json:
        told = {} if measures is None else {"measures": measures.as_dict()}
        console.show_json(score.as_dict() | told)
    else:
        console.show(sound_score_table(score, measures))
    return 0


def _measure(found: "SoundFile", label: str, against: Path, keep: str) -> "SoundMeasures":
    from compgen.cli.audio_inputs import Keep, read_recording
    from compgen.media.sound_file import read_sound
    from compgen.metrics.sound import measure_sound

    kept = Keep(keep)
    truth = read_sound(against, any_rate=True)
    if truth.rate > found.rate:
        console.note(f"{against}: resampled to {found.rate:,} Hz, as {label} is")
        truth = read_recording(against, found.rate)
    for what, here, there in (
        ("samples a second", found.rate, truth.rate),
        ("channels", found.samples.shape[1], truth.samples.shape[1]),
        ("samples", len(found.samples), len(truth.samples)),
    ):
        if here != there:
            raise InputError(
                f"{label} has {here:,} {what} and {against} {there:,}; they must be equal"
            )
    given = kept.length(truth)
    return measure_sound(
        found.samples[given:], truth.samples[given:], truth.samples[:given], truth.rate
    )
