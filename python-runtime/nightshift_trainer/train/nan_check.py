"""Checks tensors for NaN and Inf in one pass over their memory, without copying them."""

from __future__ import annotations

from collections.abc import Mapping

import torch


def first_non_finite(tensors: Mapping[str, torch.Tensor]) -> str | None:
    """The name of the first tensor with a NaN or Inf; None when all values are finite.

    Checks only the minimum and maximum of each tensor: both are NaN when any value is. `isfinite`
    over the whole tensor would allocate a tensor of the same size.
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
