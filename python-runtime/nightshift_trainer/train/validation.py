"""The validation rows of a pass, and the loss on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..cache import CORE, SLICE, Example, Text, TokenCache
from .collator import MICRO_BATCH_TOKENS, collate, split_into_micro_batches
from .model import Model
from .oom_backoff import in_halves
from .session import Session


def validation_examples(cache: TokenCache | None, kind: int, limit: int) -> list[Example]:
    """The first `limit` examples of a kind."""
    if cache is None:
        return []
    indices = cache.indices(kind).tolist()
    if kind == CORE and not indices:
        # Without kinds, the whole cache is the fixed validation set.
        indices = range(len(cache.table))
    return [cache.example(index) for index in indices[:limit]]


def validation_texts(session: Session) -> tuple[list[Text], list[Text]]:
    """Questions of the fixed validation set, and of this dataset's validation rows."""
    core = [] if session.core is None else session.core.texts()
    cache = session.cache
    own = cache.texts({int(row) for row in cache.table[cache.indices(SLICE), 2]})
    return core, own


def validation_loss(
    model: Model, examples: Sequence[Example], heartbeat: Callable[[int], None]
) -> dict[str, Any]:
    """The mean loss over trained tokens, computed by the code of training without dropout.
    `heartbeat` receives how many examples are measured."""
    total, tokens, measured = 0.0, 0, 0

    def measure(members: Sequence[int]) -> None:
        nonlocal total, tokens, measured
        heartbeat(measured)
        batch = collate(examples, members, model.device)
        if len(batch.targets) > 0:
            total += float(model.loss_sum(batch))
            tokens += len(batch.targets)
        measured += len(members)

    lengths = [len(example.ids) for example in examples]
    with model.evaluating(generates=False):
        for members in split_into_micro_batches(lengths, True, MICRO_BATCH_TOKENS, None):
            in_halves(members, measure)
    rows = len({example.row for example in examples})
    return {"loss": total / tokens if tokens else None, "rows": rows, "tokens": tokens}
