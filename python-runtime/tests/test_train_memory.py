"""memory_mb is what a step really took: the highest since the line before, not what is left."""

from __future__ import annotations

from pathlib import Path

import torch
from train_support import Training, metrics_of

from nightshift_trainer.train.memory import peak_mb

CPU = torch.device("cpu")


def test_what_was_allocated_and_freed_counts_once() -> None:
    peak_mb(CPU)
    before = peak_mb(CPU)
    block = torch.ones(100 * 2**18)
    del block
    assert peak_mb(CPU) > before + 80
    assert peak_mb(CPU) < before + 40


def test_a_step_of_longer_rows_shows_its_activations(tmp_path: Path) -> None:
    def peak(folder: str, words: int) -> float:
        training = Training(tmp_path / folder)
        rows = [{"question": f"q{n}", "answer": "w " * words} for n in range(16)]
        training.intake(rows, slice_rows=0, core_rows=0)
        lines = metrics_of(training.run(training.spec(batch_size=8)))
        return max(float(line["memory_mb"]) for line in lines[1:])

    # 8 x 400 tokens keep about 80 KB each in the starter; 8 x 10 next to nothing.
    assert peak("long", 400) > peak("short", 5) + 100
