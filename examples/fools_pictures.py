"""Fillings that nobody would call good, and what the figures of `cgen compare image` say of them.

    python examples/fools_pictures.py PICTURE …

Means over the pictures, as docs/metrics.md has them. Some peek at the truth: they are here to fool
a figure, not to compete.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from compgen.experiment.picture_exhibit import PictureExhibit
from compgen.media.pixels import Pixels

Gray = NDArray[np.float64]
SIDE, GIVEN = 64, 32


def fools(exhibit: PictureExhibit) -> Iterator[tuple[str, Pixels]]:
    """Their names and the whole pictures."""
    gray = exhibit.truth[..., 0].astype(np.float64)
    given, missing = gray[:GIVEN], gray[GIVEN:]
    rng = np.random.default_rng(1)

    def filled(filling: Gray) -> Pixels:
        whole = np.concatenate([given, np.clip(np.rint(filling), 0, 255)])
        return whole.astype(np.uint8)[..., None]

    yield "the truth", exhibit.truth
    yield "the truth, left and right exchanged", filled(missing[:, ::-1])
    yield "the truth, blurred by 2 pixels", filled(gaussian_filter(missing, 2))
    yield "the truth's spectrum, with random phases", filled(scrambled(missing, rng))
    yield "what is given, once more", filled(given)
    yield (
        "what is given, its pixels shuffled",
        filled(rng.permuted(given.reshape(-1)).reshape(given.shape)),
    )
    forged = exhibit.forgeries(1)
    yield "what is given, mirrored", forged["a mirror image"]
    yield "flat gray", forged["flat"]
    yield "uniform noise", forged["noise"]
    yield "noise with the steps of what is given", forged["matched noise"]
    noisy = [filled(given.mean() + rng.normal(0, sigma, given.shape)) for sigma in range(1, 60)]
    yield (
        "noise at the truth's code length",
        min(noisy, key=lambda one: exhibit.measure(one)["excess"]),
    )


def scrambled(gray: Gray, rng: np.random.Generator) -> Gray:
    """Another picture with the same power at each frequency, and the same mean."""
    phases = np.angle(np.fft.fft2(rng.normal(size=gray.shape)))
    found = np.fft.ifft2(np.abs(np.fft.fft2(gray)) * np.exp(1j * phases)).real
    return np.asarray(found + gray.mean() - found.mean())


def main() -> None:
    exhibits = [
        PictureExhibit.read(name, Path(name).read_bytes(), (SIDE, SIDE), True, "top:50%")
        for name in sys.argv[1:]
    ]
    if not exhibits:
        sys.exit(__doc__)
    found: dict[str, list[dict[str, float]]] = {}
    for exhibit in exhibits:
        for name, picture in fools(exhibit):
            found.setdefault(name, []).append(exhibit.measure(picture))
    titles = [figure.title.replace("|", "\\|") for figure in PictureExhibit.figures]
    print(f"| | {' | '.join(titles)} |\n|{'---|' * (len(titles) + 1)}")
    for name, rows in found.items():
        means = [np.mean([row[figure.name] for row in rows]) for figure in PictureExhibit.figures]
        cells = [
            f"{mean:{figure.form}}" if np.isfinite(mean) else "–"
            for mean, figure in zip(means, PictureExhibit.figures, strict=True)
        ]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
