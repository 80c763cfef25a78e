"""Finds the checkpoint to resume from and restores a session from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from ...files import raise_if_temporary, read_json
from .. import randomness
from ..errors import TrainerRefused
from ..loss import SmoothedLoss
from ..nan_check import first_non_finite
from ..session import Session
from .discover import Checkpoint, discover, step_of
from .write import remove_abandoned_partials

SHOWN_PROBLEMS = 3


def load_tensors(checkpoint: Checkpoint, name: str) -> dict[str, torch.Tensor]:
    return load_file(checkpoint.folder / name)


def find_resumable(
    root: Path, heartbeat: Callable[[], None], on_skipped: Callable[[Path, str], None]
) -> Checkpoint | None:
    """The newest checkpoint that verifies and has only finite values; None when there is no
    checkpoint at all. TrainerRefused when there are some, but none of them verifies: starting from
    the base would silently discard the lineage."""
    remove_abandoned_partials(root)
    problems: list[str] = []

    def on_unusable(folder: Path, reason: str) -> None:
        problems.append(f"step {step_of(folder)}: {reason}")
        on_skipped(folder, reason)

    checkpoint = discover(root, heartbeat, on_unusable, _unusable_values)
    if checkpoint is None and problems:
        shown = "; ".join(problems[:SHOWN_PROBLEMS])
        more = len(problems) - SHOWN_PROBLEMS
        more_text = f"; and {more} more" if more > 0 else ""
        raise TrainerRefused(
            "no_usable_checkpoint", f"No checkpoint in {root} can be used ({shown}{more_text})"
        )
    return checkpoint


def _unusable_values(checkpoint: Checkpoint) -> str | None:
    """A checkpoint written by an older version may verify and still contain NaN or Inf."""
    for part in ("model/model.safetensors", "optimizer.safetensors"):
        try:
            name = first_non_finite(load_tensors(checkpoint, part))
        except (OSError, SafetensorError) as error:
            raise_if_temporary(error)
            return f"{part} can't be read ({error})"
        if name is not None:
            return f"{part} contains NaN or Inf in {name}"
    return None


def restore_session(session: Session, checkpoint: Checkpoint) -> None:
    """Everything but the weights, which the model was loaded with. TrainerRefused when the file of
    the dataset changed during its pass."""
    session.optimizer.restore(load_tensors(checkpoint, "optimizer.safetensors"))
    states = load_tensors(checkpoint, "state.safetensors")
    if states:
        randomness.set_states(states)
    else:
        # Restored from weights alone: seed from the step, so that a second restore is identical.
        seed = randomness.seed_for_step(session.spec.config.seed, checkpoint.step)
        randomness.seed_all(seed)
    state = read_json(checkpoint.folder / "state.json")
    session.warmup_from = int(state.get("warmup_from", 0))
    session.step = session.saved_step = checkpoint.step
    _keep_finished_warmup(session, state.get("warmup_steps"))
    cursor = checkpoint.manifest["cursor"]
    if cursor is None or cursor["pass"] != session.spec.pass_id:
        return
    if cursor["content_hash"] != session.spec.dataset.content_hash:
        raise TrainerRefused(
            "dataset_error", f"{session.spec.dataset.name} changed while it was being trained"
        )
    session.position = int(cursor["position"])
    session.steps_done = int(cursor["steps_done"])
    session.smoothed_loss = SmoothedLoss(*state["smoothing"])
    session.monitoring_seconds = float(state["monitoring_seconds"])
    # Monitoring time covers all runs of the pass, so the elapsed time must too.
    session.started_at -= float(state.get("elapsed_seconds", 0.0))


def _keep_finished_warmup(session: Session, warmup_steps: int | None) -> None:
    """A warmup that has ended stays ended: a later dataset with a longer one must not lower the
    learning rate again. `warmup_steps`: of the run that saved; None in older checkpoints."""
    if warmup_steps is not None and session.step - session.warmup_from >= warmup_steps:
        session.schedule = replace(session.schedule, warmup_steps=warmup_steps)
