"""Bounds on what a worker may take for one file: memory, CPU time of one rendering, unpacked bytes.

Files and model folders come from anywhere. One that asks for more than any real one needs is
refused with a sentence, so that it can't stop the machine or the files behind it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

MEMORY_VARIABLE = "NIGHTSHIFT_MEMORY_BYTES"
# One row in one template. The slowest rendering of a real one takes milliseconds.
RENDER_CPU_SECONDS = 10.0
# Unpacked bytes that any file may have, and per byte on the disk. Text packs 5 to 30 times.
UNPACKED_BYTES, UNPACKED_RATIO = 64 << 20, 200


class LimitReached(Exception):
    """More than a worker may take; the message says what, where and what to do."""

    category = "over_limit"


class CpuTimeReached(Exception):
    """Raised inside `cpu_limit` when the time is over."""


def memory_limit() -> int | None:
    """Bytes, as set by the engine; None without a limit."""
    text = os.environ.get(MEMORY_VARIABLE, "")
    return int(text) if text.isdigit() else None


def limit_memory() -> None:
    """Allocations beyond the limit then raise MemoryError. RLIMIT_DATA, because RLIMIT_AS also
    counts address space that libraries only reserve. Other systems: the engine watches the size."""
    limit = memory_limit()
    if limit is None or sys.platform != "linux":
        return
    import resource

    # The pool of Arrow reserves address space in steps of a gigabyte, which would count.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def memory_message(what: str) -> str | None:
    """The sentence for a MemoryError of this process; None where it has no limit."""
    limit = memory_limit()
    if limit is None:
        return None
    return (
        f"{what} needs more than {_size(limit)} of memory, the limit of this worker. "
        f"Split large rows and large files, or use a smaller model."
    )


def unpacked_limit(size: int) -> int:
    """How many bytes a file of `size` bytes may unpack to."""
    return UNPACKED_BYTES + UNPACKED_RATIO * size


def unpacked_message(name: str, size: int) -> str:
    return (
        f"{name} unpacks to more than {_size(unpacked_limit(size))}, although it has only "
        f"{size:,} bytes. Add the unpacked data as a .jsonl file if this is intended."
    )


@contextlib.contextmanager
def cpu_limit() -> Iterator[None]:
    """Raises `CpuTimeReached` after `RENDER_CPU_SECONDS` of this process, which don't pass faster
    on a busy machine. Only in the main thread, and where the system has the timer."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or not hasattr(signal, "setitimer") or signal.getitimer(_TIMER)[0] > 0:
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _on_time)
    # Repeated: a template engine may swallow the first exception.
    signal.setitimer(_TIMER, RENDER_CPU_SECONDS, 1.0)
    try:
        yield
    finally:
        signal.setitimer(_TIMER, 0)
        signal.signal(signal.SIGVTALRM, before)


_TIMER = getattr(signal, "ITIMER_VIRTUAL", 0)


def _on_time(number: int, frame: FrameType | None) -> None:
    raise CpuTimeReached


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1_000_000_000 else f"{size / 1e6:.0f} MB"
