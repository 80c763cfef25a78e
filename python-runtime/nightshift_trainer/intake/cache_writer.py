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

from ..files import fsync_folder
from ..rendering.tokens import Labels, TokenIds

COLUMNS = 6


@dataclass(frozen=True)
class HeldOutText:
    """`question`: the user's last words in `prompt`, for people to read."""

    row: int
    question: str
    prompt: str
    expected: str
    prompt_ids: list[int]


class CacheWriter:
    """Tokens go to disk as they come; only six numbers an example stay in memory."""

    def __init__(self, partial: Path) -> None:
        self.folder = partial
        partial.mkdir(parents=True)
        self._tokens = (partial / "tokens.i32").open("wb")
        self._labels = (partial / "labels.u8").open("wb")
        self._blocks: list[np.ndarray] = []
        self._open: list[tuple[int, int, int, int, int, int]] = []
        self.tokens = 0
        self.trained_tokens = 0

    def add(self, row: int, ids: TokenIds, labels: Labels) -> None:
        trained = int(labels.sum())
        first = int(labels.argmax()) if trained else len(ids)
        self._open.append((self.tokens, len(ids), row, trained, first, 0))
        if len(self._open) >= 4096:
            self._pack()
        ids.astype("<i4", copy=False).tofile(self._tokens)
        labels.tofile(self._labels)
        self.tokens += len(ids)
        self.trained_tokens += trained

    def _pack(self) -> None:
        if self._open:
            self._blocks.append(np.array(self._open, dtype=np.int64))
            self._open = []

    def table(self) -> np.ndarray:
        self._pack()
        if not self._blocks:
            return np.zeros((0, COLUMNS), dtype=np.int64)
        return np.concatenate(self._blocks)

    def close(self) -> None:
        self._tokens.close()
        self._labels.close()

    def finish(
        self,
        table: np.ndarray,
        texts: Iterable[HeldOutText],
        facts: Mapping[str, Any],
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """`extra`: further files by name. Everything is synced; the folder is not yet published."""
        self.close()
        table.astype("<i8").tofile(self.folder / "examples.i64")
        with (self.folder / "texts.jsonl").open("w", encoding="utf-8") as stream:
            for text in texts:
                # ASCII only: a reader may split lines at U+2028 and the like as well.
                stream.write(json.dumps(vars(text)) + "\n")
        for name, content in (extra or {}).items():
            (self.folder / name).write_text(content, "utf-8")
        document = {
            "format": 1,
            **facts,
            "rows": len(np.unique(table[:, 2])),
            "examples": len(table),
            "tokens": self.tokens,
            "trained_tokens": self.trained_tokens,
        }
        (self.folder / "cache.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
        for path in self.folder.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())


def publish_folder(partial: Path, target: Path) -> None:
    """Renames `partial` to `target`; an older folder there goes away afterwards."""
    target.parent.mkdir(parents=True, exist_ok=True)
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    if target.exists():
        target.rename(old)
    partial.rename(target)
    fsync_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def read_examples(folder: Path) -> np.ndarray:
    return np.fromfile(folder / "examples.i64", dtype="<i8").reshape(-1, COLUMNS)


def copy_examples(source: Path, rows: np.ndarray, writer: CacheWriter) -> None:
    """Appends the examples (rows of a table of `source`) to another cache."""
    tokens = np.memmap(source / "tokens.i32", dtype="<i4", mode="r")
    labels = np.memmap(source / "labels.u8", dtype=np.uint8, mode="r")
    for offset, length, row, *_ in rows.tolist():
        part = slice(offset, offset + length)
        writer.add(row, np.array(tokens[part]), np.array(labels[part]))
