"""The fixed validation set of a workspace (`core`): created from the first accepted dataset and
never changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..files import read_json, remove_tree
from ..hashing import file_hash
from ..renamed_fields import with_current_names
from .cache_writer import CacheWriter, HeldOutText, copy_examples, publish_folder, read_examples
from .split import CORE, Candidate


@dataclass(frozen=True)
class ValidationSet:
    keys: frozenset[int]
    rows: int
    from_dataset: str


def read_validation_set(folder: Path) -> ValidationSet | None:
    """None where there is none yet."""
    path = folder / "core.json"
    if not path.is_file():
        return None
    document = with_current_names(read_json(path))
    return ValidationSet(
        keys=frozenset(int(text, 16) for text in document["normalized_hashes"]),
        rows=int(document["rows"]),
        from_dataset=str(document["from_dataset"]),
    )


def write_validation_set(
    folder: Path,
    source: Path,
    chosen: Sequence[Candidate],
    texts: Sequence[HeldOutText],
    dataset: str,
    facts: dict[str, Any],
) -> None:
    """Copies the examples of the chosen rows from `source`, a finished cache of their dataset.
    `facts`: the fields of its cache.json."""
    table = read_examples(source)
    chosen_rows = np.array([candidate.row for candidate in chosen], dtype=np.int64)
    partial = folder.parent / f".{folder.name}.partial"
    remove_tree(partial)
    writer = CacheWriter(partial)
    copy_examples(source, table[np.isin(table[:, 2], chosen_rows)], writer)
    core_table = writer.table()
    core_table[:, 5] = CORE
    writer.finish(core_table, texts, facts, {"records.jsonl": _records(chosen)})
    document = {
        "format": 1,
        # Over the records themselves, which no other tokenizer or template changes.
        "hash": file_hash(partial / "records.jsonl"),
        "rows": len(chosen),
        "from_dataset": dataset,
        "normalized_hashes": sorted(f"{candidate.key:016x}" for candidate in chosen),
    }
    (partial / "core.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    publish_folder(partial, folder)


def _records(chosen: Sequence[Candidate]) -> str:
    """The content of records.jsonl. Its bytes are hashed: the form must not change."""
    return "".join(
        json.dumps({"row": candidate.row, "messages": list(candidate.messages)}, ensure_ascii=False)
        + "\n"
        for candidate in sorted(chosen, key=lambda candidate: candidate.row)
    )
