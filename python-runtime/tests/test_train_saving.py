"""Asynchronous checkpoints: identical to synchronous ones, and no step waits for them."""

from __future__ import annotations

import hashlib
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from intake_support import pairs
from train_support import Training, events_of, exit_of, metrics_of

from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.train import device, worker
from nightshift_trainer.train.checkpoint import save, write
from nightshift_trainer.train.checkpoint.write import StateBuffers

REAL = write.save_file
# Takes several steps: the checkpoint must still contain the state of its own step.
SLOW_SAVE = """
import time
from nightshift_trainer.train.checkpoint import write
real = write.save_file
def save_file(*values, **named):
    time.sleep(1.0)
    real(*values, **named)
write.save_file = save_file
"""


def begin(tmp_path: Path, name: str) -> Training:
    training = Training(tmp_path / name)
    training.intake(pairs(130), slice_rows=4, core_rows=4)
    return training


def async_spec(training: Training, **config: Any) -> dict[str, Any]:
    settings = {"eval_samples": 0, "save_steps": 4, "keep_checkpoints": 100, **config}
    return {**training.spec(**settings), "saving": "async"}


def content_of(training: Training) -> dict[str, str]:
    """Hashes of all tensor files of all checkpoints."""
    return {
        str(path.relative_to(training.checkpoints)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(training.checkpoints.glob("step-*/**/*.safetensors"))
    }


def slowly(*values: Any, **named: Any) -> None:
    time.sleep(0.3)
    REAL(*values, **named)


def test_async_checkpoints_equal_sync_ones_while_steps_continue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, training = begin(tmp_path, "sync"), begin(tmp_path, "async")
    sync.run({**async_spec(sync, eval_steps=8), "saving": "sync"})
    monkeypatch.setattr(write, "save_file", slowly)
    folder = training.run(async_spec(training, eval_steps=8))
    assert content_of(training) == content_of(sync)
    events = events_of(folder, "checkpoint")
    assert [event["step"] for event in events] == [4, 8, 12, 16]
    steps = {metric["step"]: metric["t"] for metric in metrics_of(folder)}
    # Step 5 was finished before the checkpoint of step 4 was reported; an evaluation and the end of
    # the pass wait until the checkpoint is durable.
    assert steps[5] < events[0]["t"] and events[0]["stall_seconds"] < events[0]["seconds"]
    evaluation = next(event for event in events_of(folder, "evaluation") if event["step"] == 8)
    assert steps[8] < events[1]["t"] <= evaluation["t"] and events[1]["stall_seconds"] >= 0.8
    assert not list(training.checkpoints.glob(".*"))


def test_a_full_disk_is_reported_and_a_later_state_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(save, "SAVE_RETRY_SECONDS", 0.0)
    calls: list[str] = []

    def full(*values: Any, **named: Any) -> None:
        calls.append("save")
        if len(calls) <= 2:
            raise OSError(28, "No space left on device")
        REAL(*values, **named)

    monkeypatch.setattr(write, "save_file", full)
    training = begin(tmp_path, "w")
    folder = training.run(async_spec(training))
    failed = events_of(folder, "checkpoint_failed")
    assert len(failed) == 2 and {event["reason"] for event in failed} == {"the disk is full"}
    saved = [event["step"] for event in events_of(folder, "checkpoint")]
    assert failed[0]["step"] == 4 and saved and min(saved) > 4 and saved[-1] == 16
    assert exit_of(folder)["outcome"] == "completed"


def test_without_memory_for_a_copy_it_saves_synchronously(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(StateBuffers, "copy", short)
    training = begin(tmp_path, "w")
    folder = training.run(async_spec(training))
    events = events_of(folder, "checkpoint")
    assert [event["step"] for event in events] == [4, 8, 12, 16]
    assert all(event["stall_seconds"] == event["seconds"] for event in events)


def test_any_other_error_ends_the_run_with_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("a tensor that cannot be written")

    monkeypatch.setattr(write, "save_file", broken)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(tmp_path / "locks"))
    training = begin(tmp_path, "w")
    spec = async_spec(training)
    folder = training.folder(spec)
    assert worker.run(RunFolder(folder), spec) == 1
    assert "a tensor that cannot be written" in exit_of(folder)["error"]["message"]


def test_a_kill_and_a_stop_during_a_save(tmp_path: Path) -> None:
    """After a kill, the previous checkpoint remains; a stop waits for the one being written. In the
    end the weights equal those of an uninterrupted run."""
    uninterrupted, training = begin(tmp_path, "uninterrupted"), begin(tmp_path, "w")
    uninterrupted.run(uninterrupted.spec(eval_samples=0))

    def start(step_sleep: float) -> tuple[Path, Any]:
        spec = async_spec(training)
        spec["test"]["step_sleep"] = step_sleep
        return training.start(spec, SLOW_SAVE)

    def wait_for_second_save(process: Any) -> None:
        end = time.monotonic() + 60
        partial = training.checkpoints / f".step-00000008.{process.pid}.partial"
        while not partial.exists():
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.01)

    _, process = start(0.1)
    wait_for_second_save(process)
    process.kill()
    assert process.wait(20) == -signal.SIGKILL
    assert training.newest().name == "step-00000004"
    folder, process = start(0.1)
    wait_for_second_save(process)
    training.command(folder, 1, "stop-now")
    assert process.wait(60) == 0 and exit_of(folder)["outcome"] == "stopped"
    saved = [event["step"] for event in events_of(folder, "checkpoint")]
    # The stop may be read at the step boundary at which the save started.
    assert events_of(folder, "resumed")[0]["step"] == 4 and saved[0] == 8
    assert saved[-1] == exit_of(folder)["step"]
    training.run(async_spec(training))
    assert training.state_hash() == uninterrupted.state_hash()


def test_copies_share_one_block_that_is_pinned_as_large_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Pinned one by one, each tensor would be rounded up to a power of two."""
    sizes: list[tuple[int, bool]] = []

    def host_block(size: int, *, is_pinned: bool) -> torch.Tensor:
        sizes.append((size, is_pinned))
        return torch.zeros(size, dtype=torch.uint8)

    monkeypatch.setattr(write, "host_block", host_block)
    tensors = {"a": torch.rand(5, 7), "b": torch.rand(3).double(), "c": torch.rand(2).bfloat16()}
    buffers = StateBuffers()
    for _ in range(2):
        copies = buffers.copy(tensors)
        assert all(torch.equal(copies[name], tensor) for name, tensor in tensors.items())
        assert all(copies[name].dtype == tensor.dtype for name, tensor in tensors.items())
        tensors["a"].add_(1)
    assert sizes == [(192 + 64 + 64, False)]


def test_a_copy_never_takes_most_of_the_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    free = type("Memory", (), {"available": 100 * 2**20})
    monkeypatch.setattr(device.psutil, "virtual_memory", lambda: free)
    assert device.host_block(2**20, is_pinned=False).numel() == 2**20
    with pytest.raises(MemoryError, match="70 MiB of 100 MiB"):
        device.host_block(70 * 2**20, is_pinned=False)
