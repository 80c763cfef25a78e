"""The `verify` worker: scans a branch's checkpoints from the newest, as the trainer does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from ..hashing import file_hash
from ..protocol import VerifySpec
from ..run_folder import RunFolder
from ..train.checkpoint.discover import Checkpoint, discover, open_verified, step_of


def run(folder: RunFolder, spec: Mapping[str, Any]) -> None:
    request = cast("VerifySpec", spec)["verify"]
    started = time.monotonic()
    skipped: list[dict[str, Any]] = []

    def heartbeat() -> None:
        folder.heartbeat(phase="work")

    def on_skipped(path: Path, reason: str) -> None:
        skipped.append({"step": step_of(path), "folder": str(path), "reason": reason})

    only = request.get("folder")
    if only is not None:
        checkpoint = open_verified(Path(only), heartbeat, on_skipped)
    elif "checkpoints" in request:
        checkpoint = discover(Path(request["checkpoints"]), heartbeat, on_skipped)
    else:
        raise ValueError("spec.json names neither a folder nor the checkpoints of a branch")
    scanned = [Path(entry["folder"]) for entry in skipped]
    if checkpoint is not None:
        scanned.append(checkpoint.folder)
    datasets = request.get("datasets") or {}
    folder.event(
        "scanned",
        resumes=None if checkpoint is None else _facts(checkpoint, datasets, heartbeat),
        skipped=skipped,
        bytes=sum(_size_of(path) for path in scanned),
        seconds=time.monotonic() - started,
    )


def _size_of(folder: Path) -> int:
    """What can't be read counts as nothing: it is among the skipped ones, with the reason."""
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                size += (Path(parent) / name).stat().st_size
            except OSError:
                continue
    return size


def _facts(
    checkpoint: Checkpoint, datasets: dict[str, str], heartbeat: Callable[[], None]
) -> dict[str, Any]:
    """`datasets`: data files by dataset id; that of the checkpoint's dataset is hashed."""
    manifest = checkpoint.manifest
    cursor = manifest.get("cursor") or {}
    path = datasets.get(str(cursor.get("dataset")))
    data_hash = None
    if path is not None and Path(path).is_file():
        data_hash = file_hash(Path(path), heartbeat)
    return {
        "step": checkpoint.step,
        "branch": manifest.get("branch"),
        "folder": str(checkpoint.folder),
        "base": manifest.get("base"),
        "cursor": manifest.get("cursor"),
        "dataset_file_hash": data_hash,
    }
