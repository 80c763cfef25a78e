"""Checkpoints and ledgers written before fields were renamed are still resumed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from intake_support import pairs
from train_support import Training, events_of, exit_of, lines_of

from nightshift_trainer.files import read_json
from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.stage.worker import stage
from nightshift_trainer.train.checkpoint.discover import discover, open_verified, seal
from nightshift_trainer.verify import worker as verify_worker


def no_heartbeat() -> None:
    """These tests need no heartbeat."""


def train(root: Path) -> Training:
    training = Training(root)
    training.intake(pairs(60), slice_rows=5, core_rows=5)
    training.run(training.spec(save_steps=2, eval_samples=0, keep_checkpoints=9))
    return training


def write_old_names(checkpoint: Path) -> None:
    """The manifest as an older version wrote it, sealed over the old names."""
    manifest = read_json(checkpoint / "manifest.json")
    del manifest["seal"]
    cursor = manifest["cursor"]
    cursor["left_out"] = cursor.pop("excluded_rows")
    document = {**manifest, "seal": seal(manifest)}
    (checkpoint / "manifest.json").write_text(json.dumps(document), "utf-8")


def make_old(training: Training) -> Path:
    """Goes back to the checkpoint of step 4, with the old names in its manifest and the ledger."""
    for folder in training.checkpoints.glob("step-*"):
        if folder.name > "step-00000004":
            shutil.rmtree(folder)
        else:
            write_old_names(folder)
    ledger = training.dataset / "ledger.jsonl"
    ledger.write_text(ledger.read_text("utf-8").replace('"batch_hash"', '"fed"'), "utf-8")
    return training.newest()


def test_a_run_resumes_from_a_checkpoint_and_a_ledger_with_the_old_names(tmp_path: Path) -> None:
    training = train(tmp_path)
    expected, last_step = training.state_hash(), lines_of(training.dataset / "ledger.jsonl")[-1]
    make_old(training)
    folder = training.run(training.spec(eval_samples=0, keep_checkpoints=9))
    assert events_of(folder, "checkpoint_skipped") == []
    [resumed] = events_of(folder, "resumed")
    assert (resumed["step"], resumed["lost_steps"]) == (4, last_step["step"] - 4)
    assert exit_of(folder)["outcome"] == "completed"
    assert training.state_hash() == expected
    # Only the new names are written.
    entries = lines_of(training.dataset / "ledger.jsonl")
    assert "fed" in entries[0] and entries[-1]["batch_hash"] == last_step["batch_hash"]
    cursor = read_json(training.newest() / "manifest.json")["cursor"]
    assert cursor["excluded_rows"] == [] and "left_out" not in cursor


def test_discovery_and_the_verify_worker_report_the_new_names(tmp_path: Path) -> None:
    training = train(tmp_path)
    old = make_old(training)
    checkpoint = discover(training.checkpoints, no_heartbeat, lambda *_: None)
    assert checkpoint is not None and checkpoint.folder == old
    assert checkpoint.manifest["cursor"]["excluded_rows"] == []
    run = training.folder({"run": "verify", "kind": "verify"})
    request = {"verify": {"checkpoints": str(training.checkpoints)}}
    verify_worker.run(RunFolder(run), request)
    [scanned] = events_of(run, "scanned")
    assert scanned["resumes"]["cursor"] == checkpoint.manifest["cursor"]


def test_a_staged_branch_has_the_new_names(tmp_path: Path) -> None:
    training = train(tmp_path)
    old = make_old(training)
    manifest = read_json(old / "manifest.json")
    intent = tmp_path / "intent.json"
    intent.write_text(json.dumps({"format": 1, "id": "r-1"}), "utf-8")
    request: Any = {
        "action": "stage",
        "intent": {"file": str(intent), "id": "r-1"},
        "model": str(old / "model"),
        "hard_link": True,
        "optimizer_state": str(old),
        "into": str(training.checkpoints.parent / "branch-2"),
        "branch": "branch-2",
        "step": 4,
        "parent": {"branch": "main", "step": 4},
        "base": manifest["base"],
        "hashes": manifest["hashes"],
        "cursor": manifest["cursor"],
        "warmup_from": 4,
    }
    staged, _ = stage(request, no_heartbeat)
    assert open_verified(staged, no_heartbeat, lambda *_: None) is not None
    cursor = read_json(staged / "manifest.json")["cursor"]
    assert cursor["excluded_rows"] == [] and "left_out" not in cursor
