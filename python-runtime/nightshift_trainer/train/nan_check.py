"""Whether weights and moments are numbers: one pass over the memory, and nothing is copied."""

from __future__ import annotations

from collections.abc import Mapping

import torch


def first_not_finite(tensors: Mapping[str, torch.Tensor]) -> str | None:
    """The name of the first tensor that holds a NaN or an infinity; null: all are numbers.

    By the smallest and the largest of each: both are a NaN where one is inside. Nothing as large
    as a tensor is made, which `isfinite` over all of it would do."""
    ends = {
        name: torch.stack(tensor.detach().aminmax())
        for name, tensor in tensors.items()
        if tensor.numel() > 0
    }
    if not ends:
        return None
    # Asked once: on a GPU each question waits for everything that is under way.
    finite = torch.isfinite(torch.stack([one.float() for one in ends.values()])).all(dim=1)
    return next((n for n, good in zip(ends, finite.tolist(), strict=True) if not good), None)
