"""The `stage` worker: verifies a checkpoint or a base, or stages the first one of a new branch."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..bases.publish import folder_hash
from ..files import fsync_folder, read_json, write_json
from ..run_folder import Cancelled, RunFolder
from ..train.walk import hash_file, seal, verify

BLOCK = 1 << 22
# What lies beside the model's own files in the folder of a version or a base.
NOT_MODEL = ("manifest.json", "version.json", "base.json", "backup.json")
# A safetensors file without a tensor: eight bytes of length, then an empty object.
NO_TENSORS = (8).to_bytes(8, "little") + b"{}      "


class StageRefused(Exception):
    """What is to be staged is not what was saved; the text says which file."""

    category = "checkpoint_corrupt"


def run(folder: RunFolder, spec: dict[str, Any]) -> None:
    wanted = spec["stage"]

    def beat() -> None:
        folder.heartbeat(phase="work")
        if any(command.verb == "stop-now" for command in folder.commands()):
            raise Cancelled("stopped by command")

    if wanted["act"] == "verify":
        checkpoint = Path(wanted["checkpoint"])
        problem = verify(checkpoint, beat)
        if problem is not None:
            raise StageRefused(f"{checkpoint}: {problem}")
        files = read_json(checkpoint / "manifest.json")["files"]
        read = {_identity(checkpoint / name): facts for name, facts in files.items()}
        folder.event("verified", folder=str(checkpoint), read=read)
    elif wanted["act"] == "verify_base":
        base = Path(wanted["base"])
        if folder_hash(base) != wanted["hash"]:
            raise StageRefused(f"{base} does not hold what was made there: make it again")
        folder.event("verified", folder=str(base), read={})
    else:
        target, size = stage(wanted, beat)
        folder.event("staged", folder=str(target), bytes=size)


def _identity(path: Path) -> str:
    """The same as long as it is the same file, unwritten; a hard link to it has it too."""
    facts = path.stat()
    return f"{facts.st_dev}:{facts.st_ino}:{facts.st_size}:{facts.st_mtime_ns}"


def stage(wanted: dict[str, Any], beat: Callable[[], None]) -> tuple[Path, int]:
    """The published checkpoint and its bytes. `StageRefused`, or an OSError of the disk."""
    branch = Path(wanted["into"])
    name = f"step-{int(wanted['step']):08d}"
    if branch.exists():
        raise StageRefused(f"{branch} is there already")
    branch.parent.mkdir(parents=True, exist_ok=True)
    partial = branch.parent / f".{branch.name}.{os.getpid()}.partial"
    try:
        checkpoint = partial / name
        size = _fill(checkpoint, wanted, beat)
        fsync_folder(partial)
        _still_wanted(wanted)
        partial.rename(branch)
        fsync_folder(branch.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return branch / name, size


def _still_wanted(wanted: dict[str, Any]) -> None:
    """The engine that asked may be gone, and the next one may have undone the restore already."""
    intent = Path(wanted["intent"]["file"])
    if not intent.is_file() or read_json(intent).get("id") != wanted["intent"]["id"]:
        raise Cancelled("the restore was undone meanwhile")


def _fill(checkpoint: Path, wanted: dict[str, Any], beat: Callable[[], None]) -> int:
    model = checkpoint / "model"
    model.mkdir(parents=True)
    share = bool(wanted["share"])
    source = Path(wanted["model"])
    for path in sorted(source.iterdir()):
        if path.is_file() and path.name not in NOT_MODEL and not path.name.startswith("."):
            _bring(path, model / path.name, share, beat)
    expected: dict[str, Any] = {}
    if wanted["moments"] is None:
        _begin_afresh(checkpoint, int(wanted["warmup_from"]), wanted["cursor"])
    else:
        kept = Path(wanted["moments"])
        expected = read_json(kept / "manifest.json")["files"]
        for name in expected:
            if not name.startswith("model/"):
                _bring(kept / name, checkpoint / name, share, beat)
    files = _read_back(checkpoint, expected, wanted.get("read") or {}, beat)
    document = {
        "format": 1,
        "step": int(wanted["step"]),
        "branch": wanted["branch"],
        "parent_step": None,
        "parent": wanted["parent"],
        "created": time.time(),
        "program": "nightshift",
        "base": wanted["base"],
        "hashes": wanted["hashes"],
        "cursor": wanted["cursor"],
        "files": files,
    }
    write_json(checkpoint / "manifest.json", {**document, "seal": seal(document)})
    fsync_folder(model)
    fsync_folder(checkpoint)
    return sum(int(facts["size"]) for facts in files.values())


def _bring(source: Path, target: Path, share: bool, beat: Callable[[], None]) -> None:
    """A hard link costs no space; a copy shares nothing with its source."""
    beat()
    if share:
        try:
            os.link(source, target)
            return
        except OSError:
            # Another file system, or one without links: a copy then.
            target.unlink(missing_ok=True)
    with source.open("rb") as read, target.open("wb") as written:
        while block := read.read(BLOCK):
            written.write(block)
            beat()
        written.flush()
        os.fsync(written.fileno())


def _begin_afresh(checkpoint: Path, warmup_from: int, cursor: dict[str, Any] | None) -> None:
    """No moments and no random states: the trainer begins with zero moments and a new warm-up,
    and seeds its random states from the pass's seed and the step."""
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
    checkpoint: Path, expected: dict[str, Any], read: dict[str, Any], beat: Callable[[], None]
) -> dict[str, Any]:
    """Size and hash of every file as it lies there now, compared with the kept checkpoint. `read`:
    files that this restore has read already; what was linked from them needs no second reading."""
    files: dict[str, Any] = {}
    for path in sorted(checkpoint.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(checkpoint).as_posix()
        facts = read.get(_identity(path)) or {
            "size": path.stat().st_size,
            "xxh3_128": hash_file(path, beat),
        }
        known = expected.get(name)
        if known is not None and known != facts:
            raise StageRefused(f"{name} is not what the checkpoint of this step holds")
        files[name] = facts
    missing = [name for name in expected if name not in files]
    if missing:
        raise StageRefused(f"{missing[0]} of the checkpoint of this step is missing")
    return files
