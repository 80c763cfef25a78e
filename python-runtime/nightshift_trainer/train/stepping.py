"""One optimiser step: micro-batches, the guard against values that are no numbers, the ladder for
memory that ran out."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from ..cache import Example
from . import randomness
from .errors import TrainerRefused, category_of, is_out_of_memory
from .evaluation import free_memory, synchronise
from .ladder import Ladder
from .layout import MicroBatch, lay_out, split
from .ledger import Fed
from .session import Session

# Tokens of a micro-batch where nobody set one: what a small machine holds with room to spare.
TOKENS_AT_ONCE = 4096
NON_FINITE_WINDOW = 100
NON_FINITE_LIMIT = 3


@dataclass
class Done:
    """loss: nats a trained token; norm: before clipping; no numbers when the step was refused."""

    loss: float
    norm: float
    tokens: int
    trained_tokens: int
    rows: list[int]
    fed: str
    seconds: float
    rate: float
    largest: int
    # What was not a number: "loss", "gradient" or null.
    refused: str | None


class Stepper:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.budget = TOKENS_AT_ONCE
        wanted = session.config["micro_batch"]
        self.ladder = Ladder(session, None if wanted == "auto" else int(wanted))
        self._refused: list[int] = []
        # The first example of the micro-batch that is being computed.
        self._at = 0

    def step(self) -> Done:
        session = self.session
        started = time.monotonic()
        rows, indices = session.order.batch(session.position)
        examples = [session.cache.example(index) for index in indices]
        rate = session.schedule.at(
            session.step - session.warmup_from,
            session.steps_done,
            int(session.spec["pass"]["planned_steps"]),
        )
        states = randomness.take()
        while True:
            members = self._members(examples)
            failure = None
            try:
                batches = [lay_out(examples, group, session.model.device) for group in members]
                loss, trained, fed = self._gradients(batches)
                break
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                failure = (category_of(error), str(error))
            # Here, not above: the exception holds the tensors of its frames alive.
            batches = []
            session.model.drop_gradients()
            free_memory()
            randomness.put_back(states)
            if not self.ladder.down(max(len(group) for group in members)):
                raise self._too_large(failure, rows)
        refused: str | None = None
        norm = session.optimizer.norm() if math.isfinite(loss) else math.nan
        if math.isfinite(loss) and math.isfinite(norm):
            session.optimizer.step(rate, norm)
        else:
            refused = "gradient" if math.isfinite(loss) else "loss"
            session.model.drop_gradients()
            # Weights that are no numbers give no number for any row: the rows are not to blame.
            session.require_finite()
            if self._refuse(rows, refused):
                # As if the step had not begun: what is saved then is all that was learned.
                randomness.put_back(states)
                session.save("stop", must=False)
                raise TrainerRefused(
                    "not_a_number",
                    f"The {refused} was not a number in {NON_FINITE_LIMIT} of "
                    f"{NON_FINITE_WINDOW} steps",
                    rows,
                )
        self.ladder.quiet()
        synchronise(session.model.device)
        return Done(
            loss=loss,
            norm=norm,
            tokens=sum(len(one.ids) for one in examples),
            trained_tokens=trained,
            rows=rows,
            fed=fed.digest(),
            seconds=time.monotonic() - started,
            rate=rate,
            largest=max(len(group) for group in members),
            refused=refused,
        )

    def _members(self, examples: list[Example]) -> list[list[int]]:
        session = self.session
        return split(
            [len(one.ids) for one in examples],
            bool(session.config["packing"]),
            self.budget,
            self.ladder.most_examples,
        )

    def _too_large(self, failure: tuple[str, str], rows: list[int]) -> TrainerRefused:
        row = rows[self._at]
        return TrainerRefused(
            failure[0],
            f"One example (row {row}) does not fit the memory: {failure[1]}",
            [row],
        )

    def _gradients(self, batches: list[MicroBatch]) -> tuple[float, int, Fed]:
        """Every micro-batch is divided by the trained tokens of the whole step."""
        model = self.session.model
        trained = sum(len(batch.targets) for batch in batches)
        if trained == 0:
            raise TrainerRefused("dataset_error", "A step has no token to train")
        total, fed = 0.0, Fed()
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
        return total / trained, trained, fed

    def _refuse(self, rows: list[int], what: str) -> bool:
        """Before the update: the weights never see it. True when it was once too often."""
        session = self.session
        session.run.event("non_finite", step=session.step, rows=rows, what=what)
        self._refused = [s for s in self._refused if session.step - s < NON_FINITE_WINDOW]
        self._refused.append(session.step)
        return len(self._refused) >= NON_FINITE_LIMIT
