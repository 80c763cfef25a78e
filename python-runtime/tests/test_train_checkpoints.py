"""A checkpoint counts only when all of its bytes are what was saved."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from train_support import starter_base

from nightshift_trainer.train import checkpoint


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
    assert [path.name for path in checkpoint.rotate(tmp_path, 2)] == ["step-00000005"]
    assert len(checkpoint.rotate(tmp_path, 0)) == 1
    assert [step for step, _ in checkpoint.steps_in(tmp_path)] == [20]


def test_partials_go_only_when_their_process_is_gone(tmp_path: Path) -> None:
    alive = tmp_path / f".step-00000001.{os.getpid()}.partial"
    dead = tmp_path / ".step-00000002.999999.partial"
    for one in (alive, dead):
        one.mkdir()
    checkpoint.remove_partials_of_the_dead(tmp_path)
    assert alive.exists() and not dead.exists()
    shutil.rmtree(alive)
