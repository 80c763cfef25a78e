"""Checkpoints that are written beside the steps: the same ones, and nothing waits for them."""

from __future__ import annotations

import hashlib
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from intake_support import pairs
from train_support import Training, events_of, exit_of, metrics_of

from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.train import worker
from nightshift_trainer.train.checkpoint import save as saving
from nightshift_trainer.train.checkpoint import write as checkpoint
from nightshift_trainer.train.writing import Buffers

REAL = checkpoint.save_file
# Several steps long: what is written must be the state of its own step all the same.
SLOW_SAVE = """
import time
from nightshift_trainer.train.checkpoint import write as checkpoint
real = checkpoint.save_file
def save_file(*values, **named):
    time.sleep(1.0)
    real(*values, **named)
checkpoint.save_file = save_file
"""


def begin(tmp_path: Path, name: str) -> Training:
    training = Training(tmp_path / name)
    training.intake(pairs(130), slice_rows=4, core_rows=4)
    return training


def beside(training: Training, **config: Any) -> dict[str, Any]:
    settings = {"eval_samples": 0, "save_steps": 4, "keep_checkpoints": 100, **config}
    return {**training.spec(**settings), "saving": "beside"}


def content_of(training: Training) -> dict[str, str]:
    """Every tensor file of every checkpoint, by its hash."""
    return {
        str(path.relative_to(training.checkpoints)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(training.checkpoints.glob("step-*/**/*.safetensors"))
    }


def slowly(*values: Any, **named: Any) -> None:
    time.sleep(0.3)
    REAL(*values, **named)


def test_they_hold_what_inline_ones_hold_while_the_steps_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inline, training = begin(tmp_path, "inline"), begin(tmp_path, "beside")
    inline.run({**beside(inline, eval_steps=8), "saving": "inline"})
    monkeypatch.setattr(checkpoint, "save_file", slowly)
    folder = training.run(beside(training, eval_steps=8))
    assert content_of(training) == content_of(inline)
    told = events_of(folder, "checkpoint")
    assert [one["step"] for one in told] == [4, 8, 12, 16]
    steps = {one["step"]: one["t"] for one in metrics_of(folder)}
    # Step 5 was done before the checkpoint of step 4 was told; before an evaluation and at the end
    # nothing goes on until it is there.
    assert steps[5] < told[0]["t"] and told[0]["stall_seconds"] < told[0]["seconds"]
    evaluation = next(one for one in events_of(folder, "evaluation") if one["step"] == 8)
    assert steps[8] < told[1]["t"] <= evaluation["t"] and told[1]["stall_seconds"] >= 0.8
    assert not list(training.checkpoints.glob(".*"))


def test_a_full_disk_is_told_and_a_later_state_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "SAVE_RETRY_SECONDS", 0.0)
    calls: list[str] = []

    def full(*values: Any, **named: Any) -> None:
        calls.append("save")
        if len(calls) <= 2:
            raise OSError(28, "No space left on device")
        REAL(*values, **named)

    monkeypatch.setattr(checkpoint, "save_file", full)
    training = begin(tmp_path, "w")
    folder = training.run(beside(training))
    failed = events_of(folder, "checkpoint_failed")
    assert len(failed) == 2 and {one["reason"] for one in failed} == {"the disk is full"}
    saved = [one["step"] for one in events_of(folder, "checkpoint")]
    assert failed[0]["step"] == 4 and saved and min(saved) > 4 and saved[-1] == 16
    assert exit_of(folder)["outcome"] == "completed"


def test_without_memory_for_a_copy_it_saves_inline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(Buffers, "copy", short)
    training = begin(tmp_path, "w")
    folder = training.run(beside(training))
    told = events_of(folder, "checkpoint")
    assert [one["step"] for one in told] == [4, 8, 12, 16]
    assert all(one["stall_seconds"] == one["seconds"] for one in told)


def test_what_is_no_want_of_space_ends_the_run_with_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("a tensor that cannot be written")

    monkeypatch.setattr(checkpoint, "save_file", broken)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(tmp_path / "locks"))
    training = begin(tmp_path, "w")
    spec = beside(training)
    folder = training.folder(spec)
    assert worker.run(RunFolder(folder), spec) == 1
    assert "a tensor that cannot be written" in exit_of(folder)["error"]["message"]


def test_killed_inside_one_and_stopped_inside_one(tmp_path: Path) -> None:
    """The kill leaves the checkpoint before; the stop waits for the one that is under way. Then the
    weights are those of an undisturbed run."""
    undisturbed, training = begin(tmp_path, "undisturbed"), begin(tmp_path, "w")
    undisturbed.run(undisturbed.spec(eval_samples=0))

    def start(step_sleep: float) -> tuple[Path, Any]:
        spec = beside(training)
        spec["test"]["step_sleep"] = step_sleep
        return training.start(spec, SLOW_SAVE)

    def inside_the_second(process: Any) -> None:
        end = time.monotonic() + 60
        partial = training.checkpoints / f".step-00000008.{process.pid}.partial"
        while not partial.exists():
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.01)

    _, process = start(0.1)
    inside_the_second(process)
    process.kill()
    assert process.wait(20) == -signal.SIGKILL
    assert training.newest().name == "step-00000004"
    folder, process = start(0.1)
    inside_the_second(process)
    training.command(folder, 1, "stop-now")
    assert process.wait(60) == 0 and exit_of(folder)["outcome"] == "stopped"
    told = [one["step"] for one in events_of(folder, "checkpoint")]
    # The stop may be read at the very boundary at which the save began.
    assert events_of(folder, "resumed")[0]["step"] == 4 and told[0] == 8
    assert told[-1] == exit_of(folder)["step"]
    training.run(beside(training))
    assert training.state_hash() == undisturbed.state_hash()
