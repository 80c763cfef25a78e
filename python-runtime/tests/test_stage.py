"""A restored branch begins with exactly what was kept, and goes on as if nothing had been."""

from __future__ import annotations

import json
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from intake_support import make_starter, pairs
from safetensors.torch import load_file
from train_support import Training, events_of, exit_of, lines_of, metrics_of

from nightshift_trainer.files import read_json
from nightshift_trainer.run_folder import Cancelled, RunFolder
from nightshift_trainer.stage import worker
from nightshift_trainer.stage.worker import StageRefused, stage
from nightshift_trainer.train.checkpoint.discover import verify

BUSY: dict[str, Any] = {"dropout": 0.1, "save_steps": 4, "keep_checkpoints": 9, "warmup_steps": 6}


def quiet() -> None:
    """Nobody watches here."""


def begin(root: Path, **config: Any) -> Training:
    training = Training(root)
    training.intake(pairs(110), slice_rows=5, core_rows=5)
    training.run(training.spec(**{**BUSY, **config}))
    return training


def wanted(training: Training, step: int, **changes: Any) -> dict[str, Any]:
    source = training.checkpoints / f"step-{step:08d}"
    manifest = read_json(source / "manifest.json")
    intent = training.root / "intent.json"
    intent.write_text(json.dumps({"format": 1, "id": "r-1"}), "utf-8")
    return {
        "act": "stage",
        "intent": {"file": str(intent), "id": "r-1"},
        "model": str(source / "model"),
        "share": True,
        "moments": str(source),
        "into": str(training.checkpoints.parent / "branch-2"),
        "branch": "branch-2",
        "step": step,
        "parent": {"branch": "main", "step": step},
        "base": manifest["base"],
        "hashes": manifest["hashes"],
        "cursor": manifest["cursor"],
        "warmup_from": step,
        **changes,
    }


def on_branch(training: Training, **config: Any) -> dict[str, Any]:
    spec = training.spec(**{**BUSY, **config})
    spec["lineage"] = {
        "branch": "branch-2",
        "checkpoints": str(training.checkpoints.parent / "branch-2"),
        "head_step": 4,
    }
    return spec


def tensors(folder: Path) -> dict[str, Any]:
    return {
        name: {key: one.numpy().tobytes() for key, one in load_file(folder / name).items()}
        for name in ("model/model.safetensors", "optimizer.safetensors")
    }


def test_with_kept_moments_every_bit_of_the_continuation_is_the_undisturbed_one(
    tmp_path: Path,
) -> None:
    training = begin(tmp_path)
    end = training.newest()
    staged, size = stage(wanted(training, 4), quiet)
    assert verify(staged, quiet) is None
    assert size == sum(one["size"] for one in read_json(staged / "manifest.json")["files"].values())
    kept = training.checkpoints / "step-00000004"
    assert tensors(staged) == tensors(kept)
    # Shared, not copied.
    assert (staged / "optimizer.safetensors").stat().st_ino == (
        kept / "optimizer.safetensors"
    ).stat().st_ino
    folder = training.run(on_branch(training))
    assert events_of(folder, "resumed")[0]["step"] == 4
    again = training.checkpoints.parent / "branch-2" / end.name
    assert tensors(again) == tensors(end)
    ledger = lines_of(training.dataset / "ledger.jsonl")
    fed = {
        branch: [
            (one["step"], one["fed"], one["rows"]) for one in ledger if one["branch"] == branch
        ]
        for branch in ("main", "branch-2")
    }
    assert fed["branch-2"] == fed["main"][4:]


def test_without_moments_the_warm_up_is_new_and_survives_a_kill(tmp_path: Path) -> None:
    ends: list[dict[str, Any]] = []
    rates: list[list[float]] = []
    for name in ("whole", "killed"):
        training = begin(tmp_path / name)
        staged, _ = stage(wanted(training, 4, moments=None), quiet)
        assert verify(staged, quiet) is None
        config = {"save_steps": 2}
        if name == "killed":
            folder, process = training.start(on_branch(training, step_sleep=0.05, **config))
            until = time.monotonic() + 60
            while not any(one["step"] >= 7 for one in metrics_of(folder)):
                assert time.monotonic() < until
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
        folder = training.run(on_branch(training, **config))
        if name == "killed":
            assert events_of(folder, "resumed")[0]["step"] >= 6
        known: dict[int, float] = {}
        for run in sorted((training.root / "runs").iterdir()):
            known |= {one["step"]: one["lr"] for one in metrics_of(run) if one["branch"] != "main"}
        rates.append([known[step] for step in sorted(known)])
        ends.append(tensors(sorted((training.checkpoints.parent / "branch-2").iterdir())[-1]))
    assert rates[0] == rates[1]
    assert rates[0][:6] == pytest.approx([1e-3 * (n + 1) / 6 for n in range(6)])
    assert ends[0] == ends[1]


