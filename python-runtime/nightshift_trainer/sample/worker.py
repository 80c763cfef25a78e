"""The `sample` worker: writes `train.jsonl` and `held_out.jsonl`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..files import write_text
from ..run_folder import RunFolder
from .recipe import as_line, make_sample


def run(folder: RunFolder, spec: dict[str, Any]) -> None:
    wanted = spec["sample"]
    sample = make_sample(
        train_rows=int(wanted["train_rows"]),
        held_out_rows=int(wanted["held_out_rows"]),
        seed=int(wanted["seed"]),
        shuffled=bool(wanted["shuffled"]),
    )
    out = Path(wanted["folder"])
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "held_out.jsonl", "".join(as_line(row) for row in sample.held_out))
    write_text(out / "train.jsonl", "".join(as_line(row) for row in sample.train))
    folder.event("progress", fraction=1.0, detail=f"{len(sample.train)} rows written")
