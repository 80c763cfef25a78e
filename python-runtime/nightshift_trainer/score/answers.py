"""Questions to produced answers: batched, greedy, with a token limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

# The model class of transformers is typed too loosely to name here.
Model = Any


@dataclass(frozen=True)
class Produced:
    """`finished`: the model ended its turn by itself; an answer cut by the limit is not wrong."""

    ids: list[int]
    finished: bool


def _padded(prompts: Sequence[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Left padding, so that every sequence ends where its answer begins."""
    width = max(len(prompt) for prompt in prompts)
    ids = torch.full((len(prompts), width), pad, dtype=torch.long)
    mask = torch.zeros((len(prompts), width), dtype=torch.long)
    for index, prompt in enumerate(prompts):
        ids[index, width - len(prompt) :] = torch.tensor(list(prompt), dtype=torch.long)
        mask[index, width - len(prompt) :] = 1
    return ids, mask


@torch.inference_mode()
def answer_batch(
    model: Model,
    prompts: Sequence[Sequence[int]],
    *,
    end_ids: frozenset[int],
    pad: int,
    max_new_tokens: int,
    beat: Callable[[], None],
) -> list[Produced]:
    device = next(model.parameters()).device
    ids, mask = (part.to(device) for part in _padded(prompts, pad))
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    ends = torch.tensor(sorted(end_ids), device=device)
    written: list[torch.Tensor] = []
    done = torch.zeros(len(prompts), dtype=torch.bool, device=device)
    cache = None
    for _ in range(max_new_tokens):
        beat()
        out = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = out.past_key_values
        chosen = out.logits[:, -1].float().argmax(-1)
        written.append(chosen)
        done |= torch.isin(chosen, ends)
        if bool(done.all()):
            break
        ids = chosen[:, None]
        mask = torch.cat([mask, mask.new_ones((len(prompts), 1))], dim=1)
        positions = positions[:, -1:] + 1
    table = torch.stack(written, dim=1).tolist() if written else [[] for _ in prompts]
    return [_until_end(row, end_ids) for row in table]


def _until_end(row: list[int], end_ids: frozenset[int]) -> Produced:
    for index, token in enumerate(row):
        if token in end_ids:
            return Produced(row[:index], True)
    return Produced(row, False)
