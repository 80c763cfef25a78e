"""The `intake` worker: reads its spec, validates the file, writes the report."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from ..files import write_json
from ..protocol import IntakeSpec
from ..run_folder import Canceled, RunFolder
from .intake import Intake, Progress
from .lines import LineReader, content_hash_of, require_data_file
from .opened_base import opened_base, template_date
from .options import read_options
from .report import refused_report
from .streams import FileRefused

PROGRESS_SECONDS = 0.25


def run(folder: RunFolder, spec: Mapping[str, Any]) -> None:
    started = time.monotonic()
    intake_spec = cast("IntakeSpec", spec)
    options = read_options(intake_spec["options"])
    dataset = intake_spec["dataset"]
    dataset_folder, path = Path(dataset["folder"]), Path(dataset["path"])
    dataset_folder.mkdir(parents=True, exist_ok=True)
    core_folder = Path(intake_spec["workspace"]) / "data" / "validation" / "core"
    reader = LineReader(path, encoding=options.encoding)
    try:
        require_data_file(path, options.encoding)
        base = opened_base(Path(intake_spec["base"]["folder"]))
        base = base.on(template_date(dataset_folder, datetime.now()))
        intake = Intake(options, base, dataset_folder, core_folder, dataset["id"])
        # Relative: the workspace may be moved.
        place = os.path.relpath(path, dataset_folder)
        intake.source = {"options": dict(intake_spec["options"]), "path": place}
        report = intake.validate_file(path, reader, _progress(folder, reader, path), started)
    except FileRefused as refusal:
        content_hash = content_hash_of(path)
        report = refused_report(refusal, content_hash, time.monotonic() - started)
    write_json(dataset_folder / "report.json", report)


def _progress(folder: RunFolder, reader: LineReader, path: Path) -> Progress:
    """A heartbeat at every call (the run folder limits them), an event at most 4 times a second."""
    total = path.stat().st_size if path.is_file() else 0
    last = 0.0

    def progress(rows: int, final: bool = False) -> None:
        nonlocal last
        folder.heartbeat(phase="work", position=rows)
        now = time.monotonic()
        if final or now - last >= PROGRESS_SECONDS:
            last = now
            folder.event("progress", rows=rows, bytes=reader.bytes_read, total_bytes=total)
            if any(command.verb == "stop-now" for command in folder.commands()):
                raise Canceled("stopped by command")

    return progress
