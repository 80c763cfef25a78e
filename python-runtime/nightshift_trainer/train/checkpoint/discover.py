"""Checkpoint discovery: finds the newest checkpoint whose bytes are all as saved.

Doesn't import torch, so that the verify and stage workers start quickly (docs/protocol.md).
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xxhash

from ...files import raise_if_temporary, read_json
from ...hashing import file_hash
from ...renamed_fields import with_current_names

_NAME = re.compile(r"\Astep-(\d{8})\Z")


@dataclass(frozen=True)
class Checkpoint:
    """A verified checkpoint. `manifest`: its cursor has the current field names."""

    folder: Path
    step: int
    manifest: dict[str, Any]


def step_of(folder: Path) -> int:
    """The step in the name of a checkpoint folder."""
    return int(folder.name[len("step-") :])


def seal(manifest: Mapping[str, Any]) -> str:
    """xxh3-128, hex, over the manifest's own content without its seal. The file hashes don't cover
    the cursor, and a flipped bit in a number is still valid JSON."""
    content = {key: value for key, value in manifest.items() if key != "seal"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return xxhash.xxh3_128_hexdigest(text.encode("utf-8"))


def verify(folder: Path, heartbeat: Callable[[], None]) -> str | None:
    """None when every byte is as the manifest says, else what is wrong."""
    try:
        manifest = read_json(folder / "manifest.json")
        files: dict[str, Any] = manifest["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise_if_temporary(error)
        reason = error.strerror if isinstance(error, OSError) else None
        return f"manifest.json is unreadable ({reason or error})"
    if manifest.get("seal") != seal(manifest):
        return "manifest.json has changed since it was saved"
    # Renamed or copied by hand: training would continue at a step that these weights don't have.
    if _NAME.match(folder.name) and manifest.get("step") != step_of(folder):
        return f"the folder is named {folder.name}, but contains step {manifest.get('step')}"
    for name, facts in files.items():
        problem = _verify_file(folder / name, name, facts, heartbeat)
        if problem is not None:
            return problem
    return None


def _verify_file(
    path: Path, name: str, facts: Mapping[str, Any], heartbeat: Callable[[], None]
) -> str | None:
    """A file that can't be read is like one that is damaged: an older checkpoint may be usable."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return f"{name} is not a file"
        if status.st_size != facts["size"]:
            return f"{name} has {status.st_size} bytes instead of {facts['size']}"
        if file_hash(path, heartbeat) != facts["xxh3_128"]:
            return f"{name} has changed since it was saved"
    except FileNotFoundError:
        return f"{name} is missing"
    except OSError as error:
        raise_if_temporary(error)
        return f"{name} can't be read ({error.strerror or error})"
    return None


def list_checkpoints(root: Path) -> list[tuple[int, Path]]:
    """Steps and folders of all published checkpoints, newest first. Other files are ignored.
    OSError when the folder exists but can't be listed: that is not a branch without checkpoints."""
    try:
        paths = list(root.iterdir())
    except FileNotFoundError:
        return []
    found = [(int(match[1]), path) for path in paths if (match := _NAME.match(path.name))]
    return sorted(found, reverse=True)


def discover(
    root: Path,
    heartbeat: Callable[[], None],
    on_skipped: Callable[[Path, str], None],
    rejection: Callable[[Checkpoint], str | None] = lambda _: None,
) -> Checkpoint | None:
    """The newest checkpoint that verifies and has no `rejection`. `on_skipped` receives each newer
    one with the reason."""
    for _, folder in list_checkpoints(root):
        checkpoint = open_verified(folder, heartbeat, on_skipped)
        if checkpoint is None:
            continue
        reason = rejection(checkpoint)
        if reason is None:
            return checkpoint
        on_skipped(folder, reason)
    return None


def open_verified(
    folder: Path, heartbeat: Callable[[], None], on_skipped: Callable[[Path, str], None]
) -> Checkpoint | None:
    """The checkpoint in `folder`, if it verifies."""
    reason = verify(folder, heartbeat)
    if reason is not None:
        on_skipped(folder, reason)
        return None
    manifest = read_json(folder / "manifest.json")
    # After verification: the seal covers the names as they were written.
    if isinstance(manifest.get("cursor"), dict):
        manifest["cursor"] = with_current_names(manifest["cursor"])
    return Checkpoint(folder, step_of(folder), manifest)
