"""One optimiser step as the leader takes it: attempts, one rung lower each time that memory runs
out, and the guard against values that are no numbers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from . import randomness
from .computing import Attempt, Computing, StepCall
from .errors import OF_THE_ROWS, TrainerRefused, category_of
from .generation import synchronise
from .oom_backoff import Ladder
from .session import Session

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
        self.computing = Computing(session)
        wanted = session.config["micro_batch"]
        self.ladder = Ladder(session, None if wanted == "auto" else int(wanted))
        self._refused: list[int] = []

    def step(self) -> Done:
        session = self.session
        started = time.monotonic()
        rows, indices = session.order.batch(session.position)
        try:
            return self._step(started, rows, indices)
        except Exception as error:
            category = category_of(error)
            if category not in OF_THE_ROWS or getattr(error, "rows", []):
                raise
            # Without their numbers nobody could leave them out.
            raise TrainerRefused(category, str(error), rows) from error

    def _step(self, started: float, rows: list[int], indices: Sequence[int]) -> Done:
        session = self.session
        examples = [session.cache.example(index) for index in indices]
        rate = session.rate
        states = randomness.take()
        while True:
            model = session.model
            most = self.ladder.most_examples
            session.ranks.say(StepCall(most, model.recomputes, model.chunk))
            attempt = self.computing.attempt(examples, most)
            if attempt.went:
                break
            randomness.put_back(states)
            if not self.ladder.down(attempt.largest):
                raise _too_large(attempt, rows)
        norm, refused = self.computing.update(attempt.loss, rate)
        if refused is not None:
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
            loss=attempt.loss,
            norm=norm,
            tokens=sum(len(one.ids) for one in examples),
            trained_tokens=attempt.trained,
            rows=rows,
            fed=attempt.fed.digest(),
            seconds=time.monotonic() - started,
            rate=rate,
            largest=attempt.largest,
            refused=refused,
        )

    def _refuse(self, rows: list[int], what: str) -> bool:
        """Before the update: the weights never see it. True when it was once too often."""
        session = self.session
        session.run.event("non_finite", step=session.step, rows=rows, what=what)
        self._refused = [s for s in self._refused if session.step - s < NON_FINITE_WINDOW]
        self._refused.append(session.step)
        return len(self._refused) >= NON_FINITE_LIMIT


def _too_large(attempt: Attempt, rows: list[int]) -> TrainerRefused:
    failure = attempt.too_large
    assert failure is not None
    row = rows[failure.example]
    return TrainerRefused(
        failure.category, f"One example (row {row}) does not fit the memory: {failure.text}", [row]
    )
