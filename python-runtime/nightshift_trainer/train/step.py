"""One optimizer step on the leader: the gradients, with retries; refuse what isn't finite; update.

Every rank computes a `GradientStep`. The leader runs it as part of an `OptimizerStep`, which
retries with less memory and decides what is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..cache import Example
from ..categories import category_of, is_out_of_memory
from . import randomness
from .checkpoint.save import CheckpointSaver
from .device import free_cached_memory, synchronize
from .errors import ROW_CATEGORIES, TrainerRefused
from .gradient_step import Gradients, GradientStep, StepAbandoned, StepRequest
from .nan_check import NON_FINITE_LIMIT, NON_FINITE_WINDOW, RefusedSteps
from .oom_backoff import OomBackoff
from .randomness import RandomStates
from .session import Session

# A command that halts training waits for the end of a step up to this length.
LONG_STEP_SECONDS = 10.0
ASK_SECONDS = 1.0


@dataclass
class StepResult:
    """loss: mean over the trained tokens, nats; grad_norm: before clipping; either may be NaN or
    Inf when the step was refused. refused: what was not finite, "loss", "gradient" or None."""

    loss: float
    grad_norm: float
    tokens: int
    trained_tokens: int
    rows: list[int]
    batch_hash: str
    seconds: float
    learning_rate: float
    largest_micro_batch: int
    refused: str | None


class OptimizerStep:
    """One step on the leader, with its retries and refusals."""

    def __init__(
        self,
        session: Session,
        saver: CheckpointSaver,
        must_halt: Callable[[], bool] = lambda: False,
    ) -> None:
        """`must_halt`: whether a command that halts training is pending."""
        self.session, self.saver = session, saver
        self.gradient_step = GradientStep(session, self._must_abandon)
        self._must_halt = must_halt
        self._started = self._asked_at = 0.0
        self.backoff = OomBackoff(session)
        self._refused_steps = RefusedSteps()

    def _must_abandon(self) -> bool:
        """A step with a whole book in it may take an hour, which a pause must not wait for. Other
        ranks can't be asked in the middle of a step."""
        now = time.monotonic()
        is_long = now - self._started > LONG_STEP_SECONDS
        if self.session.process_group.size > 1 or not is_long or now - self._asked_at < ASK_SECONDS:
            return False
        self._asked_at = now
        return self._must_halt()

    def run(self) -> StepResult:
        """StepAbandoned when a command that halts training ended a long step: nothing changed."""
        session = self.session
        rows, indices = session.sampler.batch(session.position)
        try:
            return self._run(rows, indices)
        except Exception as error:
            # What the embedding raises for a token id that it has no row for.
            is_bad_token = isinstance(error, IndexError) and "out of range" in str(error)
            category = "token_out_of_range" if is_bad_token else category_of(error)
            if category not in ROW_CATEGORIES or getattr(error, "rows", []):
                raise
            # The engine can quarantine the rows only if it knows their numbers.
            raise TrainerRefused(category, str(error), rows) from error

    def _run(self, rows: list[int], indices: Sequence[int]) -> StepResult:
        session = self.session
        started = self._started = time.monotonic()
        examples = [session.cache.example(index) for index in indices]
        self._require_known_tokens(examples, rows)
        learning_rate = session.learning_rate
        random_states = randomness.get_states()
        try:
            gradients, grad_norm, refused = self._update(
                examples, rows, random_states, learning_rate
            )
        except StepAbandoned:
            session.model.clear_gradients()
            randomness.set_states(random_states)
            raise
        if refused is not None:
            # If the weights are NaN, so is every loss: then the rows are not the cause.
            self.saver.require_finite()
            session.run_folder.event("non_finite", step=session.step, rows=rows, what=refused)
            if self._refused_steps.add(session.step):
                # Save the state before this step.
                randomness.set_states(random_states)
                self.saver.save("stop", wait_for_space=False)
                raise TrainerRefused(
                    "not_a_number",
                    f"The {refused} was NaN or Inf in {NON_FINITE_LIMIT} of the last "
                    f"{NON_FINITE_WINDOW} steps",
                    rows,
                )
        self.backoff.on_success()
        synchronize(session.model.device)
        return StepResult(
            loss=gradients.loss,
            grad_norm=grad_norm,
            tokens=sum(len(example.ids) for example in examples),
            trained_tokens=gradients.trained_tokens,
            rows=rows,
            batch_hash=gradients.digest.hash(),
            seconds=time.monotonic() - started,
            learning_rate=learning_rate,
            largest_micro_batch=gradients.largest_micro_batch,
            refused=refused,
        )

    def _require_known_tokens(self, examples: Sequence[Example], rows: list[int]) -> None:
        """On the CPU, before the step: a GPU would stop with an assertion that names no row, and
        could not be used again by this process."""
        vocabulary = self.session.model.vocabulary
        for row, example in zip(rows, examples, strict=True):
            lowest, highest = int(example.ids.min()), int(example.ids.max())
            if lowest < 0 or highest >= vocabulary:
                token = lowest if lowest < 0 else highest
                raise TrainerRefused(
                    "token_out_of_range",
                    f"Row {row} has token id {token}; the model's ids end at {vocabulary - 1}",
                    [row],
                )

    def _update(
        self,
        examples: Sequence[Example],
        rows: list[int],
        random_states: RandomStates,
        learning_rate: float,
    ) -> tuple[Gradients, float, str | None]:
        """The gradients, their norm, and what was refused. If memory runs out before the update
        changed a weight, the whole step is computed again with less."""
        while True:
            gradients = self._compute(examples, rows, random_states)
            try:
                grad_norm, refused = self.gradient_step.update(gradients.loss, learning_rate)
                return gradients, grad_norm, refused
            except Exception as error:
                # The other ranks may have updated their weights.
                if self.session.process_group.size > 1 or not is_out_of_memory(error):
                    raise
                category, message = category_of(error), str(error)
            # Outside of `except`: the exception keeps the tensors of its frames alive.
            self.session.model.clear_gradients()
            free_cached_memory()
            randomness.set_states(random_states)
            tokens = min(self.backoff.max_tokens, sum(len(example.ids) for example in examples))
            if not self.backoff.on_oom(tokens, gradients.largest_micro_batch):
                raise TrainerRefused(category, f"The update doesn't fit in memory: {message}")

    def _compute(
        self, examples: Sequence[Example], rows: list[int], random_states: RandomStates
    ) -> Gradients:
        """Retries with less memory, and the same random numbers, until the gradients fit."""
        session, model = self.session, self.session.model
        while True:
            request = StepRequest(
                session.spec.config.micro_batch,
                self.backoff.max_tokens,
                model.activation_checkpointing,
                model.loss_chunk,
            )
            session.process_group.broadcast(request)
            gradients = self.gradient_step.compute(examples, request)
            if gradients.succeeded:
                return gradients
            randomness.set_states(random_states)
            failure = gradients.out_of_memory
            assert failure is not None
            if not self.backoff.on_oom(failure.tokens, failure.examples):
                message = f"Row {rows[failure.example]} doesn't fit in memory: {failure.message}"
                raise TrainerRefused(failure.category, message, [rows[failure.example]])
