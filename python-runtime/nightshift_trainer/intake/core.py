"""The validation core of a workspace: made once, from the first accepted dataset, never changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..rendering.base import BaseTexts, file_hash
from .cache_writer import CacheWriter, HeldOutText, copy_examples, publish_folder, read_examples
from .split import CORE, Candidate


@dataclass(frozen=True)
class ExistingCore:
    keys: frozenset[int]
    rows: int
    from_dataset: str


def read_core(folder: Path) -> ExistingCore | None:
    """Null where there is none yet."""
    path = folder / "core.json"
    if not path.is_file():
        return None
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if int(document["format"]) > 1:
        raise ValueError(f"{path} has format {document['format']}; this program reads format 1.")
    return ExistingCore(
        keys=frozenset(int(text, 16) for text in document["normalised_hashes"]),
        rows=int(document["rows"]),
        from_dataset=str(document["from_dataset"]),
    )


def key_text(key: int) -> str:
    return f"{key:016x}"


def write_core(
    folder: Path,
    source: Path,
    chosen: Sequence[Candidate],
    texts: Sequence[HeldOutText],
    base: BaseTexts,
    dataset: str,
    facts: dict[str, Any],
) -> None:
    """Copies the chosen rows out of a finished cache of their dataset."""
    table = read_examples(source)
    wanted = np.array([item.row for item in chosen], dtype=np.int64)
    part = table[np.isin(table[:, 2], wanted)]
    partial = folder.parent / f".{folder.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    writer = CacheWriter(partial)
    copy_examples(source, part, writer)
    own = writer.table()
    own[:, 5] = CORE
    records = "".join(
        json.dumps({"row": item.row, "messages": list(item.messages)}, ensure_ascii=False) + "\n"
        for item in sorted(chosen, key=lambda item: item.row)
    )
    writer.finish(own, texts, facts, {"records.jsonl": records})
    document = {
        "format": 1,
        # The records themselves: unchanged by another tokenizer or template.
        "hash": file_hash(partial / "records.jsonl"),
        "rows": len(chosen),
        "from_dataset": dataset,
        "normalised_hashes": sorted(key_text(item.key) for item in chosen),
    }
    (partial / "core.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    publish_folder(partial, folder)
