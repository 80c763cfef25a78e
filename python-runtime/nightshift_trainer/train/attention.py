"""Causal attention within each segment of a packed row, without a dense mask over the whole row.

On a GPU the kernel for variable lengths reads the packed row as it is. Elsewhere, segments of
similar length are batched; padding is at the end of a segment, where causal attention never sees
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface
from transformers.utils.logging import disable_progress_bar

from . import device
from .collator import MATMUL_MAX_LENGTH, SegmentBatch, SegmentLayout

NAME = "nightshift_segments"


@dataclass(frozen=True)
class Variant:
    """What a model changes about attention. window: tokens that a token sees, itself included;
    softcap: bound of the scores; sinks: one score for each head that takes weight from all tokens
    (None: not used)."""

    scaling: float
    dropout: float = 0.0
    window: int | None = None
    softcap: float | None = None
    sinks: torch.Tensor | None = None

    @property
    def changes_scores(self) -> bool:
        return self.softcap is not None or self.sinks is not None


class _PadSegments(torch.autograd.Function):
    """[tokens, …] -> [segments, longest, …]. The gradient of a token is that of its own place: the
    copies of it in the padding get none, so nothing has to be summed."""

    @staticmethod
    def forward(ctx: Any, packed: torch.Tensor, batch: SegmentBatch) -> torch.Tensor:  # noqa: ANN401
        ctx.batch, ctx.shape = batch, packed.shape
        return packed[batch.positions]

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:  # noqa: ANN401 - torch's context
        batch: SegmentBatch = ctx.batch
        flat = grads[0].flatten(0, 1)
        gradient = flat.new_zeros(ctx.shape)
        return gradient.index_copy_(0, batch.tokens, flat.index_select(0, batch.slots)), None


class _UnpadSegments(torch.autograd.Function):
    """The reverse: [segments, longest, …] -> [tokens of the batch, …], without the padding."""

    @staticmethod
    def forward(ctx: Any, padded: torch.Tensor, batch: SegmentBatch) -> torch.Tensor:  # noqa: ANN401
        ctx.batch, ctx.shape = batch, padded.shape
        return padded.flatten(0, 1).index_select(0, batch.slots)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:  # noqa: ANN401 - torch's context
        gradient = grads[0].new_zeros(ctx.shape)
        gradient.flatten(0, 1).index_copy_(0, ctx.batch.slots, grads[0])
        return gradient, None


def _hidden_positions(length: int, window: int | None, on: torch.device) -> torch.Tensor:
    """True where a query (row) doesn't see a key (column)."""
    everything = torch.ones(length, length, dtype=torch.bool, device=on)
    hidden = everything.triu(1)
    if window is not None and window < length:
        hidden = hidden | everything.tril(-window)
    return hidden


def _matmul_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, variant: Variant
) -> torch.Tensor:
    """[segments, heads, length, width]; softmax in fp32."""
    length = query.shape[2]
    scores = torch.matmul(query, key.transpose(2, 3)) * variant.scaling
    if variant.softcap is not None:
        scores = torch.tanh(scores / variant.softcap) * variant.softcap
    hidden = _hidden_positions(length, variant.window, query.device)
    scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
    if variant.sinks is not None:
        sinks = variant.sinks.to(scores.dtype).reshape(1, -1, 1, 1)
        scores = torch.cat([scores, sinks.expand(*scores.shape[:3], 1)], dim=-1)
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    if variant.dropout > 0:
        weights = functional.dropout(weights, variant.dropout)
    return torch.matmul(weights[..., :length], value)


def _fused_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, variant: Variant
) -> torch.Tensor:
    """[segments, heads, length, width]."""
    length = query.shape[2]
    is_windowed = variant.window is not None and variant.window < length
    mask = ~_hidden_positions(length, variant.window, query.device) if is_windowed else None
    return functional.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=mask,
        dropout_p=variant.dropout,
        is_causal=not is_windowed,
        scale=variant.scaling,
    )


def _padded_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: SegmentLayout,
    variant: Variant,
) -> torch.Tensor:
    """query [tokens, heads, width], key and value [tokens, key heads, width]."""
    repeats = query.shape[1] // key.shape[1]
    result = query.new_zeros(query.shape[0], query.shape[1], value.shape[2])
    for batch in layout.segments:
        parts = [_PadSegments.apply(part, batch).transpose(1, 2) for part in (query, key, value)]
        if repeats > 1:
            parts[1] = parts[1].repeat_interleave(repeats, dim=1)
            parts[2] = parts[2].repeat_interleave(repeats, dim=1)
        is_short = batch.positions.shape[1] <= MATMUL_MAX_LENGTH and query.device.type == "cpu"
        kernel = _matmul_attention if is_short or variant.changes_scores else _fused_attention
        output = kernel(parts[0], parts[1], parts[2], variant)
        tokens = _UnpadSegments.apply(output.transpose(1, 2), batch)
        result = result.index_put((batch.tokens,), tokens)
    return result


def segment_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    layout: SegmentLayout | None = None,
    **_: Any,  # noqa: ANN401 - other arguments of transformers; bases/self_check.py finds what counts
) -> tuple[torch.Tensor, None]:
    """query [1, heads, tokens, width], key and value [1, key heads, tokens, width]
    -> [1, tokens, heads, width]."""
    if attention_mask is not None or layout is None:
        raise ValueError("segment attention needs `layout` and no attention mask")
    scale = float(query.shape[3] ** -0.5 if scaling is None else scaling)
    variant = Variant(scale, dropout, sliding_window, softcap, s_aux)
    q, k, v = (part.squeeze(0).transpose(0, 1) for part in (query, key, value))
    if dropout == 0 and not variant.changes_scores and device.has_varlen_attention(query):
        result = device.varlen_attention(q, k, v, layout, scale, sliding_window)
        return result.unsqueeze(0), None
    return _padded_attention(q, k, v, layout, variant).unsqueeze(0), None


def register() -> None:
    # The progress bar of transformers starts a thread and only clutters the log.
    disable_progress_bar()
    AttentionInterface.register(NAME, segment_attention)
