"""What is done when memory runs out: the same batch again, one rung lower; up again in quiet."""

from __future__ import annotations

from .session import Session

# Steps without a shortage until one rung up is tried; doubled each time that it was too early.
QUIET_STEPS = 200
LEAST_CHUNK = 32


class Ladder:
    """Fewer examples at once, then activations made again instead of kept, then smaller parts of
    the loss. The batch of a step never changes."""

    def __init__(self, session: Session, wanted: int | None) -> None:
        """`wanted`: the most examples of a micro-batch; null: as many as its tokens allow."""
        self.session = session
        self.most_examples = self._wanted = wanted
        self._whole_chunk = session.model.chunk
        self._patience = QUIET_STEPS
        self._quiet = 0
        self._went_up = False

    def down(self, largest: int) -> bool:
        """`largest`: examples of the largest micro-batch. False when nothing smaller is left."""
        model = self.session.model
        before = (largest, model.recomputes, model.chunk)
        if largest > 1:
            self.most_examples = largest // 2
        elif not model.recomputes:
            model.recompute(True)
        elif model.chunk > LEAST_CHUNK:
            model.chunk //= 4
        else:
            return False
        if self._went_up:
            self._patience *= 2
        self._went_up, self._quiet = False, 0
        self._tell("out_of_memory", before[0], self.most_examples or before[0])
        return True

    def quiet(self) -> None:
        """A step went through. After many of them one rung up is tried, in the reverse order."""
        model = self.session.model
        self._quiet += 1
        if self._quiet < self._patience:
            return
        self._quiet = 0
        before = self.most_examples
        if model.chunk < self._whole_chunk:
            model.chunk *= 4
        elif model.recomputes:
            model.recompute(False)
        elif before != self._wanted and before is not None:
            grown = before * 2
            # With the tokens of a micro-batch alone as the limit, so many examples are no limit.
            enough = self._wanted if self._wanted is not None else self._rows_per_step()
            self.most_examples = self._wanted if grown >= enough else grown
        else:
            return
        self._went_up = True
        self._tell("memory_regained", before, self.most_examples)

    def _rows_per_step(self) -> int:
        return self.session.order.rows_per_step

    def _tell(self, kind: str, before: int | None, after: int | None) -> None:
        model = self.session.model
        self.session.run.event(
            kind,
            step=self.session.step,
            micro_batch_from=before,
            micro_batch_to=after,
            recomputes=model.recomputes,
            chunk=model.chunk,
        )
