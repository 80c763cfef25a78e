"""Cross-entropy over labeled positions in chunks, so that the full logits are never materialized.

The loss of a step is the sum over its trained tokens divided by their number, so this returns sums.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import torch

# Equal to SMOOTHING_WEIGHT of the contract, or the shown losses do not subtract to the gap.
SMOOTHING = 0.6


@dataclass(frozen=True)
class LogitsChange:
    """What some models do to their logits: a factor, and a bound that tanh approaches."""

    factor: float = 1.0
    softcap: float | None = None

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        if self.factor != 1.0:
            logits = logits * self.factor
        if self.softcap is not None:
            logits = torch.tanh(logits / self.softcap) * self.softcap
        return logits

    def derivative(self, gradient: torch.Tensor, changed: torch.Tensor) -> torch.Tensor:
        """The gradient before the change; `changed`: the logits after it."""
        if self.softcap is not None:
            gradient = gradient * (1 - (changed / self.softcap).square())
        return gradient if self.factor == 1.0 else gradient * self.factor


UNCHANGED = LogitsChange()


class _TakeRows(torch.autograd.Function):
    """Rows that are each taken once: nothing has to be summed in the backward pass."""

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
        ctx.save_for_backward(indices)
        ctx.shape = rows.shape
        return rows.index_select(0, indices)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:  # noqa: ANN401 - torch's context
        (indices,) = ctx.saved_tensors
        return grads[0].new_zeros(ctx.shape).index_copy_(0, indices, grads[0]), None


def take_rows(rows: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    """The rows at `indices`, which are all different."""
    return cast("torch.Tensor", _TakeRows.apply(rows, indices))


def _chunk_loss(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, change: LogitsChange
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sum of the losses, fp32 logits and their log-sum-exp."""
    logits = change.apply(torch.matmul(hidden, weight.t()).float())
    log_sum_exp = torch.logsumexp(logits, dim=-1)
    target_logits = logits.gather(1, targets[:, None])[:, 0]
    return (log_sum_exp - target_logits).sum(), logits, log_sum_exp


class _ChunkedCrossEntropy(torch.autograd.Function):
    """Computes the gradients chunk by chunk in the forward pass; backward only scales them."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's context
        hidden: torch.Tensor,
        weight: torch.Tensor,
        targets: torch.Tensor,
        chunk: int,
        change: LogitsChange,
    ) -> torch.Tensor:
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        grad_hidden = torch.empty_like(hidden)
        grad_weight = torch.zeros(weight.shape, dtype=torch.float32, device=weight.device)
        for start in range(0, hidden.shape[0], chunk):
            part = slice(start, start + chunk)
            loss, logits, log_sum_exp = _chunk_loss(hidden[part], weight, targets[part], change)
            total = total + loss
            if change == UNCHANGED:
                gradient = logits.sub_(log_sum_exp[:, None]).exp_()
            else:
                gradient = (logits - log_sum_exp[:, None]).exp_()
            gradient[torch.arange(gradient.shape[0], device=gradient.device), targets[part]] -= 1
            if change != UNCHANGED:
                gradient = change.derivative(gradient, logits)
            gradient = gradient.to(weight.dtype)
            grad_hidden[part] = torch.matmul(gradient, weight)
            grad_weight += torch.matmul(gradient.t(), hidden[part]).float()
        ctx.save_for_backward(grad_hidden, grad_weight.to(weight.dtype))
        return total

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:  # noqa: ANN401 - torch's context
        grad_hidden, grad_weight = ctx.saved_tensors
        scale = grads[0]
        return grad_hidden * scale, grad_weight * scale, None, None, None


def cross_entropy_sum(
    hidden: torch.Tensor,
    weight: torch.Tensor,
    targets: torch.Tensor,
    chunk: int,
    change: LogitsChange = UNCHANGED,
) -> torch.Tensor:
    """hidden [n, width] predicts targets int64 [n]; weight [vocabulary, width]; `chunk`: positions
    whose logits exist at the same time. Returns an fp32 scalar in nats."""
    if torch.is_grad_enabled():
        result = _ChunkedCrossEntropy.apply(hidden, weight, targets, chunk, change)
        assert isinstance(result, torch.Tensor)
        return result
    total = torch.zeros((), dtype=torch.float32, device=hidden.device)
    for start in range(0, hidden.shape[0], chunk):
        part = slice(start, start + chunk)
        total = total + _chunk_loss(hidden[part], weight, targets[part], change)[0]
    return total


class SmoothedLoss:
    """Debiased exponential moving average of the training loss; restarts with each dataset."""

    def __init__(self, average: float = 0.0, weight: float = 0.0) -> None:
        self.average, self.weight = average, weight

    def add(self, loss: float) -> None:
        """Ignores NaN and Inf."""
        if math.isfinite(loss):
            self.average = SMOOTHING * self.average + (1 - SMOOTHING) * loss
            self.weight = SMOOTHING * self.weight + (1 - SMOOTHING)

    @property
    def value(self) -> float | None:
        return self.average / self.weight if self.weight > 0 else None
