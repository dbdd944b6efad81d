"""How well and how fast does `neural` learn, code and generate?

    python -m benchmarks.neural PART … [--seconds S] [--model DIR] [--texts FILE …]

    train      the preset `gru` on pydoc_data.topics, for so many CPU seconds on one thread
    code       portable coding: topics by the model in DIR, which was trained on the rest of
               them; the texts by the model that comes with compgen, the last 100,000 bytes of each
    generate   writing, by the model in DIR or the one that comes with compgen

Topics are cut as in benchmarks/cm.py: the last 50,000 bytes are held out, and of the rest the
paragraphs that they repeat are left out.

    pydoc_data.topics │ read ………………………………………… │ 4,096 │ held out │
                                                ├──────►┼─────────►│   the trained model reads both
                                                 priming  counted      in one go, its state carried
"""

import argparse
import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks import neural_coding
from benchmarks.cm import split
from compgen.neural.checkpoint import load

PRIMING = 4096


def bits_per_byte(directory: Path, rest: bytes, held_out: bytes) -> float:
    """Of the held-out part, after the last bytes of the rest."""
    import torch
    from torch.nn import functional

    from compgen.neural.modules import model_of

    model = model_of(load(directory), torch.device("cpu"))
    tokens = torch.from_numpy(
        np.frombuffer(rest[-PRIMING:] + held_out, np.uint8).astype(np.int64)[None]
    )
    state = model.initial_state(1)
    total, counted = 0.0, len(held_out)
    with torch.inference_mode():
        for start in range(0, tokens.shape[1] - 1, 1024):
            read = tokens[:, start : start + 1025]
            logits, state = model.forward(read[:, :-1], state)
            lengths = functional.cross_entropy(logits[0], read[0, 1:], reduction="none").double()
            total += float(lengths[max(PRIMING - 1 - start, 0) :].sum())
    return total / math.log(2) / counted


def train(arguments: argparse.Namespace) -> None:
    import torch

    from compgen.neural.corpus_split import Text
    from compgen.neural.settings import Settings
    from compgen.neural.training import train as train_model

    rest, held_out = split()
    settings = Settings(preset=arguments.preset, minutes=arguments.seconds / 60)
    with tempfile.TemporaryDirectory() as scratch:
        directory = arguments.model or Path(scratch)
        outcome = train_model(
            [Text("pydoc_data.topics", rest)],
            directory,
            settings,
            device=torch.device("cpu"),
            force=arguments.model is None,
        )
        measured = bits_per_byte(directory, rest, held_out)
    made = outcome.config.provenance
    print(f"topics: {len(rest):,} bytes to read, {len(held_out):,} held out")
    learned = outcome.history[-1]["step"] * made["options"]["batch"] * made["options"]["length"]
    print(f"{arguments.preset}, {outcome.config.parameters:,} parameters, one thread")
    print(f"{outcome.history[-1]['seconds']:8.1f} CPU seconds, evaluation on the way included")
    print(f"{learned / outcome.history[-1]['seconds'] / 1e3:8.1f} thousand bytes a CPU second")
    print(f"{learned / len(rest):8.1f} times over the text")
    print(f"{outcome.held_out_bits:8.3f} bits per byte on the 5 % that training holds out")
    print(f"{measured:8.3f} bits per byte on the 50,000 bytes held out")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "train": train,
    "code": neural_coding.code,
    "generate": neural_coding.generate,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parser.add_argument("--preset", default="gru")
    parser.add_argument("--seconds", type=float, default=100.0, help="of CPU time, for training")
    parser.add_argument("--model", type=Path, help="where the model is kept, or comes from")
    parser.add_argument("--texts", type=Path, nargs="*", default=[], help="to be coded")
    arguments = parser.parse_args()
    for part in arguments.parts:
        PARTS[part](arguments)


if __name__ == "__main__":
    main()
