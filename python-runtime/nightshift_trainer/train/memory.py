"""The highest memory since it was last asked for: what a step, a save or an evaluation took.

What is resident after a step says little: gradients and activations are gone by then.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil
import torch

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def peak_mb(device: torch.device) -> float:
    """MiB; the next call counts anew. A GPU: reserved by the allocator. A CPU: resident, by the
    kernel's own mark; where there is none, what is resident now."""
    if device.type == "cuda":
        peak = torch.cuda.max_memory_reserved(device) / 2**20
        torch.cuda.reset_peak_memory_stats(device)
        return peak
    peak = _high_water_mb()
    return psutil.Process().memory_info().rss / 2**20 if peak is None else peak


def _high_water_mb() -> float | None:
    try:
        lines = _STATUS.read_text("ascii", "replace").splitlines()
        mark = next(line for line in lines if line.startswith("VmHWM:"))
        kilobytes = int(mark.split()[1])
    except (OSError, StopIteration, ValueError, IndexError):
        return None
    # 5: the mark falls back to what is resident now. Without it: the highest since the start.
    with contextlib.suppress(OSError):
        _RESET.write_text("5", "ascii")
    return kilobytes / 1024
