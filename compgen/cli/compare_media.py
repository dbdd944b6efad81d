"""`compgen compare image` and `audio`: gaps, filled."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compgen.cli import console
from compgen.cli.compare_runs import Compared, Running, run_grid, saying
from compgen.errors import MissingPackageError, UsageError
from compgen.suggest import did_you_mean

if TYPE_CHECKING:
    from compgen.experiment.exhibit import Exhibit
    from compgen.experiment.media_grid import Resolve
    from compgen.report.media_table import MediaComparison

UNITS = {"image": ("pixel", "record", "row", "block"), "audio": ("sample", "record", "grain")}
NORMS = ("typical", "importance", "raw", "null")
"""Names that are known here without importing numpy; a test holds them to the library's."""


@dataclass(frozen=True)
class Axes:
    """What the grid is made of; empty: what is usual."""

    compressors: Sequence[str]
    units: Sequence[str]
    readings: Sequence[str]
    norms: Sequence[str]
    temperatures: Sequence[float]
    min_ps: Sequence[float]
    seeds: Sequence[int]
    baselines: bool

    def check(self, medium: str) -> None:
        """Raise UsageError for units, readings and norms that do not exist."""
        from compgen.reading import Reading

        for called, words, known in (
            ("unit", self.units, UNITS[medium]),
            ("norm", self.norms, NORMS),
            ("reading", self.readings, tuple(map(str, Reading))),
        ):
            for word in words:
                if word not in known:
                    raise UsageError(
                        f"there is no {called} '{word}' for compare {medium}"
                        f"{did_you_mean(word, known)} ({called}s: {', '.join(known)})"
                    )


def compare_pictures(
    inputs: Sequence[Path],
    axes: Axes,
    running: Running,
    *,
    size: str | None,
    gray: bool,
    keep: str | None,
) -> Compared:
    """Compare what is filled into pictures of which a part is given."""
    from compgen.cli.image_inputs import parse_size
    from compgen.experiment.picture_exhibit import PictureExhibit
    from compgen.experiment.picture_spec import PROPOSING, resolve
    from compgen.media.region import Region

    region = Region.parse(keep or "top:50%")
    if region.mask is not None:
        raise UsageError(f"--keep {region}: pictures are compared by their top:… or left:…")
    shape = parse_size(size or "64x64")
    axes.check("image")
    exhibits = [
        PictureExhibit.read(name, data, shape, gray, str(region))
        for name, data in _read(inputs, "image", "picture")
    ]
    usual = ("png", "gzip", "pixelcm")
    return _compare(exhibits, axes, running, resolve, PROPOSING, usual)


def compare_sounds(
    inputs: Sequence[Path],
    axes: Axes,
    running: Running,
    *,
    rate: int,
    keep: str | None,
    seconds: float,
) -> Compared:
    """Compare what is made to follow the beginnings of sounds."""
    from compgen.cli.audio_inputs import Keep
    from compgen.experiment.sound_exhibit import SoundExhibit
    from compgen.experiment.sound_spec import PROPOSING, heard, resolve

    kept = Keep(keep or "60%")
    axes.check("audio")
    exhibits = []
    for name, data in _read(inputs, "audio", "sound"):
        sound = heard(data, rate, name)
        try:
            given = kept.length(sound)
        except UsageError:
            raise UsageError(
                f"{name}: --keep {kept} of {sound.seconds:.3g} s: some of it must be given, and "
                "some be left to make"
            ) from None
        exhibits.append(SoundExhibit.read(name, data, rate, given, max(1, round(seconds * rate))))
    return _compare(
        exhibits, axes, running, lambda way: resolve(way, rate), PROPOSING, _usual_for_sound()
    )


def _usual_for_sound() -> list[str]:
    """Flac where there is soundfile, and samplecm where there is such a compressor."""
    from compgen.registry import get_compressor, names

    usual = ["flac", "gzip", "cm"]
    try:
        get_compressor("flac").library()
    except MissingPackageError:
        console.note("flac is left out; pip install 'compgen[audio]' brings it")
        usual.remove("flac")
    return usual + ["samplecm"] * ("samplecm" in names())


def _read(inputs: Sequence[Path], medium: str, called: str) -> list[tuple[str, bytes]]:
    """The files, each another one, with their names."""
    from compgen.cli.inputs import read_input, require_one_stdin

    if not inputs:
        raise UsageError(f"compare {medium} needs a {called}, or several: compare {medium} FILE")
    require_one_stdin(*inputs)
    found: dict[str, tuple[str, bytes]] = {}
    for path in inputs:
        name = "standard input" if str(path) == "-" else str(path)
        data = read_input(path)
        digest = hashlib.sha256(data).hexdigest()
        if digest in found:
            raise UsageError(f"{name} is the same {called} as {found[digest][0]}; leave one out")
        found[digest] = name, data
    return list(found.values())


def _compare(
    exhibits: Sequence["Exhibit"],
    axes: Axes,
    running: Running,
    resolve: "Resolve",
    proposing: Sequence[str],
    usual: Sequence[str],
) -> Compared:
    from compgen.experiment.media_grid import lines
    from compgen.experiment.media_quality import measured
    from compgen.report.media_table import MediaComparison, media_tables

    found, skipped = lines(
        resolve,
        proposing,
        compressors=axes.compressors or usual,
        units=axes.units or ("",),
        readings=axes.readings or ("auto",),
        norms=axes.norms or ("typical",),
        temperatures=axes.temperatures or (None,),
        min_ps=axes.min_ps or (None,),
        inputs=[exhibit.sha256 for exhibit in exhibits],
        baselines=axes.baselines,
    )
    store = running.store()
    specs: list[tuple[Any, str]] = [
        (exhibit.spec(line.way, seed), line.label)
        for line in found
        for exhibit in exhibits
        for seed in axes.seeds
    ]
    inputs = {exhibit.sha256: exhibit.data for exhibit in exhibits}
    interrupted = run_grid(specs, inputs, store, running)
    with saying("measuring", running):
        rows = measured(exhibits, found, axes.seeds, store, baselines=axes.baselines)
    comparison = MediaComparison(exhibits, axes.seeds, rows, skipped)
    if running.as_json:
        console.show_json(comparison.as_dict())
    else:
        console.show(media_tables(comparison))
    return Compared(comparison.csv, _page(comparison), interrupted)


def _page(comparison: "MediaComparison") -> Callable[[str], str]:
    def page(command: str) -> str:
        from compgen.report.html.media_page import media_page

        return media_page(comparison, command)

    return page
