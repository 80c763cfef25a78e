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


def _for_everyone(path: Path, mode: int) -> None:
    """The card is one for all accounts of the machine, so its lock is too."""
    try:
        path.chmod(mode)
    except OSError:
        # Another account's: it has given what it gives.
        return


def _open_lock(path: Path) -> BinaryIO:
    if not path.exists():
        stream = path.open("a+b")
        _for_everyone(path, 0o666)
        return stream
    try:
        # Without creating: systems refuse that for another account's file in a shared folder.
        return path.open("r+b")
    except PermissionError:
        return path.open("rb")


class DeviceLock:
    """Held by the operating system for the life of this process: a killed trainer holds nothing."""

    def __init__(self, device: str, identity: Identity, workspace: str, run: str) -> None:
        folder = _folder()
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _for_everyone(folder, 0o777)
        self.path = folder / f"{device.replace(':', '-')}.lock"
        self._stream: BinaryIO = _open_lock(self.path)
        try:
            self._hold()
        except OSError as error:
            raise TrainerRefused("device_busy", self._busy(device)) from error
        if not self._stream.writable():
            # Another account's file: held all the same, only its note of the holder stays old.
            return
        facts = {
            "format": 1,
            "pid": identity.pid,
            "start": identity.start,
            "workspace": workspace,
            "run": run,
            "t": time.time(),
        }
        self._stream.seek(0)
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
