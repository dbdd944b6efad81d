"""`TorchEngine`: any checkpoint on any device, in the mode `fast`.

    lanes      ├─ part 0: at position 812 ─┤├─ part 1: at 811 ─┤     a part: lanes that have read
    state      one batch                    another                  as much as each other

A step of a part has the same shape every time: both sides of a coder launch the same kernels in
the same order, and get the same numbers from the same device, library and thread count, which
`traits` name. Where a step moves only the first lanes of a part, the part is cut in two: a
transformer's lanes share one position in their ring of keys and values.

`read` takes many bytes at once, which rounds otherwise than as many steps. That is safe where
both sides read the same bytes at once: a coder reads what it conditions on, and what it codes it
takes step by step. A single byte is read by a step.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from compgen.errors import FailureError, MissingPackageError, UnsupportedError
from compgen.kernels import why_unavailable
from compgen.neural import candidate_tree
from compgen.neural.byte_model import ByteModel
from compgen.neural.checkpoint import Checkpoint
from compgen.neural.config import TransformerConfig
from compgen.neural.cuda_graph import Step
from compgen.neural.engine import Bytes, Cumulative
from compgen.neural.gru import GruState
from compgen.neural.modules import model_of
from compgen.neural.numerics import DTYPES, description, repeatable
from compgen.neural.transformer import Transformer

BEFORE_ALL = 10
"""The byte that a lane has read when it has read nothing: a newline."""
CHUNK = 256
"""Bytes of one lane that are read at once."""
MOST_LANES = 4096
MEMORY = 1 << 31
"""What the lanes' keys and values may take where nobody can be asked how much is free."""


@dataclass
class Part:
    """Lanes side by side that have read as much as each other."""

    count: int
    """How many of the batch are lanes; the rest are leftovers that nobody asks for."""
    model: Any
    """The model's state, of the whole batch."""
    logits: Tensor
    """float32 of shape (batch, 256): what follows."""
    data: Tensor
    """int64 of shape (batch,): the bytes that the next step reads."""
    step: Step = field(repr=False)


@dataclass
class Lanes:
    """The state of all lanes, in order."""

    parts: list[Part]


