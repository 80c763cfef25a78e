"""Opens a session: from the newest checkpoint that can be trained on, or from the base model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from ..bases.publish import folder_hash
from ..cache import TokenCache, core_folder
from ..rendering.base import open_base
from ..run_folder import RunFolder
from . import randomness
from .cache_repair import check_caches
from .checkpoint.discover import Checkpoint
from .checkpoint.load import find_resumable, restore_session
from .device import resolve_device
from .errors import TrainerRefused
from .model import Model
from .nan_check import first_non_finite
from .optimizer import Optimizer, Schedule
from .process_group import ProcessGroup
from .sampler import RowSampler
from .session import Session
from .spec import TrainSpec


def open_session(
    run_folder: RunFolder,
    spec: TrainSpec,
    process_group: ProcessGroup,
    heartbeat: Callable[[], None],
    on_skipped: Callable[[Path, str], None],
) -> Session:
    """`heartbeat` is called during loading and may raise to abort it. `on_skipped` receives each
    checkpoint that can't be resumed from, with the reason."""
    torch.set_num_threads(spec.threads)
    torch.use_deterministic_algorithms(spec.config.deterministic)
    checkpoint = _agree_on_checkpoint(spec, process_group, heartbeat, on_skipped)
    check_caches(run_folder, spec, process_group, heartbeat)
    cache = TokenCache(spec.dataset.cache)
    core_cache = core_folder(spec.core, cache.facts)
    sampler = RowSampler(
        cache,
        spec.config.rows_per_step,
        spec.config.epochs,
        spec.config.seed,
        spec.dataset.excluded_rows,
        spec.dataset.row_order,
    )
    if len(sampler.rows) == 0:
        raise TrainerRefused("dataset_error", f"{spec.dataset.name} has no rows to train on")
    heartbeat()
    model = _load_model(spec, checkpoint, process_group.rank)
    session = Session(
        run_folder=run_folder,
        spec=spec,
        cache=cache,
        core=TokenCache(core_cache) if (core_cache / "cache.json").exists() else None,
        sampler=sampler,
        model=model,
        optimizer=Optimizer(model, spec.config.max_grad_norm, spec.config.weight_decay),
        schedule=Schedule(
            spec.config.schedule, spec.config.learning_rate, spec.cadence.warmup_steps
        ),
        base=open_base(spec.base.folder),
        process_group=process_group,
        position=spec.start_position,
    )
    if checkpoint is not None:
        heartbeat()
        restore_session(session, checkpoint)
    return session


def _agree_on_checkpoint(
    spec: TrainSpec,
    process_group: ProcessGroup,
    heartbeat: Callable[[], None],
    on_skipped: Callable[[Path, str], None],
) -> Checkpoint | None:
    """The leader finds the checkpoint, and all ranks resume from it. None: start from the base."""
    checkpoint: Checkpoint | None
    if process_group.rank == 0:
        checkpoint = find_resumable(spec.checkpoints, heartbeat, on_skipped)
        process_group.broadcast(checkpoint)
    else:
        checkpoint = process_group.receive(heartbeat)
    if checkpoint is not None and checkpoint.manifest["base"]["hash"] != spec.base.hash:
        raise TrainerRefused(
            "checkpoint_incompatible",
            f"{checkpoint.folder} was trained from the base model "
            f"{checkpoint.manifest['base']['id']}, not from {spec.base.id}",
        )
    return checkpoint


def _require_base(folder: Path, expected_hash: str) -> None:
    """TrainerRefused `model_not_found`: the machine lacks the model, the dataset is fine."""
    try:
        found = folder_hash(folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise TrainerRefused(
            "model_not_found", f"The base model in {folder} can't be read ({reason})"
        ) from error
    if found != expected_hash:
        raise TrainerRefused(
            "model_not_found",
            f"The files of the base model in {folder} have changed: create the base model again",
        )


def _load_model(spec: TrainSpec, checkpoint: Checkpoint | None, rank: int) -> Model:
    folder = spec.base.folder if checkpoint is None else checkpoint.folder / "model"
    if checkpoint is None and rank == 0:
        _require_base(folder, spec.base.hash)
    randomness.seed_all(spec.config.seed)
    device = resolve_device(spec.device, rank)
    dropout = spec.attention_dropout
    overrides = {} if dropout is None else {"attention_dropout": dropout}
    model = Model(folder, spec.config.precision, device, **overrides)
    if checkpoint is None and (name := first_non_finite(model.master_weights)) is not None:
        raise TrainerRefused(
            "model_not_found", f"The base model in {folder} contains NaN or Inf in {name}"
        )
    model.network.train()
    return model
