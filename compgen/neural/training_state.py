"""What going on with an interrupted training needs, in one file that is there whole or not at all.

    DIR/training/state.safetensors     tensors: weights, optimisers, carried state
                                       metadata "facts": JSON: options, corpus, step, history
    DIR/training/history.json          once it is finished, instead: the loss curve

No generator is saved: what is random in a step follows from the seed and its number.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from compgen.atomic import persist_names, remove_remains, write_atomically
from compgen.errors import InputError
from compgen.neural.checkpoint import parse_json

DIRECTORY = "training"
STATE = "state.safetensors"
HISTORY = "history.json"
FACTS = "facts"


@dataclass(frozen=True)
class TrainingState:
    """A training between two steps."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names begin with `prefix`, under what follows it."""
        return {
            name.removeprefix(prefix): value
            for name, value in self.tensors.items()
            if name.startswith(prefix)
        }


def save_state(directory: Path, state: TrainingState) -> None:
    """Let `directory` hold this unfinished training. Raises OSError."""
    from safetensors.torch import save

    place = directory / DIRECTORY
    place.mkdir(exist_ok=True)
    remove_remains(place, (STATE, HISTORY))
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.tensors.items()}
    facts = json.dumps(state.facts, allow_nan=False)
    write_atomically(place / STATE, save(tensors, {FACTS: facts}))


def load_state(directory: Path) -> TrainingState | None:
    """The unfinished training that `directory` holds; None if there is none.

    Raises InputError if it is damaged.
    """
    from safetensors import SafetensorError, safe_open

    file = directory / DIRECTORY / STATE
    if not file.is_file():
        return None
    tensors: dict[str, Tensor] = {}
    try:
        with safe_open(file, "pt") as opened:
            facts = (opened.metadata() or {}).get(FACTS, "")
            for name in opened.keys():  # noqa: SIM118
                tensors[name] = opened.get_tensor(name)
    except SafetensorError as error:
        raise InputError(f"{file} is damaged: {error}; --force trains anew") from None
    found = parse_json(facts.encode(), file)
    if not isinstance(found, dict):
        raise InputError(f"{file} is damaged; --force trains anew")
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise InputError(f"{file} holds a number that is not finite; --force trains anew")
    return TrainingState(tensors, found)


def finish(directory: Path, history: list[dict[str, Any]]) -> None:
    """Put the loss curve in the place of the state: there is nothing left to go on with."""
    place = directory / DIRECTORY
    place.mkdir(exist_ok=True)
    text = json.dumps(history, allow_nan=False) + "\n"
    write_atomically(place / HISTORY, text.encode())
    (place / STATE).unlink(missing_ok=True)
    persist_names(place)


def forget(directory: Path) -> None:
    """Remove all traces of a training; the model stays."""
    for name in (STATE, HISTORY):
        (directory / DIRECTORY / name).unlink(missing_ok=True)


def is_finished(directory: Path) -> bool:
    """Whether `directory` holds a training that came to its end."""
    return (directory / DIRECTORY / HISTORY).is_file()
