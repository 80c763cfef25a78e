"""Cross-entropy over labelled positions in chunks: the full table of logits never exists.

Loss of a step = sum over trained tokens / trained tokens of the whole batch, so this returns sums.
"""

from __future__ import annotations

from typing import Any

import torch


def _chunk_loss(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sum of the losses, fp32 logits and their log-sum-exp."""
    logits = torch.matmul(hidden, weight.t()).float()
    normaliser = torch.logsumexp(logits, dim=-1)
    chosen = logits.gather(1, targets[:, None])[:, 0]
    return (normaliser - chosen).sum(), logits, normaliser


class _ChunkedCrossEntropy(torch.autograd.Function):
    """Gradients are made in the forward pass by chunks; the backward pass only scales them."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's context
        hidden: torch.Tensor,
        weight: torch.Tensor,
        targets: torch.Tensor,
        chunk: int,
    ) -> torch.Tensor:
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        grad_hidden = torch.empty_like(hidden)
        grad_weight = torch.zeros(weight.shape, dtype=torch.float32, device=weight.device)
        for start in range(0, hidden.shape[0], chunk):
            part = slice(start, start + chunk)
            loss, logits, normaliser = _chunk_loss(hidden[part], weight, targets[part])
            total = total + loss
            gradient = logits.sub_(normaliser[:, None]).exp_()
            gradient[torch.arange(gradient.shape[0], device=gradient.device), targets[part]] -= 1
            gradient = gradient.to(weight.dtype)
            grad_hidden[part] = torch.matmul(gradient, weight)
            grad_weight += torch.matmul(gradient.t(), hidden[part]).float()
        ctx.save_for_backward(grad_hidden, grad_weight.to(weight.dtype))
        return total

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:  # noqa: ANN401 - torch's context
        grad_hidden, grad_weight = ctx.saved_tensors
        scale = grads[0]
        return grad_hidden * scale, grad_weight * scale, None, None


def cross_entropy_sum(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, chunk: int
) -> torch.Tensor:
    """hidden [n, width] predicts targets int64 [n]; weight [vocabulary, width] -> fp32, nats."""
    if torch.is_grad_enabled():
        result = _ChunkedCrossEntropy.apply(hidden, weight, targets, chunk)
        assert isinstance(result, torch.Tensor)
        return result
    total = torch.zeros((), dtype=torch.float32, device=hidden.device)
    for start in range(0, hidden.shape[0], chunk):
        part = slice(start, start + chunk)
        total = total + _chunk_loss(hidden[part], weight, targets[part])[0]
    return total
