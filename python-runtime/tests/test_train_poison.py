"""Weights with NaN or Inf: never saved; the next start resumes from the checkpoint before them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from intake_support import pairs
from safetensors.torch import load_file, save_file
from train_support import Training, events_of, exit_of, lines_of, weights_of

from nightshift_trainer.bases.publish import folder_hash
from nightshift_trainer.files import read_json, write_json
from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.train import worker
from nightshift_trainer.train.checkpoint.save import CheckpointSaver
from nightshift_trainer.train.nan_check import first_non_finite
from nightshift_trainer.train.optimizer import Optimizer

REAL = Optimizer.step
EMBEDDING = "model.embed_tokens.weight"
FIRST_NORM = "model.layers.0.input_layernorm.weight"


def begin(tmp_path: Path, name: str = "w") -> Training:
    training = Training(tmp_path / name)
    training.intake(pairs(64), slice_rows=4, core_rows=4)
    return training


def fail(training: Training, monkeypatch: pytest.MonkeyPatch, **config: Any) -> Path:
    spec = training.spec(save_steps=2, eval_samples=0, keep_checkpoints=100, **config)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(training.root / "locks"))
    folder = training.folder(spec)
    assert worker.run(RunFolder(folder), spec) == 1
    return folder


def poison(at: int, spoil: Callable[[Optimizer], None]) -> Any:
    """Spoils values in place after the update of a step, as an overflow or a flipped bit would."""
    steps = [0]

    def step(optimizer: Optimizer, learning_rate: float, grad_norm: float) -> None:
        REAL(optimizer, learning_rate, grad_norm)
        steps[0] += 1
        if steps[0] == at:
            spoil(optimizer)

    return step


def norm_weight(optimizer: Optimizer) -> None:
    optimizer.model.master_weights[FIRST_NORM][5] = float("inf")


def second_moment(optimizer: Optimizer) -> None:
    """An infinite second moment freezes its weight forever, and no loss shows it."""
    optimizer.adam.state[optimizer.tensors[FIRST_NORM]]["exp_avg_sq"][0] = float("inf")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_single_value_is_detected(value: float) -> None:
    tensors = {"whole": torch.ones(300), "spoiled": torch.ones(50, 70), "none": torch.ones(0)}
    assert first_non_finite(tensors) is None and first_non_finite({}) is None
    tensors["spoiled"][17, 69] = value
    assert first_non_finite(tensors) == "spoiled"


def test_nan_weights_are_never_saved_and_the_next_start_resumes_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = begin(tmp_path)
    whole = tmp_path / "whole"
    shutil.copytree(training.root, whole)
    # The update that spoils a value, and the step at which it is detected: a weight by the next
    # loss, a moment only by the save at step 4.
    for spoil, update, detected in ((norm_weight, 3, 3), (second_moment, 2, 4)):
        monkeypatch.setattr(Optimizer, "step", poison(update, spoil))
        folder = fail(training, monkeypatch)
        error = exit_of(folder)["error"]
        assert error["category"] == "weights_not_finite" and FIRST_NORM in error["message"]
        (event,) = events_of(folder, "weights_not_finite")
        assert (event["step"], event["saved"]) == (detected, 2)
        # The rows of the step that detected it are not the cause.
        assert not events_of(folder, "non_finite") and error["rows"] == []
        assert training.newest().name == "step-00000002"
    for path in training.checkpoints.glob("step-*"):
        assert first_non_finite(weights_of(path)) is None
        assert first_non_finite(load_file(path / "optimizer.safetensors")) is None
    monkeypatch.setattr(Optimizer, "step", REAL)
    spec = training.spec(save_steps=2, eval_samples=0)
    last = training.run(spec)
    assert events_of(last, "resumed")[0]["step"] == 2
    assert events_of(last, "lost")[0]["upto_step"] == 4
    uninterrupted = Training(whole)
    uninterrupted.run(uninterrupted.spec(save_steps=2, eval_samples=0))
    assert training.state_hash() == uninterrupted.state_hash()


def test_a_checkpoint_with_nan_that_verifies_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older versions could write one."""
    training = begin(tmp_path)
    with monkeypatch.context() as before:
        before.setattr(CheckpointSaver, "require_finite", lambda _: None)
        before.setattr(Optimizer, "step", poison(7, norm_weight))
        training.run(training.spec(save_steps=2, eval_samples=0))
    folder = training.run(training.spec(save_steps=2, eval_samples=0))
    (skipped,) = events_of(folder, "checkpoint_skipped")
    assert Path(skipped["folder"]).name == "step-00000007" and FIRST_NORM in skipped["reason"]
    assert events_of(folder, "resumed")[0]["step"] == 6
    assert first_non_finite(weights_of(training.newest())) is None
    assert lines_of(training.dataset / "ledger.jsonl")[-1]["step"] == 7


def test_a_base_with_nan_is_refused_and_blames_no_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = begin(tmp_path)
    base = tmp_path / "poisoned"
    shutil.copytree(training.workspace.base, base)
    weights = load_file(base / "model.safetensors")
    weights[EMBEDDING][0, 0] = float("nan")
    save_file(weights, base / "model.safetensors", metadata={"format": "pt"})
    # With a matching hash: a base damaged after its creation is detected by the hash.
    facts = read_json(base / "base.json")
    write_json(base / "base.json", {**facts, "hash": folder_hash(base)})
    training.workspace.base = base
    folder = fail(training, monkeypatch)
    error = exit_of(folder)["error"]
    assert error["category"] == "model_not_found" and "NaN or Inf" in error["message"]
    assert not training.checkpoints.exists()
    assert json.loads((folder / "exit.json").read_text("utf-8"))["step"] == 0
