"""A restored branch starts with exactly the saved state and continues bitwise identically."""

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
from nightshift_trainer.run_folder import Canceled, RunFolder
from nightshift_trainer.stage import worker
from nightshift_trainer.stage.worker import StageRefused, stage
from nightshift_trainer.train.checkpoint.discover import verify

BUSY: dict[str, Any] = {"dropout": 0.1, "save_steps": 4, "keep_checkpoints": 9, "warmup_steps": 6}


def no_heartbeat() -> None:
    """These tests need no heartbeat."""


def train(root: Path, **config: Any) -> Training:
    training = Training(root)
    training.intake(pairs(110), slice_rows=5, core_rows=5)
    training.run(training.spec(**{**BUSY, **config}))
    return training


def request(training: Training, step: int, **changes: Any) -> Any:
    source = training.checkpoints / f"step-{step:08d}"
    manifest = read_json(source / "manifest.json")
    intent = training.root / "intent.json"
    intent.write_text(json.dumps({"format": 1, "id": "r-1"}), "utf-8")
    return {
        "action": "stage",
        "intent": {"file": str(intent), "id": "r-1"},
        "model": str(source / "model"),
        "hard_link": True,
        "optimizer_state": str(source),
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
        name: {key: tensor.numpy().tobytes() for key, tensor in load_file(folder / name).items()}
        for name in ("model/model.safetensors", "optimizer.safetensors")
    }


def test_with_optimizer_state_the_continuation_is_bitwise_identical(
    tmp_path: Path,
) -> None:
    training = train(tmp_path)
    end = training.newest()
    staged, size = stage(request(training, 4), no_heartbeat)
    assert verify(staged, no_heartbeat) is None
    assert size == sum(
        facts["size"] for facts in read_json(staged / "manifest.json")["files"].values()
    )
    source = training.checkpoints / "step-00000004"
    assert tensors(staged) == tensors(source)
    # Hard-linked, not copied.
    assert (staged / "optimizer.safetensors").stat().st_ino == (
        source / "optimizer.safetensors"
    ).stat().st_ino
    folder = training.run(on_branch(training))
    assert events_of(folder, "resumed")[0]["step"] == 4
    again = training.checkpoints.parent / "branch-2" / end.name
    assert tensors(again) == tensors(end)
    ledger = lines_of(training.dataset / "ledger.jsonl")
    batches = {
        branch: [
            (entry["step"], entry["batch_hash"], entry["rows"])
            for entry in ledger
            if entry["branch"] == branch
        ]
        for branch in ("main", "branch-2")
    }
    assert batches["branch-2"] == batches["main"][4:]


def test_without_optimizer_state_the_warmup_restarts_and_survives_a_kill(tmp_path: Path) -> None:
    ends: list[dict[str, Any]] = []
    learning_rates: list[list[float]] = []
    for name in ("whole", "killed"):
        training = train(tmp_path / name)
        staged, _ = stage(request(training, 4, optimizer_state=None), no_heartbeat)
        assert verify(staged, no_heartbeat) is None
        config = {"save_steps": 2}
        if name == "killed":
            folder, process = training.start(on_branch(training, step_sleep=0.05, **config))
            until = time.monotonic() + 60
            while not any(metric["step"] >= 7 for metric in metrics_of(folder)):
                assert time.monotonic() < until
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
        folder = training.run(on_branch(training, **config))
        if name == "killed":
            assert events_of(folder, "resumed")[0]["step"] >= 6
        lr_by_step: dict[int, float] = {}
        for run in sorted((training.root / "runs").iterdir()):
            lr_by_step |= {
                metric["step"]: metric["lr"]
                for metric in metrics_of(run)
                if metric["branch"] != "main"
            }
        learning_rates.append([lr_by_step[step] for step in sorted(lr_by_step)])
        ends.append(tensors(sorted((training.checkpoints.parent / "branch-2").iterdir())[-1]))
    assert learning_rates[0] == learning_rates[1]
    assert learning_rates[0][:6] == pytest.approx([1e-3 * (n + 1) / 6 for n in range(6)])
    assert ends[0] == ends[1]


def test_weights_alone_start_a_new_pass(tmp_path: Path) -> None:
    training = train(tmp_path)
    stage(request(training, 4, optimizer_state=None, cursor=None), no_heartbeat)
    spec = on_branch(training)
    folder = training.run(spec)
    assert events_of(folder, "resumed")[0]["position"] == 0
    assert exit_of(folder)["step"] == 4 + spec["pass"]["planned_steps"]


def test_a_checkpoint_staged_from_a_backup_shares_no_blocks_with_it(tmp_path: Path) -> None:
    training = train(tmp_path)
    staged, _ = stage(request(training, 4, hard_link=False), no_heartbeat)
    source = training.checkpoints / "step-00000004"
    for path in staged.rglob("*"):
        if path.is_file():
            assert path.stat().st_nlink == 1
    assert tensors(staged) == tensors(source)


@pytest.mark.parametrize("name", ["optimizer.safetensors", "model/model.safetensors"])
def test_a_flipped_bit_is_refused_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    training = train(tmp_path)
    path = training.checkpoints / "step-00000004" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(bytes(content))
    with pytest.raises(StageRefused, match=Path(name).name):
        stage(request(training, 4), no_heartbeat)
    assert [path.name for path in training.checkpoints.parent.iterdir()] == ["main"]


def test_a_restore_that_was_undone_publishes_nothing(tmp_path: Path) -> None:
    training = train(tmp_path)
    staging = request(training, 4)
    (training.root / "intent.json").unlink()
    with pytest.raises(Canceled):
        stage(staging, no_heartbeat)
    assert [path.name for path in training.checkpoints.parent.iterdir()] == ["main"]
    shutil.rmtree(training.root / "runs")


def test_a_verified_file_is_read_again_only_after_it_was_written(tmp_path: Path) -> None:
    training = train(tmp_path)
    source = training.checkpoints / "step-00000004"
    run = training.folder({"run": "verify", "kind": "stage"})
    spec = {"stage": {"action": "verify", "checkpoint": str(source)}}
    worker.run(RunFolder(run), spec)
    read = events_of(run, "verified")[0]["read"]
    assert len(read) == len(read_json(source / "manifest.json")["files"])
    weights = source / "model" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(StageRefused, match=r"model\.safetensors"):
        stage(request(training, 4, read=read), no_heartbeat)
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    staged, _ = stage(request(training, 4, read=read), no_heartbeat)
    assert verify(staged, no_heartbeat) is None


def test_an_existing_branch_is_never_overwritten(tmp_path: Path) -> None:
    training = train(tmp_path)
    staging = request(training, 4)
    stage(staging, no_heartbeat)
    with pytest.raises(StageRefused, match="already exists"):
        stage(staging, no_heartbeat)


def test_a_flipped_bit_in_a_base_is_detected_before_training(tmp_path: Path) -> None:
    base = make_starter(tmp_path / "base")
    facts = read_json(base / "base.json")
    training = Training(tmp_path / "w", base)
    training.intake(pairs(40), slice_rows=2, core_rows=2)

    def verify_base() -> None:
        run = training.root / "verify"
        run.mkdir(exist_ok=True)
        worker.run(
            RunFolder(run),
            {"stage": {"action": "verify_base", "base": str(base), "hash": facts["hash"]}},
        )

    verify_base()
    weights = base / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-5] ^= 0x40
    weights.write_bytes(content)
    with pytest.raises(StageRefused, match="have changed"):
        verify_base()
    with pytest.raises(AssertionError, match="model_not_found"):
        training.run(training.spec())
