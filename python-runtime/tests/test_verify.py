"""The verify worker finds the checkpoint the trainer would resume from, and changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from train_support import starter_base

from nightshift_trainer.hashing import file_hash
from nightshift_trainer.train.checkpoint.write import Snapshot, write_checkpoint


def save(root: Path, step: int, dataset: str = "d-1") -> Path:
    snapshot = Snapshot(
        step=step,
        base=starter_base(),
        weights={"a": torch.zeros(4)},
        optimizer_state={"first.a": torch.zeros(4)},
        random_states={"torch": torch.get_rng_state()},
        state={"steps_done": step},
        manifest={
            "branch": "main",
            "base": {"id": "starter", "hash": "h"},
            "cursor": {"dataset": dataset, "content_hash": "c", "complete": False},
        },
    )
    return write_checkpoint(root, snapshot, lambda: None)[0]


def scan(tmp_path: Path, **verify: Any) -> dict[str, Any]:
    run = tmp_path / "run"
    run.mkdir(exist_ok=True)
    for name in ("events.jsonl", "exit.json"):
        (run / name).unlink(missing_ok=True)
    (run / "spec.json").write_text(json.dumps({"format": 1, "kind": "verify", "verify": verify}))
    subprocess.run(
        [sys.executable, "-m", "nightshift_trainer", str(run)],
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    assert json.loads((run / "exit.json").read_text())["outcome"] == "completed"
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    return next(event for event in events if event["type"] == "scanned")


def test_reports_the_newest_verified_checkpoint_and_the_skipped_ones(tmp_path: Path) -> None:
    root = tmp_path / "main"
    data = tmp_path / "data.jsonl"
    data.write_text("a row\n")
    for step in (8, 9, 10):
        save(root, step)
    damaged = root / "step-00000010" / "optimizer.safetensors"
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 1
    damaged.write_bytes(content)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    scanned = scan(tmp_path, checkpoints=str(root), datasets={"d-1": str(data)})
    assert scanned["resumes"]["step"] == 9
    assert scanned["resumes"]["folder"] == str(root / "step-00000009")
    assert scanned["resumes"]["base"] == {"id": "starter", "hash": "h"}
    assert scanned["resumes"]["dataset_file_hash"] == file_hash(data, lambda: None)
    assert [entry["step"] for entry in scanned["skipped"]] == [10]
    assert "optimizer.safetensors" in scanned["skipped"][0]["reason"]
    assert scanned["bytes"] > 0
    assert before == {path: path.stat().st_mtime_ns for path in root.rglob("*")}


def test_scans_a_single_folder_or_none(tmp_path: Path) -> None:
    root = tmp_path / "main"
    good, bad = save(root, 1), save(root, 2)
    (bad / "state.json").write_text("{}")
    assert scan(tmp_path, folder=str(good))["resumes"]["step"] == 1
    alone = scan(tmp_path, folder=str(bad))
    assert alone["resumes"] is None and alone["skipped"][0]["step"] == 2
    nothing = scan(tmp_path, checkpoints=str(tmp_path / "none"), datasets={})
    assert nothing["resumes"] is None and nothing["skipped"] == []


def test_starts_without_torch() -> None:
    code = "import nightshift_trainer.verify.worker, sys; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent.parent)
