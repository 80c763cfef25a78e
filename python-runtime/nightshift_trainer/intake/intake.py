"""Validates one file into the folder of its dataset: report, split and token cache."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..files import remove_tree, write_json
from ..rendering.base import PreparedBase
from .cache_writer import CacheWriter, publish_folder
from .csv_missing import CsvMissing
from .findings import Findings
from .held_out import HeldOut, hold_out
from .lines import LineReader
from .notes import csv_notes, date_note, validation_set_note
from .options import IntakeOptions, cache_key
from .originals import OriginalsWriter
from .readers import open_records, readable
from .records import Record, Rejection
from .rejections import Rejections
from .report import build_report
from .split import CORE, HELD_OUT_DUPLICATE, SLICE
from .streams import FileRefused, data_suffix
from .token_bytes import write_token_bytes
from .validation import Validator
from .validation_set import ValidationSet, read_validation_set, write_validation_set
from .validation_set_tokens import ensure_validation_tokens, held_out_texts
from .verdict import Counts, Verdict, decide_verdict, is_mixed

HEARTBEAT_ROWS = 20
# What the list of rejected rows may take on the disk, and per byte of the rows themselves.
REPORT_BYTES, REPORT_RATIO = 64 << 20, 8


class Progress(Protocol):
    """Called with the number of rows read; `final` skips the limit on events per second."""

    def __call__(self, rows: int, final: bool = False) -> None: ...


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
                    self._require_room(path, validator)
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
                remove_tree(writer.folder)

    def _records(
        self, path: Path, reader: LineReader, findings: Findings
    ) -> Iterator[Record | Rejection]:
        records = open_records(path, reader, findings)
        if data_suffix(path) in (".csv", ".tsv"):
            records = self._csv_missing.records(records)
        return islice(records, self._options.max_rows or None)

    def _require_room(self, path: Path, validator: Validator) -> None:
        """Raises `FileRefused` when the rejected rows take much more room than the rows, OSError
        when the disk has only the space left that nothing may use."""
        listed = validator.rejections.bytes_written
        if listed > REPORT_BYTES + REPORT_RATIO * validator.bytes_seen:
            raise FileRefused(
                f"{path.name} was not read after row {validator.rows_seen:,}: "
                f"{validator.rejections.total:,} of its rows can't be used, and their list has "
                f"{listed / 1e6:.0f} MB already."
            )
        free = self._options.min_free_bytes
        if free > 0 and shutil.disk_usage(self._folder).free < free:
            raise OSError(
                errno.ENOSPC,
                f"Not enough disk space to validate {path.name}: less than "
                f"{free / 1e9:.1f} GB is free after {validator.rows_seen:,} rows",
            )

    def _partial_cache(self) -> Path | None:
        if self._options.dry_run:
            return None
        cache = self._folder / "cache"
        cache.mkdir(exist_ok=True)
        for old in cache.glob(".*.partial"):
            remove_tree(old)
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
