"""Several processes, one model: what `torchrun` starts.

    torchrun --nproc-per-node 8 -m compgen train …

    process 0   rows 0 … B/8 of each batch ─► gradient ─┐
    process 1   rows B/8 … B/4             ─► gradient ─┼─ mean ─► the same step in each
    …                                                   ┘

A batch is the same however many share it. Process 0 evaluates, saves and decides when to stop.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed

from compgen.errors import UsageError


@dataclass(frozen=True)
class Group:
    """The processes that train together; alone, a group of one."""

    device: torch.device
    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that evaluates, saves and speaks."""
        return self.rank == 0

    def rows(self, batch: int) -> slice:
        """This process's share of a batch. Raises UsageError if it has no equal shares."""
        if batch % self.size:
            raise UsageError(
                f"a batch of {batch} cannot be shared evenly by {self.size} processes; "
                "change --batch"
            )
        share = batch // self.size
        return slice(self.rank * share, (self.rank + 1) * share)

    def agreed(self, *values: float) -> list[float]:
        """What process 0 says, in every process."""
        if self.size == 1:
            return list(values)
        message = torch.tensor(values, dtype=torch.float32, device=self.device)
        distributed.broadcast(message, 0)
        return [float(value) for value in message.tolist()]

    def wait(self) -> None:
        """Until every process has come here."""
        if self.size > 1:
            distributed.barrier()

    def mean(self, value: Tensor) -> Tensor:
        """The mean over all processes, in every process."""
        if self.size > 1:
            distributed.all_reduce(value)
            value /= self.size
        return value

    def gathered(self, rows: Tensor, dimension: int) -> Tensor:
        """All processes' `rows` along a dimension, in the order of their ranks."""
        if self.size == 1:
            return rows
        parts = [torch.empty_like(rows) for _ in range(self.size)]
        distributed.all_gather(parts, rows.contiguous())
        return torch.cat(parts, dimension)


def started_by_torchrun() -> bool:
    """Whether this process is one of several."""
    return "TORCHELASTIC_RUN_ID" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


def leads() -> bool:
    """Whether this process speaks for all: it is alone, or the first of several."""
    return not started_by_torchrun() or os.environ.get("RANK") == "0"


@contextmanager
def process_group(device: torch.device) -> Iterator[Group]:
    """The group that torchrun has set up, for as long as it is needed; else a group of one."""
    if not started_by_torchrun():
        yield Group(device)
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Group(device, distributed.get_rank(), distributed.get_world_size())
        # process 0 keeps the store that the others talk to: nobody leaves before all are done
        distributed.barrier()
    finally:
        distributed.destroy_process_group()
        # gloo's threads hold tensors; those that go when Python itself does abort the process
        # (github.com/pytorch/pytorch/pull/179291)
        gc.collect()
