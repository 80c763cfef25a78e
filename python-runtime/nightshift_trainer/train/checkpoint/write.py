"""Writes checkpoints atomically, in this thread or in the background, and deletes old ones."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from ...files import fsync_folder, raise_if_temporary, read_json, remove_tree, write_json
from ...hashing import file_hash
from ...identity import is_gone
from ..device import host_block, synchronize
from .discover import list_checkpoints, seal

_PARTIAL_NAME = re.compile(r"\A\.step-\d{8}\.(\d+)\.partial\Z")
# Of each tensor in the block of the copies, in bytes.
ALIGNMENT = 64
# The longest lease that the engine grants (15 minutes).
MAX_LEASE_SECONDS = 900
# Random states, state.json, manifest.json and the headers of the tensor files.
STATE_BYTES = 1 << 18
_WEIGHTS = re.compile(
    r"\.(safetensors|bin|pt|gguf)\Z|\Abase\.json\Z|\Amodel\.safetensors\.index\.json\Z"
)


@dataclass(frozen=True)
class Snapshot:
    """The state of one step, as written to a checkpoint."""

    step: int
    base: Path
    weights: Mapping[str, torch.Tensor]
    optimizer_state: Mapping[str, torch.Tensor]
    random_states: Mapping[str, torch.Tensor]
    # Content of state.json and manifest.json.
    state: Mapping[str, Any]
    manifest: Mapping[str, Any]


def write_checkpoint(
    root: Path, snapshot: Snapshot, heartbeat: Callable[[], None]
) -> tuple[Path, int]:
    """Writes to a temporary folder, fsyncs every file and folder, then renames it. Returns the
    folder and the total size of its files in bytes."""
    root.mkdir(parents=True, exist_ok=True)
    name = f"step-{snapshot.step:08d}"
    partial = root / f".{name}.{os.getpid()}.partial"
    remove_tree(partial)
    try:
        model = partial / "model"
        model.mkdir(parents=True)
        _copy_model_files(snapshot.base, model)
        heartbeat()
        save_file(dict(snapshot.weights), model / "model.safetensors", metadata={"format": "pt"})
        heartbeat()
        save_file(dict(snapshot.optimizer_state), partial / "optimizer.safetensors")
        save_file(dict(snapshot.random_states), partial / "state.safetensors")
        state = json.dumps({"format": 1, **snapshot.state}) + "\n"
        (partial / "state.json").write_text(state, "utf-8")
        heartbeat()
        files = _sync_and_hash(partial, heartbeat)
        document = {
            "format": 1,
            "step": snapshot.step,
            "created": time.time(),
            **snapshot.manifest,
            "files": files,
        }
        write_json(partial / "manifest.json", {**document, "seal": seal(document)})
        fsync_folder(model)
        fsync_folder(partial)
        target = root / name
        if target.exists():
            # A checkpoint of this step that didn't verify: replace it.
            remove_tree(target)
        partial.rename(target)
        fsync_folder(root)
    except BaseException:
        remove_tree(partial)
        raise
    return target, sum(int(facts["size"]) for facts in files.values())


def checkpoint_bytes(base: Path, parameters: int) -> int:
    """About how much space a checkpoint needs: fp32 weights, two optimizer states, the other files
    of the model, and the random states."""
    size = 4 * 3 * parameters + STATE_BYTES
    try:
        for path in base.iterdir():
            if path.is_file() and not _WEIGHTS.search(path.name):
                size += path.stat().st_size
    except OSError:
        return size
    return size


def _copy_model_files(source: Path, target: Path) -> None:
    """Copies the base model's files except its weights: configuration, tokenizer, templates."""
    for path in source.iterdir():
        if path.is_file() and not _WEIGHTS.search(path.name):
            shutil.copyfile(path, target / path.name)
    config = json.loads((target / "config.json").read_text("utf-8"))
    config.pop("torch_dtype", None)
    config["dtype"] = "float32"
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def _sync_and_hash(folder: Path, heartbeat: Callable[[], None]) -> dict[str, Any]:
    """Size and hash of every file below `folder`, as listed in the manifest."""
    files: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _sync(path)
            files[path.relative_to(folder).as_posix()] = {
                "size": path.stat().st_size,
                "xxh3_128": file_hash(path, heartbeat),
            }
    return files


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def leased_steps(workspace: Path, branch: str, now: float) -> frozenset[int]:
    """Steps of the branch that a planned restore needs. An unreadable file, or a lease longer than
    the engine grants, protects nothing: otherwise checkpoints could fill the disk."""
    try:
        path = workspace / "current_model" / "held.json"
        leases = read_json(path)["held"]
        return frozenset(
            int(lease["step"])
            for lease in leases
            if lease["branch"] == branch and now < float(lease["until"]) <= now + MAX_LEASE_SECONDS
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise_if_temporary(error)
        return frozenset()


def delete_old_checkpoints(
    root: Path, keep: int, saved_step: int, leased: frozenset[int] = frozenset()
) -> list[Path]:
    """Deletes all but the newest `keep` (at least one) up to the step that was just saved, and
    those that are leased. Later checkpoints didn't verify and must not displace ones that do. Each
    folder is renamed first, so that no half-deleted checkpoint is ever listed."""
    deleted: list[Path] = []
    if root.is_symlink():
        # Somebody else's checkpoints, perhaps.
        return deleted
    checkpoints = [(step, folder) for step, folder in list_checkpoints(root) if step <= saved_step]
    for step, folder in checkpoints[max(1, keep) :]:
        if step in leased:
            continue
        partial = root / f".{folder.name}.{os.getpid()}.partial"
        folder.rename(partial)
        remove_tree(partial)
        deleted.append(folder)
    return deleted


def remove_abandoned_partials(root: Path) -> None:
    """Removes the temporary folders of processes that no longer run."""
    if root.is_symlink() or not root.is_dir():
        return
    for path in root.iterdir():
        match = _PARTIAL_NAME.match(path.name)
        if match and is_gone(int(match[1])):
            remove_tree(path)


class StateBuffers:
    """CPU buffers for copies of the state, allocated once and reused: if the first copy fits in
    memory, all later ones do."""

    def __init__(self) -> None:
        self._buffers: dict[str, torch.Tensor] = {}

    def copy(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Copies by name, valid until the next copy of the same names. MemoryError when there is
        too little free memory for them."""
        missing = {name: tensor for name, tensor in tensors.items() if name not in self._buffers}
        if missing:
            self._allocate(missing)
        copies = {
            name: self._buffers[name].copy_(tensor.detach(), non_blocking=True)
            for name, tensor in tensors.items()
        }
        # Until then the buffers hold older bytes, which would be hashed and verify.
        for device in {tensor.device for tensor in tensors.values()}:
            synchronize(device)
        return copies

    def _allocate(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """One block for all of them: pinned one by one, each would be rounded up to a power of
        two."""
        sizes = {name: tensor.numel() * tensor.element_size() for name, tensor in tensors.items()}
        block = host_block(
            sum(-(-size // ALIGNMENT) * ALIGNMENT for size in sizes.values()),
            is_pinned=any(tensor.is_cuda for tensor in tensors.values()),
        )
        start = 0
        for name, tensor in tensors.items():
            part = block[start : start + sizes[name]]
            self._buffers[name] = part.view(tensor.dtype).view(tensor.shape)
            start += -(-sizes[name] // ALIGNMENT) * ALIGNMENT


@dataclass(frozen=True)
class WriteResult:
    """A written checkpoint (`folder`, `bytes`), or the `error` that prevented it."""

    step: int
    why: str
    folder: Path | None
    bytes: int
    seconds: float
    error: Exception | None


class BackgroundWriter:
    """Writes at most one checkpoint at a time in a thread, which accesses only its files and its
    copy of the state."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._result: WriteResult | None = None

    def start(self, step: int, why: str, write: Callable[[], tuple[Path, int]]) -> None:
        assert self._thread is None

        def run() -> None:
            started = time.monotonic()
            try:
                folder, size = write()
                seconds = time.monotonic() - started
                self._result = WriteResult(step, why, folder, size, seconds, None)
            except Exception as error:
                seconds = time.monotonic() - started
                self._result = WriteResult(step, why, None, 0, seconds, error)

        self._thread = threading.Thread(target=run, name="checkpoint")
        self._thread.start()

    def result(self, on_wait: Callable[[], None] | None = None) -> WriteResult | None:
        """The result, returned once; None while writing or when nothing was started. With `on_wait`
        it blocks until the result is there and calls `on_wait` repeatedly."""
        thread = self._thread
        if thread is None:
            return None
        while on_wait is not None and thread.is_alive():
            thread.join(0.02)
            on_wait()
        if thread.is_alive():
            return None
        thread.join()
        self._thread = None
        return self._result
