"""The ways of continuing a sound, measured: `python benchmarks/audio.py speech.wav …`.

Of each recording, at 8,000 Hz, the first part is known (all but the last second, or a share,
`--given 0.6`), and a second after it is made; the figures are medians over recordings and seeds.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from compgen.imaging.norms import Norm
from compgen.media.sound_file import read_sound
from compgen.metrics.sound import measure_sound
from compgen.reading import Reading
from compgen.registry import get_compressor
from compgen.sound.take import Session, Take
from compgen.sound.units import UnitPlan

RATE = 8_000
PAPER = UnitPlan(unit="sample", reading=Reading.BYTES, dither=0, min_p=0.0)
WAYS: dict[str, tuple[str, UnitPlan]] = {
    "paper": ("gzip", PAPER),
    "cm samples": ("cm", UnitPlan()),
    "samplecm": ("samplecm", UnitPlan()),
    "null records": ("gzip", UnitPlan(unit="record", norm=Norm.NULL)),
    "gzip records": ("gzip", UnitPlan(unit="record")),
    "zstd records": ("zstd", UnitPlan(unit="record")),
    "cm records": ("cm", UnitPlan(unit="record")),
    "null grains": ("gzip", UnitPlan(unit="grain", norm=Norm.NULL)),
    "gzip grains": ("gzip", UnitPlan(unit="grain")),
    "cm grains": ("cm", UnitPlan(unit="grain")),
    "flac grains": ("flac", UnitPlan()),
    "flac raw": ("flac", UnitPlan(norm=Norm.RAW)),
}
FIGURES = {
    "to truth": "log_spectral_distance",
    "to known": "log_spectral_distance_known",
    "truth to known": "truth_log_spectral_distance_known",
    "level": "level_difference",
    "voiced": "voiced_fraction",
    "truth": "truth_voiced_fraction",
    "copied": "copied_fraction",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--given", type=float)
    parser.add_argument("--ways", default=",".join(WAYS))
    asked = parser.parse_args()
    print(f"{'':12}", *(f"{name:>14}" for name in FIGURES), f"{'silent':>8} {'cpu s':>8}")
    for way in asked.ways.split(","):
        spec, plan = WAYS[way]
        rows = []
        started = time.process_time()
        for path in asked.recordings:
            sound = read_sound(path, rate=RATE, channels=1).samples
            given = len(sound) - RATE if asked.given is None else int(asked.given * len(sound))
            known, truth = sound[:given], sound[given : given + RATE]
            unit = plan.make(get_compressor(spec), RATE)
            for seed in range(asked.seeds):
                blind = plan.norm is Norm.NULL
                take = Take(Session(known, RATE, RATE, unit, blind=blind, seed=seed))
                take.finish()
                rows.append(measure_sound(take.made, truth, known, RATE))
        seconds = (time.process_time() - started) / len(rows)
        medians = [np.nanmedian([getattr(row, name) for row in rows]) for name in FIGURES.values()]
        silent = sum(row.level_difference < -12 for row in rows)
        figures = (f"{value:14.2f}" for value in medians)
        print(f"{way:12}", *figures, f"{silent:>5}/{len(rows)} {seconds:8.2f}", flush=True)


if __name__ == "__main__":
    main()
