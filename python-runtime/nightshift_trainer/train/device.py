"""Everything that differs between a CPU and a GPU: device names, memory, waiting, CPU threads."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from pathlib import Path
from statistics import fmean, median
from typing import Any

import psutil
import torch

from .collator import SegmentLayout
from .errors import TrainerRefused

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")

# What a copy of the state for a checkpoint may take of the memory that is free.
MAX_SHARE_OF_FREE_MEMORY = 0.6
# The first steps of a run are slower than the others, so the usual time is learned from their
# median.
LEARNING_STEPS = 10
# This many steps in a row above SLOW_FACTOR times the usual time mean that CPU cores are contended.
SLOW_STEPS = 5
SLOW_FACTOR = 2.0
# Seconds until more threads are tried again; doubled after each attempt that came too early.
RETRY_SECONDS = 60.0
MAX_RETRY_SECONDS = 1800.0
# Weight of a step that is not slow in the moving average of the usual time.
LEARNING_WEIGHT = 0.05


def resolve_device(name: str, rank: int = 0) -> torch.device:
    """`name`: `cpu`, `cuda`, `cuda:<n>` or a text that contains a GPU's UUID. Rank n of several
    processes uses the n-th GPU after the named one. TrainerRefused when there is no such GPU."""
    device = _named_device(name)
    if device.type != "cuda" or rank == 0:
        return device
    return torch.device("cuda", (device.index or 0) + rank)


def _named_device(name: str) -> torch.device:
    if name == "cpu" or name.startswith("cuda:"):
        return torch.device(name)
    if name == "cuda":
        # With its number: a device without one is whichever is current when it is used.
        return torch.device("cuda", 0)
    for index in range(torch.cuda.device_count()):
        if str(torch.cuda.get_device_properties(index).uuid) in name:
            return torch.device(f"cuda:{index}")
    raise TrainerRefused("no_cuda", f"Device {name} not found")


def activate(device: torch.device, *, deterministic: bool = False) -> None:
    """Makes a GPU the current one of this process, before anything else touches CUDA: kernels,
    copies and random states without a named device would use the first GPU."""
    if device.type != "cuda":
        return
    if deterministic:
        # cuBLAS reads it when it starts. Without it, or with a size of the user that isn't
        # reproducible, PyTorch refuses every matrix product.
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
        torch.backends.cudnn.benchmark = False
    torch.cuda.set_device(device)


def synchronize(device: torch.device) -> None:
    """Waits for all kernels of the device, so that a measured time includes them."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def has_varlen_attention(query: torch.Tensor) -> bool:
    """Whether attention over a packed row has a kernel of its own: flash attention, which needs
    16-bit floats, heads of at most 256 and an Ampere GPU."""
    return (
        query.device.type == "cuda"
        and query.dtype in (torch.bfloat16, torch.float16)
        and query.shape[-1] <= 256
        and torch.cuda.get_device_capability(query.device) >= (8, 0)
    )


def varlen_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: SegmentLayout,
    scaling: float,
    window: int | None,
) -> torch.Tensor:
    """query [tokens, heads, width], key and value [tokens, key heads, width]; causal."""
    # Only here: importing it takes a while, and a CPU never needs it.
    from torch.nn.attention.varlen import varlen_attn

    result = varlen_attn(
        query,
        key,
        value,
        layout.boundaries,
        layout.boundaries,
        layout.longest,
        layout.longest,
        scale=scaling,
        window_size=(-1 if window is None else window - 1, 0),
        enable_gqa=query.shape[1] != key.shape[1],
    )
    assert isinstance(result, torch.Tensor)
    return result


def host_block(size: int, *, is_pinned: bool) -> torch.Tensor:
    """uint8 [size] on the CPU. MemoryError when it would take most of the free memory. Pinned: a
    GPU copies to it directly, without a staging buffer."""
    available = psutil.virtual_memory().available
    if size > MAX_SHARE_OF_FREE_MEMORY * available:
        raise MemoryError(f"{size >> 20} MiB of {available >> 20} MiB of free memory")
    block = torch.empty(size, dtype=torch.uint8)
    if is_pinned and size > 0:
        # PyTorch's own pinned memory is rounded up to a power of two. Where pinning fails, the
        # block stays as it is: the copy is slower.
        runtime: Any = torch.cuda.cudart()
        runtime.cudaHostRegister(block.data_ptr(), size, 0)
    return block


