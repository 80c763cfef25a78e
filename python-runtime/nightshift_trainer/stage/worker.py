"""The `stage` worker: verifies a checkpoint or a base, or stages the first one of a new branch."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from ..bases.publish import folder_hash
from ..files import fsync_folder, read_json, remove_tree, write_json
from ..hashing import file_hash
from ..protocol import CheckpointCursor, FileHash, StageBranch, StageSpec
from ..renamed_fields import with_current_names
from ..run_folder import Canceled, RunFolder
from ..train.checkpoint.discover import seal, verify

COPY_BLOCK_BYTES = 1 << 22
# Files in the folder of a version or a base that don't belong to the model.
NOT_MODEL = ("manifest.json", "version.json", "base.json", "backup.json")
# A safetensors file without tensors: the header's length in eight bytes, then an empty object.
NO_TENSORS = (8).to_bytes(8, "little") + b"{}      "


class StageRefused(Exception):
    """The source differs from what was saved, or the target exists; the message names the file."""

    category = "checkpoint_corrupt"


def run(folder: RunFolder, spec: Mapping[str, Any]) -> None:
    request = cast("StageSpec", spec)["stage"]

    def heartbeat() -> None:
        folder.heartbeat(phase="work")
        if any(command.verb == "stop-now" for command in folder.commands()):
            raise Canceled("stopped by command")

    if request["action"] == "verify":
        checkpoint = Path(request["checkpoint"])
        problem = verify(checkpoint, heartbeat)
        if problem is not None:
            raise StageRefused(f"{checkpoint}: {problem}")
        files = read_json(checkpoint / "manifest.json")["files"]
        read = {_file_identity(checkpoint / name): facts for name, facts in files.items()}
        folder.event("verified", folder=str(checkpoint), read=read)
    elif request["action"] == "verify_base":
        base = Path(request["base"])
        if folder_hash(base) != request["hash"]:
            raise StageRefused(
                f"The files of the base model in {base} have changed: create the base model again"
            )
        folder.event("verified", folder=str(base), read={})
    else:
        target, size = stage(request, heartbeat)
        folder.event("staged", folder=str(target), bytes=size)


def _file_identity(path: Path) -> str:
    """The same for all hard links to a file, and different as soon as the file is written."""
    facts = path.stat()
    return f"{facts.st_dev}:{facts.st_ino}:{facts.st_size}:{facts.st_mtime_ns}"


def stage(request: StageBranch, heartbeat: Callable[[], None]) -> tuple[Path, int]:
    """The published checkpoint and its size in bytes. StageRefused, or an OSError of the disk."""
    branch = Path(request["into"])
    name = f"step-{int(request['step']):08d}"
    if branch.exists():
        raise StageRefused(f"{branch} already exists")
    branch.parent.mkdir(parents=True, exist_ok=True)
    partial = branch.parent / f".{branch.name}.{os.getpid()}.partial"
    try:
        checkpoint = partial / name
        size = _build(checkpoint, request, heartbeat)
        fsync_folder(partial)
        _check_intent(request)
        partial.rename(branch)
        fsync_folder(branch.parent)
    except BaseException:
        remove_tree(partial)
        raise
    return branch / name, size


def _check_intent(request: StageBranch) -> None:
    """Canceled when the restore was undone, as the next engine does after the one that asked for it
    has died."""
    intent = Path(request["intent"]["file"])
    if not intent.is_file() or read_json(intent).get("id") != request["intent"]["id"]:
        raise Canceled("the restore was undone in the meantime")


def _build(checkpoint: Path, request: StageBranch, heartbeat: Callable[[], None]) -> int:
    """Fills the checkpoint's folder. Returns the total size of its files in bytes."""
    model = checkpoint / "model"
    model.mkdir(parents=True)
    hard_link = bool(request["hard_link"])
    source = Path(request["model"])
    for path in sorted(source.iterdir()):
        if path.is_file() and path.name not in NOT_MODEL and not path.name.startswith("."):
            _link_or_copy(path, model / path.name, hard_link, heartbeat)
    cursor = request["cursor"]
    if cursor is not None:
        # The engine may pass on the cursor of an old checkpoint.
        cursor = cast("CheckpointCursor", with_current_names(cursor))
    expected: dict[str, FileHash] = {}
    if request["optimizer_state"] is None:
        _write_empty_state(checkpoint, int(request["warmup_from"]), cursor)
    else:
        saved = Path(request["optimizer_state"])
        expected = read_json(saved / "manifest.json")["files"]
        for name in expected:
            if not name.startswith("model/"):
                _link_or_copy(saved / name, checkpoint / name, hard_link, heartbeat)
    files = _read_back(checkpoint, expected, request.get("read") or {}, heartbeat)
    document = {
        "format": 1,
        "step": int(request["step"]),
        "branch": request["branch"],
        "parent_step": None,
        "parent": request["parent"],
        "created": time.time(),
        "program": "nightshift",
        "base": request["base"],
        "hashes": request["hashes"],
        "cursor": cursor,
        "files": files,
    }
    write_json(checkpoint / "manifest.json", {**document, "seal": seal(document)})
    fsync_folder(model)
    fsync_folder(checkpoint)
    return sum(int(facts["size"]) for facts in files.values())


def _link_or_copy(
    source: Path, target: Path, hard_link: bool, heartbeat: Callable[[], None]
) -> None:
    """A hard link uses no extra space; a copy shares no blocks with its source."""
    heartbeat()
    if hard_link:
        try:
            os.link(source, target)
            return
        except OSError:
            # Another file system, or one without hard links: copy instead.
            target.unlink(missing_ok=True)
    with source.open("rb") as reader, target.open("wb") as writer:
        while block := reader.read(COPY_BLOCK_BYTES):
            writer.write(block)
            heartbeat()
        writer.flush()
        os.fsync(writer.fileno())


def _write_empty_state(checkpoint: Path, warmup_from: int, cursor: CheckpointCursor | None) -> None:
    """Without optimizer state and random states: the trainer starts with fresh optimizer state and
    a new warmup, and seeds its random states from the pass's seed and the step."""
    for name in ("optimizer.safetensors", "state.safetensors"):
        path = checkpoint / name
        with path.open("wb") as stream:
            stream.write(NO_TENSORS)
            stream.flush()
            os.fsync(stream.fileno())
    state = {
        "format": 1,
        "smoothing": [0.0, 0.0],
        "monitoring_seconds": 0.0,
        "steps_done": 0 if cursor is None else int(cursor["steps_done"]),
        "warmup_from": warmup_from,
    }
    write_json(checkpoint / "state.json", state)


def _read_back(
    checkpoint: Path,
    expected: Mapping[str, FileHash],
    read: Mapping[str, FileHash],
    heartbeat: Callable[[], None],
) -> dict[str, FileHash]:
    """Size and hash of every file as it is on the disk now, compared with `expected`. `read`: files
    that this restore has read already, by identity; hard links to them aren't read again."""
    files: dict[str, FileHash] = {}
    for path in sorted(checkpoint.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(checkpoint).as_posix()
        facts = read.get(_file_identity(path)) or {
            "size": path.stat().st_size,
            "xxh3_128": file_hash(path, heartbeat),
        }
        known = expected.get(name)
        if known is not None and known != facts:
            raise StageRefused(f"{name} has changed since the checkpoint was saved")
        files[name] = facts
    missing = [name for name in expected if name not in files]
    if missing:
        raise StageRefused(f"{missing[0]} is missing from the checkpoint")
    return files
