"""The `sample` worker: writes `train.jsonl` and `held_out.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ..files import write_text
from ..protocol import SampleSpec
from ..run_folder import RunFolder
from ..wording import count_of
from .generator import as_line, make_sample


def run(folder: RunFolder, spec: Mapping[str, Any]) -> None:
    request = cast("SampleSpec", spec)["sample"]
    sample = make_sample(
        train_rows=request["train_rows"],
        held_out_rows=request["held_out_rows"],
        seed=request["seed"],
        shuffled=request["shuffled"],
    )
    output = Path(request["folder"])
    output.mkdir(parents=True, exist_ok=True)
    write_text(output / "held_out.jsonl", "".join(as_line(row) for row in sample.held_out))
    write_text(output / "train.jsonl", "".join(as_line(row) for row in sample.train))
    folder.event("progress", fraction=1.0, detail=f"{count_of(len(sample.train), 'row')} written")
