"""Shared by the trainer tests: a validated dataset and runs on it, in this process or another."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from intake_support import Workspace, starter_base
from safetensors.torch import load_file

from nightshift_trainer.files import read_json
from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.train import worker

# As the engine writes it: with every key, also those that the trainer doesn't use.
CONFIG: dict[str, Any] = {
    "model_name": "test",
    "base_model": "starter",
    "device": "cpu",
    "world_size": 1,
    "method": "full",
    "precision": "fp32",
    "deterministic": "on",
    "batch_size": 8,
    "gradient_accumulation": 1,
    "micro_batch": "auto",
    "learning_rate": 1e-3,
    "schedule": "constant",
    "warmup_steps": 2,
    "weight_decay": 0.01,
    "max_grad_norm": 1.0,
    "epochs": 1,
    "seed": 42,
    "max_length": 4096,
    "over_length": "refuse",
    "thinking": "off",
    "control_tokens": "text",
    "system_messages": "merge",
    "packing": True,
    "eval_steps": 1000,
    "eval_samples": 16,
    "generate_samples": 4,
    "eval_max_new_tokens": 8,
    "eval_timeout_seconds": 60,
    "preview_steps": 1000,
    "scorer": "exact",
    "save_steps": 1000,
    "keep_checkpoints": 3,
    "pause_keep_seconds": 0,
    "poll_interval": 5,
    "validation": {"core_rows": 1000, "slice_rows": 200},
    "watchdog": {"restart_limit": 5, "backoff_first_seconds": 2, "backoff_last_seconds": 60},
    "hang": {"train_minutes": 10, "eval_minutes": 20, "learned": True},
    "disk": {"min_free_gb": 1, "keep_backups_per_type": 3, "backup_retention_days": 30},
    "snapshot": {"daily_at": "04:00"},
    "monitor": {"port": 7860, "memory_port": 7861, "open_status": False},
    "budget": {"monitoring_percent": 100},
}


class Training:
    """A workspace with the dataset `d-1` and its lineage; each `run` creates a run folder."""

    def __init__(self, root: Path, base: Path | None = None) -> None:
        self.workspace = Workspace(root, base)
        self.root = root
        self._runs = 0

    def intake(self, records: list[Any], **options: Any) -> dict[str, Any]:
        path = self.workspace.lines("data.jsonl", records)
        report = self.workspace.intake(path, **options)
        assert report["verdict"] == "ready", report
        return report

    @property
    def dataset(self) -> Path:
        return self.workspace.home()

    @property
    def checkpoints(self) -> Path:
        return self.root / "models" / "checkpoints" / "main"

    def spec(
        self, *, dropout: float | None = None, step_sleep: float = 0.0, **config: Any
    ) -> dict[str, Any]:
        report = self.workspace.report()
        settings = {**CONFIG, **config}
        per_step = settings["batch_size"] * settings["gradient_accumulation"]
        steps = -(-report["trained_rows"] // per_step) * settings["epochs"]
        self._runs += 1
        return {
            "format": 1,
            "kind": "train",
            "run": f"run-{self._runs}",
            "workspace": str(self.root),
            "device": "cpu",
            "threads": 1,
            "saving": "sync",
            "launcher": {"kind": "single", "processes": 1},
            "config": settings,
            "base": {
                "id": "starter",
                "folder": str(self.workspace.base),
                "hash": read_json(self.workspace.base / "base.json")["hash"],
            },
            "dataset": {
                "id": "d-1",
                "name": "data.jsonl",
                "folder": str(self.dataset),
                "cache": str(self.dataset / "cache" / report["cache"]),
                "excluded_rows": [],
                "row_order": "all",
                "content_hash": report["content_hash"],
            },
            "pass": {"id": "p-1", "planned_steps": steps},
            "lineage": {"branch": "main", "checkpoints": str(self.checkpoints), "head_step": None},
            "validation": {"core": str(self.root / "data" / "validation" / "core")},
            "start": {"position": 0, "epoch": 0},
            "test": {
                "step_sleep": step_sleep,
                **({} if dropout is None else {"attention_dropout": dropout}),
            },
        }

    def folder(self, spec: dict[str, Any]) -> Path:
        folder = self.root / "runs" / spec["run"]
        (folder / "commands").mkdir(parents=True)
        (folder / "spec.json").write_text(json.dumps(spec), "utf-8")
        return folder

    def run(self, spec: dict[str, Any]) -> Path:
        """Trains in this process. Returns the run folder."""
        folder = self.folder(spec)
        os.environ["NIGHTSHIFT_DEVICE_LOCKS"] = str(self.root / "locks")
        assert worker.run(RunFolder(folder), spec) == 0, exit_of(folder)
        return folder

    def start(
        self, spec: dict[str, Any], program: str = ""
    ) -> tuple[Path, subprocess.Popen[bytes]]:
        """Trains in a new process, as the engine does; `program` runs before the trainer."""
        folder = self.folder(spec)
        prelude = f"{program}\n" if program else ""
        code = (
            f"{prelude}import sys; from nightshift_trainer.__main__ import main; "
            "sys.exit(main([sys.argv[1]]))"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder)],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "NIGHTSHIFT_DEVICE_LOCKS": str(self.root / "locks")},
            stdout=subprocess.DEVNULL,
            stderr=(folder / "stderr.txt").open("wb"),
        )
        return folder, process

    def command(self, folder: Path, seq: int, verb: str) -> None:
        """As the engine writes it: a temporary file, then a rename."""
        document = {"format": 1, "seq": seq, "verb": verb, "t": 0.0, "args": {}}
        partial = folder / f"{seq}.partial"
        partial.write_text(json.dumps(document), "utf-8")
        partial.rename(folder / "commands" / f"{seq:06d}-{verb}.json")

    def newest(self) -> Path:
        return sorted(self.checkpoints.glob("step-*"))[-1]

    def state_hash(self) -> str:
        """A hash over the weights and optimizer state of the newest checkpoint."""
        digest = hashlib.sha256()
        for name in ("model/model.safetensors", "optimizer.safetensors"):
            for key, tensor in sorted(load_file(self.newest() / name).items()):
                digest.update(key.encode() + tensor.numpy().tobytes())
        return digest.hexdigest()


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def events_of(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in lines_of(folder / "events.jsonl") if event["type"] == kind]


def metrics_of(folder: Path) -> list[dict[str, Any]]:
    path = folder / "metrics.jsonl"
    return lines_of(path) if path.exists() else []


def exit_of(folder: Path) -> dict[str, Any]:
    return read_json(folder / "exit.json")


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model" / "model.safetensors")


__all__ = [
    "CONFIG",
    "Training",
    "events_of",
    "exit_of",
    "lines_of",
    "metrics_of",
    "starter_base",
    "weights_of",
]


def until(what: str, probe: Callable[[], Any], seconds: float = 300.0) -> Any:
    """The first truthy answer; a file that does not exist yet counts as none."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            found = probe()
        except OSError:
            found = None
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")
