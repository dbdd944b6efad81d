"""How strong and how fast is `pixelcm`? Bits per pixel beside real picture formats, and times.

    python -m benchmarks.pixelcm PICTURE …       such as shared/data/image/*.png

    strength   bits per pixel of every PICTURE, coded cold: the length of the file, or stream
    decoding   with --decode: that every stream gives the picture back, and in what time
    sampling   of the first PICTURE, 64 x 64 gray and 128 x 128 RGB: the bottom half

JPEG-LS and JPEG XL need `pip install imagecodecs`, which compgen does not depend on.
Times are processor time of one thread, after compilation.
"""

import argparse
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from compgen.compressors.pixelcm import PixelMixer
from compgen.conditionals.pixel_mixing import PixelMixing
from compgen.reading import Reading

Pixels = NDArray[np.uint8]


def saved(pixels: Pixels, **options: Any) -> int:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, **options)
    return len(file.getvalue())


def formats() -> dict[str, Callable[[Pixels], int]]:
    """The size of a picture in bytes, in each format that there is."""
    found: dict[str, Callable[[Pixels], int]] = {
        "PNG": lambda pixels: saved(pixels, format="PNG", optimize=True, compress_level=9),
        "WebP": lambda pixels: saved(
            pixels, format="WEBP", lossless=True, exact=True, method=6, quality=100
        ),
    }
    try:
        import imagecodecs
    except ImportError:
        return found
    found["JPEG-LS"] = lambda pixels: len(imagecodecs.jpegls_encode(pixels))
    for effort in (7, 9):
        found[f"JPEG XL -e{effort}"] = lambda pixels, effort=effort: len(  # type: ignore[misc]
            imagecodecs.jpegxl_encode(pixels, lossless=True, effort=effort, numthreads=1)
        )
    return found


def channels_of(pixels: Pixels) -> int:
    return 1 if pixels.ndim == 2 else pixels.shape[2]


def coded(pixels: Pixels, decode: bool) -> tuple[int, float, float]:
    """Bytes of the stream, and the seconds that encoding and decoding took."""
    data = pixels.tobytes()
    model = PixelMixing(width=pixels.shape[1], channels=channels_of(pixels))
    twin = model.fork()
    started = time.process_time()
    stream = model.encode(data)
    encoding, decoding = time.process_time() - started, 0.0
    if decode:
        started = time.process_time()
        if twin.decode(stream, len(data)) != data:
            raise SystemExit("pixelcm did not give back what it was given")
        decoding = time.process_time() - started
    return len(stream), encoding, decoding


def strength(paths: list[Path], decode: bool) -> None:
    codecs = formats()
    print(f"{'bits per pixel':24s}" + "".join(f"{name:>13s}" for name in [*codecs, "pixelcm"]))
    for path in paths:
        pixels = read(path, None)
        count = pixels.shape[0] * pixels.shape[1]
        rates = [8 * size(pixels) / count for size in codecs.values()]
        length, encoding, decoding = coded(pixels, decode)
        line = "".join(f"{rate:13.3f}" for rate in [*rates, 8 * length / count])
        times = f"encoded in {encoding:.1f} s" + (
            f", decoded in {decoding:.1f} s" if decode else ""
        )
        print(f"{path.stem:24s}{line}   {length} bytes, {times}", flush=True)


def read(path: Path, size: int | None, mode: str | None = None) -> Pixels:
    """A picture; of `size`, its middle square, scaled down."""
    with Image.open(path) as image:
        picture: Image.Image = image.convert(mode) if mode else image.copy()
    if size is not None:
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        square = picture.crop((left, top, left + side, top + side))
        picture = square.resize((size, size), Image.Resampling.BOX)
    return np.asarray(picture)


def sampling(path: Path) -> None:
    print(
        "\nthe bottom half, sampled                  reads in     writes in   fork and first byte"
    )
    for size, mode in ((64, "L"), (128, "RGB")):
        pixels = read(path, size, mode)
        data, channels = pixels.tobytes(), channels_of(pixels)
        half = len(data) // 2
        tuning = PixelMixer(channels=channels).tuning(Reading.MARGINAL)
        started = time.process_time()
        model = PixelMixing(data[:half], width=size, channels=channels, learn=False)
        reading = time.process_time() - started
        started = time.process_time()
        uniforms = np.random.default_rng(0).random(len(data) - half)
        model.fork().generate(uniforms, temperature=tuning.temperature, min_p=tuning.min_p)
        writing = time.process_time() - started
        forks = []
        for learn in (False, True):
            if learn:
                model.thaw()
            started = time.process_time()
            for _ in range(50):
                model.fork().advance(b"t")
            forks.append((time.process_time() - started) / 50 * 1e3)
        print(
            f"{path.stem} {size} x {size} {mode:20s}{reading:8.2f} s    {writing:8.2f} s"
            f"    {forks[0]:.2f} ms frozen, {forks[1]:.2f} ms learning"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--decode", action="store_true")
    arguments = parser.parse_args()
    warm = PixelMixing(b"compile", width=3)
    warm.decode(warm.fork().encode(b"first"), 5)
    warm.generate(np.array([0.5]), min_p=0.1)
    sampling(arguments.pictures[0])
    print()
    strength(arguments.pictures, arguments.decode)


if __name__ == "__main__":
    main()
