"""A checkpoint counts only when all of its bytes are as saved."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from intake_support import pairs
from train_support import Training, events_of, exit_of, lines_of, starter_base

from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.train import worker
from nightshift_trainer.train.checkpoint import write
from nightshift_trainer.train.checkpoint.discover import discover, list_checkpoints, verify
from nightshift_trainer.train.checkpoint.write import Snapshot
from nightshift_trainer.train.errors import TrainerRefused
from nightshift_trainer.train.step import OptimizerStep


def no_heartbeat() -> None:
    """These tests need no heartbeat."""


def save(root: Path, step: int) -> Path:
    generator = torch.Generator().manual_seed(step)
    weights = {"a": torch.randn(64, 8, generator=generator), "b": torch.randn(8)}
    snapshot = Snapshot(
        step=step,
        base=starter_base(),
        weights=weights,
        optimizer_state={"first.a": torch.zeros(64, 8)},
        random_states={"torch": torch.get_rng_state()},
        state={"steps_done": step},
        manifest={"branch": "main"},
    )
    folder, size = write.write_checkpoint(root, snapshot, no_heartbeat)
    assert size == sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    )
    return folder


def newest(root: Path) -> tuple[int | None, list[tuple[str, str]]]:
    skipped: list[tuple[str, str]] = []
    found = discover(root, no_heartbeat, lambda path, why: skipped.append((path.name, why)))
    return (None if found is None else found.step), skipped


def test_every_flipped_bit_and_truncation_is_detected(tmp_path: Path) -> None:
    """In each file: each bit of the first, middle and last byte; truncated, extended, missing."""
    save(tmp_path, 100)
    folder = save(tmp_path, 200)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert {"manifest.json", "optimizer.safetensors", "state.json"} <= {path.name for path in files}
    damages = 0
    for path in files:
        content = path.read_bytes()
        places = {0, len(content) // 2, len(content) - 1}
        if path.name == "manifest.json":
            # Every byte matters except its whitespace.
            places = {at for at, byte in enumerate(content) if not chr(byte).isspace()}
            places = set(sorted(places)[::7])
        for place in places:
            for bit in range(8):
                damaged = bytearray(content)
                damaged[place] ^= 1 << bit
                path.write_bytes(damaged)
                step, skipped = newest(tmp_path)
                assert step == 100, (path.name, place, bit)
                assert skipped == [("step-00000200", skipped[0][1])]
                assert path.name in skipped[0][1]
                damages += 1
        for changed in (content[:-2], content + b"\0", b""):
            path.write_bytes(changed)
            assert newest(tmp_path)[0] == 100, path.name
            damages += 1
        path.unlink()
        assert newest(tmp_path)[0] == 100
        path.write_bytes(content)
    assert damages > 1000
    assert newest(tmp_path) == (200, [])


def test_discovery_goes_back_as_far_as_necessary(tmp_path: Path) -> None:
    for step in (8, 9, 10):
        save(tmp_path, step)
    for step in (10, 9):
        (tmp_path / f"step-{step:08d}" / "state.json").write_text("{}")
    step, skipped = newest(tmp_path)
    assert step == 8 and [name for name, _ in skipped] == ["step-00000010", "step-00000009"]
    (tmp_path / "step-00000008" / "manifest.json").unlink()
    assert newest(tmp_path)[0] is None


def test_newest_is_by_number_and_other_files_are_ignored(tmp_path: Path) -> None:
    save(tmp_path, 99_999_999)
    save(tmp_path, 9)
    for name in ("step-100", "step-00000abc", "step-00000500.bak", ".step-00000600.1.partial"):
        (tmp_path / name).mkdir()
    (tmp_path / "step-00000700.tmp").write_text("a file")
    assert [step for step, _ in list_checkpoints(tmp_path)] == [99_999_999, 9]
    assert newest(tmp_path) == (99_999_999, [])


@pytest.mark.parametrize(
    "manifest", ["", "[]", "null", "7", '"x"', "{}", '{"files": []}', '{"format": 2}', "[" * 99_999]
)
def test_an_invalid_manifest_is_skipped(tmp_path: Path, manifest: str) -> None:
    save(tmp_path, 1)
    folder = tmp_path / "step-00000002"
    folder.mkdir()
    (folder / "manifest.json").write_text(manifest)
    (tmp_path / "step-00000003").write_text("a file of that name")
    step, skipped = newest(tmp_path)
    assert step == 1 and [name for name, _ in skipped] == ["step-00000003", "step-00000002"]


def test_every_file_and_folder_is_synced_before_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of the real system calls: files, manifest, folders, rename, the parent folder."""
    starter_base()  # Created before system calls are recorded.
    log: list[tuple[str, str]] = []
    real_sync, real_rename = os.fsync, Path.rename

    def sync(number: int) -> None:
        log.append(("sync", str(Path(f"/proc/self/fd/{number}").readlink())))
        real_sync(number)

    def rename(path: Path, target: Any) -> Path:
        log.append(("rename", str(target)))
        return real_rename(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "rename", rename)
    folder = save(tmp_path, 7)
    at = log.index(("rename", str(folder)))
    partial = next(path for kind, path in log if kind == "sync")
    top = partial[: partial.index(".partial") + len(".partial")]
    before = {path for kind, path in log[:at] if kind == "sync"}
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "manifest.json":
            assert f"{top}/{path.relative_to(folder)}" in before, path
    # The manifest is written by a rename of its own and synced under its temporary name.
    assert any("manifest.json" in path for path in before)
    assert {top, f"{top}/model"} <= before
    assert log[at + 1 :] == [("sync", str(tmp_path))]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork to kill")
