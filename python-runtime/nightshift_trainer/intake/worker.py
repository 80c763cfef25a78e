"""The `intake` worker: from a data file to a report, a split and a token cache."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from ..files import read_json, write_json
from ..protocol import IntakeSpec
from ..rendering.base import PreparedBase, open_base
from ..run_folder import Canceled, RunFolder
from .cache_writer import CacheWriter, publish_folder
from .csv_missing import CsvMissing
from .findings import Findings
from .held_out import HeldOut, hold_out
from .lines import LineReader, content_hash_of, require_data_file
from .notes import csv_notes, date_note, validation_set_note
from .options import IntakeOptions, cache_key, read_options
from .originals import OriginalsWriter
from .readers import open_records, readable
from .records import Record, Rejection
from .rejections import Rejections
from .report import build_report, refused_report
from .split import CORE, HELD_OUT_DUPLICATE, SLICE
from .streams import FileRefused, data_suffix
from .token_bytes import write_token_bytes
from .validation import Validator
from .validation_set import ValidationSet, read_validation_set, write_validation_set
from .validation_set_tokens import ensure_validation_tokens, held_out_texts
from .verdict import Counts, Verdict, decide_verdict, is_mixed

HEARTBEAT_ROWS = 200
PROGRESS_SECONDS = 0.25


class Progress(Protocol):
    """Called with the number of rows read; `final` skips the limit on events per second."""

    def __call__(self, rows: int, final: bool = False) -> None: ...


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


# The base of the previous file, for a process that validates many. Only ever one entry.
_opened: dict[tuple[object, ...], PreparedBase] = {}


def opened_base(folder: Path) -> PreparedBase:
    """Reads the files again only when they have changed."""
    facts = [(path.name, path.stat()) for path in sorted(folder.glob("*.j*"))]
    key = (folder, *((name, fact.st_mtime_ns, fact.st_size, fact.st_ino) for name, fact in facts))
    base = _opened.get(key)
    if base is None:
        base = open_base(folder)
        _opened.clear()
        _opened[key] = base
    return base


def template_date(dataset_folder: Path, now: datetime) -> datetime:
    """The date for a template that writes one: fixed when the dataset is first validated, so that
    a later validation gives the same tokens."""
    path = dataset_folder / "report.json"
    try:
        known = read_json(path).get("template_date") if path.is_file() else None
        return datetime.fromisoformat(known) if isinstance(known, str) else now
    except (OSError, ValueError):
        return now


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


class Intake:
    """The validation of one file into the folder of its dataset."""

    def __init__(
        self,
        options: IntakeOptions,
        base: PreparedBase,
        folder: Path,
        core_folder: Path,
        dataset: str,
    ) -> None:
        self._options, self._base, self._folder = options, base, folder
        self._core_folder, self._dataset = core_folder, dataset
        self._csv_missing = CsvMissing()
        # What a damaged cache is rebuilt from.
        self.source: dict[str, Any] = {}

    def validate_file(
        self, path: Path, reader: LineReader, progress: Progress, started: float
    ) -> dict[str, Any]:
        partial = self._partial_cache()
        writer = None if partial is None else CacheWriter(partial)
        rejected_path = None if self._options.dry_run else self._folder / ".rejected.jsonl.partial"
        rejections = Rejections(rejected_path)
        originals = None if self._options.dry_run else OriginalsWriter(self._folder)
        validator = Validator(self._base, self._options, writer, rejections, originals)
        findings = Findings()
        try:
            for item in readable(path, self._records(path, reader, findings)):
                validator.add(item)
                if validator.rows_seen % HEARTBEAT_ROWS == 0:
                    progress(validator.rows_seen)
            validator.flush()
            progress(validator.rows_seen, final=True)
            if originals is not None:
                originals.finish()
            return self._finish(validator, writer, findings, reader.content_hash, started)
        finally:
            if originals is not None:
                originals.close()
            rejections.close()
            if rejected_path is not None:
                rejected_path.replace(self._folder / "rejected.jsonl")
            if writer is not None:
                writer.close()
                shutil.rmtree(writer.folder, ignore_errors=True)

    def _records(
        self, path: Path, reader: LineReader, findings: Findings
    ) -> Iterator[Record | Rejection]:
        records = open_records(path, reader, findings)
        if data_suffix(path) in (".csv", ".tsv"):
            records = self._csv_missing.records(records)
        return islice(records, self._options.max_rows or None)

    def _partial_cache(self) -> Path | None:
        if self._options.dry_run:
            return None
        cache = self._folder / "cache"
        cache.mkdir(exist_ok=True)
        for old in cache.glob(".*.partial"):
            shutil.rmtree(old, ignore_errors=True)
        return cache / f".{os.getpid()}.partial"

    def _finish(
        self,
        validator: Validator,
        writer: CacheWriter | None,
        findings: Findings,
        content_hash: str,
        started: float,
    ) -> dict[str, Any]:
        verdict = self._verdict(validator, findings)
        validation_set = read_validation_set(self._core_folder)
        held_out = hold_out(validator.accepted, self._options, validation_set, self._dataset)
        is_ready = verdict.verdict == "ready"
        cache: str | None = None
        if is_ready and writer is not None:
            cache = cache_key(content_hash, self._base, self._options)
            self._write(validator, writer, held_out, cache, content_hash, validation_set)
        new_core = held_out.core if is_ready and validation_set is None else ()
        return build_report(
            validator,
            self._options,
            verdict,
            held_out=held_out,
            content_hash=content_hash,
            cache=cache,
            seconds=time.monotonic() - started,
            extra_notes=self._extra_notes(len(new_core)),
            findings=findings,
        )

    def _extra_notes(self, new_core_rows: int) -> list[str]:
        notes = [validation_set_note(new_core_rows)] if new_core_rows else []
        if self._base.has_date:
            notes.append(date_note(self._base.date.date().isoformat()))
        return notes + csv_notes(self._csv_missing)

    def _verdict(self, validator: Validator, findings: Findings) -> Verdict:
        options = self._options
        if is_mixed(validator.formats):
            validator.reject_rarer_formats()
        verdict = decide_verdict(
            Counts(
                rows=validator.rows_seen,
                accepted=len(validator.accepted),
                by_reason=validator.rejections.by_reason,
                formats=validator.formats,
                tokens=validator.accepted.tokens,
                trained_tokens=validator.accepted.trained_tokens,
                needed=validator.field_use.needed,
                thinking_rows=validator.accepted.thinking_rows,
                only_thinking=validator.only_thinking,
                preference_rows=validator.preference_rows,
            ),
            policy=options.over_length,
            max_length=options.max_length,
            mapped=options.mapping is not None,
            accept_valid_rows=options.accept_valid_rows,
            ask_thinking=options.ask_thinking,
            accept_unused_fields=options.accept_unused_fields,
            incomplete=findings.incomplete,
            encoding=findings.encoding.label(),
        )
        if verdict.decision == "map_columns":
            # Until the columns are mapped, these rows are neither accepted nor rejected.
            validator.rejections.discard("unknown_columns")
        return verdict

    def _write(
        self,
        validator: Validator,
        writer: CacheWriter,
        held_out: HeldOut,
        key: str,
        content_hash: str,
        validation_set: ValidationSet | None,
    ) -> None:
        rows, kinds = np.asarray(validator.accepted.rows, dtype=np.int64), held_out.kinds
        writer.set_kinds(rows, kinds)
        facts: dict[str, Any] = {
            "key": key,
            "template_hash": self._base.template_hash,
            "tokenizer_hash": self._base.tokenizer_hash,
            "content_hash": content_hash,
            "vocabulary": self._base.vocabulary,
        }
        core_texts = held_out_texts(self._base, held_out.core)
        slice_texts = held_out_texts(self._base, held_out.slice)
        texts = sorted([*core_texts, *slice_texts], key=lambda text: text.row)
        writer.close()
        write_token_bytes(writer.folder, self._base)
        extra = {"source.json": json.dumps(self.source) + "\n"} if self.source else None
        writer.finish(None, texts, facts, extra)
        if validation_set is not None:
            ensure_validation_tokens(self._core_folder, self._base, self._options)
        elif held_out.core:
            write_validation_set(
                self._core_folder, writer.folder, held_out.core, core_texts, self._dataset, facts
            )
        write_json(
            self._folder / "split.json",
            {
                "format": 1,
                "core": rows[kinds == CORE].tolist(),
                "slice": rows[kinds == SLICE].tolist(),
                "held_out_duplicates": rows[kinds == HELD_OUT_DUPLICATE].tolist(),
                "truncated": list(validator.accepted.truncated_rows),
            },
        )
        publish_folder(writer.folder, self._folder / "cache" / key)
