"""The warm intake worker: validates file after file in one process, so that a small file doesn't
cost a start of Python. Each file has its own run folder, and its failure is its own.

It ends when the engine closes its pipe, in the middle of a file as well: the next engine validates
that file again, and two processes must not write to one dataset. It also ends after a failure,
because what the failure left behind in this process is unknown.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

from ..files import open_append
from ..protocol import IntakeAnswer
from ..run_folder import RunFolder

GROWTH_BYTES = 16 << 20

RunOne = Callable[[RunFolder], int]


def resident_bytes() -> int:
    """Of this process; the highest value so far where the system doesn't tell the current one."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class MemoryRelease:
    """Returns freed memory to the system: the C library keeps it for itself otherwise. Only after
    the process has grown, because a collection takes longer than a small file."""

    def __init__(self) -> None:
        # What was imported stays; a collection doesn't have to look at it again.
        gc.collect()
        gc.freeze()
        self._released = resident_bytes()

    def after_file(self) -> None:
        if resident_bytes() > self._released + GROWTH_BYTES:
            _release_memory()
            self._released = resident_bytes()


def _release_memory() -> None:
    gc.collect()
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        arrow.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _requests(stream: IO[str]) -> queue.Queue[Path]:
    """Reads the pipe in a thread, because its end must end the process at once."""
    requests: queue.Queue[Path] = queue.Queue()

    def read() -> None:
        for line in stream:
            requests.put(Path(json.loads(line)["folder"]))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return requests


def serve(run_one: RunOne) -> int:
    """`run_one` validates the file of a run folder and returns its exit code."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What a library prints belongs in a log, not among the answers.
    os.dup2(2, 1)

    def answer(folder: str | None, ends: bool) -> None:
        line: IntakeAnswer = {"folder": folder, "rss_bytes": resident_bytes(), "ends": ends}
        answers.write(json.dumps(line) + "\n")
        answers.flush()

    requests = _requests(sys.stdin)
    memory = MemoryRelease()
    answer(None, False)
    while True:
        folder = requests.get()
        code = _run_logged(folder, run_one)
        memory.after_file()
        answer(str(folder), code != 0)
        if code != 0:
            return code


def _run_logged(folder: Path, run_one: RunOne) -> int:
    """Everything that is written to stdout and stderr goes to the log of the run."""
    saved = os.dup(2)
    log = open_append(folder / "trainer.log")
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        return run_one(RunFolder(folder))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(saved, 1)
        os.dup2(saved, 2)
        os.close(log)
        os.close(saved)
