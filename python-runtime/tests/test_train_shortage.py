"""Memory that runs out in the update or because of one long row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from test_train_guards import begin, fail
from train_support import Training, events_of, exit_of, metrics_of

from nightshift_trainer.train.collator import MicroBatch
from nightshift_trainer.train.model import Model
from nightshift_trainer.train.optimizer import Optimizer

REAL = Model.loss_sum


@pytest.mark.parametrize("at", ["norm", "update"])
def test_memory_that_runs_out_in_the_update_loses_no_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Before it changed a weight: the whole step is computed again with less memory."""
    whole = begin(tmp_path, "whole")
    whole.run(whole.spec(eval_samples=0))
    calls = [0]
    adam_step, grad_norm = torch.optim.AdamW.step, Optimizer.grad_norm

    def fails_once(real: Any) -> Any:
        def wrapped(*values: Any) -> Any:
            calls[0] += 1
            if calls[0] == 3:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB")
            return real(*values)

        return wrapped

    if at == "norm":
        monkeypatch.setattr(Optimizer, "grad_norm", fails_once(grad_norm))
    else:
        monkeypatch.setattr(torch.optim.AdamW, "step", fails_once(adam_step))
    training = begin(tmp_path, "short")
    folder = training.run(training.spec(eval_samples=0))
    events = events_of(folder, "out_of_memory")
    assert [event["step"] for event in events] == [2] and calls[0] > 3
    ours, expected = metrics_of(folder), metrics_of(whole.root / "runs" / "run-1")
    assert [metric["step"] for metric in ours] == [metric["step"] for metric in expected]
    for metric, other in zip(ours, expected, strict=True):
        assert metric["loss"] == pytest.approx(other["loss"], abs=1e-5)


def test_memory_that_runs_out_in_the_middle_of_an_update_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some weights are updated and others not: only a checkpoint has a state to continue from."""
    real = torch.optim.AdamW.step

    def half(optimizer: Any) -> None:
        real(optimizer)
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB")

    monkeypatch.setattr(torch.optim.AdamW, "step", half)
    training = begin(tmp_path)
    folder = fail(training, training.spec(eval_samples=0), monkeypatch)
    assert exit_of(folder)["error"]["category"] == "gpu_out_of_memory_context_lost"


def test_one_long_row_costs_one_attempt_and_two_micro_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The back-off halves tokens: the short rows beside a long one stay together."""
    training = Training(tmp_path / "w")
    rows = [{"question": f"q{n}", "answer": "w " * (1200 if n == 0 else 5)} for n in range(16)]
    training.intake(rows, slice_rows=0, core_rows=0)
    batches: list[int] = []
    longest = [0]

    def loss_sum(model: Model, batch: MicroBatch) -> torch.Tensor:
        longest[0] = max(longest[0], batch.tokens)
        if len(batch.examples) == 16:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        batches.append(len(batch.examples))
        return REAL(model, batch)

    monkeypatch.setattr(Model, "loss_sum", loss_sum)
    folder = training.run(training.spec(batch_size=16, eval_samples=0))
    assert len(events_of(folder, "out_of_memory")) == 1
    assert sorted(batches) == [1, 15] and longest[0] < 4096