def test_weights_alone_begin_a_pass_of_their_own(tmp_path: Path) -> None:
    training = begin(tmp_path)
    stage(wanted(training, 4, moments=None, cursor=None), quiet)
    spec = on_branch(training)
    folder = training.run(spec)
    assert events_of(folder, "resumed")[0]["position"] == 0
    assert exit_of(folder)["step"] == 4 + spec["pass"]["planned_steps"]


def test_a_backup_shares_no_block_with_what_is_staged_from_it(tmp_path: Path) -> None:
    training = begin(tmp_path)
    staged, _ = stage(wanted(training, 4, share=False), quiet)
    kept = training.checkpoints / "step-00000004"
    for path in staged.rglob("*"):
        if path.is_file():
            assert path.stat().st_nlink == 1
    assert tensors(staged) == tensors(kept)


@pytest.mark.parametrize("name", ["optimizer.safetensors", "model/model.safetensors"])
def test_one_flipped_bit_is_refused_and_nothing_is_left(tmp_path: Path, name: str) -> None:
    training = begin(tmp_path)
    path = training.checkpoints / "step-00000004" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(bytes(content))
    with pytest.raises(StageRefused, match=Path(name).name):
        stage(wanted(training, 4), quiet)
    assert [one.name for one in training.checkpoints.parent.iterdir()] == ["main"]


def test_a_restore_that_was_undone_meanwhile_publishes_nothing(tmp_path: Path) -> None:
    training = begin(tmp_path)
    asked = wanted(training, 4)
    (training.root / "intent.json").unlink()
    with pytest.raises(Cancelled):
        stage(asked, quiet)
    assert [one.name for one in training.checkpoints.parent.iterdir()] == ["main"]
    shutil.rmtree(training.root / "runs")


def test_what_was_read_is_not_read_again_as_long_as_nobody_wrote_it(tmp_path: Path) -> None:
    training = begin(tmp_path)
    kept = training.checkpoints / "step-00000004"
    run = training.folder({"run": "verify", "kind": "stage"})
    spec = {"stage": {"act": "verify", "checkpoint": str(kept)}}
    worker.run(RunFolder(run), spec)
    read = events_of(run, "verified")[0]["read"]
    assert len(read) == len(read_json(kept / "manifest.json")["files"])
    weights = kept / "model" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(StageRefused, match=r"model\.safetensors"):
        stage(wanted(training, 4, read=read), quiet)
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    staged, _ = stage(wanted(training, 4, read=read), quiet)
    assert verify(staged, quiet) is None


def test_nothing_is_staged_over_a_branch(tmp_path: Path) -> None:
    training = begin(tmp_path)
    asked = wanted(training, 4)
    stage(asked, quiet)
    with pytest.raises(StageRefused, match="there already"):
        stage(asked, quiet)


def test_a_flipped_bit_of_a_base_is_found_where_it_would_be_trained_from(tmp_path: Path) -> None:
    base = make_starter(tmp_path / "base")
    facts = read_json(base / "base.json")
    training = Training(tmp_path / "w", base)
    training.intake(pairs(40), slice_rows=2, core_rows=2)

    def verify_base() -> None:
        run = training.root / "verify"
        run.mkdir(exist_ok=True)
        worker.run(
            RunFolder(run),
            {"stage": {"act": "verify_base", "base": str(base), "hash": facts["hash"]}},
        )

    verify_base()
    weights = base / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-5] ^= 0x40
    weights.write_bytes(content)
    with pytest.raises(StageRefused, match="does not hold what was made there"):
        verify_base()
    with pytest.raises(AssertionError, match="model_not_found"):
        training.run(training.spec())
