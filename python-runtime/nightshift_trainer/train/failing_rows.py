"""Finds the rows of a failed step that caused the failure, so that as few as possible are
quarantined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch

from ..cache import Example
from ..categories import category_of
from .collator import collate
from .errors import ROW_CATEGORIES, TrainerRefused
from .model import Model
from .session import Session


def blame_fewer_rows(error: BaseException, session: Session | None) -> BaseException:
    """The failure of a step with only the rows that caused it; unchanged when that can't be told.

    A device other than the CPU may compute nothing more after a failure, and several processes
    can't compute a row alone: there only the token ids are looked at."""
    if session is None or not isinstance(error, TrainerRefused):
        return error
    if error.category not in ROW_CATEGORIES or len(set(error.rows)) < 2:
        return error
    rows, indices = session.sampler.batch(session.position)
    examples = [session.cache.example(index) for index in indices]
    failing = _rows_with_unknown_tokens(session.model, rows, examples)
    can_compute = session.process_group.size == 1 and session.model.device.type == "cpu"
    if not failing and can_compute:
        failing = _rows_that_fail_alone(session.model, rows, examples)
    if not failing:
        return error
    refusal = TrainerRefused(error.category, str(error), failing)
    refusal.__cause__ = error
    return refusal


def _rows_with_unknown_tokens(
    model: Model, rows: Sequence[int], examples: Sequence[Example]
) -> list[int]:
    tokens = model.embedding_rows
    return _distinct(
        row
        for row, example in zip(rows, examples, strict=True)
        if len(example.ids) and (int(example.ids.max()) >= tokens or int(example.ids.min()) < 0)
    )


def _rows_that_fail_alone(
    model: Model, rows: Sequence[int], examples: Sequence[Example]
) -> list[int]:
    """A row without tokens to train on is no cause while the others of its step have some."""
    failing: list[int] = []
    for row, example in zip(rows, examples, strict=True):
        if not np.count_nonzero(example.labels[1:] == 1):
            continue
        try:
            with torch.no_grad():
                model.loss_sum(collate([example], [0], model.device))
        except Exception as error:
            if category_of(error) in ROW_CATEGORIES:
                failing.append(row)
    return _distinct(failing)


def _distinct(rows: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(rows))
