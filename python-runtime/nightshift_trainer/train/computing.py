"""What each rank does of a step: the gradients of its share, and the update that all make alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..cache import Example
from .collator import MicroBatch, lay_out, share, split
from .errors import TrainerRefused, category_of, is_out_of_memory
from .generation import free_memory
from .ledger import Fed
from .session import Session

# Tokens of a micro-batch where nobody set one: what a small machine holds with room to spare.
TOKENS_AT_ONCE = 4096


@dataclass(frozen=True)
class StepCall:
    """What the leader says before each attempt at a step: how much is held in memory at once."""

    most_examples: int | None
    recomputes: bool
    chunk: int


@dataclass(frozen=True)
class TooLarge:
    """Memory ran out. `example`: index into the step's examples, the first of its micro-batch."""

    category: str
    text: str
    example: int


@dataclass(frozen=True)
class Attempt:
    """loss: nats a trained token; trained: tokens; both over the whole step, alike on all ranks.
    `fed`, `largest` (examples of the largest micro-batch) and `too_large`: of all ranks, known to
    the leader alone; `went`: the gradients of all ranks are there."""

    went: bool
    loss: float
    trained: int
    fed: Fed
    largest: int
    too_large: TooLarge | None


class Computing:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.budget = TOKENS_AT_ONCE
        # The first example of the micro-batch that is being computed.
        self._at = 0

    def attempt(self, examples: Sequence[Example], most_examples: int | None) -> Attempt:
        """Without an update. Memory that runs out in one rank ends the attempt of all."""
        session, ranks = self.session, self.session.ranks
        lengths = [len(one.ids) for one in examples]
        mine = share(lengths, ranks.size)[ranks.rank]
        members = [
            [mine[index] for index in group]
            for group in split(
                [lengths[index] for index in mine],
                bool(session.config["packing"]),
                self.budget,
                most_examples,
            )
        ]
        largest = max((len(group) for group in members), default=0)
        # The first token of an example has nothing before it that could predict it.
        own = sum(int(np.count_nonzero(examples[index].labels[1:] == 1)) for index in mine)
        trained = int(ranks.add(own)[0])
        if trained == 0:
            raise TrainerRefused("dataset_error", "A step has no token to train")
        total, fed, too_large = 0.0, Fed(), None
        try:
            batches = [lay_out(examples, group, session.model.device) for group in members]
            total = self._gradients(batches, trained, fed)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            too_large = TooLarge(category_of(error), str(error), self._at)
        # Here, not above: the exception holds the tensors of its frames alive.
        batches = []
        total, failures = ranks.add(total, too_large is not None)
        if failures:
            session.model.drop_gradients()
            free_memory()
        else:
            ranks.add_gradients(session.model.gradients, session.model.masters)
        told = ranks.gather((largest, too_large, fed))
        return Attempt(
            went=not failures,
            loss=total / trained,
            trained=trained,
            fed=Fed.of([one for _, _, one in told]),
            largest=max((one for one, _, _ in told), default=0),
            too_large=next((one for _, one, _ in told if one is not None), None),
        )

    def update(self, loss: float, rate: float) -> tuple[float, str | None]:
        """The norm before clipping, and what was not a number: then nothing was updated."""
        model, optimizer = self.session.model, self.session.optimizer
        norm = optimizer.norm() if math.isfinite(loss) else math.nan
        if math.isfinite(loss) and math.isfinite(norm):
            optimizer.step(rate, norm)
            return norm, None
        model.drop_gradients()
        return norm, "gradient" if math.isfinite(loss) else "loss"

    def _gradients(self, batches: list[MicroBatch], trained: int, fed: Fed) -> float:
        """Every micro-batch is divided by the trained tokens of the whole step, over all ranks.
        The sum of this rank's losses, nats."""
        model = self.session.model
        total = 0.0
        for batch in batches:
            self.session.beat("step")
            self._at = batch.examples[0]
            fed.add(batch)
            if len(batch.targets) == 0:
                continue
            loss = model.loss_sum(batch)
            total += float(loss.detach())
            (loss / trained).backward()
            model.collect()
        return total
