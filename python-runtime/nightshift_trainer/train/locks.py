"""One trainer per device on the whole machine, and the record of the workspace's trainer."""

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


def _locks_folder() -> Path:
    configured = os.environ.get("NIGHTSHIFT_DEVICE_LOCKS")
    return Path(configured) if configured else Path(tempfile.gettempdir()) / "nightshift-devices"


def _share_with_all_accounts(path: Path, mode: int) -> None:
    """All accounts of the machine share its devices, so they must share the locks."""
    try:
        path.chmod(mode)
    except OSError:
        # Owned by another account, which has set the mode already.
        return


def _open_lock(path: Path) -> BinaryIO:
    if not path.exists():
        stream = path.open("a+b")
        _share_with_all_accounts(path, 0o666)
        return stream
    try:
        # Without O_CREAT: Linux may refuse it for another account's file in a sticky folder.
        return path.open("r+b")
    except PermissionError:
        return path.open("rb")


class DeviceLock:
    """Held by the operating system for the life of this process, so a killed trainer frees it.
    TrainerRefused when another trainer holds it."""

    def __init__(self, device: str, identity: Identity, workspace: Path, run: str) -> None:
        folder = _locks_folder()
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _share_with_all_accounts(folder, 0o777)
        self.path = folder / f"{device.replace(':', '-')}.lock"
        self._stream: BinaryIO = _open_lock(self.path)
        try:
            self._lock()
        except OSError as error:
            message = f"Device {device} is in use by {self._holder()}"
            raise TrainerRefused("device_busy", message) from error
        if not self._stream.writable():
            # Another account's file: the lock is held, but the file keeps naming the last holder.
            return
        facts = {
            "format": 1,
            "pid": identity.pid,
            "start": identity.start,
            "workspace": str(workspace),
            "run": run,
            "t": time.time(),
        }
        self._stream.seek(0)
        self._stream.truncate(0)
        self._stream.write((json.dumps(facts) + "\n").encode("utf-8"))
        self._stream.flush()

    def _lock(self) -> None:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(self._stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(self._stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _holder(self) -> str:
        try:
            holder = json.loads(self.path.read_text("utf-8"))
            return f"the trainer of {holder['workspace']} (pid {holder['pid']})"
        except (OSError, ValueError, KeyError):
            return "another trainer"


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
        }
        write_json(self.path, self.facts)

    def release(self) -> None:
        try:
            if read_json(self.path).get("start") == self.facts["start"]:
                self.path.unlink(missing_ok=True)
        except (OSError, ValueError):
            # Deleted or replaced by another process: nothing of this process to remove.
            return
