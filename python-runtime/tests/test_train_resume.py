"""Interrupted and resumed is bit for bit the same as undisturbed, whatever the interruption."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest
from intake_support import pairs
from train_support import Training, events_of, exit_of, metrics_of

RECORDS = [
    {**one, "question": one["question"] + " Count on." * (n % 9)}
    for n, one in enumerate(pairs(120))
]
# Dropout draws random numbers in each step: a state that is not restored changes every weight.
BUSY: dict[str, Any] = {
    "dropout": 0.1,
    "epochs": 2,
    "save_steps": 5,
    "eval_steps": 4,
    "preview_steps": 3,
}
KILL_IN_SAVE = """
import os, signal
from nightshift_trainer.train import checkpoint
real, saves = checkpoint.save_file, []
def save_file(tensors, path, **more):
    saves.append(path)
    if len(saves) == {at}:
        real(tensors, path, **more)
        with open(path, "r+b") as stream:
            stream.truncate(path.stat().st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)
    real(tensors, path, **more)
checkpoint.save_file = save_file
"""


def undisturbed(root: Path, precision: str) -> Training:
    training = Training(root)
    training.intake(RECORDS, slice_rows=10, core_rows=10)
    training.run(training.spec(precision=precision, **BUSY))
    return training


def wait_for_step(folder: Path, step: int) -> None:
    end = time.monotonic() + 60
    while not any(one["step"] >= step for one in metrics_of(folder)):
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_pause_stop_and_a_kill_inside_a_save_change_no_bit(tmp_path: Path, precision: str) -> None:
    whole = undisturbed(tmp_path / "whole", precision)
    broken = Training(tmp_path / "broken")
    broken.intake(RECORDS, slice_rows=10, core_rows=10)

    def begin(program: str = "") -> tuple[Path, Any]:
        return broken.start(
            broken.spec(precision=precision, step_sleep=0.02, **BUSY), program=program
        )

    folder, process = begin()
    wait_for_step(folder, 3)
    broken.command(folder, 1, "pause")
    assert process.wait(60) == 0 and exit_of(folder)["outcome"] == "paused"
    paused_at = exit_of(folder)["step"]
    assert paused_at >= 3

    # The third file of the second save: the weights of that step are there, its moments are torn.
    folder, process = begin(KILL_IN_SAVE.format(at=5))
    assert process.wait(60) == -signal.SIGKILL
    killed_after = metrics_of(folder)[-1]["step"]
    assert list(broken.checkpoints.glob(".step-*.partial"))

    folder, process = begin()
    wait_for_step(folder, killed_after + 2)
    broken.command(folder, 1, "stop-now")
    assert process.wait(60) == 0 and exit_of(folder)["outcome"] == "stopped"
    resumed = events_of(folder, "resumed")[0]
    assert 0 < resumed["step"] < killed_after
    assert resumed["lost_steps"] == killed_after - resumed["step"] <= 5
    assert not list(broken.checkpoints.glob(".step-*.partial"))

    folder, process = begin()
    assert process.wait(60) == 0 and exit_of(folder)["outcome"] == "completed"
    assert broken.state_hash() == whole.state_hash()
    assert broken.newest().name == whole.newest().name


def test_looking_changes_no_step(tmp_path: Path) -> None:
    watched = undisturbed(tmp_path / "watched", "fp32")
    blind = Training(tmp_path / "blind")
    blind.intake(RECORDS, slice_rows=10, core_rows=10)
    folder = blind.run(
        blind.spec(**{**BUSY, "eval_steps": 1000, "preview_steps": 1000, "save_steps": 1000})
    )
    assert len(events_of(folder, "evaluation")) == 2
    assert len(events_of(watched.root / "runs" / "run-1", "evaluation")) > 4
    assert len(events_of(watched.root / "runs" / "run-1", "preview")) > 3
    assert watched.state_hash() == blind.state_hash()


def test_the_next_dataset_of_a_lineage_keeps_rate_and_moments(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.intake(RECORDS, slice_rows=10, core_rows=10)
    first = training.run(training.spec())
    spec = training.spec()
    spec["pass"] = {**spec["pass"], "id": "p-2"}
    second = training.run(spec)
    last, next_one = metrics_of(first)[-1], metrics_of(second)[0]
    assert next_one["step"] == last["step"] + 1
    assert next_one["lr"] == last["lr"] == spec["config"]["learning_rate"]
    assert [one["lr"] for one in metrics_of(first)[:2]] == [5e-4, 1e-3]
