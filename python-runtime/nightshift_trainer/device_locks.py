"""Locks of this machine's devices: one trainer per GPU, by its UUID, and one per machine for `cpu`.

`python -m nightshift_trainer.device_locks NAME...` says which of these is held, for an engine that
checks before it starts a trainer. Imports only the standard library, so that this is quick.

All accounts share the devices, so the lock files lie in a sticky folder of the system, where no
account can remove or replace another's. Whatever another account may have put there is neither
followed, read nor written.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import stat
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from .identity import Identity, is_alive

# Both belong to root and are sticky where they exist; the first one decides for all accounts.
SHARED_FOLDERS = ("/run/lock", "/tmp", "/private/tmp")
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_MAX_CONTENT = 4096
_ATTEMPTS = 20
# A check holds the lock for a moment, which must not end a trainer's start.
_PATIENCE_SECONDS = 1.0


class UnsafeLock(Exception):
    """The lock can't be used because another account may have prepared it."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock, as far as it is known without believing another account."""

    pid: int | None = None
    workspace: str | None = None
    is_own_account: bool = True
    problem: str | None = None

    def __str__(self) -> str:
        if self.problem is not None:
            return self.problem
        pid = "another program" if self.pid is None else f"pid {self.pid}"
        if self.workspace is not None:
            return f"held by {pid} of workspace {self.workspace}"
        return f"held by {pid}" + ("" if self.is_own_account else " of another account")


def _own_account() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0


def lock_path(name: str) -> Path:
    """UnsafeLock when there is no folder that can be trusted."""
    if re.fullmatch(r"[\w.-]+", name) is None:
        raise UnsafeLock(f"{name!r} is not a name of a device lock")
    configured = os.environ.get("NIGHTSHIFT_DEVICE_LOCKS")
    if configured:
        return _checked_folder(Path(configured)) / f"{name}.lock"
    for shared in SHARED_FOLDERS:
        with contextlib.suppress(OSError):
            status = os.lstat(shared)
            is_system = stat.S_ISDIR(status.st_mode) and status.st_uid == 0
            if is_system and status.st_mode & stat.S_ISVTX:
                return Path(shared) / f"nightshift-{name}.lock"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(runtime, "nightshift") if runtime else Path(tempfile.gettempdir(), _user_name())
    return _checked_folder(folder) / f"{name}.lock"


def _user_name() -> str:
    return f"nightshift-{_own_account()}"


def _checked_folder(folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise UnsafeLock(f"the lock folder {folder} is a link or not a folder")
    is_shared = status.st_mode & stat.S_IWOTH
    if sys.platform != "win32" and is_shared and not status.st_mode & stat.S_ISVTX:
        raise UnsafeLock(
            f"every account may replace files in the lock folder {folder}; set its sticky bit"
        )
    return folder


def _open(path: Path, *, create: bool) -> int:
    """A descriptor of a regular file with one name. FileNotFoundError unless `create`."""
    safe = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    for _ in range(_ATTEMPTS):
        try:
            try:
                # Without O_CREAT, which Linux may refuse for another account's file.
                return _checked(os.open(path, os.O_RDWR | safe), path)
            except PermissionError:
                return _checked(os.open(path, os.O_RDONLY | safe), path)
        except FileNotFoundError:
            if not create:
                raise
        except OSError as error:
            if isinstance(error, PermissionError) or error.errno in (errno.EMFILE, errno.ENFILE):
                raise
            raise UnsafeLock(f"the lock file {path} is a link or not a plain file") from error
        with contextlib.suppress(FileExistsError):
            made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | safe, 0o644)
            if hasattr(os, "fchmod"):
                # Other accounts must be able to open it, whatever the umask is.
                os.fchmod(made, 0o644)
            return _checked(made, path)
    raise UnsafeLock(f"the lock file {path} keeps changing")


def _checked(descriptor: int, path: Path) -> int:
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_nlink <= 1:
        return descriptor
    os.close(descriptor)
    raise UnsafeLock(f"the lock file {path} is a link or not a plain file")


def _try_lock(descriptor: int, *, shared: bool) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_same(descriptor: int, path: Path) -> bool:
    """False once the file was removed or replaced: whoever opens it now gets another one."""
    try:
        found = path.lstat()
    except OSError:
        return False
    own = os.fstat(descriptor)
    return (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino)


def acquire(name: str, facts: dict[str, Any]) -> int | Holder:
    """A descriptor that holds the lock until it is closed, or who holds it. UnsafeLock."""
    path = lock_path(name)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        descriptor = _open(path, create=True)
        if _try_lock(descriptor, shared=False):
            if _is_same(descriptor, path):
                _write(descriptor, facts)
                return descriptor
        elif time.monotonic() >= deadline:
            holder = _holder(descriptor)
            os.close(descriptor)
            return holder
        os.close(descriptor)
        time.sleep(0.05)


def check(name: str) -> Holder | None:
    """Who holds the lock; None when it is free."""
    try:
        descriptor = _open(lock_path(name), create=False)
    except FileNotFoundError:
        return None
    except UnsafeLock as error:
        return Holder(problem=str(error))
    try:
        return None if _try_lock(descriptor, shared=True) else _holder(descriptor)
    finally:
        os.close(descriptor)


def _is_own(descriptor: int) -> bool:
    """Whether only this account can have written the file."""
    status = os.fstat(descriptor)
    own = status.st_uid == _own_account() and not status.st_mode & _OTHERS_MAY_WRITE
    return sys.platform == "win32" or own


def _write(descriptor: int, facts: dict[str, Any]) -> None:
    """The holder for messages. `flock` alone decides, so a failure is ignored."""
    if not _is_own(descriptor) or sys.platform == "win32":
        return
    content = (json.dumps(facts) + "\n").encode("utf-8")
    with contextlib.suppress(OSError):
        os.pwrite(descriptor, content, 0)
        os.ftruncate(descriptor, len(content))


def _holder(descriptor: int) -> Holder:
    """What the file says if only this account can have written it, else what the kernel says."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        if _is_own(descriptor):
            os.lseek(descriptor, 0, os.SEEK_SET)
            facts = json.loads(os.read(descriptor, _MAX_CONTENT))
            pid, start = int(facts["pid"]), facts.get("start")
            if start is None or is_alive(Identity(pid, str(start))):
                return Holder(pid, _printable(str(facts["workspace"])))
    return _holder_by_kernel(descriptor)


def _holder_by_kernel(descriptor: int) -> Holder:
    status = os.fstat(descriptor)
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/locks").read_text("ascii").splitlines():
            fields = line.split()
            if "->" in fields or fields[1] != "FLOCK" or fields[5] != place:
                continue
            process = Path("/proc") / fields[4]
            is_own = process.stat().st_uid == _own_account()
            return Holder(int(fields[4]), _workspace_of(process) if is_own else None, is_own)
    return Holder(is_own_account=_is_own(descriptor))


def _workspace_of(process: Path) -> str | None:
    """From the command line `... nightshift_trainer <workspace>/runs/<run>`."""
    with contextlib.suppress(OSError):
        words = (process / "cmdline").read_bytes().split(b"\0")
        run = Path(os.fsdecode(words[-2] if len(words) > 1 else b""))
        if run.parent.name == "runs":
            return _printable(str(run.parent.parent))
    return None


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def main(names: list[str]) -> None:
    held: list[dict[str, Any]] = []
    for name in names:
        holder = check(name)
        if holder is not None:
            document = cast("dict[str, Any]", asdict(holder))
            held.append({"name": name, **document, "text": str(holder)})
    print(json.dumps({"held": held}))


if __name__ == "__main__":
    main(sys.argv[1:])