class TorchEngine:
    """An `Engine` on a device."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: torch.device,
        *,
        dtype: str = "float32",
        threads: int = 1,
    ) -> None:
        """`threads` are those of a CPU. Raises UnsupportedError for bfloat16 elsewhere than on
        CUDA, MissingPackageError without numba, FailureError where the memory does not suffice.
        """
        if dtype != "float32" and device.type != "cuda":
            raise UnsupportedError(f"{dtype} is for CUDA; on {device.type} leave dtype=float32")
        if obstacle := why_unavailable():
            raise MissingPackageError(f"a neural model needs numba: {obstacle}")
        self.sha256 = checkpoint.sha256
        self.checkpoint = checkpoint
        self.device = device
        self.dtype = dtype
        self.threads = threads if device.type == "cpu" else 1
        with repeatable(device, self.threads):
            self.model: ByteModel = model_of(checkpoint, device).to(DTYPES[dtype])

    def renewed(self) -> "TorchEngine":
        """Another one of the same kind, which shares nothing with this one."""
        return TorchEngine(self.checkpoint, self.device, dtype=self.dtype, threads=self.threads)

    @property
    def traits(self) -> dict[str, str]:
        return {
            "mode": "fast",
            "device": description(self.device),
            "dtype": self.dtype,
            "torch": torch.__version__,
            "threads": str(self.threads),
        }

    def begin(self, lanes: int) -> Lanes:
        with repeatable(self.device, self.threads):
            state = Lanes([self._part(self._blank(lanes), self._no_logits(lanes), lanes)])
        self.step(state, np.full(lanes, BEFORE_ALL, np.uint8))
        return state

    def choose(self, state: Lanes, which: NDArray[np.intp]) -> Lanes:
        owners = np.repeat(np.arange(len(state.parts)), [part.count for part in state.parts])
        firsts = np.cumsum([0] + [part.count for part in state.parts])
        with repeatable(self.device, self.threads):
            chosen = []
            for run in _runs(owners[which]):
                part = state.parts[owners[which[run.start]]]
                places = which[run] - firsts[owners[which[run.start]]]
                chosen.append(self._selected(part, places))
        return Lanes(chosen)

    def step(self, state: Lanes, data: Bytes) -> None:
        with repeatable(self.device, self.threads):
            done = 0
            for index, part in enumerate(list(state.parts)):
                moving = min(part.count, data.size - done)
                if moving <= 0:
                    break
                if moving < part.count:
                    left_behind = self._selected(part, np.arange(moving, part.count))
                    state.parts.insert(index + 1, left_behind)
                    part.count = moving
                part.data[:moving] = self._on_device(data[done : done + moving])
                part.step()
                done += moving

    def frequencies(self, state: Lanes) -> Cumulative:
        with repeatable(self.device, self.threads):
            rows = [_on_host(part.logits[: part.count]) for part in state.parts]
        return cumulative_of(np.concatenate(rows))

    def read(self, state: Lanes, data: Bytes) -> Cumulative:
        if data.size == 1:
            before = self.frequencies(state)
            self.step(state, data)
            return before
        (part,) = state.parts
        expected = np.empty((data.size, 257), np.int32)
        for start in range(0, data.size, CHUNK):
            piece = data[start : start + CHUNK]
            with repeatable(self.device, self.threads):
                tokens = self._on_device(piece)[None]
                logits, after = self.model.forward(tokens, part.model)
                said = torch.cat([part.logits[:1], logits[0].float()])
                _keep(part.model, after)
                part.logits.copy_(said[-1:])
                rows = _on_host(said[:-1])
            expected[start : start + piece.size] = cumulative_of(rows)
        return expected

    def read_together(
        self, state: Lanes, continuations: Sequence[bytes]
    ) -> list[Cumulative] | None:
        """What is expected before each byte of each continuation, shapes (len, 257).

        `state`, of one lane, is what all of them follow; it stays where it is. For scoring: it
        rounds otherwise than steps do. None where steps are the best way: in a recurrent network.
        """
        if not isinstance(self.model, Transformer):
            return None
        (part,) = state.parts
        found: list[Cumulative] = [np.empty((0, 257), np.int32)] * len(continuations)
        for group in candidate_tree.passes(continuations):
            tree, paths = candidate_tree.plant([continuations[index] for index in group])
            with repeatable(self.device, self.threads):
                said = part.logits[:1]
                if tree.values.size:
                    said = torch.cat([said, candidate_tree.forward(self.model, part.model, tree)])
                rows = cumulative_of(_on_host(said))
            for index, path in zip(group, paths, strict=True):
                if continuations[index]:
                    found[index] = rows[np.concatenate([[0], path + 1])]
        return found

    @property
    def most_lanes(self) -> int:
        """How many lanes there is room for, MOST_LANES at most."""
        config = self.checkpoint.config
        if not isinstance(config, TransformerConfig):
            return MOST_LANES
        free = MEMORY
        if self.device.type == "cuda":
            free = torch.cuda.mem_get_info(self.device)[0] // 2
        lane = 2 * config.layers * config.window * config.width * DTYPES[self.dtype].itemsize
        return min(max(free // lane, 1), MOST_LANES)

    def _blank(self, lanes: int) -> Any:
        if isinstance(self.model, Transformer):
            return self.model.initial_state(lanes, DTYPES[self.dtype])
        state: GruState = self.model.initial_state(lanes)
        return GruState(state.hidden.to(DTYPES[self.dtype]))

    def _no_logits(self, lanes: int) -> Tensor:
        return torch.zeros(lanes, 256, device=self.device)

    def _part(self, model: Any, logits: Tensor, count: int) -> Part:
        data = torch.zeros(len(logits), dtype=torch.int64, device=self.device)

        def move() -> None:
            logits.copy_(self.model.step(data, model))

        return Part(count, model, logits, data, Step(move, self.device))

    def _selected(self, part: Part, places: NDArray[np.intp]) -> Part:
        """A copy of some lanes."""
        rows = self._on_device(places)
        return self._part(part.model.select(rows), part.logits[rows], places.size)

    def _on_device(self, values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(values.astype(np.int64)).to(self.device)


def cumulative_of(logits: NDArray[np.float32]) -> Cumulative:
    """The frequencies of rows of logits, shape (n, 256). Raises FailureError on no numbers."""
    from compgen.kernels.softmax import frequencies

    if not np.isfinite(logits).all():
        raise FailureError("the model's predictions are not numbers; use dtype=float32")
    cumulative = np.empty((logits.shape[0], 257), np.int32)
    frequencies(logits, cumulative)
    return cumulative


def _on_host(logits: Tensor) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = logits.detach().to("cpu", torch.float32).contiguous().numpy()
    return rows


def _keep(state: Any, after: Any) -> None:
    """Let `state` be `after`, in place; a transformer's already is."""
    if isinstance(state, GruState):
        state.hidden.copy_(after.hidden)


def _runs(owners: NDArray[np.intp]) -> list[slice]:
    """Where one part owns several chosen lanes in a row."""
    borders = np.flatnonzero(np.diff(owners)) + 1
    edges = [0, *borders.tolist(), owners.size]
    return [slice(first, last) for first, last in itertools.pairwise(edges)]
