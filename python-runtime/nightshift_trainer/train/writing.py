"""Writing a checkpoint beside the training: the state is copied at a step boundary, and a thread
writes the copy while the next steps run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True)
class Written:
    """What became of a checkpoint: `folder` and its bytes, or the `error` that kept it away."""

    step: int
    why: str
    folder: Path | None
    bytes: int
    seconds: float
    error: Exception | None


class Buffers:
    """Places for a copy of the state, made once: no later copy can fail for want of memory."""

    def __init__(self) -> None:
        self._places: dict[str, torch.Tensor] = {}

    def copy(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """By name, on the CPU; overwritten by the next copy of the same names."""
        copies: dict[str, torch.Tensor] = {}
        for name, tensor in tensors.items():
            place = self._places.get(name)
            if place is None:
                # Only pinned memory is read by a GPU without a detour.
                place = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=tensor.is_cuda)
                self._places[name] = place
            copies[name] = place.copy_(tensor.detach(), non_blocking=True)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return copies


class Writer:
    """At most one checkpoint is under way. The thread touches only the files and its copy."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._written: Written | None = None

    def start(self, step: int, why: str, write: Callable[[], tuple[Path, int]]) -> None:
        assert self._thread is None

        def run() -> None:
            started = time.monotonic()
            try:
                folder, size = write()
                seconds = time.monotonic() - started
                self._written = Written(step, why, folder, size, seconds, None)
            except Exception as error:
                self._written = Written(step, why, None, 0, time.monotonic() - started, error)

        self._thread = threading.Thread(target=run, name="checkpoint")
        self._thread.start()

    def result(self, wait: Callable[[], None] | None = None) -> Written | None:
        """What became of it, once; null while it is under way. With `wait` it is waited for: that
        is called again and again meanwhile."""
        thread = self._thread
        if thread is None:
            return None
        while wait is not None and thread.is_alive():
            thread.join(0.02)
            wait()
        if thread.is_alive():
            return None
        thread.join()
        self._thread = None
        return self._written
