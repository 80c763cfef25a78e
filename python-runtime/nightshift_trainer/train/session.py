"""The state of one training run: everything a step needs and everything a checkpoint saves."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property

from ..cache import TokenCache
from ..protocol import CheckpointCursor, HeartbeatPhase
from ..rendering.base import PreparedBase
from ..run_folder import RunFolder
from .ledger import Ledger
from .loss import SmoothedLoss
from .model import Model
from .optimizer import Optimizer, Schedule
from .process_group import ProcessGroup
from .sampler import RowSampler
from .spec import TrainSpec


@dataclass
class Session:
    run_folder: RunFolder
    spec: TrainSpec
    # The dataset, with its validation rows.
    cache: TokenCache
    # The fixed validation set.
    core: TokenCache | None
    sampler: RowSampler
    model: Model
    optimizer: Optimizer
    schedule: Schedule
    base: PreparedBase
    process_group: ProcessGroup
    # Rows of the pass that are done.
    position: int
    # Steps of the lineage, of this pass, and the step of the newest checkpoint.
    step: int = 0
    steps_done: int = 0
    saved_step: int = 0
    smoothed_loss: SmoothedLoss = field(default_factory=SmoothedLoss)
    # The step from which the warmup counts: 0, or that of a restore without optimizer state.
    warmup_from: int = 0
    monitoring_seconds: float = 0.0
    # When this pass would have started, by the monotonic clock, had it never been interrupted.
    started_at: float = field(default_factory=time.monotonic)

    @cached_property
    def ledger(self) -> Ledger:
        """Opened on first use, because only the leader writes it."""
        path = self.spec.dataset.folder / "ledger.jsonl"
        return Ledger(path, self.spec.branch, self.spec.run)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self.schedule.at(
            self.step - self.warmup_from, self.steps_done, self.spec.planned_steps
        )

    @property
    def is_complete(self) -> bool:
        return self.position >= self.sampler.end

    def advance(self) -> None:
        """Counts a finished step."""
        self.position = self.sampler.after(self.position)
        self.step += 1
        self.steps_done += 1

    def heartbeat(self, phase: HeartbeatPhase, progress: tuple[int, int] | None = None) -> None:
        self.run_folder.heartbeat(
            phase=phase, step=self.step, position=self.position, progress=progress
        )

    def cursor(self) -> CheckpointCursor:
        """The place in the pass, as saved in a checkpoint's manifest."""
        return {
            "dataset": self.spec.dataset.id,
            "pass": self.spec.pass_id,
            "excluded_rows": self.spec.dataset.excluded_rows,
            "row_order": self.spec.dataset.row_order,
            "content_hash": self.spec.dataset.content_hash,
            "epoch": self.sampler.epoch_of(self.position),
            "seed": self.sampler.seed,
            "position": self.position,
            "steps_done": self.steps_done,
            "complete": self.is_complete,
        }

    @property
    def elapsed(self) -> float:
        """Seconds that the pass ran, over all its runs and without pauses."""
        return max(0.0, time.monotonic() - self.started_at)
