"""One trainer per device on the whole machine, and the workspace's note of who trains."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, BinaryIO

from ..files import read_json, write_json
from ..identity import Identity
from .errors import TrainerRefused


def _folder() -> Path:
    named = os.environ.get("NIGHTSHIFT_DEVICE_LOCKS")
    return Path(named) if named else Path(tempfile.gettempdir()) / "nightshift-devices"


class DeviceLock:
    """Held by the operating system for the life of this process: a killed trainer holds nothing."""

    def __init__(self, device: str, identity: Identity, workspace: str, run: str) -> None:
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{device.replace(':', '-')}.lock"
        self._stream: BinaryIO = self.path.open("a+b")
        try:
            self._hold()
        except OSError as error:
            raise TrainerRefused("device_busy", self._busy(device)) from error
        facts = {
            "format": 1,
            "pid": identity.pid,
            "start": identity.start,
            "workspace": workspace,
            "run": run,
            "t": time.time(),
        }
        self._stream.truncate(0)
        self._stream.write((json.dumps(facts) + "\n").encode("utf-8"))
        self._stream.flush()

    def _hold(self) -> None:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(self._stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(self._stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _busy(self, device: str) -> str:
        try:
            holder = json.loads(self.path.read_text("utf-8"))
            who = f"the trainer of {holder['workspace']} (pid {holder['pid']})"
        except (OSError, ValueError, KeyError):
            who = "another trainer"
        return f"The device {device} is held by {who}"


class TrainerLock:
    """`.trainer.lock` names this process, so that the next engine finds it."""

    def __init__(self, workspace: Path, identity: Identity, run: str, device: str) -> None:
        self.path = workspace / ".trainer.lock"
        self.facts: dict[str, Any] = {
            "format": 1,
            "pid": identity.pid,
            "start": identity.start,
            "run": run,
            "device": device,
            "t": time.time(),
        }
        write_json(self.path, self.facts)

    def release(self) -> None:
        try:
            if read_json(self.path).get("start") == self.facts["start"]:
                self.path.unlink(missing_ok=True)
        except (OSError, ValueError):
            # Somebody else's by now, or gone: nothing of ours to remove.
            return
