"""Saving: durable before the loop goes on, or beside the next steps where nothing waits for it."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from .. import randomness
from ..errors import category_of, is_out_of_memory
from ..writing import Buffers, Writer, Written
from . import write as checkpoint

if TYPE_CHECKING:
    from ..session import Session

SAVE_RETRY_SECONDS = 30.0
Tensors = Mapping[str, torch.Tensor]


def _nothing() -> None:
    """A heartbeat proves that the loop runs, so nothing beside it beats."""


class Saving:
    def __init__(self, session: Session) -> None:
        self.session = session
        self._is_beside = session.spec["saving"] == "beside"
        self._buffers = Buffers()
        self._writer = Writer()
        # Seconds that the loop stood still for the checkpoint that is being written.
        self._stall = 0.0

    def save(self, why: str, must: bool, beside: bool = False) -> bool:
        """Durable when it returns; with `beside`, where the spec allows it, only begun. A full disk
        is told and retried; it never ends the training. With `must` it waits for the space. Returns
        whether this step is saved. TrainerRefused for weights that are no numbers: a poisoned
        checkpoint would be the newest that verifies."""
        session = self.session
        self.settle(wait=True)
        if session.saved_step == session.step and session.step > 0:
            return True
        session.require_finite()
        if beside and self._is_beside and self._begin(why):
            return False
        while not self._try(why):
            session.retry_save_at = time.monotonic() + SAVE_RETRY_SECONDS
            if not must:
                return False
            while time.monotonic() < session.retry_save_at:
                session.beat("save")
                if session.run.told_to_end:
                    return False
                time.sleep(0.2)
        session.retry_save_at = 0.0
        return True

    def settle(self, wait: bool) -> None:
        """What became of a checkpoint that was written beside the steps counts from here on, and is
        told; with `wait` it is waited for."""
        session = self.session
        started = time.monotonic()
        written = self._writer.result((lambda: session.beat("save")) if wait else None)
        if written is None:
            return
        self._stall += time.monotonic() - started
        if written.error is None:
            self._count(written)
            return
        if not self._is_told(written.error, written.step):
            raise written.error
        session.retry_save_at = time.monotonic() + SAVE_RETRY_SECONDS

    def _try(self, why: str) -> bool:
        session = self.session
        started = time.monotonic()
        session.beat("save")
        try:
            session.ledger.sync()
            write = self._writing(session.model.weights(), session.optimizer.state())
            folder, size = write(lambda: session.beat("save"))
        except Exception as error:
            if not self._is_told(error, session.step):
                raise
            return False
        self._stall = seconds = time.monotonic() - started
        self._count(Written(session.step, why, folder, size, seconds, None))
        return True

    def _begin(self, why: str) -> bool:
        """The state is copied here; what is written is the copy. False when there is no memory for
        one: saving is inline from here on."""
        session = self.session
        started = time.monotonic()
        session.beat("save")
        session.retry_save_at = 0.0
        try:
            session.ledger.sync()
        except OSError as error:
            if not self._is_told(error, session.step):
                raise
            session.retry_save_at = time.monotonic() + SAVE_RETRY_SECONDS
            return True
        try:
            weights = self._buffers.copy(session.model.masters)
            moments = self._buffers.copy(session.optimizer.kept())
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            self._is_beside, self._buffers = False, Buffers()
            return False
        write = self._writing(weights, moments)
        self._stall = time.monotonic() - started
        self._writer.start(session.step, why, lambda: write(_nothing))
        return True

    def _writing(
        self, weights: Tensors, moments: Tensors
    ) -> Callable[[Callable[[], None]], tuple[Path, int]]:
        """Writes the state as it is now, whatever is trained until then."""
        session, facts = self.session, self.session.spec
        root, step, base = session.root, session.step, Path(facts["base"]["folder"])
        random = randomness.take()
        state = {
            "smoothing": [session.smoothing.average, session.smoothing.weight],
            "monitoring_seconds": session.monitoring_seconds,
            "elapsed_seconds": session.elapsed,
            "steps_done": session.steps_done,
            "warmup_from": session.warmup_from,
        }
        manifest: dict[str, Any] = {
            "branch": session.branch,
            "parent_step": session.saved_step or None,
            "program": "nightshift",
            "base": {"id": facts["base"]["id"], "hash": facts["base"]["hash"]},
            "hashes": {
                "tokenizer": session.cache.facts.get("tokenizer_hash"),
                "template": session.cache.facts.get("template_hash"),
                "core": None if session.core is None else session.core.facts.get("key"),
            },
            "cursor": session.cursor(),
        }

        return lambda beat: checkpoint.save(
            root, step, base, weights, moments, random, state, manifest, beat
        )

    def _count(self, written: Written) -> None:
        session = self.session
        session.saved_step = written.step
        session.run.event(
            "checkpoint",
            step=written.step,
            folder=str(written.folder),
            bytes=written.bytes,
            seconds=round(written.seconds, 3),
            stall_seconds=round(self._stall, 3),
            why=written.why,
        )
        root, workspace = session.root, Path(session.spec["workspace"])
        held = checkpoint.held_steps(workspace, root.name, time.time())
        checkpoint.rotate(root, int(session.config["keep_checkpoints"]), written.step, held)

    def _is_told(self, error: Exception, step: int) -> bool:
        """False for what is no want of space: that ends the run."""
        if category_of(error) not in ("disk_full", "permission_denied"):
            return False
        session = self.session
        root = session.root if session.root.exists() else Path(session.spec["workspace"])
        is_full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        session.run.event(
            "checkpoint_failed",
            step=step,
            reason="the disk is full" if is_full else str(error),
            free_bytes=shutil.disk_usage(root).free,
            needed_bytes=4 * 3 * session.model.count,
        )
        return True
