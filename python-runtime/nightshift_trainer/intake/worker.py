"""The `intake` worker: one file to a report, a split and a token cache."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ..files import write_json
from ..rendering.base import BaseTexts, open_base
from ..run_folder import Canceled, RunFolder
from .cache_writer import CacheWriter, publish_folder
from .core import ExistingCore, read_core, write_core
from .core_tokens import require_core_tokens, texts_of
from .judge import Judge
from .lines import LineReader, hash_of, refuse_what_is_not_text
from .options import IntakeOptions, cache_key, read_options
from .originals import Originals
from .pieces import write_pieces
from .readers import open_records
from .rejections import Rejections
from .report import build_report, refused_report
from .split import CORE, HELD_OUT_DUPLICATE, SLICE, Split, choose, kinds_of_rows, target
from .streams import FileRefused
from .verdict import Counts, is_mixed, judge_counts

BEAT_ROWS = 200


class Beat(Protocol):
    """Called with the rows read so far; `final` reports even if the last report was just now."""

    def __call__(self, rows: int, final: bool = False) -> None: ...


def run(folder: RunFolder, spec: dict[str, Any]) -> None:
    started = time.monotonic()
    options = read_options(spec["options"])
    dataset = spec["dataset"]
    home, path = Path(dataset["folder"]), Path(dataset["path"])
    home.mkdir(parents=True, exist_ok=True)
    core_folder = Path(spec["workspace"]) / "data" / "validation" / "core"
    reader = LineReader(path)
    try:
        refuse_what_is_not_text(path)
        base = open_base(Path(spec["base"]["folder"]))
        intake = _Intake(options, base, home, core_folder, str(dataset["id"]))
        report = intake.judge_file(path, reader, _beat(folder, reader, path), started)
    except FileRefused as refusal:
        content_hash = hash_of(path)
        report = refused_report(str(refusal), content_hash, time.monotonic() - started)
    write_json(home / "report.json", report)


def _beat(folder: RunFolder, reader: LineReader, path: Path) -> Beat:
    """Heartbeat at every call (the run folder paces it), progress at most 4 times a second."""
    total = path.stat().st_size if path.is_file() else 0
    last = 0.0

    def beat(rows: int, final: bool = False) -> None:
        nonlocal last
        folder.heartbeat(phase="work", position=rows)
        now = time.monotonic()
        if final or now - last >= 0.25:
            last = now
            folder.event("progress", rows=rows, bytes=reader.bytes_read, total_bytes=total)
            if any(command.verb == "stop-now" for command in folder.commands()):
                raise Canceled("stopped by command")

    return beat


class _Intake:
    def __init__(
        self,
        options: IntakeOptions,
        base: BaseTexts,
        home: Path,
        core_folder: Path,
        dataset: str,
    ) -> None:
        self._options, self._base, self._home = options, base, home
        self._core_folder, self._dataset = core_folder, dataset

    def judge_file(
        self, path: Path, reader: LineReader, beat: Beat, started: float
    ) -> dict[str, Any]:
        partial = self._partial()
        writer = None if partial is None else CacheWriter(partial)
        listed = None if self._options.dry_run else self._home / ".rejected.jsonl.partial"
        rejections = Rejections(listed)
        originals = None if self._options.dry_run else Originals(self._home)
        judge = Judge(self._base, self._options, writer, rejections, originals)
        try:
            for item in open_records(path, reader):
                judge.take(item)
                if judge.rows_seen % BEAT_ROWS == 0:
                    beat(judge.rows_seen)
            judge.flush()
            beat(judge.rows_seen, final=True)
            if originals is not None:
                originals.finish()
            return self._conclude(judge, writer, reader.content_hash, started)
        finally:
            if originals is not None:
                originals.close()
            rejections.close()
            if listed is not None:
                listed.replace(self._home / "rejected.jsonl")
            if writer is not None:
                writer.close()
                shutil.rmtree(writer.folder, ignore_errors=True)

    def _partial(self) -> Path | None:
        if self._options.dry_run:
            return None
        cache = self._home / "cache"
        cache.mkdir(exist_ok=True)
        for old in cache.glob(".*.partial"):
            shutil.rmtree(old, ignore_errors=True)
        return cache / f".{os.getpid()}.partial"

    def _conclude(
        self, judge: Judge, writer: CacheWriter | None, content_hash: str, started: float
    ) -> dict[str, Any]:
        options = self._options
        if is_mixed(judge.formats):
            judge.reject_rarer_formats()
        verdict = judge_counts(
            Counts(
                rows=judge.rows_seen,
                accepted=len(judge.rows),
                by_reason=judge.rejections.by_reason,
                formats=judge.formats,
                tokens=judge.tokens,
                trained_tokens=judge.trained_tokens,
            ),
            policy=options.over_length,
            max_length=options.max_length,
            mapped=options.mapping is not None,
            accept_good_rows=options.accept_good_rows,
        )
        if verdict.decision == "map_columns":
            # These rows wait for a mapping; they are not rejected.
            judge.rejections.forget("unknown_columns")
        existing = read_core(self._core_folder)
        split, kinds, overlapping = self._split(judge, existing)
        cache: str | None = None
        notes: list[str] = []
        if verdict.verdict == "ready" and writer is not None:
            cache = cache_key(content_hash, self._base, options)
            self._write(judge, writer, split, kinds, cache, content_hash, existing)
        if existing is None and split.core and verdict.verdict == "ready":
            notes.append(f"{len(split.core)} rows of this file are the workspace's fixed core.")
        return build_report(
            judge,
            options,
            verdict,
            kinds=kinds,
            overlapping=overlapping,
            content_hash=content_hash,
            cache=cache,
            seconds=time.monotonic() - started,
            extra_notes=notes,
        )

    def _split(
        self, judge: Judge, existing: ExistingCore | None
    ) -> tuple[Split, np.ndarray, np.ndarray]:
        """The split, the kind of every accepted row, and which of them ask what the core asks."""
        options, accepted = self._options, len(judge.rows)
        keys = np.asarray(judge.question_keys, dtype=np.uint64)
        known = frozenset() if existing is None else existing.keys
        overlapping = known.intersection(int(key) for key in np.unique(keys))
        split = choose(
            judge.candidates.ranked(),
            keys,
            core_wanted=0 if existing else target(accepted, options.core_rows, 0.05),
            slice_wanted=target(accepted, options.slice_rows, 0.02),
            overlapping=frozenset(overlapping),
        )
        kinds = kinds_of_rows(split, judge.rows, keys)
        held = np.isin(keys, np.array(sorted(overlapping), dtype=np.uint64))
        if existing is not None and existing.from_dataset == self._dataset:
            # The file the core came from, judged again: its core rows are the core still.
            first = np.unique(keys, return_index=True)[1]
            mine = np.zeros(accepted, dtype=bool)
            mine[first] = True
            kinds[held & mine] = CORE
            held[:] = False
        return split, kinds, held

    def _write(
        self,
        judge: Judge,
        writer: CacheWriter,
        split: Split,
        kinds: np.ndarray,
        key: str,
        content_hash: str,
        existing: ExistingCore | None,
    ) -> None:
        rows = np.asarray(judge.rows, dtype=np.int64)
        table = writer.table()
        if len(table):
            table[:, 5] = kinds[np.searchsorted(rows, table[:, 2])]
        facts: dict[str, Any] = {
            "key": key,
            "template_hash": self._base.template_hash,
            "tokenizer_hash": self._base.tokenizer_hash,
            "content_hash": content_hash,
            "vocabulary": self._base.vocabulary,
        }
        core_texts = texts_of(self._base, split.core)
        slice_texts = texts_of(self._base, split.slice)
        texts = sorted([*core_texts, *slice_texts], key=lambda text: text.row)
        writer.close()
        write_pieces(writer.folder, self._base.tokenizer, self._base.vocabulary)
        writer.finish(table, texts, facts)
        if existing is None and split.core:
            write_core(
                self._core_folder,
                writer.folder,
                split.core,
                core_texts,
                self._base,
                self._dataset,
                facts,
            )
        elif existing is not None:
            require_core_tokens(self._core_folder, self._base, self._options)
        write_json(
            self._home / "split.json",
            {
                "format": 1,
                "core": rows[kinds == CORE].tolist(),
                "slice": rows[kinds == SLICE].tolist(),
                "held_out_duplicates": rows[kinds == HELD_OUT_DUPLICATE].tolist(),
                "truncated": list(judge.truncated_rows),
            },
        )
        publish_folder(writer.folder, self._home / "cache" / key)
