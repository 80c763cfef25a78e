"""One optimiser step: micro-batches, the guard against values that are no numbers, the ladder for
memory that ran out."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import torch

from . import randomness
from .errors import TrainerRefused, is_out_of_memory
from .evaluation import synchronise
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


class Stepper:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.budget = TOKENS_AT_ONCE
        wanted = session.config["micro_batch"]
        self.most_examples = None if wanted == "auto" else int(wanted)
        self._refused: list[int] = []

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
        while True:
            states = randomness.take()
            members = split(
                [len(one.ids) for one in examples],
                bool(session.config["packing"]),
                self.budget,
                self.most_examples,
            )
            try:
                batches = [lay_out(examples, group, session.model.device) for group in members]
                loss, trained, fed = self._gradients(batches)
                break
            except Exception as error:
                if not is_out_of_memory(error) or not self._one_rung_down(
                    max(len(g) for g in members)
                ):
                    raise
                randomness.put_back(states)
        norm = session.optimizer.norm() if math.isfinite(loss) else math.nan
        if math.isfinite(loss) and math.isfinite(norm):
            session.optimizer.step(rate, norm)
        else:
            self._refuse(rows, "gradient" if math.isfinite(loss) else "loss")
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
            fed.add(batch)
            if len(batch.targets) == 0:
                continue
            loss = model.loss_sum(batch)
            total += float(loss.detach())
            (loss / trained).backward()
            model.collect()
        return total / trained, trained, fed

    def _one_rung_down(self, largest: int) -> bool:
        """The same batch again in smaller parts; false when nothing smaller is left."""
        self.session.model.drop_gradients()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if largest <= 1:
            return False
        self.most_examples = max(1, largest // 2)
        self.session.run.event(
            "out_of_memory",
            step=self.session.step,
            micro_batch_from=largest,
            micro_batch_to=self.most_examples,
        )
        return True

    def _refuse(self, rows: list[int], what: str) -> None:
        """Before the update: the weights never see it."""
        session = self.session
        session.model.drop_gradients()
        session.run.event("non_finite", step=session.step, rows=rows, what=what)
        self._refused = [s for s in self._refused if session.step - s < NON_FINITE_WINDOW]
        self._refused.append(session.step)
        if len(self._refused) >= NON_FINITE_LIMIT:
            raise TrainerRefused(
                "not_a_number",
                f"The {what} was not a number in {NON_FINITE_LIMIT} of {NON_FINITE_WINDOW} steps",
                rows,
            )
