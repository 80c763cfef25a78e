"""Writes a token cache (see docs/protocol.md) into a temporary folder and publishes it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..cache_check import facts_hash, hash_of
from ..files import fsync_folder
from ..rendering.tokens import Labels, TokenIds

COLUMNS = 6
ROWS_PER_BLOCK = 4096


@dataclass(frozen=True)
class HeldOutText:
    """`question`: the last user message in `prompt`, for display."""

    row: int
    question: str
    prompt: str
    expected: str
    prompt_ids: list[int]


class CacheWriter:
    """Writes ids and labels to disk as they are added; only six numbers per example stay in
    memory. The arrays go through Python's streams: `ndarray.tofile` does not report that the disk
    is full for an array that fits its buffer."""

    def __init__(self, partial: Path) -> None:
        self.folder = partial
        partial.mkdir(parents=True)
        self._ids = (partial / "tokens.i32").open("wb")
        self._labels = (partial / "labels.u8").open("wb")
        self._blocks: list[np.ndarray] = []
        self._open_block: list[tuple[int, int, int, int, int, int]] = []
        self.tokens = 0
        self.trained_tokens = 0

    def add(self, row: int, ids: TokenIds, labels: Labels) -> None:
        trained = int(labels.sum())
        prompt_length = int(labels.argmax()) if trained else len(ids)
        self._open_block.append((self.tokens, len(ids), row, trained, prompt_length, 0))
        if len(self._open_block) >= ROWS_PER_BLOCK:
            self._close_block()
        self._ids.write(ids.astype("<i4", copy=False).tobytes())
        self._labels.write(labels.tobytes())
        self.tokens += len(ids)
        self.trained_tokens += trained

    def _close_block(self) -> None:
        if self._open_block:
            self._blocks.append(np.array(self._open_block, dtype=np.int64))
            self._open_block = []

    def table(self) -> np.ndarray:
        """int64 [examples, 6], all of kind 0: the caller sets the kinds."""
        self._close_block()
        if not self._blocks:
            return np.zeros((0, COLUMNS), dtype=np.int64)
        return np.concatenate(self._blocks)

    def close(self) -> None:
        self._ids.close()
        self._labels.close()

    def finish(
        self,
        table: np.ndarray,
        texts: Iterable[HeldOutText],
        facts: Mapping[str, Any],
        extra_files: Mapping[str, str] | None = None,
    ) -> None:
        """Writes and syncs everything. The folder is not published yet."""
        self.close()
        (self.folder / "examples.i64").write_bytes(table.astype("<i8").tobytes())
        with (self.folder / "texts.jsonl").open("w", encoding="utf-8") as stream:
            for text in texts:
                # ASCII only, because some readers also split lines at U+2028.
                stream.write(json.dumps(vars(text)) + "\n")
        for name, content in (extra_files or {}).items():
            (self.folder / name).write_text(content, "utf-8")
        document = {
            "format": 1,
            **facts,
            "rows": len(np.unique(table[:, 2])),
            "examples": len(table),
            "tokens": self.tokens,
            "trained_tokens": self.trained_tokens,
        }
        write_facts(self.folder, document)
        for path in self.folder.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())


def write_facts(folder: Path, document: Mapping[str, Any]) -> None:
    """Writes cache.json, with the hashes of the files beside it and of itself."""
    names = sorted(path.name for path in folder.iterdir() if path.name != "cache.json")
    facts = {**document, "files": {name: hash_of(folder / name) for name in names}}
    facts["hash"] = facts_hash(facts)
    (folder / "cache.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")


def publish_folder(partial: Path, target: Path) -> None:
    """Renames `partial` to `target`, then removes the folder that was there before."""
    target.parent.mkdir(parents=True, exist_ok=True)
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    if target.exists():
        target.rename(old)
    partial.rename(target)
    fsync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def read_examples(folder: Path) -> np.ndarray:
    return np.fromfile(folder / "examples.i64", dtype="<i8").reshape(-1, COLUMNS)


def copy_examples(source: Path, table: np.ndarray, writer: CacheWriter) -> None:
    """Adds examples of another cache. `table`: their rows of the table of `source`."""
    ids = np.memmap(source / "tokens.i32", dtype="<i4", mode="r")
    labels = np.memmap(source / "labels.u8", dtype=np.uint8, mode="r")
    for offset, length, row, *_ in table.tolist():
        part = slice(offset, offset + length)
        writer.add(row, np.array(ids[part]), np.array(labels[part]))
