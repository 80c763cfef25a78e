"""Saves a session: synchronously, or asynchronously while the next steps run."""

from __future__ import annotations

import shutil
import time
import traceback
from collections.abc import Mapping
from typing import Any

import torch

from ...categories import category_of, is_out_of_memory
from .. import randomness
from ..errors import TrainerRefused
from ..nan_check import first_non_finite
from ..session import Session
from . import write
from .write import BackgroundWriter, Snapshot, StateBuffers, WriteResult

SAVE_RETRY_SECONDS = 30.0
# Errors that can go away, in the words of the notice.
_SAVE_PROBLEMS = {
    "disk_full": "the disk is full",
    "permission_denied": "the checkpoint folder is not writable",
    "disk_error": "the disk reported an error",
}
Tensors = Mapping[str, torch.Tensor]


def _no_heartbeat() -> None:
    """The background thread must not write heartbeats: they prove that the loop runs."""


class CheckpointSaver:
    def __init__(self, session: Session) -> None:
        self.session = session
        # When to try again after a failed save, by the monotonic clock; 0: nothing failed.
        self.retry_at = 0.0
        self._is_async = session.spec.saves_async
        self._buffers = StateBuffers()
        self._writer = BackgroundWriter()
        # Seconds that the loop was blocked by the checkpoint being written.
        self._stall = 0.0

    def save(self, why: str, wait_for_space: bool, allow_async: bool = False) -> bool:
        """Durable on return; with `allow_async`, and where the spec allows it, only started.

        A full disk is reported and never ends the training; with `wait_for_space` this blocks until
        there is room. Returns whether the current step is saved. TrainerRefused for weights with
        NaN or Inf: they would become the newest checkpoint that verifies.
        """
        session = self.session
        self.settle(wait=True)
        if session.saved_step == session.step and session.step > 0:
            return True
        self.require_finite()
        if allow_async and self._is_async and self._start_async(why):
            return False
        while not self._save_sync(why):
            self.retry_at = time.monotonic() + SAVE_RETRY_SECONDS
            if not wait_for_space:
                return False
            while time.monotonic() < self.retry_at:
                session.heartbeat("save")
                if session.run_folder.termination_requested:
                    return False
                time.sleep(0.2)
        self.retry_at = 0.0
        return True

    def settle(self, wait: bool) -> None:
        """Records the checkpoint written in the background once it is durable; with `wait`, blocks
        until then."""
        session = self.session
        started = time.monotonic()
        result = self._writer.result((lambda: session.heartbeat("save")) if wait else None)
        if result is None:
            return
        self._stall += time.monotonic() - started
        if result.error is None:
            self._record(result)
            return
        if not self._report_no_space(result.error, result.step):
            raise result.error
        self.retry_at = time.monotonic() + SAVE_RETRY_SECONDS

    def require_finite(self) -> None:
        """TrainerRefused when weights or optimizer state contain NaN or Inf. They are reported and
        never saved; the next start resumes from the checkpoint before them."""
        session = self.session
        name = first_non_finite(session.model.state_tensors())
        name = name or first_non_finite(session.optimizer.state_tensors())
        if name is None:
            return
        # The next start resumes from a checkpoint that is still being written.
        self.settle(wait=True)
        session.run_folder.event(
            "weights_not_finite", step=session.step, name=name, saved=session.saved_step
        )
        raise TrainerRefused(
            "weights_not_finite",
            f"Weights or optimizer state became NaN or Inf at step {session.step} ({name})",
        )

    def _save_sync(self, why: str) -> bool:
        session = self.session
        started = time.monotonic()
        session.heartbeat("save")
        try:
            session.ledger.sync()
            snapshot = self._snapshot(session.model.weights(), session.optimizer.optimizer_state())
            folder, size = write.write_checkpoint(
                session.spec.checkpoints, snapshot, lambda: session.heartbeat("save")
            )
        except Exception as error:
            if not self._report_no_space(error, session.step):
                raise
            return False
        self._stall = seconds = time.monotonic() - started
        self._record(WriteResult(session.step, why, folder, size, seconds, None))
        return True

    def _start_async(self, why: str) -> bool:
        """Copies the state and writes the copy in the background. False when there is no memory for
        a copy: from then on, every save is synchronous."""
        session = self.session
        started = time.monotonic()
        session.heartbeat("save")
        self.retry_at = 0.0
        try:
            session.ledger.sync()
        except OSError as error:
            if not self._report_no_space(error, session.step):
                raise
            self.retry_at = time.monotonic() + SAVE_RETRY_SECONDS
            return True
        try:
            weights = self._buffers.copy(session.model.master_weights)
            optimizer_state = self._buffers.copy(session.optimizer.state_tensors())
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            self._is_async, self._buffers = False, StateBuffers()
            return False
        snapshot = self._snapshot(weights, optimizer_state)
        self._stall = time.monotonic() - started
        root = session.spec.checkpoints
        self._writer.start(
            session.step, why, lambda: write.write_checkpoint(root, snapshot, _no_heartbeat)
        )
        return True

    def _snapshot(self, weights: Tensors, optimizer_state: Tensors) -> Snapshot:
        """The state at this moment; later steps don't change it."""
        session, spec = self.session, self.session.spec
        smoothed = session.smoothed_loss
        state = {
            "smoothing": [smoothed.average, smoothed.weight],
            "monitoring_seconds": session.monitoring_seconds,
            "elapsed_seconds": session.elapsed,
            "steps_done": session.steps_done,
            "warmup_from": session.warmup_from,
            "warmup_steps": session.schedule.warmup_steps,
        }
        manifest: dict[str, Any] = {
            "branch": spec.branch,
            "parent_step": session.saved_step or None,
            "program": "nightshift",
            "base": {"id": spec.base.id, "hash": spec.base.hash},
            "hashes": {
                "tokenizer": session.cache.facts.get("tokenizer_hash"),
                "template": session.cache.facts.get("template_hash"),
                "core": None if session.core is None else session.core.facts.get("key"),
            },
            "cursor": session.cursor(),
        }
        return Snapshot(
            step=session.step,
            base=spec.base.folder,
            weights=weights,
            optimizer_state=optimizer_state,
            random_states=randomness.get_states(),
            state=state,
            manifest=manifest,
        )

    def _record(self, result: WriteResult) -> None:
        session, root = self.session, self.session.spec.checkpoints
        session.saved_step = result.step
        session.run_folder.event(
            "checkpoint",
            step=result.step,
            folder=str(result.folder),
            bytes=result.bytes,
            seconds=round(result.seconds, 3),
            stall_seconds=round(self._stall, 3),
            why=result.why,
        )
        keep = session.spec.config.keep_checkpoints
        try:
            leased = write.leased_steps(session.spec.workspace, root.name, time.time())
            write.delete_old_checkpoints(root, keep, result.step, leased)
        except OSError:
            # The new checkpoint is safe; an old one that can't be deleted must not end the run.
            traceback.print_exc()

    def _report_no_space(self, error: Exception, step: int) -> bool:
        """Reports an error that can go away (disk full, no permission). False for any other error,
        which ends the run."""
        reason = _SAVE_PROBLEMS.get(category_of(error))
        if reason is None:
            return False
        session = self.session
        root = session.spec.checkpoints
        session.run_folder.event(
            "checkpoint_failed",
            step=step,
            reason=reason,
            free_bytes=shutil.disk_usage(root if root.exists() else session.spec.workspace).free,
            needed_bytes=write.checkpoint_bytes(
                session.spec.base.folder, session.model.parameter_count
            ),
        )
        return True
