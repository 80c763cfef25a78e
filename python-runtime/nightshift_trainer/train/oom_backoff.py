"""What to do when memory runs out: retry the same batch one level lower, and raise it later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..categories import is_out_of_memory
from ..protocol import EventType
from .collator import MICRO_BATCH_TOKENS
from .device import free_cached_memory
from .session import Session

T = TypeVar("T")

# Steps without an out-of-memory error until the next level up is tried; doubled after each attempt
# that came too early.
RETRY_STEPS = 200
MIN_LOSS_CHUNK = 32


class OomBackoff:
    """Levels, from the top: fewer tokens per micro-batch, then activation checkpointing, then
    smaller chunks of the loss. Tokens, because memory follows them: a long example alone doesn't
    need the short ones to be computed one by one. The batch of a step never changes."""

    def __init__(self, session: Session) -> None:
        self.session = session
        # Per micro-batch; an example is never split. After a crash that lack of memory caused, the
        # engine starts with fewer.
        self.max_tokens = min(
            session.spec.micro_batch_tokens or MICRO_BATCH_TOKENS, MICRO_BATCH_TOKENS
        )
        self._full_loss_chunk = session.model.loss_chunk
        self._retry_steps = RETRY_STEPS
        self._steps_since_change = 0
        self._was_raised = False

    def on_oom(self, tokens: int, examples: int) -> bool:
        """Goes one level down. `tokens`, `examples`: of the micro-batch that didn't fit. False when
        no level is left."""
        model = self.session.model
        before = self.max_tokens
        if examples > 1:
            self.max_tokens = tokens // 2
        elif not model.activation_checkpointing:
            model.set_activation_checkpointing(True)
        elif model.loss_chunk > MIN_LOSS_CHUNK:
            model.loss_chunk //= 4
        else:
            return False
        if self._was_raised:
            self._retry_steps *= 2
        self._was_raised, self._steps_since_change = False, 0
        self._emit("out_of_memory", before)
        return True

    def on_success(self) -> None:
        """Counts a step that fit in memory. After enough of them, goes one level up, in the reverse
        order."""
        model = self.session.model
        self._steps_since_change += 1
        if self._steps_since_change < self._retry_steps:
            return
        self._steps_since_change = 0
        before = self.max_tokens
        if model.loss_chunk < self._full_loss_chunk:
            model.loss_chunk *= 4
        elif model.activation_checkpointing:
            model.set_activation_checkpointing(False)
        elif before < MICRO_BATCH_TOKENS:
            self.max_tokens = min(before * 2, MICRO_BATCH_TOKENS)
        else:
            return
        self._was_raised = True
        self._emit("memory_regained", before)

    def _emit(self, kind: EventType, before: int) -> None:
        model = self.session.model
        self.session.run_folder.event(
            kind,
            step=self.session.step,
            tokens_from=before,
            tokens_to=self.max_tokens,
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
