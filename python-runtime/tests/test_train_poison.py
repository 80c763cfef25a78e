"""Weights that are no numbers: never saved, and left behind for the checkpoint before them."""

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
from nightshift_trainer.train.nan_check import first_not_finite
from nightshift_trainer.train.optimizer import Optimizer
from nightshift_trainer.train.session import Session

REAL = Optimizer.step
EMBEDDING = "model.embed_tokens.weight"
FIRST_NORM = "model.layers.0.input_layernorm.weight"


def begin(tmp_path: Path, name: str = "w") -> Training:
    training = Training(tmp_path / name)
    training.intake(pairs(64), slice_rows=4, core_rows=4)
    return training


def fails(training: Training, monkeypatch: pytest.MonkeyPatch, **config: Any) -> Path:
    spec = training.spec(save_steps=2, eval_samples=0, keep_checkpoints=100, **config)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(training.root / "locks"))
    folder = training.folder(spec)
    assert worker.run(RunFolder(folder), spec) == 1
    return folder


def poison(at: int, spoil: Callable[[Optimizer], None]) -> Any:
    """As an overflow or a flipped bit would do it: after the update of one step, in place."""
    steps = [0]

    def step(optimizer: Optimizer, rate: float, norm: float) -> None:
        REAL(optimizer, rate, norm)
        steps[0] += 1
        if steps[0] == at:
            spoil(optimizer)

    return step


def norm_weight(optimizer: Optimizer) -> None:
    optimizer.model.masters[FIRST_NORM][5] = float("inf")


def second_moment(optimizer: Optimizer) -> None:
    """An infinite one stops its weight for ever, and no loss shows that either."""
    optimizer.adam.state[optimizer.tensors[FIRST_NORM]]["exp_avg_sq"][0] = float("inf")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_one_value_of_many_is_found(value: float) -> None:
    tensors = {"whole": torch.ones(300), "spoiled": torch.ones(50, 70), "none": torch.ones(0)}
    assert first_not_finite(tensors) is None and first_not_finite({}) is None
    tensors["spoiled"][17, 69] = value
    assert first_not_finite(tensors) == "spoiled"


def test_what_is_no_number_is_never_saved_and_the_next_start_goes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = begin(tmp_path)
    whole = tmp_path / "whole"
    shutil.copytree(training.root, whole)
    # Which update of the run spoils what, and the step at which it is noticed: the next loss shows
    # the weight, and only the save at step 4 shows the moment.
    for spoil, update, noticed in ((norm_weight, 3, 3), (second_moment, 2, 4)):
        monkeypatch.setattr(Optimizer, "step", poison(update, spoil))
        folder = fails(training, monkeypatch)
        error = exit_of(folder)["error"]
        assert error["category"] == "weights_not_finite" and FIRST_NORM in error["message"]
        (told,) = events_of(folder, "weights_not_finite")
        assert (told["step"], told["saved"]) == (noticed, 2)
        # The rows of the step that noticed it are not to blame.
        assert not events_of(folder, "non_finite") and error["rows"] == []
        assert training.newest().name == "step-00000002"
    for path in training.checkpoints.glob("step-*"):
        assert first_not_finite(weights_of(path)) is None
        assert first_not_finite(load_file(path / "optimizer.safetensors")) is None
    monkeypatch.setattr(Optimizer, "step", REAL)
    spec = training.spec(save_steps=2, eval_samples=0)
    last = training.run(spec)
    assert events_of(last, "resumed")[0]["step"] == 2
    assert events_of(last, "lost")[0]["upto_step"] == 4
    undisturbed = Training(whole)
    undisturbed.run(undisturbed.spec(save_steps=2, eval_samples=0))
    assert training.state_hash() == undisturbed.state_hash()


def test_a_poisoned_checkpoint_that_verifies_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a build before this rule could have written it."""
    training = begin(tmp_path)
    with monkeypatch.context() as before:
        before.setattr(Session, "require_finite", lambda _: None)
        before.setattr(Optimizer, "step", poison(7, norm_weight))
        training.run(training.spec(save_steps=2, eval_samples=0))
    folder = training.run(training.spec(save_steps=2, eval_samples=0))
    (passed,) = events_of(folder, "checkpoint_skipped")
    assert Path(passed["folder"]).name == "step-00000007" and FIRST_NORM in passed["reason"]
    assert events_of(folder, "resumed")[0]["step"] == 6
    assert first_not_finite(weights_of(training.newest())) is None
    assert lines_of(training.dataset / "ledger.jsonl")[-1]["step"] == 7


def test_a_base_that_is_no_numbers_waits_for_another_and_blames_no_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = begin(tmp_path)
    base = tmp_path / "poisoned"
    shutil.copytree(training.workspace.base, base)
    weights = load_file(base / "model.safetensors")
    weights[EMBEDDING][0, 0] = float("nan")
    save_file(weights, base / "model.safetensors", metadata={"format": "pt"})
    # As it was made: a base that was damaged later is told by its hash already.
    facts = read_json(base / "base.json")
    write_json(base / "base.json", {**facts, "hash": folder_hash(base)})
    training.workspace.base = base
    folder = fails(training, monkeypatch)
    error = exit_of(folder)["error"]
    assert error["category"] == "model_not_found" and "no numbers" in error["message"]
    assert not training.checkpoints.exists()
    assert json.loads((folder / "exit.json").read_text("utf-8"))["step"] == 0
