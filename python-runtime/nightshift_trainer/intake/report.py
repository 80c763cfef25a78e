"""Builds report.json from the validated rows. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xxhash

from .findings import EncodingRequired, Findings
from .held_out import HeldOut
from .leakage import find_duplicates, first_rows
from .lengths import length_statistics
from .mapping_guess import guess_mapping
from .notes import notes, warning_notes, warnings
from .options import IntakeOptions
from .split import CORE, HELD_OUT_DUPLICATE, SLICE, TRAIN
from .streams import FileRefused
from .validation import Validator
from .verdict import Verdict, record_format


def planned_steps(trained_rows: int, options: IntakeOptions) -> int:
    """Optimizer steps of a pass. A row counts as one example of a batch, even if it makes several
    examples."""
    return math.ceil(trained_rows / options.batch_size) * options.epochs


def build_report(
    validator: Validator,
    options: IntakeOptions,
    verdict: Verdict,
    *,
    held_out: HeldOut,
    content_hash: str,
    cache: str | None,
    seconds: float,
    extra_notes: Sequence[str],
    findings: Findings,
) -> dict[str, Any]:
    accepted, rejections = validator.accepted, validator.rejections
    counts = np.bincount(held_out.kinds, minlength=4).tolist()
    steps = planned_steps(counts[TRAIN], options)
    duplicates, listed_duplicates = find_duplicates(accepted.rows, accepted.row_hashes)
    return {
        "format": 1,
        "verdict": verdict.verdict,
        "record_format": record_format(validator.formats),
        "rows": validator.rows_seen,
        "accepted": len(accepted) - validator.mixed_rows,
        "trained_rows": counts[TRAIN],
        "held_out": {
            "core": counts[CORE],
            "slice": counts[SLICE],
            "duplicates": counts[HELD_OUT_DUPLICATE],
        },
        "rejected": {
            "total": rejections.total,
            "by_reason": dict(rejections.by_reason),
            "first": rejections.first(),
        },
        "truncated": len(accepted.truncated_rows),
        "over_length": validator.over_length,
        "over_length_answer_lost": validator.over_length_answer_lost,
        "columns": validator.columns.summary(),
        "lengths": _lengths(validator),
        "trained_token_share": (
            accepted.trained_tokens / accepted.tokens if accepted.tokens else None
        ),
        "tokens": accepted.tokens,
        "duplicates": duplicates,
        "first_duplicates": listed_duplicates,
        "near_duplicates": accepted.near_duplicates.summary(),
        "overlap_validation": int(held_out.overlapping.sum()),
        "first_overlapping": first_rows(accepted.rows, held_out.overlapping),
        "answer_in_prompt": _answers_in_prompt(validator),
        "control_tokens": validator.text_controls.summary(),
        "template_date": validator.template_date,
        "unused_fields": validator.field_use.unused(),
        "fields": validator.field_use.names,
        "untrained_messages": {
            "messages": accepted.untrained_messages,
            "rows": accepted.untrained_rows,
        },
        "think_blocks": _think_blocks(validator),
        "mapping_guess": guess_mapping(validator.columns.samples),
        "rows_hash": _rows_hash(accepted.row_hashes),
        "warnings": warnings(len(accepted), duplicates),
        "planned_steps": steps,
        "max_length": options.max_length,
        "max_length_loses_nothing": validator.longest_chat or None,
        "notes": [
            *warning_notes(len(accepted), duplicates),
            *extra_notes,
            *findings.notes,
            *notes(validator, options, steps, counts[SLICE]),
        ],
        "decision": verdict.decision,
        "message": verdict.message,
        "content_hash": content_hash,
        "cache": cache,
        "seconds": round(seconds, 3),
        "samples": accepted.samples,
        "incomplete": findings.incomplete,
        "encoding": findings.encoding.offer(),
    }


def _think_blocks(validator: Validator) -> dict[str, int] | None:
    """`only`: rejected rows whose answer is nothing but a think block."""
    rows, only = validator.accepted.thinking_rows, validator.only_thinking
    return {"rows": rows + only, "only": only} if rows + only else None


def _rows_hash(row_hashes: Sequence[int]) -> str | None:
    """The same for files with the same accepted rows in any order and container."""
    if not len(row_hashes):
        return None
    ordered = np.sort(np.asarray(row_hashes, dtype="<u8"))
    return xxhash.xxh3_128_hexdigest(ordered.tobytes())


def _lengths(validator: Validator) -> dict[str, Any] | None:
    accepted = validator.accepted
    if not len(accepted):
        return None
    return {
        "whole": length_statistics(validator.full_lengths),
        "prompt": length_statistics(accepted.prompt_lengths),
        "answer": length_statistics(accepted.answer_lengths),
    }


def _answers_in_prompt(validator: Validator) -> dict[str, Any] | None:
    accepted = validator.accepted
    if not len(accepted) or "text" in validator.formats:
        return None
    return {
        "rows": accepted.answers_in_prompt,
        "share": accepted.answers_in_prompt / len(accepted),
        "first": accepted.answers_in_prompt_rows,
    }


def refused_report(refusal: FileRefused, content_hash: str, seconds: float) -> dict[str, Any]:
    """For a file that can't be read as a dataset at all, or only once its encoding is chosen."""
    encoding = refusal.evidence.offer() if isinstance(refusal, EncodingRequired) else None
    return {
        "format": 1,
        "verdict": "refused" if encoding is None else "needs_decision",
        "record_format": None,
        "rows": 0,
        "accepted": 0,
        "trained_rows": 0,
        "held_out": {"core": 0, "slice": 0, "duplicates": 0},
        "rejected": {"total": 0, "by_reason": {}, "first": []},
        "truncated": 0,
        "over_length": 0,
        "over_length_answer_lost": 0,
        "columns": None,
        "lengths": None,
        "trained_token_share": None,
        "tokens": 0,
        "duplicates": 0,
        "first_duplicates": [],
        "near_duplicates": {"rows": 0, "compared": 0, "first": []},
        "overlap_validation": 0,
        "first_overlapping": [],
        "answer_in_prompt": None,
        "control_tokens": None,
        "template_date": None,
        "unused_fields": [],
        "fields": [],
        "untrained_messages": {"messages": 0, "rows": 0},
        "think_blocks": None,
        "mapping_guess": None,
        "rows_hash": None,
        "warnings": [],
        "planned_steps": 0,
        "max_length": None,
        "max_length_loses_nothing": None,
        "notes": [],
        "decision": None if encoding is None else "choose_encoding",
        "message": str(refusal),
        "content_hash": content_hash,
        "cache": None,
        "seconds": round(seconds, 3),
        "samples": [],
        "incomplete": None,
        "encoding": encoding,
    }
