"""A step that is launched as one piece: on CUDA, a hundred small kernels cost more to launch
than to compute.

    call 1 … WARM_UP    run as it is, on a stream of its own       (libraries choose and allocate)
    call WARM_UP + 1    recorded, then replayed
    every other         replayed

The step works on tensors that stay where they are, so that a replay finds them. Elsewhere than
on CUDA every call runs as it is.
"""

from collections.abc import Callable
from typing import Any

import torch

WARM_UP = 4


class Step:
    """A function without arguments that changes tensors in place."""

    def __init__(self, function: Callable[[], None], device: torch.device) -> None:
        self._function = function
        self._device = device
        self._calls = 0
        self._graph: Any = None

    def __call__(self) -> None:
        if self._device.type != "cuda":
            self._function()
        elif self._graph is not None:
            self._graph.replay()
        elif self._calls < WARM_UP:
            self._calls += 1
            self._run_aside()
        else:
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):  # records, and runs nothing
                self._function()
            self._graph.replay()

    def _run_aside(self) -> None:
        streams: Any = torch.cuda
        ours, aside = streams.current_stream(self._device), streams.Stream(self._device)
        aside.wait_stream(ours)
        with torch.cuda.stream(aside):
            self._function()
        ours.wait_stream(aside)
