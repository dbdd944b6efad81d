"""`compgen image`: pictures with a part filled in."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compgen.cli import console
from compgen.cli import parameters as options
from compgen.cli.conversion import Force
from compgen.cli.files import STANDARD, open_output
from compgen.cli.image_inputs import check_output, parse_size, read_corpus_images, read_picture
from compgen.cli.interrupt import INTERRUPTED, keep_what_there_is
from compgen.cli.medium_note import warn_of_another_medium
from compgen.cli.progress import ProgressLine
from compgen.cli.values import choice, flag, whole
from compgen.neural.medium import IMAGE, Medium
from compgen.reading import Reading

if TYPE_CHECKING:
    from compgen.imaging.painting import Painting, Sitting
    from compgen.media.pixels import Pixels

SHAPING, SAMPLING, OUTPUT, MODEL = options.SHAPING, options.SAMPLING, options.OUTPUT, options.MODEL
UNITS = ("pixel", "record", "row", "block")
LAYOUTS = ("interleaved", "raster", "planar")
NORMS = ("typical", "importance", "raw", "null")
"""Names that are known here without importing numpy; a test holds them to the library's."""


def image(
    picture: Annotated[
        Path, typer.Argument(metavar="IN", help="A picture of any kind.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.png",
            show_default=False,
            help="Where to write the result, a PNG; -: stdout.",
        ),
    ] = None,
    compressor: Annotated[
        str,
        typer.Option(
            "--compressor",
            "-c",
            metavar="SPEC",
            help="png, webp, pixelcm, gzip, zstd:level=19, …, or where imagecodecs is installed "
            "numcodecs:id=jpegls and jpegxl. See: cgen compressors.",
        ),
    ] = "png",
    keep: Annotated[
        str,
        typer.Option(
            "--keep",
            metavar="REGION",
            help="What is given: top:50%, left:50%, top:20 (pixels), or mask:FILE, in which "
            "white is to be filled.",
        ),
    ] = "top:50%",
    size: Annotated[
        str | None,
        typer.Option(
            "--size", metavar="WxH", show_default=False, help="Crop and resample to this first."
        ),
    ] = None,
    gray: Annotated[bool, flag("--gray", help="Convert to gray first.")] = False,
    levels: Annotated[
        int, whole("--levels", low=2, high=256, help="Values that a channel can have.")
    ] = 256,
    unit: Annotated[
        str | None,
        choice(
            "--unit",
            among=UNITS,
            called="unit",
            help="In what the compressor is asked: pixel, record (a pixel after its neighbours), "
            "row or block. By default that in which it can answer.",
            show_default=False,
        ),
    ] = None,
    corpus: Annotated[
        list[Path] | None,
        typer.Option(
            "--corpus",
            metavar="IMG",
            show_default=False,
            help="Pictures to learn from as well; may be repeated.",
        ),
    ] = None,
    samples: Annotated[
        int,
        whole(
            "--samples",
            "-N",
            low=1,
            help="How many; with more than one the result is a contact sheet: the truth, what "
            "is given, the samples.",
        ),
    ] = 1,
    temperature: options.OwnTemperature = None,
    seed: options.Seed = None,
    reading: options.ReadingOption = Reading.AUTO,
    dither: options.Dither = None,
    layout: Annotated[
        str,
        choice(
            "--layout",
            among=LAYOUTS,
            called="layout",
            help="How channels lie: interleaved (RGBRGB), raster (row by row) or planar.",
            rich_help_panel=MODEL,
        ),
    ] = "interleaved",
    norm: Annotated[
        str,
        choice(
            "--norm",
            among=NORMS,
            called="norm",
            help="block, row: how proposals are weighed: typical, importance or raw; null, for "
            "records as well: chosen without the compressor.",
            rich_help_panel=SAMPLING,
        ),
    ] = "typical",
    block: Annotated[
        int,
        whole("--block", low=1, high=8, help="block: its side.", rich_help_panel=SAMPLING),
    ] = 4,
    proposals: Annotated[
        int | None,
        whole(
            "--proposals",
            low=1,
            help="record, block, row: among how many is chosen. By default 16 for records, 8 for "
            "the others.",
            rich_help_panel=SAMPLING,
            show_default=False,
        ),
    ] = None,
    top_k: options.TopK = 0,
    top_p: options.TopP = 1.0,
    min_p: options.MinP = None,
    typical: options.Typical = 1.0,
    show: Annotated[
        bool, flag("--show", help="Show the result in the terminal.", rich_help_panel=OUTPUT)
    ] = False,
    force: Force = False,
    as_json: options.JsonSamples = False,
    quiet: options.Quiet = False,
) -> int:
    """Fill in a part of a picture with any compressor.

    [dim]cgen image photo.jpg -o filled.png -c png --size 64x64 --gray[/]

    The paper's own way, to see the difference: each row's first half is given, gzip is asked for
    the next pixel, by the whole bytes of its output:

    [dim]cgen image photo.jpg -o paper.png -c gzip --keep left:50% --size 64x64 --gray
    --unit pixel --reading bytes --dither 0 --min-p 0[/]
    """
    from compgen.errors import UsageError
    from compgen.generation import fresh_seed
    from compgen.imaging.models import image_compressor
    from compgen.imaging.norms import Norm
    from compgen.imaging.painting import Sitting
    from compgen.imaging.units import UnitPlan
    from compgen.media.layout import Layout
    from compgen.media.pixels import posterise
    from compgen.media.region import Region
    from compgen.sampling.shaping import Shaping

    console.be_quiet(quiet)
    target = check_output(output, picture, shown=show, as_json=as_json)
    region = Region.parse(keep)
    plan = UnitPlan(
        unit=unit,
        reading=reading,
        dither=dither,
        layout=Layout(layout),
        norm=Norm(norm),
        block=block,
        proposals=proposals,
        temperature=temperature,
        min_p=min_p,
        shaping=Shaping(top_k=top_k, top_p=top_p, typical_p=typical),
    )
    coder = image_compressor(compressor)
    shape = parse_size(size)
    found = read_picture(picture, shape, gray)
    chosen = plan.make(coder, found.pixels.shape[2])
    unknown = region.unknown(found)
    if unknown.all() and not corpus:
        raise UsageError(
            f"--keep {region}: nothing of the picture is given; keep some of it, or add --corpus"
        )
    others = read_corpus_images(corpus, shape, found.pixels.shape[2])
    sitting = Sitting(
        truth=posterise(found.pixels, levels),
        unknown=unknown,
        unit=chosen,
        corpus=tuple(posterise(other, levels) for other in others),
        levels=levels,
        blind=plan.norm is Norm.NULL,
        seed=fresh_seed() if seed is None else seed,
    )
    story = _story(sitting, coder, plan, str(region), size, corpus)
    height, width, channels = sitting.truth.shape
    described = [f"{width} x {height}", "gray" if channels == 1 else "RGB", *found.notes]
    if chosen.name == "pixel":
        warn_of_another_medium(coder, Medium(IMAGE, width, height, channels))
    introduction = (
        f"{picture}: {', '.join(described)}",
        f"{coder}, reading '{story['reading']}', unit '{chosen.name}', {region} given",
    )
    if target is None:
        _introduce(introduction)
        return _paint(sitting, samples, story, show=show, as_json=as_json, quiet=quiet)[1]
    with open_output(target, force=force, like=STANDARD) as sink:
        _introduce(introduction)
        sheet, status = _paint(sitting, samples, story, show=show, as_json=as_json, quiet=quiet)
        sink.write(_file(sheet, story, status))
    return status


