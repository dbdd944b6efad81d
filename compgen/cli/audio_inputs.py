"""From words on the command line to sounds, and to places for them."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compgen.cli.files import STANDARD
from compgen.errors import UsageError

if TYPE_CHECKING:
    from compgen.media.samples import Samples
    from compgen.media.sound_file import SoundFile

KEEP = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|%)")


@dataclass(frozen=True)
class Keep:
    """How much of a sound is given, from its beginning; None is all of it."""

    text: str | None = None

    def __post_init__(self) -> None:
        if self.text is not None and not KEEP.fullmatch(self.text.strip()):
            raise UsageError(f"--keep {self.text}: write seconds or a share: 3s, 500ms, 50%")

    def length(self, sound: "SoundFile", otherwise: str = "") -> int:
        """How many samples are known; `otherwise`: what to do if all are."""
        whole = len(sound.samples)
        if self.text is None:
            return whole
        found = KEEP.fullmatch(self.text.strip())
        assert found
        number = float(found[1])
        scale = {"s": sound.rate, "ms": sound.rate / 1000, "%": whole / 100}[found[2]]
        length = round(number * scale)
        if not length:
            raise UsageError(f"--keep {self.text}: nothing of the sound is given; keep some of it")
        if length >= whole:
            raise UsageError(
                f"--keep {self.text} keeps all of {sound.seconds:.3g} s, and there is nothing "
                f"to replace{otherwise}"
            )
        return length

    def __str__(self) -> str:
        return "all" if self.text is None else self.text.strip()


def places(output: Path | None, source: Path, samples: int, *, as_json: bool) -> list[Path]:
    """Where each sample goes: OUT.wav, or OUT-1.wav and so on; empty: it is only told of."""
    if output is None:
        if not as_json:
            raise UsageError("name the result with -o OUT.wav")
        return []
    if output == STANDARD:
        if as_json or samples > 1:
            raise UsageError(
                "-o - writes one sound to standard output, which leaves no room there for --json "
                "or more samples; use -o OUT.wav"
            )
        return [output]
    if output.suffix.lower() != ".wav":
        raise UsageError(f"{output}: only WAV is written; call it {output.with_suffix('.wav')}")
    found = [output]
    if samples > 1:
        found = [output.with_stem(f"{output.stem}-{number + 1}") for number in range(samples)]
    for place in found:
        if os.path.realpath(place) == os.path.realpath(source):
            raise UsageError(f"{place} is the input itself; name another output with -o")
    return found


def check_plot(plot: Path | None) -> None:
    """Raise UsageError unless it can be called a PNG."""
    if plot is not None and plot.suffix.lower() != ".png":
        raise UsageError(f"--plot {plot}: it is a PNG; call it {plot.with_suffix('.png')}")


def check_free(paths: Sequence[Path], *, force: bool) -> None:
    """Raise UsageError where a result has no place, before any time is spent on it."""
    for path in paths:
        if path == STANDARD:
            continue
        if path.is_dir():
            raise UsageError(f"{path} is a directory; name a file in it")
        if not path.absolute().parent.is_dir():
            raise UsageError(f"{path}: there is no directory {path.parent}")
        if path.is_file() and not force:
            raise UsageError(f"{path} is there already; --force overwrites it, -o names another")


def read_recording(path: Path, rate: int | None) -> "SoundFile":
    """A sound from a file, or from stdin for `-`."""
    from compgen.cli.inputs import read_input
    from compgen.media.sound_file import read_sound

    if path == STANDARD:
        return read_sound(read_input(path), rate=rate, label="standard input")
    return read_sound(path, rate=rate)


def read_corpus_sounds(
    paths: Sequence[Path] | None, rate: int, channels: int
) -> "tuple[Samples, ...]":
    """The sounds, at the rate and with the channels of the one that is continued."""
    from compgen.media.sound_file import read_sound

    return tuple(read_sound(path, rate=rate, channels=channels).samples for path in paths or ())
