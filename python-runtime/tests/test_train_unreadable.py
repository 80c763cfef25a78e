"""Files that can't be read: an older checkpoint is used, and the dataset is never to blame."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from intake_support import pairs
from train_support import Training, events_of, exit_of

from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.train import worker
from nightshift_trainer.train.checkpoint import discover, write


def unreadable(path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read every file, so the answer of the system is faked."""
    if kind == "folder":
        path.unlink()
        path.mkdir()
        return
    number = {"permissions": errno.EACCES, "disk": errno.EIO}[kind]
    real = discover.file_hash

    def file_hash(file: Path, heartbeat: Callable[[], None]) -> str:
        if file == path:
            raise OSError(number, os.strerror(number), str(file))
        return real(file, heartbeat)

    monkeypatch.setattr(discover, "file_hash", file_hash)


@pytest.mark.parametrize("kind", ["folder", "permissions", "disk"])
def test_training_resumes_from_the_checkpoint_before_one_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    training = Training(tmp_path)
    training.intake(pairs(60), slice_rows=5, core_rows=5)
    training.run(training.spec(save_steps=2, eval_samples=0))
    *_, before, last = sorted(training.checkpoints.glob("step-*"))
    unreadable(last / "model" / "model.safetensors", kind, monkeypatch)
    folder = training.run(training.spec(save_steps=2, eval_samples=0))
    [skipped] = events_of(folder, "checkpoint_skipped")
    assert skipped["folder"] == str(last) and "model.safetensors" in skipped["reason"]
    [resumed] = events_of(folder, "resumed")
    assert resumed["from"] == str(before)


def test_a_checkpoint_folder_that_cannot_be_listed_is_not_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(PermissionError):
        discover.list_checkpoints(tmp_path)


def test_a_missing_base_is_not_the_fault_of_the_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(tmp_path)
    training.intake(pairs(20), slice_rows=5, core_rows=5)
    spec = training.spec()
    spec["base"]["folder"] = str(tmp_path / "gone")
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(tmp_path / "locks"))
    folder = training.folder(spec)
    assert worker.run(RunFolder(folder), spec) == 1
    error = exit_of(folder)["error"]
    assert error["category"] == "model_not_found" and str(tmp_path / "gone") in error["message"]


def test_an_old_checkpoint_that_cannot_be_deleted_does_not_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(write, "delete_old_checkpoints", refuse)
    training = Training(tmp_path)
    training.intake(pairs(30), slice_rows=5, core_rows=5)
    folder = training.run(training.spec(save_steps=1, eval_samples=0))
    assert exit_of(folder)["outcome"] == "completed"