def _introduce(lines: Sequence[str]) -> None:
    for line in lines:
        console.note(line)


def _paint(
    sitting: "Sitting",
    samples: int,
    story: dict[str, Any],
    *,
    show: bool,
    as_json: bool,
    quiet: bool,
) -> "tuple[Pixels, int]":
    """All samples, or as many as Ctrl-C leaves time for; the result as one picture."""
    from compgen.imaging.painting import Painting
    from compgen.report.contact_sheet import contact_sheet

    made: list[Pixels] = []
    interrupted = False
    with _Progress(samples, sitting, hidden=quiet) as progress:
        for sample in range(samples):
            painting = Painting(sitting, sample)
            started = time.perf_counter()
            try:
                for done in painting:
                    keep_what_there_is()
                    progress.update(sample, done)
            except KeyboardInterrupt:
                interrupted = True
            made.append(painting.pixels)
            _report(painting, sitting, story, time.perf_counter() - started, interrupted, as_json)
            if interrupted:
                break
    sheet = made[0]
    if samples > 1:
        titles = ["truth", "given", *(f"sample {number + 1}" for number in range(len(made)))]
        sheet = contact_sheet([[sitting.truth, sitting.given, *made]], titles)
    if show:
        _show(made[0] if samples == 1 else sheet, on_stdout=not as_json)
    return sheet, INTERRUPTED if interrupted else 0


