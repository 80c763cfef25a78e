"""What to do when memory runs out: retry the same batch one level lower, and raise it later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..categories import is_out_of_memory
from ..protocol import EventType
from .device import free_cached_memory
from .session import Session

T = TypeVar("T")

# Steps without an out-of-memory error until the next level up is tried; doubled after each attempt
# that came too early.
RETRY_STEPS = 200
MIN_LOSS_CHUNK = 32


class OomBackoff:
    """Levels, from the top: smaller micro-batches, then activation checkpointing, then smaller
    chunks of the loss. The batch of a step never changes."""

    def __init__(self, session: Session, micro_batch: int | None) -> None:
        """`micro_batch`: the configured number of examples; None: limited by tokens alone."""
        self.session = session
        self.max_examples = self._configured = micro_batch
        self._full_loss_chunk = session.model.loss_chunk
        self._retry_steps = RETRY_STEPS
        self._steps_since_change = 0
        self._was_raised = False

    def on_oom(self, largest: int) -> bool:
        """Goes one level down. `largest`: examples of the largest micro-batch that was tried.
        False when no level is left."""
        model = self.session.model
        if largest > 1:
            self.max_examples = largest // 2
        elif not model.activation_checkpointing:
            model.set_activation_checkpointing(True)
        elif model.loss_chunk > MIN_LOSS_CHUNK:
            model.loss_chunk //= 4
        else:
            return False
        if self._was_raised:
            self._retry_steps *= 2
        self._was_raised, self._steps_since_change = False, 0
        self._emit("out_of_memory", largest, self.max_examples or largest)
        return True

    def on_success(self) -> None:
        """Counts a step that fit in memory. After enough of them, goes one level up, in the reverse
        order."""
        model = self.session.model
        self._steps_since_change += 1
        if self._steps_since_change < self._retry_steps:
            return
        self._steps_since_change = 0
        before = self.max_examples
        if model.loss_chunk < self._full_loss_chunk:
            model.loss_chunk *= 4
        elif model.activation_checkpointing:
            model.set_activation_checkpointing(False)
        elif before != self._configured and before is not None:
            doubled = before * 2
            # With `auto`, as many examples as a step has rows are no limit at all.
            enough = self._configured or self.session.sampler.rows_per_step
            self.max_examples = self._configured if doubled >= enough else doubled
        else:
            return
        self._was_raised = True
        self._emit("memory_regained", before, self.max_examples)

    def _emit(self, kind: EventType, before: int | None, after: int | None) -> None:
        model = self.session.model
        self.session.run_folder.event(
            kind,
            step=self.session.step,
            micro_batch_from=before,
            micro_batch_to=after,
            activation_checkpointing=model.activation_checkpointing,
            loss_chunk=model.loss_chunk,
        )


def in_halves(items: Sequence[T], work: Callable[[Sequence[T]], None]) -> None:
    """Calls `work` on all items, or on halves of them when memory runs out. Raises the error when
    a single item doesn't fit."""
    pending = [items]
    while pending:
        part = pending.pop(0)
        try:
            work(part)
            continue
        except Exception as error:
            if len(part) < 2 or not is_out_of_memory(error):
                raise
        # Outside of `except`: the exception keeps the tensors of its frames alive.
        free_cached_memory()
        half = len(part) // 2
        pending[:0] = [part[:half], part[half:]]
