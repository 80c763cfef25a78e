"""The settings that change at once, also for the pass that is being trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from intake_support import pairs
from train_support import Training, events_of, exit_of, metrics_of

from nightshift_trainer.train.collator import MicroBatch
from nightshift_trainer.train.model import Model

REAL = Model.loss_sum
CHANGED: dict[str, Any] = {
    "micro_batch": 2,
    "generate_samples": 1,
    "eval_max_new_tokens": 3,
    "eval_timeout_seconds": 30,
    "keep_checkpoints": 1,
    "pause_keep_seconds": 0,
    "monitoring_percent": 90,
}


def configure(folder: Path, seq: int, settings: dict[str, Any]) -> None:
    document = {"format": 1, "seq": seq, "verb": "configure", "t": 0.0, "args": settings}
    partial = folder / "partial"
    partial.write_text(json.dumps(document), "utf-8")
    partial.rename(folder / "commands" / f"{seq:06d}-configure.json")


def test_settings_change_from_the_next_step_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tmp_path)
    training.intake(pairs(100), slice_rows=10, core_rows=10)
    folder = training.root / "runs" / "run-1"
    sent: list[int] = []

    def loss_sum(model: Model, batch: MicroBatch) -> torch.Tensor:
        if torch.is_grad_enabled() and not sent:
            sent.append(1)
            configure(folder, 1, CHANGED)
            configure(folder, 2, {"micro_batch": 1})
        return REAL(model, batch)

    monkeypatch.setattr(Model, "loss_sum", loss_sum)
    spec = training.spec(save_steps=1, keep_checkpoints=5, eval_steps=1000, preview_steps=1000)
    assert training.run(spec) == folder and exit_of(folder)["outcome"] == "completed"
    acknowledged = events_of(folder, "acknowledged")
    assert [event["state"] for event in acknowledged] == ["done", "refused"]
    micro_batches = [metric["micro_batch"] for metric in metrics_of(folder)]
    assert micro_batches[0] == 8 and set(micro_batches[1:]) == {2}
    assert len(list(training.checkpoints.glob("step-*"))) == 1
    exact = [event["exact"] for event in events_of(folder, "evaluation")]
    assert [found["n"] for found in exact] == [4, 1]


def test_a_pause_ends_when_its_time_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it, the trainer would keep the GPU for the time that was frozen: an hour here."""
    training = Training(tmp_path)
    training.intake(pairs(40), slice_rows=0, core_rows=0)
    spec = training.spec(pause_keep_seconds=3600, eval_samples=0, generate_samples=0)
    folder = training.root / "runs" / "run-1"
    sent: list[int] = []

    def loss_sum(model: Model, batch: MicroBatch) -> torch.Tensor:
        if not sent:
            sent.append(1)
            training.command(folder, 1, "pause")
            configure(folder, 2, CHANGED)
        return REAL(model, batch)

    monkeypatch.setattr(Model, "loss_sum", loss_sum)
    training.run(spec)
    assert exit_of(folder)["outcome"] == "paused"


def test_a_pause_does_not_wait_for_a_long_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A book is one step. The step is computed again after the pause, with the same result."""
    from nightshift_trainer.train import step

    whole = Training(tmp_path / "whole")
    whole.intake(pairs(40), slice_rows=0, core_rows=0)
    settings: dict[str, Any] = {"micro_batch": 1, "eval_samples": 0, "generate_samples": 0}
    whole.run(whole.spec(dropout=0.1, **settings))
    training = Training(tmp_path / "paused")
    training.intake(pairs(40), slice_rows=0, core_rows=0)
    folder = training.root / "runs" / "run-1"
    calls: list[int] = []

    def loss_sum(model: Model, batch: MicroBatch) -> torch.Tensor:
        calls.append(1)
        # In the middle of the second step of eight micro-batches.
        if len(calls) == 8 + 3:
            training.command(folder, 1, "pause")
        return REAL(model, batch)

    monkeypatch.setattr(step, "LONG_STEP_SECONDS", -1.0)
    monkeypatch.setattr(step, "ASK_SECONDS", 0.0)
    monkeypatch.setattr(Model, "loss_sum", loss_sum)
    training.run(training.spec(dropout=0.1, **settings))
    assert exit_of(folder)["outcome"] == "paused" and exit_of(folder)["step"] == 1
    assert len(calls) == 8 + 3
    training.run(training.spec(dropout=0.1, **settings))
    assert training.state_hash() == whole.state_hash()
