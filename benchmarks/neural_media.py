"""Networks that were trained on pictures or on sound, beside what codes and continues without.

    python -m benchmarks.neural_media PICTURE … --size 64x64 -c cm -c neural:model=DIR,mix=off
    python -m benchmarks.neural_media SOUND … --rate 8000 -c cm -c neural:model=DIR

The pictures and sounds are not to be those of the training. Each is coded whole, cold: bits per
byte of its pixels (gray) or of its µ-law; then half of a picture, or the last second of a sound,
is made anew as `cgen image` and `cgen audio` would, and measured. Rows are means over the files
and seeds (of the level: the absolute difference), CPU seconds those of one continuation.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from compgen.compressor import Compressor
from compgen.imaging.fitting import fit
from compgen.imaging.painting import Painting, Sitting
from compgen.imaging.units import UnitPlan as PicturePlan
from compgen.media.image_file import ImageFile, read_image
from compgen.media.mu_law import encode
from compgen.media.region import Region
from compgen.media.samples import Samples
from compgen.media.sound_file import read_sound
from compgen.metrics.image import measure_image
from compgen.metrics.sound import measure_sound
from compgen.registry import get_compressor
from compgen.sound.take import Session, Take
from compgen.sound.units import UnitPlan as SoundPlan

PICTURE_FIGURES = {
    "gradient": "gradient_distance",
    "spectrum": "spectrum_distance",
    "|Δbpp|": "excess_bits_per_pixel",
    "seam": "seam_ratio",
}
SOUND_FIGURES = {
    "to truth": "log_spectral_distance",
    "to known": "log_spectral_distance_known",
    "|level|": "level_difference",
    "voiced": "voiced_fraction",
}
Figures = list[float]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("-c", dest="specs", action="append", required=True)
    parser.add_argument("--size", default="64x64")
    parser.add_argument("--rate", type=int, help="the files are sounds")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--min-p", type=float)
    parser.add_argument("--temperature", type=float)
    asked = parser.parse_args()
    shaped = {"min_p": asked.min_p, "temperature": asked.temperature}
    names = PICTURE_FIGURES if asked.rate is None else SOUND_FIGURES
    print(f"{'':44}{'bits':>9}", *(f"{name:>9}" for name in names), f"{'CPU s':>9}")
    for spec in asked.specs:
        coder = get_compressor(spec)
        bits: Figures = []
        rows: list[Figures] = []
        started, coding = time.process_time(), 0.0
        for path in asked.files:
            began = time.process_time()
            make: Callable[[int], Figures]
            if asked.rate is None:
                width, height = map(int, asked.size.split("x"))
                image = read_image(path, size=(width, height), gray=True)
                fitting = fit(coder, width, 1)
                bits.append(cost(fitting, image.pixels.tobytes()))
                make = painter(coder, image, PicturePlan(**shaped))
            else:
                sound = read_sound(path, rate=asked.rate, channels=1).samples
                bits.append(cost(coder, encode(sound).tobytes()))
                make = singer(coder, sound, asked.rate, SoundPlan(**shaped))
            coding += time.process_time() - began
            rows += [make(seed) for seed in range(asked.seeds)]
        seconds = (time.process_time() - started - coding) / max(len(rows), 1)
        means = np.nanmean(np.abs(rows), axis=0) if rows else [np.nan] * len(names)
        figures = "".join(f"{value:10.3f}" for value in [*means, seconds])
        each = " ".join(f"{value:.3f}" for value in bits)
        print(f"{spec[-43:]:44}{np.mean(bits):9.3f}{figures}   {each}", flush=True)


def cost(coder: Compressor, data: bytes) -> float:
    """Bits per byte: of a model its own, of all others what they write."""
    if coder.is_model:
        return float(coder.condition(b"").code_lengths(data).mean())
    return 8 * len(coder.compress(data)) / len(data)


def painter(coder: Compressor, image: ImageFile, plan: PicturePlan) -> Callable[[int], Figures]:
    unknown = Region("top", 50).unknown(image)
    unit = plan.make(coder, 1)

    def make(seed: int) -> Figures:
        made = Painting(Sitting(image.pixels, unknown, unit, seed=seed)).finish()
        measures = measure_image(made, image.pixels, unknown)
        return [getattr(measures, name) for name in PICTURE_FIGURES.values()]

    return make


def singer(
    coder: Compressor, sound: Samples, rate: int, plan: SoundPlan
) -> Callable[[int], Figures]:
    known, truth = sound[:-rate], sound[-rate:]
    unit = plan.make(coder, rate)

    def make(seed: int) -> Figures:
        take = Take(Session(known, rate, rate, unit, seed=seed))
        take.finish()
        measures = measure_sound(take.made, truth, known, rate)
        return [getattr(measures, name) for name in SOUND_FIGURES.values()]

    return make


if __name__ == "__main__":
    main()
