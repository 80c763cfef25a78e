"""Writes a token cache (see docs/protocol.md) into a temporary folder and publishes it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..cache_check import facts_hash
from ..files import fsync_folder, remove_tree
from ..hashing import file_hash
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
    """Writes ids, labels and the table of examples to disk as they are added. The arrays go through
    Python's streams: `ndarray.tofile` does not report that the disk is full for an array that fits
    its buffer."""

    def __init__(self, partial: Path) -> None:
        self.folder = partial
        partial.mkdir(parents=True)
        self._ids = (partial / "tokens.i32").open("wb")
        self._labels = (partial / "labels.u8").open("wb")
        self._examples = (partial / "examples.i64").open("w+b")
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
            self._examples.write(np.array(self._open_block, dtype="<i8").tobytes())
            self._open_block = []

    def table(self) -> np.ndarray:
        """int64 [examples, 6], all of kind 0: the caller sets the kinds."""
        self._close_block()
        self._examples.flush()
        return read_examples(self.folder)

    def set_kinds(self, rows: np.ndarray, kinds: np.ndarray) -> None:
        """`kinds`: of each of the ascending `rows`. In blocks: the table grows with the file."""
        self._close_block()
        position = 0
        while True:
            self._examples.seek(position)
            data = self._examples.read(ROWS_PER_BLOCK * COLUMNS * 8)
            if not data:
                return
            block = np.frombuffer(data, dtype="<i8").reshape(-1, COLUMNS).copy()
            block[:, 5] = kinds[np.searchsorted(rows, block[:, 2])]
            self._examples.seek(position)
            self._examples.write(block.tobytes())
            position += len(data)

    def close(self) -> None:
        self._examples.close()
        self._ids.close()
        self._labels.close()

    def finish(
        self,
        table: np.ndarray | None,
        texts: Iterable[HeldOutText],
        facts: Mapping[str, Any],
        extra_files: Mapping[str, str] | None = None,
    ) -> None:
        """Writes and syncs everything. The folder is not published yet. `table`: replaces what was
        added; None keeps it."""
        self._close_block()
        self.close()
        if table is not None:
            (self.folder / "examples.i64").write_bytes(table.astype("<i8").tobytes())
        rows, examples = _count_examples(self.folder / "examples.i64")
        with (self.folder / "texts.jsonl").open("w", encoding="utf-8") as stream:
            for text in texts:
                # ASCII only, because some readers also split lines at U+2028.
                stream.write(json.dumps(vars(text)) + "\n")
        for name, content in (extra_files or {}).items():
            (self.folder / name).write_text(content, "utf-8")
        document = {
            "format": 1,
            **facts,
            "rows": rows,
            "examples": examples,
            "tokens": self.tokens,
            "trained_tokens": self.trained_tokens,
        }
        write_facts(self.folder, document)
        for path in self.folder.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())


def _count_examples(path: Path) -> tuple[int, int]:
    """Rows and examples of a table, whose rows are ascending."""
    rows, examples, last = 0, 0, None
    with path.open("rb") as stream:
        while data := stream.read(ROWS_PER_BLOCK * COLUMNS * 8):
            numbers = np.frombuffer(data, dtype="<i8").reshape(-1, COLUMNS)[:, 2]
            rows += int((np.diff(numbers) != 0).sum()) + int(numbers[0] != last)
            examples += len(numbers)
            last = int(numbers[-1])
    return rows, examples


def write_facts(folder: Path, document: Mapping[str, Any]) -> None:
    """Writes cache.json, with the hashes of the files beside it and of itself."""
    names = sorted(path.name for path in folder.iterdir() if path.name != "cache.json")
    facts = {**document, "files": {name: file_hash(folder / name) for name in names}}
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
    remove_tree(old)


def read_examples(folder: Path) -> np.ndarray:
    return np.fromfile(folder / "examples.i64", dtype="<i8").reshape(-1, COLUMNS)


def copy_examples(source: Path, table: np.ndarray, writer: CacheWriter) -> None:
    """Adds examples of another cache. `table`: their rows of the table of `source`."""
    ids = np.memmap(source / "tokens.i32", dtype="<i4", mode="r")
    labels = np.memmap(source / "labels.u8", dtype=np.uint8, mode="r")
    for offset, length, row, *_ in table.tolist():
        part = slice(offset, offset + length)
        writer.add(row, np.array(ids[part]), np.array(labels[part]))
