"""Finds damage in a token cache: every file against its hash in cache.json, cache.json against its
own. A flipped bit would otherwise be trained, and a cleared label would look like a bad row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import xxhash

from .files import raise_if_temporary, read_json
from .hashing import file_hash

# In a cache that was made before there were hashes: columns of the table of examples.
COLUMNS, OFFSET, LENGTH, TRAINED = 6, 0, 1, 3


def facts_hash(facts: Mapping[str, Any]) -> str:
    """Of all fields of cache.json but the hash itself."""
    rest = {name: value for name, value in facts.items() if name != "hash"}
    return xxhash.xxh3_128_hexdigest(json.dumps(rest, sort_keys=True).encode("utf-8"))


def damaged_files(folder: Path, on_block: Callable[[], None] = lambda: None) -> list[str]:
    """The names of the files that are missing or not as they were written."""
    try:
        facts = read_json(folder / "cache.json")
    except (OSError, ValueError) as error:
        raise_if_temporary(error)
        return ["cache.json"]
    files = facts.get("files")
    if not isinstance(files, dict):
        # A damaged name of the field must not pass for an older cache.
        return ["cache.json"] if "hash" in facts else _damaged_without_hashes(folder)
    if facts.get("hash") != facts_hash(facts):
        return ["cache.json"]
    expected = cast("dict[str, str]", files)
    return [name for name, known in expected.items() if _differs(folder / name, known, on_block)]


def _differs(path: Path, expected: str, on_block: Callable[[], None]) -> bool:
    try:
        return file_hash(path, on_block) != expected
    except OSError as error:
        raise_if_temporary(error)
        return True


def _damaged_without_hashes(folder: Path) -> list[str]:
    """Sizes, and the number of labels of each example, which is in the table as well."""
    try:
        table = np.fromfile(folder / "examples.i64", dtype="<i8").reshape(-1, COLUMNS)
        labels = np.fromfile(folder / "labels.u8", dtype=np.uint8)
        size = (folder / "tokens.i32").stat().st_size
    except (OSError, ValueError) as error:
        raise_if_temporary(error)
        return ["examples.i64"]
    tokens = int(table[:, LENGTH].sum())
    found = ["tokens.i32"] if size != 4 * tokens else []
    sums = np.concatenate(([0], np.cumsum(labels, dtype=np.int64)))
    ends = table[:, OFFSET] + table[:, LENGTH]
    if len(labels) != tokens or (len(ends) and int(ends.max()) > tokens):
        return [*found, "labels.u8"]
    trained = sums[ends] - sums[table[:, OFFSET]]
    if bool((trained != table[:, TRAINED]).any()):
        found.append("labels.u8")
    return found
