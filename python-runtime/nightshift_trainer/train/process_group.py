"""The processes that train one step together, and what they tell each other.

Rank 0 leads: it alone reads commands, looks, saves, and writes down what was done. The others hold
the same weights, follow it step by step, and compute their share of each batch."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import torch

from .errors import TrainerRefused

T = TypeVar("T")
# A pause, an evaluation or a slow disk of the leader is no reason to give up: who dies closes its
# connections, and who hangs is found by its heartbeat.
PATIENCE = timedelta(days=30)
PR_SET_PDEATHSIG = 1


def own_rank(spec: dict[str, Any]) -> int:
    """As the launcher numbers this process; 0 where it was started alone."""
    return 0 if spec["launcher"]["kind"] == "single" else int(os.environ.get("RANK", "0"))


class Ranks:
    """One process alone: there is nobody to tell or to ask."""

    rank, size = 0, 1

    def say(self, thing: object) -> None:
        """From the leader to all others."""

    def hear(self, beat: Callable[[], None]) -> Any:  # noqa: ANN401 - whatever was said
        """What the leader says next; `beat` is called while nothing comes."""
        raise RuntimeError("nobody leads a process that is alone")

    def add(self, *numbers: float) -> list[float]:
        """Each summed over all ranks."""
        return list(numbers)

    def gather(self, thing: T) -> list[T]:
        """Everybody's, by rank; empty where it is not the leader who asks."""
        return [thing]

    def add_gradients(
        self, gradients: dict[str, torch.Tensor], masters: dict[str, torch.Tensor]
    ) -> None:
        """The sums over all ranks, by name, take the place of this rank's own."""

    def leave(self) -> None:
        """The leader sends everybody home."""


class Together(Ranks):
    def __init__(self, device: torch.device, meeting: Path) -> None:
        """`meeting`: a file that is not there yet, by which the ranks find each other."""
        import torch.distributed as dist

        _end_with_the_launcher()
        _stay_on_this_machine()
        self._dist = dist
        if device.type == "cuda":
            torch.cuda.set_device(device)
        backend = "nccl" if device.type == "cuda" else "gloo"
        self.rank, self.size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        # Not by the launcher's store, which any machine of the network may write to: what the ranks
        # say to each other is read back as objects.
        store = dist.FileStore(str(meeting), self.size)  # pyright: ignore[reportPrivateImportUsage]
        dist.init_process_group(
            backend, store=store, rank=self.rank, world_size=self.size, timeout=PATIENCE
        )
        # Words and numbers go past the GPU: waiting for them must not keep it busy.
        self._words: Any = dist.new_group(backend="gloo", timeout=PATIENCE)

    def say(self, thing: object) -> None:
        content = torch.frombuffer(bytearray(pickle.dumps(thing)), dtype=torch.uint8)
        self._dist.broadcast(torch.tensor([len(content)]), src=0, group=self._words)
        self._dist.broadcast(content, src=0, group=self._words)

    def hear(self, beat: Callable[[], None]) -> Any:  # noqa: ANN401 - whatever was said
        length = torch.zeros(1, dtype=torch.int64)
        coming: Any = self._dist.broadcast(length, src=0, group=self._words, async_op=True)
        while not coming.is_completed():
            beat()
            time.sleep(0.001)
        coming.wait()
        content = torch.zeros(int(length), dtype=torch.uint8)
        self._dist.broadcast(content, src=0, group=self._words)
        return pickle.loads(content.numpy().tobytes())

    def add(self, *numbers: float) -> list[float]:
        sums = torch.tensor(numbers, dtype=torch.float64)
        self._dist.all_reduce(sums, group=self._words)
        return sums.tolist()

    def gather(self, thing: T) -> list[T]:
        found: list[Any] | None = [None] * self.size if self.rank == 0 else None
        self._dist.gather_object(thing, found, dst=0, group=self._words)
        return found or []

    def add_gradients(
        self, gradients: dict[str, torch.Tensor], masters: dict[str, torch.Tensor]
    ) -> None:
        # A rank whose share was empty has none, and a weight without any must stay without: zeros
        # would let it decay.
        there = self.add(*(float(name in gradients) for name in masters))
        under_way: list[Any] = []
        for (name, master), count in zip(masters.items(), there, strict=True):
            if count > 0:
                own = gradients.setdefault(name, torch.zeros_like(master))
                under_way.append(self._dist.all_reduce(own, async_op=True))
        for one in under_way:
            one.wait()

    def leave(self) -> None:
        if self.rank == 0:
            self.say(None)
        self._dist.destroy_process_group()


def join(spec: dict[str, Any], device: torch.device, run: Path) -> Ranks:
    """Waits for all processes of the launcher. TrainerRefused when it started another number."""
    if spec["launcher"]["kind"] == "single":
        return Ranks()
    wanted = int(spec["launcher"]["processes"])
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if started != wanted:
        raise TrainerRefused(
            "configuration_error", f"{wanted} processes train together, and {started} were started"
        )
    return Together(device, run / "ranks")


def _stay_on_this_machine() -> None:
    """Otherwise they talk through the address that the machine's name has in the network."""
    if sys.platform != "win32":
        loopback = "lo0" if sys.platform == "darwin" else "lo"
        os.environ["GLOO_SOCKET_IFNAME"] = os.environ["NCCL_SOCKET_IFNAME"] = loopback


def _end_with_the_launcher() -> None:
    """The launcher gives each rank a session of its own, so a kill of its group leaves them alive,
    with the GPU in their hands."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
