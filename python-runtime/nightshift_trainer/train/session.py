"""One run of one pass: everything that a step needs, and what a checkpoint holds of it."""

from __future__ import annotations

import errno
import shutil
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..cache import CORE, SLICE, TokenCache
from ..rendering.base import BaseTexts
from ..run_folder import RunFolder
from . import checkpoint, randomness
from .errors import TrainerRefused, category_of
from .evaluation import Smoothing
from .finite import first_not_finite
from .ledger import Ledger
from .model import Model
from .optimizer import Optimizer, Schedule
from .order import Order
from .ranks import Ranks

SAVE_RETRY_SECONDS = 30.0


@dataclass
class Session:
    run: RunFolder
    spec: dict[str, Any]
    cache: TokenCache
    core: TokenCache | None
    order: Order
    model: Model
    optimizer: Optimizer
    schedule: Schedule
    base: BaseTexts
    step: int
    position: int
    steps_done: int
    saved_step: int
    ranks: Ranks = field(default_factory=Ranks)
    smoothing: Smoothing = field(default_factory=Smoothing)
    # The step that the warm-up counts from: 0, or where a restore began without moments.
    warmup_from: int = 0
    retry_save_at: float = 0.0
    monitoring_seconds: float = 0.0
    # When this pass began to run, by the monotonic clock, as if it had never been interrupted.
    began: float = field(default_factory=time.monotonic)

    @property
    def config(self) -> dict[str, Any]:
        return self.spec["config"]

    @property
    def branch(self) -> str:
        return str(self.spec["lineage"]["branch"])

    @property
    def root(self) -> Path:
        return Path(self.spec["lineage"]["checkpoints"])

    @cached_property
    def ledger(self) -> Ledger:
        """Opened by who writes it: the leader."""
        file = Path(self.spec["dataset"]["folder"]) / "ledger.jsonl"
        return Ledger(file, self.branch, str(self.spec["run"]))

    @property
    def rate(self) -> float:
        """Of the next step."""
        return self.schedule.at(
            self.step - self.warmup_from,
            self.steps_done,
            int(self.spec["pass"]["planned_steps"]),
        )

    def advance(self) -> None:
        """A step is done."""
        self.position = self.order.after(self.position)
        self.step += 1
        self.steps_done += 1

    def beat(self, phase: str) -> None:
        self.run.heartbeat(phase=phase, step=self.step, position=self.position)

    def cursor(self) -> dict[str, Any]:
        return {
            "dataset": self.spec["dataset"]["id"],
            "pass": self.spec["pass"]["id"],
            "left_out": self.spec["dataset"]["left_out"],
            "content_hash": self.spec["dataset"]["content_hash"],
            "epoch": self.order.epoch_of(self.position),
            "seed": self.order.seed,
            "position": self.position,
            "steps_done": self.steps_done,
            "complete": self.position >= self.order.end,
        }

    @property
    def elapsed(self) -> float:
        """Seconds that the pass ran, over all its runs; pauses are taken out."""
        return max(0.0, time.monotonic() - self.began)

    def require_finite(self) -> None:
        """TrainerRefused when what was learned is no numbers any more: it is told, nothing of it is
        saved, and the next start goes back to the checkpoint before it."""
        name = first_not_finite(self.model.held()) or first_not_finite(self.optimizer.moments())
        if name is None:
            return
        self.run.event("weights_not_finite", step=self.step, name=name, saved=self.saved_step)
        raise TrainerRefused(
            "weights_not_finite",
            f"{name} held values that are no numbers after step {self.step}",
        )

    def save(self, why: str, must: bool) -> bool:
        """Synchronous and durable. A full disk is told and retried; it never ends the training.
        With `must` it waits for the space. Returns whether this step is saved. TrainerRefused for
        weights that are no numbers: a poisoned checkpoint would be the newest that verifies."""
        if self.saved_step == self.step and self.step > 0:
            return True
        self.require_finite()
        while not self._try_save(why):
            self.retry_save_at = time.monotonic() + SAVE_RETRY_SECONDS
            if not must:
                return False
            while time.monotonic() < self.retry_save_at:
                self.beat("save")
                if self.run.told_to_end:
                    return False
                time.sleep(0.2)
        self.retry_save_at = 0.0
        return True

    def _try_save(self, why: str) -> bool:
        started = time.monotonic()
        self.beat("save")
        facts = self.spec
        try:
            self.ledger.sync()
            folder, size = checkpoint.save(
                self.root,
                self.step,
                Path(facts["base"]["folder"]),
                self.model.weights(),
                self.optimizer.state(),
                randomness.take(),
                {
                    "smoothing": [self.smoothing.average, self.smoothing.weight],
                    "monitoring_seconds": self.monitoring_seconds,
                    "elapsed_seconds": self.elapsed,
                    "steps_done": self.steps_done,
                    "warmup_from": self.warmup_from,
                },
                {
                    "branch": self.branch,
                    "parent_step": self.saved_step or None,
                    "program": "nightshift",
                    "base": {"id": facts["base"]["id"], "hash": facts["base"]["hash"]},
                    "hashes": {
                        "tokenizer": self.cache.facts.get("tokenizer_hash"),
                        "template": self.cache.facts.get("template_hash"),
                        "core": None if self.core is None else self.core.facts.get("key"),
                    },
                    "cursor": self.cursor(),
                },
                lambda: self.beat("save"),
            )
        except Exception as error:
            if category_of(error) not in ("disk_full", "permission_denied"):
                raise
            self._tell_failed(error)
            return False
        seconds = time.monotonic() - started
        self.saved_step = self.step
        self.run.event(
            "checkpoint",
            step=self.step,
            folder=str(folder),
            bytes=size,
            seconds=round(seconds, 3),
            stall_seconds=round(seconds, 3),
            why=why,
        )
        held = checkpoint.held_steps(Path(self.spec["workspace"]), self.root.name, time.time())
        checkpoint.rotate(self.root, int(self.config["keep_checkpoints"]), self.step, held)
        return True

    def _tell_failed(self, error: Exception) -> None:
        free = shutil.disk_usage(
            self.root if self.root.exists() else Path(self.spec["workspace"])
        ).free
        needed = 4 * 3 * self.model.count
        reason = str(error)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            reason = "the disk is full"
        self.run.event(
            "checkpoint_failed",
            step=self.step,
            reason=reason,
            free_bytes=free,
            needed_bytes=needed,
        )


def held_out(cache: TokenCache | None, kind: int, limit: int) -> list[Any]:
    """Examples of the core or the slice, the first `limit` of them."""
    if cache is None:
        return []
    indices = cache.indices(kind)
    if kind == CORE and len(indices) == 0:
        indices = range(len(cache.table))
    return [cache.example(int(index)) for index in list(indices)[:limit]]


def slice_rows(cache: TokenCache) -> set[int]:
    return {int(row) for row in cache.table[cache.indices(SLICE), 2]}
