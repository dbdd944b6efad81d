"""Sounds that nobody would take for the truth, and what each figure likes in them.

python examples/fools_sounds.py RECORDING.wav …

Of each recording, at 8,000 Hz, the last second is the truth and what is before it is given; the
figures are medians over the recordings. docs/metrics.md explains them and has the table.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compgen.media.samples import Samples
from compgen.media.sound_file import read_sound
from compgen.metrics.sound import measure_sound, pitch_statistics

RATE = 8_000
FIGURES = {
    "spectrum": "log_spectral_distance",
    "to known": "log_spectral_distance_known",
    "level": "level_difference",
    "levels": "level_distance",
    "pitch": "pitch",
    "pitches": "pitch_distance",
    "voiced": "voiced_fraction",
    "copied": "copied_fraction",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", type=Path, nargs="+")
    found: dict[str, list[list[float]]] = {}
    for path in parser.parse_args().recordings:
        sound = read_sound(path, rate=RATE, channels=1).samples
        given, truth = sound[:-RATE], sound[-RATE:]
        for name, made in impostors(given, truth, np.random.default_rng(0)).items():
            measures = measure_sound(made, truth, given, RATE)
            row = [float(getattr(measures, figure)) for figure in FIGURES.values()]
            found.setdefault(name, []).append(row)
    print("| |", " | ".join(FIGURES), "|")
    print("|---" * (1 + len(FIGURES)) + "|")
    for name, rows in found.items():
        print(f"| {name} |", " | ".join(_median(column) for column in np.array(rows).T), "|")


def impostors(given: Samples, truth: Samples, rng: np.random.Generator) -> dict[str, Samples]:
    """By name, each as long as the truth."""
    wave = truth[:, 0].astype(np.float64)
    power = np.sqrt((wave**2).mean())
    spectrum = np.fft.rfft(wave)
    turned = spectrum * np.exp(2j * np.pi * rng.random(len(spectrum)))
    period = RATE / np.nan_to_num(pitch_statistics(wave / 32768, RATE)[0], nan=100.0)
    pulses = (np.arange(len(wave)) % period < 1).astype(np.float64)
    buzz = np.fft.irfft(np.fft.rfft(pulses) * _smoothed(np.abs(spectrum)))
    return {
        "the truth": truth,
        "the truth, played backwards": truth[::-1].copy(),
        "the truth's spectrum, with random phases": _sound(np.fft.irfft(turned)),
        "a steady buzz at the truth's pitch": _sound(buzz * power / buzz.std()),
        "the last second given, once more": given[-len(truth) :],
        "the same, louder by 1 %": _sound(given[-len(truth) :, 0] * np.float64(1.01)),
        "white noise, as loud as the truth": _sound(rng.normal(0, power, len(wave))),
        "silence": np.zeros_like(truth),
    }


def _median(column: NDArray[np.float64]) -> str:
    """Of those recordings that have the figure."""
    there = column[np.isfinite(column)]
    return f"{np.median(there) + 0.0:.2f}" if len(there) else "–"


def _smoothed(spectrum: NDArray[np.float64], width: int = 301) -> NDArray[np.float64]:
    """Without the lines of its pitch."""
    smooth: NDArray[np.float64] = np.convolve(spectrum, np.hanning(width), "same")
    return smooth


def _sound(values: NDArray[np.float64]) -> Samples:
    return np.clip(np.rint(values), -32768, 32767).astype(np.int16)[:, None]


if __name__ == "__main__":
    main()
