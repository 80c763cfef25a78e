"""The `verify` worker: walks a branch's checkpoints from the newest, as the trainer does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..run_folder import RunFolder
from ..train.checkpoint import discover as walk


def run(folder: RunFolder, spec: dict[str, Any]) -> None:
    wanted = spec["verify"]
    began = time.monotonic()
    skipped: list[dict[str, Any]] = []

    def beat() -> None:
        folder.heartbeat(phase="work")

    def skip(path: Path, reason: str) -> None:
        skipped.append({"step": int(path.name[5:]), "folder": str(path), "reason": reason})

    if wanted.get("folder") is None:
        found = walk.newest(Path(wanted["checkpoints"]), beat, skip)
    else:
        found = walk.only(Path(wanted["folder"]), beat, skip)
    size = 0
    for one in [entry["folder"] for entry in skipped] + ([found.folder] if found else []):
        size += sum(path.stat().st_size for path in Path(one).rglob("*") if path.is_file())
    folder.event(
        "walked",
        resumes=None if found is None else _facts(found, wanted.get("datasets") or {}, beat),
        skipped=skipped,
        bytes=size,
        seconds=time.monotonic() - began,
    )


def _facts(found: walk.Found, datasets: dict[str, str], beat: Callable[[], None]) -> dict[str, Any]:
    manifest = found.manifest
    cursor = manifest.get("cursor") or {}
    path = datasets.get(str(cursor.get("dataset")))
    file_hash = None
    if path is not None and Path(path).is_file():
        file_hash = walk.hash_file(Path(path), beat)
    return {
        "step": found.step,
        "branch": manifest.get("branch"),
        "folder": str(found.folder),
        "base": manifest.get("base"),
        "cursor": manifest.get("cursor"),
        "dataset_file_hash": file_hash,
    }
