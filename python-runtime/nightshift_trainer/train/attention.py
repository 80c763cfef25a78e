"""Causal attention within each segment of a packed row, without a dense mask over the whole row.

Segments of similar length are batched. Padding is at the end of a segment, where causal attention
never sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface
from transformers.utils.logging import disable_progress_bar

from .collator import MATMUL_MAX_LENGTH, SegmentBatch

NAME = "nightshift_segments"


def _matmul_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float, dropout: float
) -> torch.Tensor:
    """[segments, heads, length, width]; softmax in fp32."""
    length = query.shape[2]
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    future = torch.ones(length, length, dtype=torch.bool, device=query.device).triu(1)
    scores = scores.masked_fill(future, torch.finfo(scores.dtype).min)
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
    segments: Sequence[SegmentBatch] = (),
    **_: Any,  # noqa: ANN401 - other arguments of transformers
) -> tuple[torch.Tensor, None]:
    """query [1, heads, tokens, width], key and value [1, key heads, tokens, width]
    -> [1, tokens, heads, width]."""
    if attention_mask is not None or not segments:
        raise ValueError("segment attention needs `segments` and no attention mask")
    repeats = query.shape[1] // key.shape[1]
    flat_query, flat_key, flat_value = (part[0].transpose(0, 1) for part in (query, key, value))
    result = query.new_zeros(query.shape[2], query.shape[1], value.shape[3])
    for batch in segments:
        parts = [
            part[batch.positions].transpose(1, 2) for part in (flat_query, flat_key, flat_value)
        ]
        if repeats > 1:
            parts[1] = parts[1].repeat_interleave(repeats, dim=1)
            parts[2] = parts[2].repeat_interleave(repeats, dim=1)
        if batch.positions.shape[1] <= MATMUL_MAX_LENGTH:
            output = _matmul_attention(parts[0], parts[1], parts[2], scaling, dropout)
        else:
            output = functional.scaled_dot_product_attention(
                parts[0], parts[1], parts[2], dropout_p=dropout, is_causal=True, scale=scaling
            )
        valid = batch.valid
        result = result.index_put((batch.positions[valid],), output.transpose(1, 2)[valid])
    return result[None], None


def register() -> None:
    # The progress bar of transformers starts a thread and only clutters the log.
    disable_progress_bar()
    AttentionInterface.register(NAME, segment_attention)
