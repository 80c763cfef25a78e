"""Collates the examples of a step into micro-batches: one row of tokens, separated by segments.

Collation never changes which examples are trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from ..cache import Example

# Tokens per micro-batch, in training and in evaluation: fits a small machine with room to spare.
MICRO_BATCH_TOKENS = 4096
# Segments up to this length use plain matrix products, longer ones the fused attention kernel.
MATMUL_MAX_LENGTH = 512


@dataclass(frozen=True)
class SegmentBatch:
    """Segments of similar length, as rows of a padded table. positions: int64 [segments, longest],
    the token of the micro-batch at each place, in the padding the first token of the segment.
    tokens, slots: int64, the tokens of these segments and their places in the flattened table."""

    positions: torch.Tensor
    tokens: torch.Tensor
    slots: torch.Tensor


class SegmentLayout:
    """Where the segments of a micro-batch are, computed once and used by every layer."""

    def __init__(self, starts: Sequence[int], lengths: Sequence[int], device: torch.device) -> None:
        self._starts, self._lengths, self._device = starts, lengths, device
        self.longest = max(lengths)

    @cached_property
    def boundaries(self) -> torch.Tensor:
        """int32 [segments + 1]: the first token of each segment, and the end."""
        ends = [*self._starts, self._starts[-1] + self._lengths[-1]]
        return torch.tensor(ends, dtype=torch.int32, device=self._device)

    @cached_property
    def segments(self) -> list[SegmentBatch]:
        return batch_segments(self._starts, self._lengths, self._device)


@dataclass(frozen=True)
class MicroBatch:
    """ids, position_ids: int64 [1, tokens]. sources, targets: int64 [targets], the positions whose
    hidden states predict a token, and that token. labels: uint8 [tokens], as in the cache. starts:
    first token of each example. examples: indices into the examples of the step. host_ids,
    host_sources: what was copied to the device, for the ledger, which must not wait for it."""

    ids: torch.Tensor
    position_ids: torch.Tensor
    layout: SegmentLayout
    sources: torch.Tensor
    targets: torch.Tensor
    labels: npt.NDArray[np.uint8]
    starts: list[int]
    examples: list[int]
    host_ids: npt.NDArray[np.int64]
    host_sources: npt.NDArray[np.int64]

    @property
    def tokens(self) -> int:
        return int(self.ids.shape[1])

    @property
    def host_checksum(self) -> int:
        """What `checksum` gives for the same tensors on the device."""
        targets = self.host_ids[self.host_sources + 1]
        return int(self.host_ids.sum() + self.host_sources.sum() + targets.sum())

    def checksum(self) -> torch.Tensor:
        """int64 scalar on the device, so that a damaged copy can't be recorded as trained."""
        return self.ids.sum() + self.sources.sum() + self.targets.sum()


def split_into_micro_batches(
    lengths: Sequence[int], packing: bool, max_tokens: int, max_examples: int | None
) -> list[list[int]]:
    """Indices into `lengths`, one list per micro-batch. Best-fit decreasing: the longest example
    first, each into the fullest micro-batch with room for it."""
    if not packing:
        return [[index] for index in range(len(lengths))]
    bins: list[tuple[int, list[int]]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        best = -1
        for number, (used, members) in enumerate(bins):
            is_full = max_examples is not None and len(members) >= max_examples
            fits = used + lengths[index] <= max_tokens and not is_full
            if fits and (best < 0 or used > bins[best][0]):
                best = number
        if best < 0:
            bins.append((lengths[index], [index]))
        else:
            used, members = bins[best]
            members.append(index)
            bins[best] = (used + lengths[index], members)
    return [members for _, members in bins]


def shard_by_tokens(lengths: Sequence[int], ranks: int) -> list[list[int]]:
    """Ascending indices into `lengths` for each rank: the longest example first, each to the rank
    with the fewest tokens. With more ranks than examples some shards are empty."""
    shards: list[list[int]] = [[] for _ in range(ranks)]
    tokens = [0] * ranks
    for index in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        smallest = tokens.index(min(tokens))
        shards[smallest].append(index)
        tokens[smallest] += lengths[index]
    return [sorted(shard) for shard in shards]


def collate(
    examples: Sequence[Example], members: Sequence[int], device: torch.device
) -> MicroBatch:
    """`members`: indices into `examples`."""
    chosen = [examples[index] for index in members]
    lengths = [len(example.ids) for example in chosen]
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64).tolist()
    ids = np.concatenate([example.ids for example in chosen]).astype(np.int64)
    labels = np.concatenate([example.labels for example in chosen]).astype(np.uint8)
    positions = np.concatenate([np.arange(length) for length in lengths])
    # The first token of an example can't be a target: no token before it predicts it.
    targets = np.flatnonzero((labels == 1) & (positions > 0))
    sources = targets - 1
    return MicroBatch(
        ids=torch.from_numpy(ids).to(device, copy=True)[None],
        position_ids=torch.from_numpy(positions).to(device)[None],
        layout=SegmentLayout(starts, lengths, device),
        sources=torch.from_numpy(sources).to(device, copy=True),
        targets=torch.from_numpy(ids[targets]).to(device),
        labels=labels,
        starts=starts,
        examples=list(members),
        host_ids=ids,
        host_sources=sources,
    )


def batch_segments(
    starts: Sequence[int], lengths: Sequence[int], device: torch.device
) -> list[SegmentBatch]:
    """Segments sorted by length, batched while padding stays below a quarter of the result."""
    groups: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        last = groups[-1] if groups else None
        if last is not None:
            padded = lengths[index] * (len(last) + 1)
            used = sum(lengths[i] for i in last) + lengths[index]
            # A batch never mixes the lengths of the two attention kernels.
            same_kernel = (
                lengths[index] <= MATMUL_MAX_LENGTH or lengths[last[0]] > MATMUL_MAX_LENGTH
            )
            if same_kernel and padded * 3 <= used * 4:
                last.append(index)
                continue
        groups.append([index])
    batches: list[SegmentBatch] = []
    for members in groups:
        longest = max(lengths[i] for i in members)
        offsets = torch.arange(longest)
        start = torch.tensor([starts[i] for i in members])
        length = torch.tensor([lengths[i] for i in members])
        valid = offsets[None] < length[:, None]
        positions = torch.where(valid, start[:, None] + offsets[None], start[:, None])
        slots = valid.flatten().nonzero()[:, 0]
        tokens = positions.flatten()[slots]
        batches.append(SegmentBatch(positions.to(device), tokens.to(device), slots.to(device)))
    return batches