def test_a_kill_before_any_file_operation_leaves_the_old_or_the_new_checkpoint(
    tmp_path: Path,
) -> None:
    """Kills a process before its first, second, third ... operation of a save that deletes the old
    checkpoint. One checkpoint always verifies, and no incomplete one is ever listed."""
    save(tmp_path, 100)
    steps: list[int | None] = []
    for limit in range(200):
        root = tmp_path / f"before-{limit}"
        shutil.copytree(tmp_path / "step-00000100", root / "step-00000100")
        child = os.fork()
        if child == 0:
            save_until_killed(root, limit)
        _, status = os.waitpid(child, 0)
        step, skipped = newest(root)
        steps.append(step)
        assert skipped == [], (limit, skipped)
        for _, folder in list_checkpoints(root):
            assert verify(folder, no_heartbeat) is None, (limit, folder)
        write.remove_abandoned_partials(root)
        assert [path.name for path in root.iterdir() if path.name.startswith(".")] == []
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
    else:
        raise AssertionError("the save never finished")
    published = steps.index(200)
    assert published > 20 and steps[published:] == [200] * (len(steps) - published)
    assert steps[:published] == [100] * published and len(steps) > published + 2
    assert newest(root) == (200, [])
    assert [path.name for path in root.iterdir()] == ["step-00000200"]


def save_until_killed(root: Path, limit: int) -> None:
    """Runs in a forked process and never returns."""
    done = [0]

    def counted(real: Any) -> Any:
        def operation(*values: Any, **named: Any) -> Any:
            if done[0] == limit:
                os.kill(os.getpid(), signal.SIGKILL)
            done[0] += 1
            return real(*values, **named)

        return operation

    try:
        for owner, name in (
            (os, "fsync"),
            (os, "unlink"),
            (os, "rmdir"),
            (Path, "rename"),
            (Path, "replace"),
            (Path, "mkdir"),
            (shutil, "copyfile"),
            (shutil, "rmtree"),
            (write, "save_file"),
        ):
            setattr(owner, name, counted(getattr(owner, name)))
        save(root, 200)
        write.delete_old_checkpoints(root, 1, 200)
    except BaseException:
        os._exit(1)
    os._exit(0)


