"""One trainer per device on the whole machine, and the record of the workspace's trainer."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import torch

from .. import device_locks
from ..files import read_json, write_json
from ..identity import Identity, own_place
from .device import resolve_device
from .errors import TrainerRefused


class DeviceLock:
    """Held by the operating system for the life of this process, so a killed trainer frees it.
    TrainerRefused when another trainer holds it, or when another account may have prepared it.

    `device`: `cpu`, `cuda:<n>` or a text that contains a GPU's UUID.
    """

    def __init__(self, device: str, identity: Identity, workspace: Path, run: str) -> None:
        facts = {
            "format": 1,
            "pid": identity.pid,
            "start": identity.start,
            "workspace": str(workspace),
            "run": run,
            "t": time.time(),
        }
        try:
            lock = device_locks.acquire(device_lock_name(device), facts)
        except device_locks.UnsafeLock as error:
            raise TrainerRefused("device_busy", f"waiting for {device}: {error}") from error
        if isinstance(lock, device_locks.Holder):
            raise TrainerRefused("device_busy", f"waiting for {device}, {lock}")
        # Closed with this object, which frees the lock.
        self._stream = os.fdopen(lock, "rb")


def device_lock_name(device: str) -> str:
    """The UUID of the GPU, whose number depends on the program that counts; else `cpu`."""
    if device == "cpu":
        return device
    resolved = resolve_device(device)
    if resolved.type != "cuda":
        return resolved.type
    uuid = str(torch.cuda.get_device_properties(resolved).uuid)
    return uuid if uuid.startswith(("GPU-", "MIG-")) else f"GPU-{uuid}"


class TrainerLock:
    """`.trainer.lock` in the workspace identifies this process to a restarted engine."""

    def __init__(self, workspace: Path, identity: Identity, run: str, device: str) -> None:
        self.path = workspace / ".trainer.lock"
        self.facts: dict[str, Any] = {
            "format": 1,
            "pid": identity.pid,
            "start": identity.start,
            "run": run,
            "device": device,
            "t": time.time(),
            **own_place(),
        }
        write_json(self.path, self.facts)

    def release(self) -> None:
        try:
            if read_json(self.path).get("start") == self.facts["start"]:
                self.path.unlink(missing_ok=True)
        except (OSError, ValueError):
            # Deleted or replaced by another process: nothing of this process to remove.
            return
