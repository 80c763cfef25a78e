"""A checkpoint counts only when all of its bytes are what was saved."""

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
from nightshift_trainer.train.checkpoint import write as checkpoint
from nightshift_trainer.train.errors import TrainerRefused
from nightshift_trainer.train.step import Stepper


def quiet() -> None:
    """Nobody watches here."""


def save(root: Path, step: int) -> Path:
    generator = torch.Generator().manual_seed(step)
    weights = {"a": torch.randn(64, 8, generator=generator), "b": torch.randn(8)}
    folder, size = checkpoint.save(
        root,
        step,
        starter_base(),
        weights,
        {"first.a": torch.zeros(64, 8)},
        {"torch": torch.get_rng_state()},
        {"steps_done": step},
        {"branch": "main"},
        quiet,
    )
    assert size == sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    )
    return folder


def newest(root: Path) -> tuple[int | None, list[tuple[str, str]]]:
    skipped: list[tuple[str, str]] = []
    found = checkpoint.newest(root, quiet, lambda path, why: skipped.append((path.name, why)))
    return (None if found is None else found.step), skipped


def test_every_flipped_bit_and_every_cut_is_found(tmp_path: Path) -> None:
    """Each file, first, middle and last byte, each bit; and each file cut short or made longer."""
    save(tmp_path, 100)
    folder = save(tmp_path, 200)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert {"manifest.json", "optimizer.safetensors", "state.json"} <= {one.name for one in files}
    damages = 0
    for path in files:
        content = path.read_bytes()
        places = {0, len(content) // 2, len(content) - 1}
        if path.name == "manifest.json":
            # Its spaces say nothing; every other byte does.
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


def test_the_walk_goes_back_as_far_as_it_must(tmp_path: Path) -> None:
    for step in (8, 9, 10):
        save(tmp_path, step)
    for step in (10, 9):
        (tmp_path / f"step-{step:08d}" / "state.json").write_text("{}")
    step, skipped = newest(tmp_path)
    assert step == 8 and [name for name, _ in skipped] == ["step-00000010", "step-00000009"]
    (tmp_path / "step-00000008" / "manifest.json").unlink()
    assert newest(tmp_path)[0] is None


def test_newest_is_by_number_and_junk_is_passed_over(tmp_path: Path) -> None:
    save(tmp_path, 99_999_999)
    save(tmp_path, 9)
    for name in ("step-100", "step-00000abc", "step-00000500.bak", ".step-00000600.1.partial"):
        (tmp_path / name).mkdir()
    (tmp_path / "step-00000700.tmp").write_text("a file")
    assert [step for step, _ in checkpoint.steps_in(tmp_path)] == [99_999_999, 9]
    assert newest(tmp_path) == (99_999_999, [])


@pytest.mark.parametrize(
    "manifest", ["", "[]", "null", "7", '"x"', "{}", '{"files": []}', '{"format": 2}', "[" * 99_999]
)
def test_a_manifest_that_is_none_is_passed_over(tmp_path: Path, manifest: str) -> None:
    save(tmp_path, 1)
    folder = tmp_path / "step-00000002"
    folder.mkdir()
    (folder / "manifest.json").write_text(manifest)
    (tmp_path / "step-00000003").write_text("a file of that name")
    step, skipped = newest(tmp_path)
    assert step == 1 and [name for name, _ in skipped] == ["step-00000003", "step-00000002"]


def test_nothing_is_renamed_before_every_byte_and_folder_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of the real system calls: files, manifest, folders, rename, the folder above."""
    starter_base()  # made before anything is listened to
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
    # The manifest comes by a rename of its own, synced under its temporary name.
    assert any("manifest.json" in path for path in before)
    assert {top, f"{top}/model"} <= before
    assert log[at + 1 :] == [("sync", str(tmp_path))]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork to kill")
def test_a_kill_before_any_file_operation_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """A process of its own ends before its first, second, third ... operation of a save with
    rotation: at every moment there is one checkpoint that verifies, and no half one."""
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
        for _, folder in checkpoint.steps_in(root):
            assert checkpoint.verify(folder, quiet) is None, (limit, folder)
        checkpoint.remove_partials_of_the_dead(root)
        assert [path.name for path in root.iterdir() if path.name.startswith(".")] == []
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
    else:
        raise AssertionError("a save has no end")
    published = steps.index(200)
    assert published > 20 and steps[published:] == [200] * (len(steps) - published)
    assert steps[:published] == [100] * published and len(steps) > published + 2
    assert newest(root) == (200, [])
    assert [path.name for path in root.iterdir()] == ["step-00000200"]


def save_until_killed(root: Path, limit: int) -> None:
    """In a forked process: never returns."""
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
            (checkpoint, "save_file"),
        ):
            setattr(owner, name, counted(getattr(owner, name)))
        save(root, 200)
        checkpoint.rotate(root, 1, 200)
    except BaseException:
        os._exit(1)
    os._exit(0)


def test_the_trainer_goes_back_to_one_that_verifies_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does the rest again, and what did not verify never pushes out what does."""
    training = Training(tmp_path)
    training.intake(pairs(60), slice_rows=5, core_rows=5)
    training.run(training.spec(save_steps=2, eval_samples=0, keep_checkpoints=3))
    wanted = training.state_hash()
    kept = sorted(training.checkpoints.glob("step-*"))
    assert len(kept) == 3
    flip(kept[-1] / "model" / "model.safetensors")
    flip(kept[-2] / "optimizer.safetensors")
    real = checkpoint.rotate
    left: list[int | None] = []

    def rotate(root: Path, keep: int, saved: int, held: frozenset[int]) -> list[Path]:
        removed = real(root, keep, saved, held)
        left.append(newest(root)[0])
        assert left[-1] == saved
        return removed

    monkeypatch.setattr(checkpoint, "rotate", rotate)
    folder = training.run(training.spec(save_steps=1, eval_samples=0, keep_checkpoints=1))
    skipped = [(one["folder"], one["reason"]) for one in events_of(folder, "checkpoint_skipped")]
    assert [one for one, _ in skipped] == [str(kept[-1]), str(kept[-2])]
    assert "model.safetensors" in skipped[0][1] and "optimizer.safetensors" in skipped[1][1]
    [resumed] = events_of(folder, "resumed")
    assert resumed["from"] == str(kept[-3]) and resumed["lost_steps"] == len(left) >= 3
    assert training.newest() == kept[-1] and training.state_hash() == wanted


def test_what_a_damaged_checkpoint_alone_held_is_lost_from_its_own_dataset_too(
    tmp_path: Path,
) -> None:
    """The walk goes back into the dataset before: its last rows are in no model, and its ledger
    must not go on calling them trained."""
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
    [lost] = events_of(folder, "lost_elsewhere")
    assert (lost["dataset"], lost["after_step"]) == ("d-1", back_to)
    assert lost["steps"] == last - back_to > 0
    assert lines_of(training.dataset / "ledger.jsonl")[-1]["lost_after"] == back_to
    # Told once: the next run has nothing more to lose.
    spec = training.spec(eval_samples=0)
    spec["dataset"].update(id="d-2", folder=str(other))
    spec["pass"]["id"] = "p-2"
    assert not events_of(training.run(spec), "lost_elsewhere")


def test_steps_after_the_last_save_of_a_dataset_that_failed_are_lost_from_its_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next dataset goes on from that save: what came after it is in no model."""
    training = Training(tmp_path)
    training.intake(pairs(60), slice_rows=5, core_rows=5)
    other = training.dataset.parent / "d-2"
    shutil.copytree(training.dataset, other)
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(tmp_path / "locks"))
    real = Stepper.step

    def failing(stepper: Stepper) -> Any:
        if stepper.session.step == 4:
            raise TrainerRefused("dataset_error", "a row of the step cannot be trained")
        return real(stepper)

    with monkeypatch.context() as during:
        during.setattr(Stepper, "step", failing)
        spec = training.spec(save_steps=3, eval_samples=0)
        assert worker.run(RunFolder(training.folder(spec)), spec) == 1
    spec = training.spec(eval_samples=0)
    spec["dataset"].update(id="d-2", folder=str(other))
    spec["pass"]["id"] = "p-2"
    [lost] = events_of(training.run(spec), "lost_elsewhere")
    assert (lost["dataset"], lost["after_step"], lost["steps"]) == ("d-1", 3, 1)


def test_with_no_checkpoint_that_verifies_nothing_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To start at the base would throw the lineage away without a word."""
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
    assert exit_of(folder)["error"]["category"] == "checkpoint_corrupt"
    assert len(events_of(folder, "checkpoint_skipped")) == len(kept)
    assert sorted(training.checkpoints.iterdir()) == kept


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_save_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path, 1)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(OSError, match="No space"):
        save(tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001"]
    assert newest(tmp_path) == (1, [])


def test_rotation_keeps_the_newest_and_never_all_but_none(tmp_path: Path) -> None:
    for step in (5, 10, 20):
        save(tmp_path, step)
    assert [path.name for path in checkpoint.rotate(tmp_path, 2, 20)] == ["step-00000005"]
    assert len(checkpoint.rotate(tmp_path, 0, 20)) == 1
    assert [step for step, _ in checkpoint.steps_in(tmp_path)] == [20]


def test_rotation_leaves_what_a_restore_looks_at(tmp_path: Path) -> None:
    root = tmp_path / "current_model" / "checkpoints" / "main"
    for step in (5, 10, 20, 30):
        save(root, step)
    note = tmp_path / "current_model" / "held.json"

    def held(*entries: tuple[str, int, float]) -> frozenset[int]:
        listed = [{"branch": b, "step": s, "until": u} for b, s, u in entries]
        note.write_text(json.dumps({"format": 1, "held": listed}))
        return checkpoint.held_steps(tmp_path, "main", 1000.0)

    assert checkpoint.held_steps(tmp_path, "main", 1000.0) == frozenset()
    # Over, of another branch, and of a clock that was set back.
    assert held(("main", 5, 1000.0), ("branch-2", 5, 1500.0), ("main", 5, 9000.0)) == frozenset()
    holding = held(("main", 5, 1500.0))
    assert holding == {5}
    removed = checkpoint.rotate(root, 2, 30, holding)
    assert [path.name for path in removed] == ["step-00000010"]
    assert [step for step, _ in checkpoint.steps_in(root)] == [30, 20, 5]
    # It goes with the next rotation after the note has ended.
    assert [path.name for path in checkpoint.rotate(root, 2, 30)] == ["step-00000005"]
    note.write_text('{"held": 3')
    assert checkpoint.held_steps(tmp_path, "main", 1000.0) == frozenset()


def test_a_run_leaves_what_a_restore_looks_at(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.intake(pairs(60), slice_rows=5, core_rows=5)
    training.run(training.spec(save_steps=2, eval_samples=0, keep_checkpoints=2))
    oldest = min(training.checkpoints.glob("step-*"))
    note = tmp_path / "current_model" / "held.json"
    note.parent.mkdir(exist_ok=True)
    entry = {"branch": "main", "step": int(oldest.name[5:]), "until": time.time() + 600}
    note.write_text(json.dumps({"format": 1, "held": [entry]}))
    shutil.rmtree(max(training.checkpoints.glob("step-*")))
    training.run(training.spec(save_steps=1, eval_samples=0, keep_checkpoints=1))
    kept = sorted(training.checkpoints.glob("step-*"))
    assert len(kept) == 2 and kept[0] == oldest


def test_partials_go_only_when_their_process_is_gone(tmp_path: Path) -> None:
    alive = tmp_path / f".step-00000001.{os.getpid()}.partial"
    dead = tmp_path / ".step-00000002.999999.partial"
    for one in (alive, dead):
        one.mkdir()
    checkpoint.remove_partials_of_the_dead(tmp_path)
    assert alive.exists() and not dead.exists()
    shutil.rmtree(alive)
