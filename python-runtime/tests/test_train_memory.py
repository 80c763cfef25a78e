"""memory_mb is what a step really took: the highest since the line before, not what is left."""

from __future__ import annotations

import mmap
from pathlib import Path

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
