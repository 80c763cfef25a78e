"""Holds out rows of a dataset, given the fixed validation set of its workspace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .accepted_rows import AcceptedRows
from .options import IntakeOptions
from .split import (
    CORE,
    CORE_FRACTION,
    SLICE_FRACTION,
    Candidate,
    choose_held_out,
    held_out_target,
    row_kinds,
)
from .validation_set import ValidationSet


@dataclass(frozen=True)
class HeldOut:
    """`core`: empty where the workspace already has a fixed validation set. `kinds`: int64, of
    every accepted row; `overlapping`: bool, the rows that repeat a question of the fixed validation
    set."""

    core: tuple[Candidate, ...]
    slice: tuple[Candidate, ...]
    kinds: np.ndarray
    overlapping: np.ndarray


def hold_out(
    accepted: AcceptedRows,
    options: IntakeOptions,
    validation_set: ValidationSet | None,
    dataset: str,
) -> HeldOut:
    count = len(accepted)
    keys = np.asarray(accepted.question_keys, dtype=np.uint64)
    core_keys = frozenset() if validation_set is None else validation_set.keys
    overlapping_keys = core_keys.intersection(int(key) for key in np.unique(keys))
    core_target = held_out_target(count, options.core_rows, CORE_FRACTION)
    split = choose_held_out(
        accepted.candidates.ranked(),
        keys,
        core_target=core_target if validation_set is None else 0,
        slice_target=held_out_target(count, options.slice_rows, SLICE_FRACTION),
        overlapping=frozenset(overlapping_keys),
    )
    kinds = row_kinds(split, accepted.rows, keys)
    overlapping = np.isin(keys, np.array(sorted(overlapping_keys), dtype=np.uint64))
    if validation_set is not None and validation_set.from_dataset == dataset:
        # The fixed validation set came from this file: its rows are still core, not overlap.
        is_first = np.zeros(count, dtype=bool)
        is_first[np.unique(keys, return_index=True)[1]] = True
        kinds[overlapping & is_first] = CORE
        overlapping[:] = False
    return HeldOut(split.core, split.slice, kinds, overlapping)
