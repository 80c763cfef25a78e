"""One run of one pass: everything that a step needs, and what a checkpoint holds of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..cache import CORE, SLICE, TokenCache
from ..rendering.base import PreparedBase
from ..run_folder import RunFolder
from .errors import TrainerRefused
from .evaluation import Smoothing
from .finite import first_not_finite
from .ledger import Ledger
from .model import Model
from .optimizer import Optimizer, Schedule
from .order import Order
from .ranks import Ranks
from .saving import Saving


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
    base: PreparedBase
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

    @cached_property
    def saving(self) -> Saving:
        return Saving(self)

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
        name = first_not_finite(self.model.held()) or first_not_finite(self.optimizer.kept())
        if name is None:
            return
        # One that is being written is where the next start begins.
        self.saving.settle(wait=True)
        self.run.event("weights_not_finite", step=self.step, name=name, saved=self.saved_step)
        raise TrainerRefused(
            "weights_not_finite",
            f"{name} held values that are no numbers after step {self.step}",
        )

    def save(self, why: str, must: bool, beside: bool = False) -> bool:
        """See `Saving.save`."""
        return self.saving.save(why, must, beside)


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
