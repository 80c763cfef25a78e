"""memory_mb is what a step really took: the highest since the line before, not what is left."""

from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from train_support import Training, exit_of, metrics_of

from nightshift_trainer.train.memory import peak_mb

CPU = torch.device("cpu")


def test_what_was_allocated_and_freed_counts_once() -> None:
    peak_mb(CPU)
    before = peak_mb(CPU)
    # Straight from the kernel: an allocator may answer from what an earlier test gave back.
    with mmap.mmap(-1, 100 * 2**20) as block:
        block.write(b"\1" * len(block))
    assert peak_mb(CPU) > before + 80
    assert peak_mb(CPU) < before + 40


def test_a_step_of_longer_rows_shows_its_activations(tmp_path: Path) -> None:
    def peak(folder: str, words: int) -> float:
        training = Training(tmp_path / folder)
        rows = [{"question": f"q{n}", "answer": "w " * words} for n in range(16)]
        training.intake(rows, slice_rows=0, core_rows=0)
        # Its own process: one that trained before has memory to answer from.
        run, process = training.start(training.spec(batch_size=8))
        assert process.wait(120) == 0, exit_of(run)
        lines = metrics_of(run)
        return max(float(line["memory_mb"]) for line in lines[1:])

    # 8 x 400 tokens keep about 80 KB each in the starter; 8 x 10 next to nothing.
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
    reason="without bf16 instructions other kernels work, slowly",
)
def test_new_shapes_in_bf16_do_not_add_up() -> None:
    told = subprocess.run(
        [sys.executable, "-c", SHAPES], capture_output=True, text=True, check=True, timeout=300
    )
    early, late = (int(line) for line in told.stdout.split())
    # 30 to 90 MiB; a kernel for every shape takes 400.
    assert late < early + 200
