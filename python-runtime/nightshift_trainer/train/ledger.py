"""The ledger: one line per step with its rows and a hash of the tensors that the model received."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from ..files import LineFile
from .collator import MicroBatch

# Bytes read from the end of a ledger: many lines, or one line of a batch of ten thousand rows.
TAIL_BYTES = 1 << 17


def ends_after(path: Path, branch: str, step: int) -> bool:
    """Whether the last entry of `branch` in a ledger is later than `step`.

    Reads only the end of the file, because each start checks the ledgers of all datasets. A branch
    without an entry there was left long ago and is never continued.
    """
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - TAIL_BYTES))
        lines = stream.read().split(b"\n")
    # The first line may lack its start and the last one its end.
    for line in reversed(lines[1 if size > TAIL_BYTES else 0 : -1]):
        try:
            entry: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        if entry.get("branch") == branch:
            return int(entry.get("lost_after", entry.get("step", 0))) > step
    return False


class Ledger:
    def __init__(self, path: Path, branch: str, run: str) -> None:
        self.path, self.branch, self.run = path, branch, run
        self._lines = LineFile(path)
        path.touch()
        self._truncate_partial_line()

    def _truncate_partial_line(self) -> None:
        """Otherwise the next line would be appended to a line cut off by a power failure, and both
        would be unreadable."""
        content = self.path.read_bytes()
        complete = content.rfind(b"\n") + 1
        if complete < len(content):
            os.truncate(self.path, complete)

    def last_step(self) -> int:
        """The last step of this branch that is not marked lost; 0 when there is none."""
        return max(self._valid_steps(), default=0)

    def count_steps_after(self, step: int) -> int:
        """The number of later steps of this branch that are not marked lost."""
        return sum(valid > step for valid in self._valid_steps())

    def _valid_steps(self) -> list[int]:
        steps: list[int] = []
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            try:
                entry: dict[str, Any] = json.loads(line)
            except ValueError:
                continue
            if entry.get("branch") != self.branch:
                continue
            if "lost_after" in entry:
                while steps and steps[-1] > int(entry["lost_after"]):
                    steps.pop()
            elif "step" in entry:
                steps.append(int(entry["step"]))
        return steps

    def mark_lost_after(self, step: int) -> None:
        """Marks all later steps of this branch as lost: no checkpoint contains them."""
        mark = {"lost_after": step, "branch": self.branch, "run": self.run, "t": time.time()}
        self._lines.append(mark)

    def write(
        self,
        step: int,
        epoch: int,
        rows: list[int],
        trained_tokens: int,
        batch_hash: str,
        position: int,
        refused: str | None = None,
    ) -> None:
        """`refused`: what was NaN or Inf, `loss` or `gradient`; the weights were not updated."""
        entry: dict[str, Any] = {
            "branch": self.branch,
            "run": self.run,
            "step": step,
            "epoch": epoch,
            "rows": rows,
            "trained_tokens": trained_tokens,
            "batch_hash": batch_hash,
            "position": position,
        }
        self._lines.append(entry if refused is None else {**entry, "refused": refused})

    def sync(self) -> None:
        """Makes every line durable. OSError when it can't: then no checkpoint may be written, as
        its steps would be missing from the ledger."""
        self._lines.flush(durable=True)


class BatchDigest:
    """Collects the examples of each micro-batch and hashes them in the order of the step's rows."""

    def __init__(self) -> None:
        self._parts: dict[int, tuple[bytes, bytes]] = {}

    @classmethod
    def merge(cls, parts: Iterable[BatchDigest]) -> BatchDigest:
        """The digest of a whole step from those of all ranks."""
        merged = cls()
        for part in parts:
            merged._parts.update(part._parts)
        return merged

    def add(self, batch: MicroBatch) -> None:
        ids = batch.host_ids.astype("<i4")
        # Labels from the positions that the loss used, not from the cache.
        labels = np.zeros(len(ids), dtype=np.uint8)
        labels[batch.host_sources + 1] = 1
        ends = [*batch.starts[1:], len(ids)]
        for example, start, end in zip(batch.examples, batch.starts, ends, strict=True):
            example_labels = labels[start:end].copy()
            # The first token is labeled in raw text, but can't be a target.
            example_labels[0] = int(batch.labels[start])
            self._parts[example] = (ids[start:end].tobytes(), example_labels.tobytes())

    def hash(self) -> str:
        """xxh3-64, hex, over int32 ids then uint8 labels of every example in order."""
        digest = xxhash.xxh3_64()
        for example in sorted(self._parts):
            ids, labels = self._parts[example]
            digest.update(ids)
            digest.update(labels)
        return digest.hexdigest()
