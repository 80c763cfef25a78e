"""Causal attention inside each segment, no dense mask over the whole row.

Alike lengths are batched; padding stands at the end of a segment, where the causal order keeps
it from being seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface
from transformers.utils.logging import disable_progress_bar

from .collator import PLAIN_LENGTH, Group

NAME = "nightshift_segments"


def _plain(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float, dropout: float
) -> torch.Tensor:
    """[segments, heads, length, width]; softmax in fp32."""
    length = query.shape[2]
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    ahead = torch.ones(length, length, dtype=torch.bool, device=query.device).triu(1)
    scores = scores.masked_fill(ahead, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    if dropout > 0:
        weights = functional.dropout(weights, dropout)
    return torch.matmul(weights, value)


def segment_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    segments: Sequence[Group] = (),
    **_: Any,  # noqa: ANN401 - what else transformers passes on
) -> tuple[torch.Tensor, None]:
    """query [1, heads, tokens, width], key and value [1, key heads, tokens, width]
    -> [1, tokens, heads, width]."""
    if attention_mask is not None or not segments:
        raise ValueError("segment attention takes its layout from `segments`, and no mask")
    repeats = query.shape[1] // key.shape[1]
    flat_query, flat_key, flat_value = (part[0].transpose(0, 1) for part in (query, key, value))
    result = query.new_zeros(query.shape[2], query.shape[1], value.shape[3])
    for group in segments:
        chosen = [
            part[group.positions].transpose(1, 2) for part in (flat_query, flat_key, flat_value)
        ]
        if repeats > 1:
            chosen[1] = chosen[1].repeat_interleave(repeats, dim=1)
            chosen[2] = chosen[2].repeat_interleave(repeats, dim=1)
        if group.positions.shape[1] <= PLAIN_LENGTH:
            output = _plain(chosen[0], chosen[1], chosen[2], scaling, dropout)
        else:
            output = functional.scaled_dot_product_attention(
                chosen[0], chosen[1], chosen[2], dropout_p=dropout, is_causal=True, scale=scaling
            )
        valid = group.valid
        result = result.index_put((group.positions[valid],), output.transpose(1, 2)[valid])
    return result[None], None


def register() -> None:
    # A bar for a log that nobody watches, and a thread beside the loop.
    disable_progress_bar()
    AttentionInterface.register(NAME, segment_attention)
