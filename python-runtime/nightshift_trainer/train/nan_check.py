"""Detects NaN and Inf in tensors and counts the steps that were refused because of them."""

from __future__ import annotations

from collections.abc import Mapping

import torch

# The run ends when so many steps in a window were refused.
NON_FINITE_LIMIT = 3
NON_FINITE_WINDOW = 100


def first_non_finite(tensors: Mapping[str, torch.Tensor]) -> str | None:
    """The name of the first tensor with a NaN or Inf; None when all values are finite.

    Checks only the minimum and maximum of each tensor, which are NaN when any value is: `isfinite`
    over the whole tensor would allocate another one of the same size.
    """
    extremes = {
        name: torch.stack(tensor.detach().aminmax())
        for name, tensor in tensors.items()
        if tensor.numel() > 0
    }
    if not extremes:
        return None
    # One transfer for all tensors: on a GPU each one waits for all pending kernels.
    pairs = torch.stack([pair.float() for pair in extremes.values()])
    is_finite = torch.isfinite(pairs).all(dim=1).tolist()
    return next((name for name, ok in zip(extremes, is_finite, strict=True) if not ok), None)


class RefusedSteps:
    """The recent steps whose loss or gradient was NaN or Inf."""

    def __init__(self) -> None:
        self._steps: list[int] = []

    def add(self, step: int) -> bool:
        """True when the limit is reached."""
        window = [refused for refused in self._steps if step - refused < NON_FINITE_WINDOW]
        self._steps = [*window, step]
        return len(self._steps) >= NON_FINITE_LIMIT
