"""Checkpoints: resumable state that exists only when all of its bytes verify (docs/protocol.md)."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from ...files import fsync_folder, read_json, write_json
from ...identity import identity_of
from .discover import Found, hash_file, newest, seal, steps_in, verify

__all__ = ["Found", "hash_file", "newest", "read_json", "seal", "steps_in", "verify"]

_PARTIAL = re.compile(r"\A\.step-\d{8}\.(\d+)\.partial\Z")
# As long as the engine holds one (checkpoints/holds.ts).
HELD_SECONDS = 900
_WEIGHTS = re.compile(
    r"\.(safetensors|bin|pt|gguf)\Z|\Abase\.json\Z|\Amodel\.safetensors\.index\.json\Z"
)


def load_tensors(found: Found, name: str) -> dict[str, torch.Tensor]:
    return load_file(found.folder / name)


def _copy_model_files(source: Path, target: Path) -> None:
    """Everything of the base but its weights: configuration, tokenizer, templates."""
    for path in source.iterdir():
        if path.is_file() and not _WEIGHTS.search(path.name):
            shutil.copyfile(path, target / path.name)
    config = json.loads((target / "config.json").read_text("utf-8"))
    config.pop("torch_dtype", None)
    config["dtype"] = "float32"
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def save(
    root: Path,
    step: int,
    base: Path,
    weights: Mapping[str, torch.Tensor],
    moments: Mapping[str, torch.Tensor],
    random: Mapping[str, torch.Tensor],
    state: Mapping[str, Any],
    manifest: Mapping[str, Any],
    beat: Callable[[], None],
) -> tuple[Path, int]:
    """Writes a temporary folder, syncs every file and folder, renames. The folder and its bytes."""
    root.mkdir(parents=True, exist_ok=True)
    partial = root / f".step-{step:08d}.{os.getpid()}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        model = partial / "model"
        model.mkdir(parents=True)
        _copy_model_files(base, model)
        beat()
        save_file(dict(weights), model / "model.safetensors", metadata={"format": "pt"})
        beat()
        save_file(dict(moments), partial / "optimizer.safetensors")
        save_file(dict(random), partial / "state.safetensors")
        (partial / "state.json").write_text(json.dumps({"format": 1, **state}) + "\n", "utf-8")
        beat()
        files: dict[str, Any] = {}
        for path in sorted(partial.rglob("*")):
            if path.is_file():
                _sync(path)
                files[path.relative_to(partial).as_posix()] = {
                    "size": path.stat().st_size,
                    "xxh3_128": hash_file(path, beat),
                }
        document = {"format": 1, "step": step, "created": time.time(), **manifest, "files": files}
        write_json(partial / "manifest.json", {**document, "seal": seal(document)})
        fsync_folder(model)
        fsync_folder(partial)
        target = root / f"step-{step:08d}"
        if target.exists():
            # The same step again (a checkpoint that did not verify): the new one takes its place.
            shutil.rmtree(target)
        partial.rename(target)
        fsync_folder(root)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return target, sum(int(facts["size"]) for facts in files.values())


def held_steps(workspace: Path, branch: str, now: float) -> frozenset[int]:
    """Steps of the branch that a restore is being looked at. A note that cannot be read, or that
    ends later than a note can, holds nothing: the disk must not fill up by it."""
    try:
        held = json.loads((workspace / "current_model" / "held.json").read_text("utf-8"))["held"]
        return frozenset(
            int(one["step"])
            for one in held
            if one["branch"] == branch and now < float(one["until"]) <= now + HELD_SECONDS
        )
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()


def rotate(root: Path, keep: int, saved: int, held: frozenset[int] = frozenset()) -> list[Path]:
    """Removes all but the newest `keep` (at least one) up to the step that was just saved, and
    those that are held. What lies beyond that step did not verify, and must not push out one that
    does. A folder leaves the list by a rename before its files go."""
    removed: list[Path] = []
    known = [(step, folder) for step, folder in steps_in(root) if step <= saved]
    for step, folder in known[max(1, keep) :]:
        if step in held:
            continue
        aside = root / f".{folder.name}.{os.getpid()}.partial"
        folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
        removed.append(folder)
    return removed


def remove_partials_of_the_dead(root: Path) -> None:
    if not root.is_dir():
        return
    for path in root.iterdir():
        match = _PARTIAL.match(path.name)
        if match and identity_of(int(match[1])) is None:
            shutil.rmtree(path, ignore_errors=True)
