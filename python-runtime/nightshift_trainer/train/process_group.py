"""Data-parallel training: the processes that train each step together, and their communication.

Rank 0 leads: it alone reads commands, evaluates, saves and writes records. The other ranks hold the
same weights, follow it step by step and compute their shard of each batch.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from .errors import TrainerRefused
from .spec import TrainSpec

T = TypeVar("T")
# A pause, an evaluation or a slow disk of the leader must not end the group: a rank that dies
# closes its connections, and the engine detects one that hangs by its heartbeat.
TIMEOUT = timedelta(days=30)


def rank_of_process(spec: TrainSpec) -> int:
    """The rank that `ranks.py` assigned; 0 when started without it."""
    return int(os.environ.get("RANK", "0")) if spec.is_distributed else 0


class ProcessGroup:
    """A group of one process; every operation does nothing or returns its own values."""

    rank, size = 0, 1

    def broadcast(self, message: object) -> None:
        """Sends from the leader to all other ranks."""

    def receive(self, heartbeat: Callable[[], None]) -> Any:  # noqa: ANN401 - any message
        """The leader's next message; calls `heartbeat` while waiting."""
        raise RuntimeError("a single process has no leader to receive from")

    def sum(self, *numbers: float) -> list[float]:
        """Each number summed over all ranks."""
        return list(numbers)

    def gather(self, value: T) -> list[T]:
        """The values of all ranks, by rank; empty on every rank but the leader."""
        return [value]

    def sum_gradients(
        self, gradients: dict[str, torch.Tensor], master_weights: dict[str, torch.Tensor]
    ) -> None:
        """Replaces the gradients of this rank by the sums over all ranks, by name."""

    def shutdown(self) -> None:
        """Ends the other ranks, when the leader calls it, and leaves the group."""


class DistributedGroup(ProcessGroup):
    def __init__(self, device: torch.device, rendezvous: Path) -> None:
        """`rendezvous`: a file that doesn't exist yet, through which the ranks find each other."""
        _use_loopback_only()
        backend = "nccl" if device.type == "cuda" else "gloo"
        self.rank, self.size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        # Not a TCP store: it listens on all interfaces, and unpickles what anybody sends to it.
        store = dist.FileStore(str(rendezvous), self.size)  # pyright: ignore[reportPrivateImportUsage]
        dist.init_process_group(
            backend, store=store, rank=self.rank, world_size=self.size, timeout=TIMEOUT
        )
        # Messages and numbers use the CPU: with NCCL, waiting would keep the GPU busy.
        self._cpu_group: Any = dist.new_group(backend="gloo", timeout=TIMEOUT)

    def broadcast(self, message: object) -> None:
        content = torch.frombuffer(bytearray(pickle.dumps(message)), dtype=torch.uint8)
        dist.broadcast(torch.tensor([len(content)]), src=0, group=self._cpu_group)
        dist.broadcast(content, src=0, group=self._cpu_group)

    def receive(self, heartbeat: Callable[[], None]) -> Any:  # noqa: ANN401 - any message
        length = torch.zeros(1, dtype=torch.int64)
        work: Any = dist.broadcast(length, src=0, group=self._cpu_group, async_op=True)
        while not work.is_completed():
            heartbeat()
            time.sleep(0.001)
        work.wait()
        content = torch.zeros(int(length), dtype=torch.uint8)
        dist.broadcast(content, src=0, group=self._cpu_group)
        return pickle.loads(content.numpy().tobytes())

    def sum(self, *numbers: float) -> list[float]:
        sums = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(sums, group=self._cpu_group)
        return sums.tolist()

    def gather(self, value: T) -> list[T]:
        values: list[Any] | None = [None] * self.size if self.rank == 0 else None
        dist.gather_object(value, values, dst=0, group=self._cpu_group)
        return values or []

    def sum_gradients(
        self, gradients: dict[str, torch.Tensor], master_weights: dict[str, torch.Tensor]
    ) -> None:
        # A rank with an empty shard has no gradients. A weight without a gradient on any rank must
        # stay without one: with zeros, weight decay would change it.
        counts = self.sum(*(float(name in gradients) for name in master_weights))
        pending: list[Any] = []
        for (name, weights), count in zip(master_weights.items(), counts, strict=True):
            if count > 0:
                gradient = gradients.setdefault(name, torch.zeros_like(weights))
                pending.append(dist.all_reduce(gradient, async_op=True))
        for work in pending:
            work.wait()

    def shutdown(self) -> None:
        if self.rank == 0:
            self.broadcast(None)
        dist.destroy_process_group()


def join_process_group(spec: TrainSpec, device: torch.device, run_folder: Path) -> ProcessGroup:
    """Waits for all processes of the launcher. TrainerRefused when it started another number."""
    if not spec.is_distributed:
        return ProcessGroup()
    if sys.platform == "win32":
        # Its sockets can't be bound to the loopback there.
        raise TrainerRefused(
            "configuration_error",
            "Windows can't train with several processes. Set world_size to 1.",
        )
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if started != spec.processes:
        raise TrainerRefused(
            "configuration_error",
            f"The launcher started {started} processes, but the spec asks for {spec.processes}",
        )
    return DistributedGroup(device, run_folder / "ranks")


def _use_loopback_only() -> None:
    """Without this, the ranks connect through the machine's address on the network."""
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    os.environ["GLOO_SOCKET_IFNAME"] = os.environ["NCCL_SOCKET_IFNAME"] = loopback
