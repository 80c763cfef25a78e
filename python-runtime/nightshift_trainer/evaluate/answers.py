"""Generates the answers to questions: batched, greedy, with a token limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

# transformers types its model classes too loosely to name one here.
Model = Any


@dataclass(frozen=True)
class GeneratedAnswer:
    """`finished`: the model ended its turn before the token limit. An answer that the limit cut off
    is not counted as wrong."""

    ids: list[int]
    finished: bool


def _left_padded(prompts: Sequence[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask, both int64 [prompts, longest]. Padded on the left, so that every
    prompt ends where its answer begins."""
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
    heartbeat: Callable[[], None],
    must_end: Callable[[], bool] = lambda: False,
    on_finished: Callable[[int], None] = lambda _: None,
) -> list[GeneratedAnswer]:
    """The answers in the order of `prompts`. `heartbeat` is called before every token.

    `must_end`: asked before every token; once true, the answers so far are returned, and those that
    the model had already ended count as finished. `on_finished`: receives how many have ended.
    """
    device = next(model.parameters()).device
    ids, mask = (part.to(device) for part in _left_padded(prompts, pad))
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    ends = torch.tensor(sorted(end_ids), device=device)
    generated: list[torch.Tensor] = []
    done = torch.zeros(len(prompts), dtype=torch.bool, device=device)
    cache = None
    for _ in range(max_new_tokens):
        if must_end():
            break
        heartbeat()
        output = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = output.past_key_values
        next_ids = output.logits[:, -1].float().argmax(-1)
        generated.append(next_ids)
        done |= torch.isin(next_ids, ends)
        finished = int(done.sum())
        on_finished(finished)
        if finished == len(prompts):
            break
        ids = next_ids[:, None]
        mask = torch.cat([mask, mask.new_ones((len(prompts), 1))], dim=1)
        positions = positions[:, -1:] + 1
    table = torch.stack(generated, dim=1).tolist() if generated else [[] for _ in prompts]
    return [_up_to_end(row, end_ids) for row in table]


def _up_to_end(ids: list[int], end_ids: frozenset[int]) -> GeneratedAnswer:
    for index, token in enumerate(ids):
        if token in end_ids:
            return GeneratedAnswer(ids[:index], True)
    return GeneratedAnswer(ids, False)
