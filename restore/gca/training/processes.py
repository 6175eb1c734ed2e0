"""The processes that train together: one, or several that `torchrun` started, each with its own device."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from torch import distributed

from restore.gca.devices import pick


@dataclass(frozen=True, slots=True)
class Processes:
    """This process's number among all, and where it computes."""

    rank: int
    count: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes and validates."""
        return self.rank == 0

    def agreed(self, value: bool) -> bool:
        """The leader's value, in every process."""
        if self.count == 1:
            return value
        told = torch.tensor([float(value)], device=self.device)
        distributed.broadcast(told, 0)
        return bool(told.item())

    def leave(self) -> None:
        """End the communication."""
        if self.count > 1:
            distributed.destroy_process_group()


def join(device: str) -> Processes:
    """Join the processes that `torchrun` started (its environment variables tell); alone where it did not.

    Raises:
        UsageError: the device is not there.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    picked = pick(device)
    if count == 1:
        return Processes(0, 1, picked)
    rank = int(os.environ["RANK"])
    if picked.type == "cuda":
        picked = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(picked)
    distributed.init_process_group("nccl" if picked.type == "cuda" else "gloo")
    return Processes(rank, count, picked)
