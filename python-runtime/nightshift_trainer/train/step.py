"""One optimizer step: forward and backward in micro-batches, refuse what isn't finite, update.

Every rank computes a `GradientStep`. The leader runs it as part of an `OptimizerStep`, which
retries with less memory and decides what is refused.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..cache import Example
from ..categories import category_of, is_out_of_memory
from . import randomness
from .checkpoint.save import CheckpointSaver
from .collator import (
    MICRO_BATCH_TOKENS,
    MicroBatch,
    collate,
    shard_by_tokens,
    split_into_micro_batches,
)
from .device import free_cached_memory, synchronize
from .errors import ROW_CATEGORIES, TrainerRefused
from .ledger import BatchDigest
from .nan_check import NON_FINITE_LIMIT, NON_FINITE_WINDOW, RefusedSteps
from .oom_backoff import OomBackoff
from .randomness import RandomStates
from .session import Session


@dataclass(frozen=True)
class StepRequest:
    """What the leader sends to the other ranks before each attempt."""

    max_examples: int | None
    activation_checkpointing: bool
    loss_chunk: int


@dataclass(frozen=True)
class OutOfMemory:
    """`example`: index into the step's examples, the first one of the micro-batch that failed."""

    category: str
    message: str
    example: int


@dataclass(frozen=True)
class Gradients:
    """loss: mean over the trained tokens of the step, nats. succeeded: on every rank. digest,
    largest_micro_batch (examples), out_of_memory: of all ranks, known to the leader alone."""

    succeeded: bool
    loss: float
    trained_tokens: int
    digest: BatchDigest
    largest_micro_batch: int
    out_of_memory: OutOfMemory | None


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


class GradientStep:
    """Computes the gradients of one step and applies them, on this rank."""

    def __init__(self, session: Session) -> None:
        self.session = session
        # The first example of the micro-batch being computed.
        self._current_example = 0

    def compute(self, examples: Sequence[Example], max_examples: int | None) -> Gradients:
        """Forward and backward, without an update. If one rank runs out of memory, the attempt
        fails on all of them."""
        session, group = self.session, self.session.process_group
        shard, micro_batches = self._shard(examples, max_examples)
        largest = max((len(members) for members in micro_batches), default=0)
        # The first token of an example can't be a target: no token before it predicts it.
        targets = sum(int(np.count_nonzero(examples[index].labels[1:] == 1)) for index in shard)
        trained_tokens = int(group.sum(targets)[0])
        if trained_tokens == 0:
            raise TrainerRefused("dataset_error", "The step has no tokens to train on")
        loss_sum, digest, out_of_memory = 0.0, BatchDigest(), None
        try:
            device = session.model.device
            batches = [collate(examples, members, device) for members in micro_batches]
            loss_sum = self._backward(batches, trained_tokens, digest)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            out_of_memory = OutOfMemory(category_of(error), str(error), self._current_example)
        # Outside of `except`: the exception keeps the tensors of its frames alive.
        batches = []
        loss_sum, failures = group.sum(loss_sum, out_of_memory is not None)
        if failures:
            session.model.clear_gradients()
            free_cached_memory()
        else:
            group.sum_gradients(session.model.gradients, session.model.master_weights)
        reports = group.gather((largest, out_of_memory, digest))
        return Gradients(
            succeeded=not failures,
            loss=loss_sum / trained_tokens,
            trained_tokens=trained_tokens,
            digest=BatchDigest.merge(digest for _, _, digest in reports),
            largest_micro_batch=max((largest for largest, _, _ in reports), default=0),
            out_of_memory=next((failure for _, failure, _ in reports if failure is not None), None),
        )

    def _shard(
        self, examples: Sequence[Example], max_examples: int | None
    ) -> tuple[list[int], list[list[int]]]:
        """The examples of this rank, and the same in micro-batches."""
        session, group = self.session, self.session.process_group
        lengths = [len(example.ids) for example in examples]
        shard = shard_by_tokens(lengths, group.size)[group.rank]
        packing = session.spec.config.packing
        micro_batches = split_into_micro_batches(
            [lengths[index] for index in shard], packing, MICRO_BATCH_TOKENS, max_examples
        )
        return shard, [[shard[index] for index in members] for members in micro_batches]

    def _backward(
        self, batches: list[MicroBatch], trained_tokens: int, digest: BatchDigest
    ) -> float:
        """Divides each micro-batch's loss by the trained tokens of the whole step, over all ranks.
        Returns the sum of this rank's losses, nats."""
        model = self.session.model
        total = 0.0
        for batch in batches:
            self.session.heartbeat("step")
            self._current_example = batch.examples[0]
            digest.add(batch)
            if len(batch.targets) == 0:
                continue
            loss = model.loss_sum(batch)
            total += float(loss.detach())
            (loss / trained_tokens).backward()
            model.accumulate_gradients()
        return total

    def update(self, loss: float, learning_rate: float) -> tuple[float, str | None]:
        """Updates the weights. Returns the gradient norm before clipping and what was NaN or Inf
        (`loss` or `gradient`), in which case the weights stay as they are."""
        model, optimizer = self.session.model, self.session.optimizer
        grad_norm = optimizer.grad_norm() if math.isfinite(loss) else math.nan
        if math.isfinite(loss) and math.isfinite(grad_norm):
            optimizer.step(learning_rate, grad_norm)
            return grad_norm, None
        model.clear_gradients()
        return grad_norm, "gradient" if math.isfinite(loss) else "loss"


class OptimizerStep:
    """One step on the leader, with its retries and refusals."""

    def __init__(self, session: Session, saver: CheckpointSaver) -> None:
        self.session, self.saver = session, saver
        self.gradient_step = GradientStep(session)
        self.backoff = OomBackoff(session, session.spec.config.micro_batch)
        self._refused_steps = RefusedSteps()

    def run(self) -> StepResult:
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
        session, started = self.session, time.monotonic()
        examples = [session.cache.example(index) for index in indices]
        learning_rate = session.learning_rate
        random_states = randomness.get_states()
        gradients = self._compute(examples, rows, random_states)
        grad_norm, refused = self.gradient_step.update(gradients.loss, learning_rate)
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

    def _compute(
        self, examples: Sequence[Example], rows: list[int], random_states: RandomStates
    ) -> Gradients:
        """Retries with less memory, and the same random numbers, until the gradients fit."""
        session, model = self.session, self.session.model
        while True:
            max_examples = self.backoff.max_examples
            request = StepRequest(max_examples, model.activation_checkpointing, model.loss_chunk)
            session.process_group.broadcast(request)
            gradients = self.gradient_step.compute(examples, max_examples)
            if gradients.succeeded:
                return gradients
            randomness.set_states(random_states)
            if not self.backoff.on_oom(gradients.largest_micro_batch):
                failure = gradients.out_of_memory
                assert failure is not None
                message = f"Row {rows[failure.example]} doesn't fit in memory: {failure.message}"
                raise TrainerRefused(failure.category, message, [rows[failure.example]])