def test_the_trainer_resumes_from_an_older_checkpoint_and_reports_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It repeats the later steps. A damaged checkpoint never displaces one that verifies."""
    training = Training(tmp_path)
    training.intake(pairs(60), slice_rows=5, core_rows=5)
    training.run(training.spec(save_steps=2, eval_samples=0, keep_checkpoints=3))
    wanted = training.state_hash()
    kept = sorted(training.checkpoints.glob("step-*"))
    assert len(kept) == 3
    flip(kept[-1] / "model" / "model.safetensors")
    flip(kept[-2] / "optimizer.safetensors")
    real = write.delete_old_checkpoints
    left: list[int | None] = []

    def delete(root: Path, keep: int, saved: int, leased: frozenset[int]) -> list[Path]:
        removed = real(root, keep, saved, leased)
        left.append(newest(root)[0])
        assert left[-1] == saved
        return removed

    monkeypatch.setattr(write, "delete_old_checkpoints", delete)
    folder = training.run(training.spec(save_steps=1, eval_samples=0, keep_checkpoints=1))
    skipped = [
        (event["folder"], event["reason"]) for event in events_of(folder, "checkpoint_skipped")
    ]
    assert [folder for folder, _ in skipped] == [str(kept[-1]), str(kept[-2])]
    assert "model.safetensors" in skipped[0][1] and "optimizer.safetensors" in skipped[1][1]
    [resumed] = events_of(folder, "resumed")
    assert resumed["from"] == str(kept[-3]) and resumed["lost_steps"] == len(left) >= 3
    assert training.newest() == kept[-1] and training.state_hash() == wanted


def test_steps_only_in_a_damaged_checkpoint_are_marked_lost_in_their_dataset(
    tmp_path: Path,
) -> None:
    """Discovery goes back to a checkpoint of the previous dataset: its last rows are in no model,
    and its ledger must not count them as trained."""
    training = Training(tmp_path)
    training.intake(pairs(60), slice_rows=5, core_rows=5)
    training.run(training.spec(save_steps=2, eval_samples=0, keep_checkpoints=3))
    kept = sorted(training.checkpoints.glob("step-*"))
    last = int(kept[-1].name[5:])
    flip(kept[-1] / "model" / "model.safetensors")
    spec = training.spec(eval_samples=0)
    other = training.dataset.parent / "d-2"
    shutil.copytree(training.dataset, other)
    (other / "ledger.jsonl").unlink()
    spec["dataset"].update(id="d-2", folder=str(other))
    spec["pass"]["id"] = "p-2"
    folder = training.run(spec)
    back_to = int(kept[-2].name[5:])
    [lost] = events_of(folder, "orphaned_steps")
    assert (lost["dataset"], lost["after_step"]) == ("d-1", back_to)
    assert lost["steps"] == last - back_to > 0
    assert lines_of(training.dataset / "ledger.jsonl")[-1]["lost_after"] == back_to
    # Reported once: the next run has no more lost steps.
    spec = training.spec(eval_samples=0)
    spec["dataset"].update(id="d-2", folder=str(other))
    spec["pass"]["id"] = "p-2"
    assert not events_of(training.run(spec), "orphaned_steps")


def test_steps_after_the_last_save_of_a_failed_dataset_are_marked_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next dataset continues from that save, so the steps after it are in no model."""
    training = Training(tmp_path)
    training.intake(pairs(60), slice_rows=5, core_rows=5)
    other = training.dataset.parent / "d-2"
    shutil.copytree(training.dataset, other)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(tmp_path / "locks"))
    real = OptimizerStep.run

    def failing(step: OptimizerStep) -> Any:
        if step.session.step == 4:
            raise TrainerRefused("dataset_error", "a row of the step cannot be trained")
        return real(step)

    with monkeypatch.context() as during:
        during.setattr(OptimizerStep, "run", failing)
        spec = training.spec(save_steps=3, eval_samples=0)
        assert worker.run(RunFolder(training.folder(spec)), spec) == 1
    spec = training.spec(eval_samples=0)
    spec["dataset"].update(id="d-2", folder=str(other))
    spec["pass"]["id"] = "p-2"
    [lost] = events_of(training.run(spec), "orphaned_steps")
    assert (lost["dataset"], lost["after_step"], lost["steps"]) == ("d-1", 3, 1)