def _report(
    painting: "Painting",
    sitting: "Sitting",
    story: dict[str, Any],
    seconds: float,
    interrupted: bool,
    as_json: bool,
) -> None:
    """Say how a sample went."""
    from compgen.metrics.image import measure_image
    from compgen.metrics.image_code_length import bits_per_pixel

    choices = painting.choices
    ending = " (interrupted)" if interrupted else ""
    console.note(
        f"{painting.filled:,} of {len(painting):,} pixels, {seconds:.1f} s, "
        f"seed {sitting.seed}{ending}"
    )
    bits = bits_per_pixel(painting.pixels), bits_per_pixel(sitting.truth)
    console.note(f"{bits[0]:.2f} bits per pixel in lossless WebP; the truth {bits[1]:.2f}")
    if choices.count:
        console.note(str(choices))
    if choices.changes_nothing and not choices.blind:
        console.warn(
            "the compressor changes nothing: its choices are as good as blind; what you see is "
            "the proposals"
        )
    if as_json:
        measures = measure_image(painting.pixels, sitting.truth, sitting.unknown)
        console.show_json(
            {
                **story,
                **painting.as_dict(),
                "seconds": round(seconds, 3),
                "interrupted": interrupted,
                "webp_bits_per_pixel": {"sample": bits[0], "truth": bits[1]},
                "measures": measures.as_dict(),
            }
        )


def _story(
    sitting: "Sitting",
    coder: Any,
    plan: Any,
    region: str,
    size: str | None,
    corpus: Sequence[Path] | None,
) -> dict[str, Any]:
    """What it takes to make the picture again."""
    from compgen.imaging.block import BlockUnit
    from compgen.imaging.models import image_versions
    from compgen.imaging.record import RecordUnit

    shaping = sitting.unit.shaping
    story: dict[str, Any] = {
        "compressor": str(coder),
        "reading": str(plan.reading_of(coder)),
        "unit": sitting.unit.name,
        "layout": str(plan.layout),
        "keep": region,
        "seed": sitting.seed,
        "levels": sitting.levels,
        "temperature": shaping.temperature,
        "min_p": shaping.min_p,
        "top_k": shaping.top_k,
        "top_p": shaping.top_p,
        "typical": shaping.typical_p,
    }
    if sitting.unit.name in ("block", "row"):
        story |= {"norm": str(plan.norm), "block": plan.block}
    elif sitting.blind:
        story["norm"] = str(plan.norm)
    if isinstance(sitting.unit, RecordUnit | BlockUnit):
        story["proposals"] = sitting.unit.proposals
    if size is not None:
        story["size"] = size
    if corpus:
        story["corpus"] = [path.name for path in corpus]
    return story | {"versions": image_versions(coder)}


def _file(pixels: "Pixels", story: dict[str, Any], status: int) -> bytes:
    from compgen._version import __version__
    from compgen.media.png_file import SOFTWARE, png_bytes

    told = story | ({"interrupted": True} if status else {})
    return png_bytes(pixels, {SOFTWARE: f"compgen {__version__}", "compgen": told})


def _show(pixels: "Pixels", *, on_stdout: bool) -> None:
    from compgen.report.half_blocks import HalfBlocks

    if on_stdout:
        console.show(HalfBlocks(pixels))
    else:
        console.notes().print(HalfBlocks(pixels))


class _Progress(ProgressLine):
    """Pixels of all samples, and how many a second."""

    def __init__(self, samples: int, sitting: "Sitting", *, hidden: bool) -> None:
        self._each = int(sitting.unknown.sum())
        super().__init__(
            samples * self._each,
            "{task.completed:,.0f}/{task.total:,.0f} pixels",
            "{task.fields[rate]}",
            hidden=hidden,
            rate="",
        )

    def update(self, sample: int, done: int) -> None:
        """Show how far it is: so many samples, and so many pixels of the next."""
        pixels = sample * self._each + done
        self.show(completed=pixels, rate=f"{self.per_second(pixels):,.0f} pixels/s")
