"""Checks the token caches of a pass before anything is trained from them, and rebuilds them."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..cache_check import damaged_files
from ..run_folder import RunFolder
from .errors import TrainerRefused
from .process_group import ProcessGroup
from .spec import TrainSpec


def check_caches(
    run_folder: RunFolder,
    spec: TrainSpec,
    process_group: ProcessGroup,
    heartbeat: Callable[[], None],
) -> None:
    """The leader does it; the other ranks read the caches afterwards."""
    if process_group.rank > 0:
        process_group.receive(heartbeat)
        return
    _check_dataset(run_folder, spec, heartbeat)
    _check_validation_set(run_folder, spec)
    process_group.broadcast(True)


def _check_dataset(run_folder: RunFolder, spec: TrainSpec, heartbeat: Callable[[], None]) -> None:
    started = time.monotonic()
    damaged = damaged_files(spec.dataset.cache, heartbeat)
    if not damaged:
        return
    # Imported here: a pass with intact caches doesn't need the readers of data files.
    from ..intake.rebuild import CannotRebuild, rebuild_cache

    dataset = spec.dataset
    try:
        rebuild_cache(
            dataset.cache,
            dataset=dataset.folder,
            data_files=[spec.workspace / "queue" / "processing" / dataset.name],
            content_hash=dataset.content_hash,
            base_folder=spec.base.folder,
            core=spec.core,
            heartbeat=heartbeat,
        )
    except CannotRebuild as error:
        raise TrainerRefused(
            "dataset_error",
            f"The token cache of {dataset.name} is damaged ({', '.join(damaged)}) and can't be "
            f"rebuilt: {error}",
        ) from error
    _report(run_folder, str(dataset.cache), dataset.id, damaged, started)


def _check_validation_set(run_folder: RunFolder, spec: TrainSpec) -> None:
    started = time.monotonic()
    if not (spec.core / "core.json").exists():
        return
    from ..intake.rebuild import CannotRebuild, rebuild_validation_set

    try:
        damaged = rebuild_validation_set(spec.dataset.cache, spec.core, spec.base.folder)
    except CannotRebuild as error:
        raise TrainerRefused(
            "dataset_error", f"The fixed validation set is damaged and can't be rebuilt: {error}"
        ) from error
    if damaged:
        _report(run_folder, str(spec.core), None, damaged, started)


def _report(
    run_folder: RunFolder, folder: str, dataset: str | None, damaged: list[str], started: float
) -> None:
    run_folder.event(
        "cache_rebuilt",
        folder=folder,
        dataset=dataset,
        files=damaged,
        seconds=round(time.monotonic() - started, 3),
    )