def test_without_a_verified_checkpoint_training_never_starts_from_the_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That would silently discard the lineage."""
    training = Training(tmp_path)
    training.intake(pairs(60), slice_rows=5, core_rows=5)
    training.run(training.spec(save_steps=2, eval_samples=0))
    kept = sorted(training.checkpoints.glob("step-*"))
    for folder in kept:
        flip(folder / "optimizer.safetensors")
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(tmp_path / "locks"))
    spec = training.spec()
    folder = training.folder(spec)
    assert worker.run(RunFolder(folder), spec) == 1
    error = exit_of(folder)["error"]
    # The machine's fault: the engine holds the queue instead of failing one dataset after another.
    assert error["category"] == "no_usable_checkpoint"
    assert f"step {int(kept[-1].name[5:])}: optimizer.safetensors" in error["message"]
    assert len(events_of(folder, "checkpoint_skipped")) == len(kept)
    assert sorted(training.checkpoints.iterdir()) == kept


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_failed_save_keeps_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path, 1)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write, "save_file", full)
    with pytest.raises(OSError, match="No space"):
        save(tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    assert newest(tmp_path) == (1, [])


def test_deletion_keeps_the_newest_and_at_least_one(tmp_path: Path) -> None:
    for step in (5, 10, 20):
        save(tmp_path, step)
    assert [path.name for path in write.delete_old_checkpoints(tmp_path, 2, 20)] == [
        "step-00000005"
    ]
    assert len(write.delete_old_checkpoints(tmp_path, 0, 20)) == 1
    assert [step for step, _ in list_checkpoints(tmp_path)] == [20]


def test_deletion_keeps_leased_checkpoints(tmp_path: Path) -> None:
    root = tmp_path / "current_model" / "checkpoints" / "main"
    for step in (5, 10, 20, 30):
        save(root, step)
    leases = tmp_path / "current_model" / "held.json"

    def lease(*entries: tuple[str, int, float]) -> frozenset[int]:
        listed = [{"branch": b, "step": s, "until": u} for b, s, u in entries]
        leases.write_text(json.dumps({"format": 1, "held": listed}))
        return write.leased_steps(tmp_path, "main", 1000.0)

    assert write.leased_steps(tmp_path, "main", 1000.0) == frozenset()
    # Expired, of another branch, and longer than a lease can be (the clock was set back).
    assert lease(("main", 5, 1000.0), ("branch-2", 5, 1500.0), ("main", 5, 9000.0)) == frozenset()
    leased = lease(("main", 5, 1500.0))
    assert leased == {5}
    removed = write.delete_old_checkpoints(root, 2, 30, leased)
    assert [path.name for path in removed] == ["step-00000010"]
    assert [step for step, _ in list_checkpoints(root)] == [30, 20, 5]
    # Deleted after the lease has expired.
    assert [path.name for path in write.delete_old_checkpoints(root, 2, 30)] == ["step-00000005"]
    leases.write_text('{"held": 3')
    assert write.leased_steps(tmp_path, "main", 1000.0) == frozenset()


def test_a_run_keeps_leased_checkpoints(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.intake(pairs(60), slice_rows=5, core_rows=5)
    training.run(training.spec(save_steps=2, eval_samples=0, keep_checkpoints=2))
    oldest = min(training.checkpoints.glob("step-*"))
    leases = tmp_path / "current_model" / "held.json"
    leases.parent.mkdir(exist_ok=True)
    entry = {"branch": "main", "step": int(oldest.name[5:]), "until": time.time() + 600}
    leases.write_text(json.dumps({"format": 1, "held": [entry]}))
    shutil.rmtree(max(training.checkpoints.glob("step-*")))
    training.run(training.spec(save_steps=1, eval_samples=0, keep_checkpoints=1))
    kept = sorted(training.checkpoints.glob("step-*"))
    assert len(kept) == 2 and kept[0] == oldest


def test_partial_folders_are_removed_only_when_their_process_has_ended(tmp_path: Path) -> None:
    alive = tmp_path / f".step-00000001.{os.getpid()}.partial"
    dead = tmp_path / ".step-00000002.999999.partial"
    for partial in (alive, dead):
        partial.mkdir()
    write.remove_abandoned_partials(tmp_path)
    assert alive.exists() and not dead.exists()
    shutil.rmtree(alive)


def test_a_folder_whose_name_differs_from_its_manifest_is_not_taken(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.intake(pairs(60), slice_rows=0, core_rows=0)
    training.run(training.spec(epochs=1, save_steps=2))
    newest = training.newest()
    shutil.copytree(newest, newest.with_name("step-00000099"))
    skipped: list[str] = []
    found = discover(training.checkpoints, lambda: None, lambda _, reason: skipped.append(reason))
    assert found is not None and found.folder == newest
    step = int(newest.name.removeprefix("step-"))
    assert skipped == [f"the folder is named step-00000099, but contains step {step}"]
