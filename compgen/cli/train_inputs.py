"""From files to what a network learns from: their bytes, their pixels, or their sound's µ-law."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from compgen.cli.files import STANDARD
from compgen.errors import InputError, UsageError
from compgen.neural.medium import BYTES, FILES, IMAGE, SOUND, Medium

if TYPE_CHECKING:
    from compgen.media.pixels import Pixels
    from compgen.media.samples import Samples
    from compgen.neural.corpus_split import Text

SOUNDS = (b"fLaC", b"OggS", b"FORM")
PIECES = 8
"""A recording mostly ends in silence: so many pieces of it lose their ends to what judges."""


@dataclass(frozen=True)
class Wanted:
    """What `--as` and the options that go with it say."""

    kind: str = BYTES
    size: tuple[int, int] | None = None
    gray: bool = False
    crops: int = 0
    rate: int | None = None
    is_said: bool = False
    """Whether bytes were asked for, so that no picture is taken for a slip."""

    def __post_init__(self) -> None:
        for option, given, kind in (
            ("--size", self.size, IMAGE),
            ("--gray", self.gray, IMAGE),
            ("--crops", self.crops, IMAGE),
            ("--sample-rate", self.rate, SOUND),
        ):
            if given and self.kind != kind:
                raise UsageError(f"{option} goes with --as {kind}")
        if self.crops and self.size is None:
            raise UsageError("--crops needs their size: --size 64x64")

    @classmethod
    def as_before(cls, medium: Medium) -> Self:
        """What made this medium, of a training that is to be resumed."""
        size = (medium.width, medium.height) if medium.height else None
        gray = medium.kind == IMAGE and medium.channels == 1
        return cls(medium.kind, size, gray, medium.crops, medium.rate or None, is_said=True)


def read_texts(
    paths: Sequence[Path], wanted: Wanted, share: float, seed: int
) -> "tuple[list[Text], Medium]":
    """What is to be learned from, and what it is. Of crops and sounds, `share` of the picture's
    rows or of the sound is held out here; `seed` decides which crops are taken.

    Raises UsageError and InputError for what cannot be read or does not go together.
    """
    from compgen.cli.inputs import require_one_stdin

    require_one_stdin(*paths)
    if wanted.kind == IMAGE:
        return _read_pictures(paths, wanted, share, seed)
    if wanted.kind == SOUND:
        return _read_sounds(paths, wanted, share)
    return [_read_bytes(path, wanted.is_said) for path in paths], FILES


def _read_bytes(path: Path, is_said: bool) -> "Text":
    from compgen.cli.inputs import read_corpus, read_input
    from compgen.neural.corpus_split import Text

    if path == STANDARD:
        text = Text("standard input", read_input(path))
        if not text.data:
            raise InputError("standard input is empty; there is nothing to learn from")
    else:
        found = read_corpus([path])
        text = Text(path.name, found.read(0, len(found)))
    if not is_said:
        _require_plain(text)
    return text


def _require_plain(text: "Text") -> None:
    """Raise UsageError for a picture or a sound: its pixels or samples may be meant, and a
    compressed file teaches nothing."""
    from compgen.media.image_file import looks_like_an_image

    begin = text.data[:16]
    if looks_like_an_image(begin):
        raise UsageError(
            f"{text.name} is a picture: --as image --size 64x64 learns its pixels, --as bytes the "
            "file as it is"
        )
    if begin.startswith(SOUNDS) or (begin[:4] == b"RIFF" and begin[8:12] == b"WAVE"):
        raise UsageError(
            f"{text.name} is a sound: --as sound learns its samples, --as bytes the file as it is"
        )


def _read_pictures(
    paths: Sequence[Path], wanted: Wanted, share: float, seed: int
) -> "tuple[list[Text], Medium]":
    from compgen.cli.image_inputs import read_picture
    from compgen.cli.inputs import read_input
    from compgen.media.image_file import read_image

    pictures = []
    for path in paths:
        if wanted.crops:
            source = read_input(path) if path == STANDARD else path
            label = "standard input" if path == STANDARD else None
            found = read_image(source, gray=wanted.gray, any_size=True, label=label)
        else:
            found = read_picture(path, wanted.size, wanted.gray)
        pictures.append((path.name, found.pixels))
    channels = max(pixels.shape[2] for _, pixels in pictures)
    pictures = [
        (name, pixels.repeat(channels, 2) if pixels.shape[2] < channels else pixels)
        for name, pixels in pictures
    ]
    width, height = wanted.size or (_common_width(pictures), 0)
    medium = Medium(IMAGE, width, height, channels, crops=wanted.crops)
    if wanted.crops:
        return _cropped(pictures, medium, share, seed), medium
    return _whole(pictures), medium


def _common_width(pictures: "Sequence[tuple[str, Pixels]]") -> int:
    first, pixels = pictures[0]
    width = int(pixels.shape[1])
    for name, other in pictures:
        if other.shape[1] != width:
            raise UsageError(
                f"{first} is {width} pixels wide and {name} {other.shape[1]}: a network learns "
                "one width; --size 64x64 resamples all, --crops N cuts pieces of that size"
            )
    return width


def _whole(pictures: "Sequence[tuple[str, Pixels]]") -> "list[Text]":
    from compgen.neural.corpus_split import Text

    return [Text(name, pixels.tobytes()) for name, pixels in pictures]


def _cropped(
    pictures: "Sequence[tuple[str, Pixels]]", medium: Medium, share: float, seed: int
) -> "list[Text]":
    """The upper rows of each picture are learned, the lowest are held out: crops overlap."""
    import numpy as np

    from compgen.media.crops import crops
    from compgen.neural.corpus_split import Text

    texts = []
    size = (medium.width, medium.height)
    for number, (name, pixels) in enumerate(pictures):
        rng = np.random.default_rng([seed, number])
        border = len(pixels) - round(share * len(pixels))
        try:
            learned = b"".join(map(_bytes, crops(pixels[:border], size, medium.crops, rng)))
            judging = bytearray()
            while border < len(pixels) and len(judging) < share * len(learned):
                judging += _bytes(crops(pixels[border:], size, 1, rng)[0])
        except UsageError as error:
            raise UsageError(f"{name}: {error}") from None
        texts.append(Text(name, learned, bytes(judging)))
    return texts


def _bytes(pixels: "Pixels") -> bytes:
    return pixels.tobytes()


def _read_sounds(
    paths: Sequence[Path], wanted: Wanted, share: float
) -> "tuple[list[Text], Medium]":
    """At one rate: that which is wanted, or the first one's; of one kind of channels."""
    from compgen.cli.audio_inputs import read_recording

    sounds = []
    rate = wanted.rate
    for path in paths:
        found = read_recording(path, rate)
        rate = rate or found.rate
        sounds.append((path.name, found))
    channels = {found.samples.shape[1] for _, found in sounds}
    if len(channels) > 1:
        raise UsageError("some of the sounds are mono and some stereo; a network learns one kind")
    texts = [_heard(name, found.samples, share) for name, found in sounds]
    assert rate
    return texts, Medium(SOUND, channels=channels.pop(), rate=rate)


def _heard(name: str, samples: "Samples", share: float) -> "Text":
    """A sound's µ-law; the last `share` of each of PIECES pieces is held out."""
    from compgen.media.mu_law import encode
    from compgen.neural.corpus_split import Text

    codes = encode(samples)
    borders = [number * len(codes) // PIECES for number in range(PIECES + 1)]
    learned, held_out = bytearray(), bytearray()
    for start, stop in itertools.pairwise(borders):
        cut = stop - round(share * (stop - start))
        learned += codes[start:cut].tobytes()
        held_out += codes[cut:stop].tobytes()
    return Text(name, bytes(learned), bytes(held_out))
