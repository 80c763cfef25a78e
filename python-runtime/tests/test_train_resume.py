"""A resumed run is bitwise identical to an uninterrupted one, whatever the interruption."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from intake_support import pairs
from safetensors.torch import load_file
from train_support import Training, events_of, exit_of, lines_of, metrics_of

from nightshift_trainer.train import evaluate
from nightshift_trainer.train.checkpoint.discover import verify

RECORDS = [
    {**pair, "question": pair["question"] + " Count on." * (n % 9)}
    for n, pair in enumerate(pairs(120))
]
# Dropout draws random numbers in each step, so a random state that isn't restored changes all
# weights.
BUSY: dict[str, Any] = {
    "dropout": 0.1,
    "epochs": 2,
    "save_steps": 5,
    "eval_steps": 4,
    "preview_steps": 3,
}
KILL_IN_SAVE = """
import os, signal
from nightshift_trainer.train.checkpoint import write
real, saves = write.save_file, []
def save_file(tensors, path, **more):
    saves.append(path)
    if len(saves) == {at}:
        real(tensors, path, **more)
        with open(path, "r+b") as stream:
            stream.truncate(path.stat().st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)
    real(tensors, path, **more)
write.save_file = save_file
"""


def uninterrupted(root: Path, precision: str) -> Training:
    training = Training(root)
    training.intake(RECORDS, slice_rows=10, core_rows=10)
    training.run(training.spec(precision=precision, **BUSY))
    return training


def valid_entries(training: Training) -> list[dict[str, Any]]:
    """The ledger without lost steps and without run names."""
    found: list[dict[str, Any]] = []
    for entry in lines_of(training.dataset / "ledger.jsonl"):
        if "lost_after" in entry:
            found = [valid for valid in found if valid["step"] <= entry["lost_after"]]
        else:
            found.append({key: value for key, value in entry.items() if key != "run"})
    return found


def wait_for_step(folder: Path, step: int) -> None:
    end = time.monotonic() + 300
    while not any(metric["step"] >= step for metric in metrics_of(folder)):
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_pause_stop_and_a_kill_inside_a_save_change_no_bit(tmp_path: Path, precision: str) -> None:
    whole = uninterrupted(tmp_path / "whole", precision)
    broken = Training(tmp_path / "broken")
    broken.intake(RECORDS, slice_rows=10, core_rows=10)

    def begin(program: str = "") -> tuple[Path, Any]:
        return broken.start(
            broken.spec(precision=precision, step_sleep=0.02, **BUSY), program=program
        )

    folder, process = begin()
    wait_for_step(folder, 3)
    broken.command(folder, 1, "pause")
    assert process.wait(300) == 0 and exit_of(folder)["outcome"] == "paused"
    paused_at = exit_of(folder)["step"]
    assert paused_at >= 3

    # Killed in the second file of the second save: the weights of that step are complete, its
    # optimizer state is truncated.
    folder, process = begin(KILL_IN_SAVE.format(at=5))
    assert process.wait(300) == -signal.SIGKILL
    killed_after = metrics_of(folder)[-1]["step"]
    assert list(broken.checkpoints.glob(".step-*.partial"))
    assert verify(broken.newest(), lambda: None) is None

    folder, process = begin()
    wait_for_step(folder, killed_after + 2)
    broken.command(folder, 1, "stop-now")
    assert process.wait(300) == 0 and exit_of(folder)["outcome"] == "stopped"
    resumed = events_of(folder, "resumed")[0]
    assert 0 < resumed["step"] < killed_after
    assert resumed["lost_steps"] == killed_after - resumed["step"] <= 5
    assert resumed["from"] == str(broken.checkpoints / f"step-{resumed['step']:08d}")
    assert events_of(folder, "checkpoint_skipped") == []
    assert not list(broken.checkpoints.glob(".step-*.partial"))

    folder, process = begin()
    assert process.wait(300) == 0 and exit_of(folder)["outcome"] == "completed"
    assert broken.state_hash() == whole.state_hash()
    assert broken.newest().name == whole.newest().name
    # The same rows in the same steps, with the same metrics.
    assert valid_entries(broken) == valid_entries(whole)
    seen, wanted = (
        events_of(run, "evaluation")[-1] for run in (folder, whole.root / "runs" / "run-1")
    )
    for name in ("step", "when", "core", "slice", "exact", "train_smoothed", "gap"):
        assert seen[name] == wanted[name], name


def test_evaluation_changes_no_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even if it draws random numbers, as a scorer or sampling may."""
    real = evaluate.generate_answers

    def drawing(*values: Any, **named: Any) -> Any:
        torch.rand(3)
        random.random()
        np.random.random()
        return real(*values, **named)

    with monkeypatch.context() as patched:
        patched.setattr(evaluate, "generate_answers", drawing)
        evaluated = uninterrupted(tmp_path / "evaluated", "fp32")
    blind = Training(tmp_path / "blind")
    blind.intake(RECORDS, slice_rows=10, core_rows=10)
    with monkeypatch.context() as patched:
        patched.setattr(evaluate.Evaluator, "evaluate", lambda *_: None)
        patched.setattr(evaluate.Evaluator, "preview", lambda *_: None)
        folder = blind.run(blind.spec(**{**BUSY, "save_steps": 1000}))
    assert events_of(folder, "evaluation") == events_of(folder, "preview") == []
    assert len(events_of(evaluated.root / "runs" / "run-1", "evaluation")) > 4
    assert len(events_of(evaluated.root / "runs" / "run-1", "preview")) > 3
    assert evaluated.state_hash() == blind.state_hash()
    evaluated_steps, blind_steps = (
        metrics_of(run) for run in (evaluated.root / "runs" / "run-1", folder)
    )
    # Every step, including those right after an evaluation, not only the final weights.
    assert [metric["loss"] for metric in evaluated_steps] == [
        metric["loss"] for metric in blind_steps
    ]
    assert [metric["grad_norm"] for metric in evaluated_steps] == [
        metric["grad_norm"] for metric in blind_steps
    ]
    for name in ("python", "numpy", "torch"):
        states = [
            load_file(training.newest() / "state.safetensors")[name]
            for training in (evaluated, blind)
        ]
        assert torch.equal(states[0], states[1]), name


def test_the_next_dataset_continues_without_a_new_warmup(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.intake(RECORDS, slice_rows=10, core_rows=10)
    first = training.run(training.spec())
    spec = training.spec()
    spec["pass"] = {**spec["pass"], "id": "p-2"}
    second = training.run(spec)
    last, first_metric = metrics_of(first)[-1], metrics_of(second)[0]
    assert first_metric["step"] == last["step"] + 1
    assert first_metric["lr"] == last["lr"] == spec["config"]["learning_rate"]
    assert [metric["lr"] for metric in metrics_of(first)[:2]] == [5e-4, 1e-3]
