"""Reads a token cache (docs/protocol.md). Memory-mapped, so it may be larger than memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from .files import read_json

COLUMNS = 6
TRAIN, SLICE, CORE, DUPLICATE = 0, 1, 2, 3


def core_folder(core: Path, facts: Mapping[str, Any]) -> Path:
    """The folder with the fixed validation set in the tokens of a cache (`facts`: its cache.json).
    Usually `core` itself; a sibling folder when `core` was made with another base's tokenizer or
    template."""
    names = ("template_hash", "tokenizer_hash")
    path = core / "cache.json"
    made_with = read_json(path) if path.is_file() else facts
    if all(made_with.get(name) == facts.get(name) for name in names):
        return core
    text = "\x1e".join(str(facts.get(name)) for name in names)
    return core.with_name(f"{core.name}-{xxhash.xxh3_128_hexdigest(text.encode('utf-8'))[:16]}")


@dataclass(frozen=True)
class Example:
    """ids: int32 [length]; labels: uint8 [length], 1 = this token is a target."""

    row: int
    ids: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Text:
    """A validation row: the user's question, the rendered prompt and the expected answer."""

    row: int
    question: str
    prompt: str
    expected: str
    prompt_ids: list[int]


class TokenCache:
    """`table`: int64 [examples, 6] = offset, length, row, trained tokens, prompt length, kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts: dict[str, Any] = read_json(folder / "cache.json")
        self.table = np.fromfile(folder / "examples.i64", dtype="<i8").reshape(-1, COLUMNS)
        empty = len(self.table) == 0
        self._tokens = self._map("tokens.i32", "<i4", empty)
        self._labels = self._map("labels.u8", "u1", empty)

    def _map(self, name: str, kind: str, empty: bool) -> np.ndarray:
        if empty:
            return np.zeros(0, dtype=kind)
        return np.memmap(self.folder / name, dtype=kind, mode="r")

    def example(self, index: int) -> Example:
        offset, length, row = (int(value) for value in self.table[index, :3])
        part = slice(offset, offset + length)
        return Example(row, np.array(self._tokens[part]), np.array(self._labels[part]))

    def indices(self, kind: int) -> np.ndarray:
        """Indices of the examples of one kind, in file order."""
        return np.flatnonzero(self.table[:, 5] == kind)

    def texts(self, rows: set[int] | None = None) -> list[Text]:
        """All validation rows, or only those in `rows`."""
        path = self.folder / "texts.jsonl"
        if not path.exists():
            return []
        lines = path.read_text("utf-8").splitlines()
        texts = [Text(**json.loads(line)) for line in lines if line]
        return [text for text in texts if rows is None or text.row in rows]
