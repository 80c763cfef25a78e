"""The layout of a step: examples laid one after another, kept apart by segments.

It never changes which examples are trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..cache import Example

# Segments up to this length are batched as plain products; longer ones go through the fused kernel.
PLAIN_LENGTH = 512


@dataclass(frozen=True)
class Group:
    """Segments of alike length: token positions int64 [segments, longest]; valid: bool, alike."""

    positions: torch.Tensor
    valid: torch.Tensor


@dataclass(frozen=True)
class MicroBatch:
    """ids, position_ids: int64 [1, tokens]. `sources`: positions that predict `targets`."""

    ids: torch.Tensor
    position_ids: torch.Tensor
    groups: list[Group]
    sources: torch.Tensor
    targets: torch.Tensor
    labels: torch.Tensor
    starts: list[int]
    examples: list[int]

    @property
    def tokens(self) -> int:
        return int(self.ids.shape[1])


def split(
    lengths: Sequence[int], packing: bool, token_budget: int, most_examples: int | None
) -> list[list[int]]:
    """Indices into `lengths`, one list a micro-batch. Best fit: the longest first, each into the
    fullest bin that still has room."""
    if not packing:
        return [[index] for index in range(len(lengths))]
    bins: list[tuple[int, list[int]]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        best = -1
        for number, (used, members) in enumerate(bins):
            full = most_examples is not None and len(members) >= most_examples
            fits = used + lengths[index] <= token_budget and not full
            if fits and (best < 0 or used > bins[best][0]):
                best = number
        if best < 0:
            bins.append((lengths[index], [index]))
        else:
            used, members = bins[best]
            members.append(index)
            bins[best] = (used + lengths[index], members)
    return [members for _, members in bins]


def share(lengths: Sequence[int], ranks: int) -> list[list[int]]:
    """Indices into `lengths` for each rank, ascending: the longest first, each to the rank that has
    the fewest tokens. One rank has them all, and some have none when there are more of them."""
    shares: list[list[int]] = [[] for _ in range(ranks)]
    tokens = [0] * ranks
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        least = tokens.index(min(tokens))
        shares[least].append(index)
        tokens[least] += lengths[index]
    return [sorted(one) for one in shares]


def lay_out(
    examples: Sequence[Example], members: Sequence[int], device: torch.device
) -> MicroBatch:
    chosen = [examples[index] for index in members]
    lengths = [len(example.ids) for example in chosen]
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64).tolist()
    ids = np.concatenate([example.ids for example in chosen]).astype(np.int64)
    labels = np.concatenate([example.labels for example in chosen]).astype(np.uint8)
    positions = np.concatenate([np.arange(length) for length in lengths])
    # The first token of an example has nothing before it that could predict it.
    targets = np.flatnonzero((labels == 1) & (positions > 0))
    tensor_ids = torch.from_numpy(ids).to(device)
    return MicroBatch(
        ids=tensor_ids[None],
        position_ids=torch.from_numpy(positions).to(device)[None],
        groups=group_segments(starts, lengths, device),
        sources=torch.from_numpy(targets - 1).to(device),
        targets=tensor_ids[torch.from_numpy(targets).to(device)],
        labels=torch.from_numpy(labels),
        starts=starts,
        examples=list(members),
    )


def group_segments(
    starts: Sequence[int], lengths: Sequence[int], device: torch.device
) -> list[Group]:
    """Segments sorted by length; one group as long as padding wastes less than a quarter."""
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i], i))
    batches: list[list[int]] = []
    for index in order:
        last = batches[-1] if batches else None
        if last is not None:
            padded = lengths[index] * (len(last) + 1)
            used = sum(lengths[i] for i in last) + lengths[index]
            short = lengths[index] <= PLAIN_LENGTH or lengths[last[0]] > PLAIN_LENGTH
            if short and padded * 3 <= used * 4:
                last.append(index)
                continue
        batches.append([index])
    groups: list[Group] = []
    for members in batches:
        longest = max(lengths[i] for i in members)
        offsets = torch.arange(longest)
        begin = torch.tensor([starts[i] for i in members])
        length = torch.tensor([lengths[i] for i in members])
        valid = offsets[None] < length[:, None]
        positions = torch.where(valid, begin[:, None] + offsets[None], begin[:, None])
        groups.append(Group(positions.to(device), valid.to(device)))
    return groups
