"""The gradients of one step on one rank, in micro-batches, and the update."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..cache import Example
from ..categories import category_of, is_out_of_memory
from .collator import MicroBatch, collate, shard_by_tokens, split_into_micro_batches
from .device import free_cached_memory
from .errors import TrainerRefused
from .ledger import BatchDigest
from .session import Session


@dataclass(frozen=True)
class StepRequest:
    """What the leader sends to the other ranks before each attempt."""

    max_examples: int | None
    max_tokens: int
    activation_checkpointing: bool
    loss_chunk: int


@dataclass(frozen=True)
class OutOfMemory:
    """`tokens`, `examples`: of the micro-batch that failed; `example`: index into the step's
    examples, its first one."""

    category: str
    message: str
    example: int
    tokens: int
    examples: int


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


class StepAbandoned(Exception):
    """A command that halts training arrived during a long step, which is computed again later."""


class GradientStep:
    """Computes the gradients of one step and applies them, on this rank."""

    def __init__(self, session: Session, must_abandon: Callable[[], bool] = lambda: False) -> None:
        """`must_abandon`: asked before each micro-batch."""
        self.session = session
        self._must_abandon = must_abandon
        # Of the micro-batch being computed.
        self._members: list[int] = []

    def compute(self, examples: Sequence[Example], request: StepRequest) -> Gradients:
        """Forward and backward, without an update. If one rank runs out of memory, the attempt
        fails on all of them."""
        session, group = self.session, self.session.process_group
        shard, micro_batches = self._shard(examples, request)
        largest = max((len(members) for members in micro_batches), default=0)
        # The first token of an example can't be a target: no token before it predicts it.
        targets = sum(int(np.count_nonzero(examples[index].labels[1:] == 1)) for index in shard)
        trained_tokens = int(group.sum(targets)[0])
        if trained_tokens == 0:
            raise TrainerRefused("dataset_error", "The step has no tokens to train on")
        loss_sum, digest, out_of_memory = 0.0, BatchDigest(), None
        try:
            device = session.model.device
            self._members = shard
            batches = [collate(examples, members, device) for members in micro_batches]
            loss_sum = self._backward(batches, trained_tokens, digest)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            out_of_memory = self._out_of_memory(error, examples)
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

    def _out_of_memory(self, error: Exception, examples: Sequence[Example]) -> OutOfMemory:
        members = self._members
        tokens = sum(len(examples[index].ids) for index in members)
        return OutOfMemory(category_of(error), str(error), members[0], tokens, len(members))

    def _shard(
        self, examples: Sequence[Example], request: StepRequest
    ) -> tuple[list[int], list[list[int]]]:
        """The examples of this rank, and the same in micro-batches."""
        session, group = self.session, self.session.process_group
        lengths = [len(example.ids) for example in examples]
        shard = shard_by_tokens(lengths, group.size)[group.rank]
        packing = session.spec.config.packing
        micro_batches = split_into_micro_batches(
            [lengths[index] for index in shard], packing, request.max_tokens, request.max_examples
        )
        return shard, [[shard[index] for index in members] for members in micro_batches]

    def _backward(
        self, batches: list[MicroBatch], trained_tokens: int, digest: BatchDigest
    ) -> float:
        """Divides each micro-batch's loss by the trained tokens of the whole step, over all ranks.
        Returns the sum of this rank's losses, nats."""
        model = self.session.model
        # Summed on the device and read once: each reading waits for all kernels before it.
        sums = torch.zeros(2, dtype=torch.float64, device=model.device)
        checksum = 0
        for batch in batches:
            self.session.heartbeat("step")
            if self._must_abandon():
                raise StepAbandoned
            self._members = batch.examples
            digest.add(batch)
            if len(batch.targets) == 0:
                continue
            loss = model.loss_sum(batch)
            sums += torch.stack([loss.detach().double(), batch.checksum().double()])
            checksum += batch.host_checksum
            (loss / trained_tokens).backward()
            model.accumulate_gradients()
        total, device_checksum = sums.tolist()
        if device_checksum != checksum:
            raise TrainerRefused(
                "illegal_memory_access", "The device computed with other tokens than it was given"
            )
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
