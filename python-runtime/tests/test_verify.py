"""The verify worker answers what the trainer's own walk would resume from, and changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from train_support import starter_base

from nightshift_trainer.train.checkpoint import write as checkpoint
from nightshift_trainer.train.checkpoint.discover import hash_file


def save(root: Path, step: int, dataset: str = "d-1") -> Path:
    folder, _ = checkpoint.save(
        root,
        step,
        starter_base(),
        {"a": torch.zeros(4)},
        {"first.a": torch.zeros(4)},
        {"torch": torch.get_rng_state()},
        {"steps_done": step},
        {
            "branch": "main",
            "base": {"id": "starter", "hash": "h"},
            "cursor": {"dataset": dataset, "content_hash": "c", "complete": False},
        },
        lambda: None,
    )
    return folder


def ask(tmp_path: Path, **verify: Any) -> dict[str, Any]:
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
    return next(event for event in events if event["type"] == "walked")


def test_it_names_the_newest_that_verifies_and_what_was_skipped(tmp_path: Path) -> None:
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
    walked = ask(tmp_path, checkpoints=str(root), datasets={"d-1": str(data)})
    assert walked["resumes"]["step"] == 9
    assert walked["resumes"]["folder"] == str(root / "step-00000009")
    assert walked["resumes"]["base"] == {"id": "starter", "hash": "h"}
    assert walked["resumes"]["dataset_file_hash"] == hash_file(data, lambda: None)
    assert [one["step"] for one in walked["skipped"]] == [10]
    assert "optimizer.safetensors" in walked["skipped"][0]["reason"]
    assert walked["bytes"] > 0
    assert before == {path: path.stat().st_mtime_ns for path in root.rglob("*")}


def test_one_folder_alone_and_none_at_all(tmp_path: Path) -> None:
    root = tmp_path / "main"
    good, bad = save(root, 1), save(root, 2)
    (bad / "state.json").write_text("{}")
    assert ask(tmp_path, folder=str(good))["resumes"]["step"] == 1
    alone = ask(tmp_path, folder=str(bad))
    assert alone["resumes"] is None and alone["skipped"][0]["step"] == 2
    nothing = ask(tmp_path, checkpoints=str(tmp_path / "none"), datasets={})
    assert nothing["resumes"] is None and nothing["skipped"] == []


def test_it_starts_without_torch() -> None:
    code = "import nightshift_trainer.verify.worker, sys; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent.parent)
