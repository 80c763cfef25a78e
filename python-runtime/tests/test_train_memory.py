"""memory_mb is the peak since the previous metrics line, not the memory in use after a step."""

from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from train_support import Training, exit_of, metrics_of

from nightshift_trainer.train.device import peak_memory_mb

CPU = torch.device("cpu")


def test_memory_allocated_and_freed_counts_once() -> None:
    peak_memory_mb(CPU)
    before = peak_memory_mb(CPU)
    # From the kernel: malloc could reuse memory that an earlier test freed.
    with mmap.mmap(-1, 100 * 2**20) as block:
        block.write(b"\1" * len(block))
    assert peak_memory_mb(CPU) > before + 80
    assert peak_memory_mb(CPU) < before + 40


def test_longer_rows_show_their_activations(tmp_path: Path) -> None:
    def peak(folder: str, words: int) -> float:
        training = Training(tmp_path / folder)
        rows = [{"question": f"q{n}", "answer": "w " * words} for n in range(16)]
        training.intake(rows, slice_rows=0, core_rows=0)
        # A new process: this one could reuse memory of earlier tests.
        run, process = training.start(training.spec(batch_size=8))
        assert process.wait(120) == 0, exit_of(run)
        lines = metrics_of(run)
        return max(float(line["memory_mb"]) for line in lines[1:])

    # In the starter model, 8 x 400 tokens need about 80 KB each; 8 x 10 almost nothing.
    assert peak("long", 400) > peak("short", 5) + 100


SHAPES = """
import random
import nightshift_trainer.__main__
import psutil
import torch
torch.set_num_threads(2)
random.seed(1)
weights = [torch.randn(192, width).bfloat16() for width in (192, 512) * 4]
for step in range(201):
    rows = torch.randn(random.randrange(3000, 4096), 192).bfloat16().requires_grad_()
    sum((rows @ weight).float().sum() for weight in weights).backward()
    if step in (50, 200):
        print(psutil.Process().memory_info().rss >> 20)
"""


@pytest.mark.skipif(
    not torch.backends.mkldnn.is_available()
    or "avx512_bf16" not in Path("/proc/cpuinfo").read_text("ascii", "replace"),
    reason="without bf16 instructions, other and slower kernels are used",
)
def test_new_bf16_shapes_do_not_accumulate_memory() -> None:
    process = subprocess.run(
        [sys.executable, "-c", SHAPES], capture_output=True, text=True, check=True, timeout=300
    )
    early, late = (int(line) for line in process.stdout.split())
    # 30 to 90 MiB; caching a kernel for every shape needs 400.
    assert late < early + 200