def free_cached_memory() -> None:
    """Returns unused memory of PyTorch's caching allocator to the GPU."""
    # A training on the CPU never starts CUDA, whatever the machine has.
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def peak_memory_mb(device: torch.device) -> float:
    """MiB, the maximum since the last call; memory in use after a step would miss gradients and
    activations. GPU: reserved by the allocator. CPU: resident, from the kernel's high-water mark,
    or the current value where there is none."""
    if device.type == "cuda":
        peak = torch.cuda.max_memory_reserved(device) / 2**20
        torch.cuda.reset_peak_memory_stats(device)
        return peak
    peak = _high_water_mark_mb()
    return psutil.Process().memory_info().rss / 2**20 if peak is None else peak


def _high_water_mark_mb() -> float | None:
    try:
        lines = _STATUS.read_text("ascii", "replace").splitlines()
        mark = next(line for line in lines if line.startswith("VmHWM:"))
        kilobytes = int(mark.split()[1])
    except (OSError, StopIteration, ValueError, IndexError):
        return None
    # 5 resets the mark to the current value. If that fails, it stays the maximum since the start.
    with contextlib.suppress(OSError):
        _CLEAR_REFS.write_text("5", "ascii")
    return kilobytes / 1024


class AdaptiveThreads:
    """Chooses the number of CPU threads: halved while another program wants the cores, then raised.

    PyTorch waits for its slowest thread, so two programs with a thread per core block each other.
    The number of threads can change the last bits of a sum, so it may only be used where steps
    don't have to be reproducible (`deterministic: off`).
    """

    def __init__(self, max_threads: int) -> None:
        self.current = self.max_threads = max_threads
        self._learning: list[float] = []
        self._usual_time: float | None = None
        self._recent: deque[float] = deque(maxlen=SLOW_STEPS)
        # Mean time of the slow steps before the last reduction, until its effect is known.
        self._time_before: float | None = None
        self._changed_at = 0.0
        self._retry_seconds = RETRY_SECONDS
        self._was_raised = False

    def on_step(self, seconds_per_token: float, t: float) -> int | None:
        """To call after each step; `t`: the monotonic clock. The new number of threads, or None
        when it stays."""
        self._recent.append(seconds_per_token)
        is_full = len(self._recent) == SLOW_STEPS
        if self._time_before is not None:
            if not is_full:
                return None
            time_before, self._time_before = self._time_before, None
            if fmean(self._recent) >= time_before:
                # Fewer threads did not help: the steps themselves take longer. Learn their time.
                self._usual_time, self._learning = None, []
                return self._use(self.max_threads, t)
        if self._usual_time is None:
            self._learn(seconds_per_token)
            return None
        # With half the threads, a step is expected to take twice the time.
        limit = SLOW_FACTOR * self._usual_time * self.max_threads / self.current
        if is_full and self.current > 1 and min(self._recent) > limit:
            return self._reduce(t)
        if self.current == self.max_threads:
            if seconds_per_token <= limit:
                self._usual_time += LEARNING_WEIGHT * (seconds_per_token - self._usual_time)
            return None
        if t - self._changed_at < self._retry_seconds:
            return None
        self._was_raised = True
        return self._use(min(self.max_threads, self.current * 2), t)

    def _reduce(self, t: float) -> int:
        if self._was_raised:
            self._retry_seconds = min(2 * self._retry_seconds, MAX_RETRY_SECONDS)
        self._was_raised, self._time_before = False, fmean(self._recent)
        return self._use(self.current // 2, t)

    def _learn(self, seconds_per_token: float) -> None:
        self._learning.append(seconds_per_token)
        if len(self._learning) == LEARNING_STEPS:
            self._usual_time = median(self._learning)

    def _use(self, threads: int, t: float) -> int:
        self.current, self._changed_at = threads, t
        self._recent.clear()
        return threads
