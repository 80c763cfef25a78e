"""Builds report.json out of what was judged. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .judge import Judge
from .leakage import first_duplicates, listed_rows
from .lengths import length_statistics
from .options import IntakeOptions
from .split import CORE, HELD_OUT_DUPLICATE, SLICE, TRAIN
from .verdict import PLAUSIBLE_SHARE, Verdict, record_format


def planned_steps(trained_rows: int, options: IntakeOptions) -> int:
    """Optimiser steps of a pass: ceil(rows / batch) times epochs. A row is one example of a
    batch, however many pieces it has."""
    return math.ceil(trained_rows / options.batch_size) * options.epochs


@dataclass(frozen=True)
class HeldOut:
    core: int
    slice: int
    duplicates: int

    @property
    def total(self) -> int:
        return self.core + self.slice + self.duplicates


def held_out(kinds: np.ndarray) -> HeldOut:
    counts = np.bincount(kinds, minlength=4)
    return HeldOut(int(counts[CORE]), int(counts[SLICE]), int(counts[HELD_OUT_DUPLICATE]))


def notes(judge: Judge, options: IntakeOptions, steps: int, slice_rows: int) -> list[str]:
    found: list[str] = []
    compared = sum(judge.differences.values())
    if compared:
        first = next(iter(judge.differences))
        found.append(
            f"The training template differs from the model's own template on a first answer "
            f"({compared} of the first rows compared): {first}."
        )
    if judge.thinking_removed:
        found.append(
            f"{judge.thinking_removed:,} rows hold think blocks; under thinking: off they are "
            f"left out of the text."
        )
    accepted = len(judge.rows)
    if accepted and steps < options.warmup_steps:
        found.append(
            f"{steps} planned steps are fewer than the warm-up of {options.warmup_steps} steps: "
            f"the full learning rate is not reached unless the warm-up is behind already."
        )
    if accepted and steps < options.save_steps:
        found.append(
            f"{steps} planned steps are fewer than save_steps {options.save_steps}: the only "
            f"checkpoint is the one at the end."
        )
    if accepted and slice_rows < 20:
        found.append(
            f"{slice_rows} rows are held out as this dataset's slice; under 20 the gap is unknown."
        )
    if judge.tokens and "text" not in judge.formats:
        share = judge.trained_tokens / judge.tokens
        if not PLAUSIBLE_SHARE[0] <= share <= PLAUSIBLE_SHARE[1]:
            found.append(f"{share:.1%} of the tokens are trained, which is unusual for chat data.")
    return found


def build_report(
    judge: Judge,
    options: IntakeOptions,
    verdict: Verdict,
    *,
    kinds: np.ndarray,
    overlapping: np.ndarray,
    content_hash: str,
    cache: str | None,
    seconds: float,
    extra_notes: Sequence[str],
) -> dict[str, Any]:
    accepted = len(judge.rows)
    out = held_out(kinds)
    trained = int((kinds == TRAIN).sum())
    steps = planned_steps(trained, options)
    duplicates, first_duplicate_rows = first_duplicates(judge.rows, judge.row_keys)
    has_answers = accepted > 0 and "text" not in judge.formats
    form = record_format(judge.formats)
    return {
        "format": 1,
        "verdict": verdict.verdict,
        "record_format": form,
        "rows": judge.rows_seen,
        "accepted": accepted,
        "trained_rows": trained,
        "held_out": {"core": out.core, "slice": out.slice, "duplicates": out.duplicates},
        "rejected": {
            "total": judge.rejections.total,
            "by_reason": dict(judge.rejections.by_reason),
            "first": judge.rejections.first(),
        },
        "truncated": len(judge.truncated_rows),
        "over_length": judge.over_length,
        "over_length_answer_lost": judge.answers_beyond,
        "columns": judge.columns.listed(),
        "lengths": None
        if not accepted
        else {
            "whole": length_statistics(judge.whole),
            "prompt": length_statistics(judge.prompt),
            "answer": length_statistics(judge.answer),
        },
        "trained_token_share": judge.trained_tokens / judge.tokens if judge.tokens else None,
        "tokens": judge.tokens,
        "duplicates": duplicates,
        "first_duplicates": first_duplicate_rows,
        "near_duplicates": judge.alike.facts(),
        "overlap_validation": int(overlapping.sum()),
        "first_overlapping": listed_rows(judge.rows, overlapping),
        "answer_in_prompt": None
        if not has_answers
        else {
            "rows": judge.answers_in_prompt,
            "share": judge.answers_in_prompt / accepted,
            "first": judge.answers_in_prompt_rows,
        },
        "planned_steps": steps,
        "max_length": options.max_length,
        "max_length_loses_nothing": judge.longest_whole or None,
        "notes": [*extra_notes, *notes(judge, options, steps, out.slice)],
        "decision": verdict.decision,
        "message": verdict.message,
        "content_hash": content_hash,
        "cache": cache,
        "seconds": round(seconds, 3),
        "samples": judge.samples,
    }


def refused_report(message: str, content_hash: str, seconds: float) -> dict[str, Any]:
    """For a file that cannot be read as a dataset at all."""
    return {
        "format": 1,
        "verdict": "refused",
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
        "planned_steps": 0,
        "max_length": None,
        "max_length_loses_nothing": None,
        "notes": [],
        "decision": None,
        "message": message,
        "content_hash": content_hash,
        "cache": None,
        "seconds": round(seconds, 3),
        "samples": [],
    }
