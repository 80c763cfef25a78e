"""Identity of a process: pid and start token, because the system reuses pids."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    pid: int
    start: str


def _linux_fields(pid: int) -> list[str] | None:
    """Fields 3 and up of /proc/<pid>/stat; the name before them may contain any character."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def identity_of(pid: int) -> Identity | None:
    """None when there is no such process or it is a zombie. OSError when the system can't say."""
    if Path("/proc/self/stat").exists():
        fields = _linux_fields(pid)
        if fields is None or fields[0] == "Z":
            return None
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")[:8]
        return Identity(pid, f"{fields[19]}:{boot}")
    import psutil  # Not needed on Linux, where a look at the device locks has to be quick.

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return Identity(pid, str(int(process.create_time() * 1000)))
    except psutil.NoSuchProcess:
        return None
    except psutil.Error as error:
        raise OSError(f"can't read the identity of process {pid}: {error}") from error


def is_gone(pid: int) -> bool:
    """True only when it is known that there is no such process."""
    try:
        return identity_of(pid) is None
    except OSError:
        return False


def own_place() -> dict[str, str]:
    """Where this process is seen by its pid; as the engine's `ownPlace`."""
    host = socket.gethostname()
    if not Path("/proc/self/stat").exists():
        return {"host": host, "namespace": ""}
    try:
        is_own_proc = str(Path("/proc/self").readlink()) == str(os.getpid())
        namespace = str(Path("/proc/self/ns/pid").readlink()) if is_own_proc else "unknown"
    except OSError:
        namespace = "unknown"
    return {"host": host, "namespace": namespace}


def own_identity() -> Identity:
    own = identity_of(os.getpid())
    assert own is not None
    return own


def is_alive(identity: Identity) -> bool:
    """False only for a process that is known to be gone."""
    try:
        return identity_of(identity.pid) == identity
    except OSError:
        return True
