"""What was fed: one line a step, hashed from the tensors that were handed to the model."""

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

# Bytes at the end of a ledger: many lines, and a whole one of a batch of ten thousand rows.
TAIL = 1 << 17


def ends_after(path: Path, branch: str, step: int) -> bool:
    """Whether a ledger's last word on the branch names a step later than `step`. Only its end is
    read: a start looks into the ledgers of all datasets. A branch that the end does not name was
    left before, and nothing goes on in it."""
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - TAIL))
        lines = stream.read().split(b"\n")
    # The first may be the end of a line, the last the beginning of one.
    for line in reversed(lines[1 if size > TAIL else 0 : -1]):
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
        self._cut_torn_line()

    def _cut_torn_line(self) -> None:
        """A line that a power cut left unfinished would swallow the next one, and that one may be
        the mark of the lost steps."""
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(self.path, whole)

    def last_step(self) -> int:
        """The largest step of this branch that counts; 0 when there is none."""
        return max(self._counting(), default=0)

    def steps_after(self, step: int) -> int:
        """How many steps of this branch that count are later."""
        return sum(one > step for one in self._counting())

    def _counting(self) -> list[int]:
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

    def lose_after(self, step: int) -> None:
        """Later lines are of steps that no checkpoint holds."""
        mark = {"lost_after": step, "branch": self.branch, "run": self.run, "t": time.time()}
        self._lines.append(mark)

    def write(
        self,
        step: int,
        epoch: int,
        rows: list[int],
        trained_tokens: int,
        fed: str,
        position: int,
        refused: str | None = None,
    ) -> None:
        """`refused`: what was not a number; the rows were fed, and the weights did not move."""
        entry: dict[str, Any] = {
            "branch": self.branch,
            "run": self.run,
            "step": step,
            "epoch": epoch,
            "rows": rows,
            "trained_tokens": trained_tokens,
            "fed": fed,
            "position": position,
        }
        self._lines.append(entry if refused is None else {**entry, "refused": refused})

    def sync(self) -> None:
        """Makes every line durable; OSError when it cannot: no checkpoint may claim these steps."""
        self._lines.flush(durable=True)


class Fed:
    """Collects what each micro-batch held, and hashes it in the order of the step's rows."""

    def __init__(self) -> None:
        self._parts: dict[int, tuple[bytes, bytes]] = {}

    @classmethod
    def of(cls, parts: Iterable[Fed]) -> Fed:
        """One step's, of the shares of all ranks."""
        whole = cls()
        for part in parts:
            whole._parts.update(part._parts)
        return whole

    def add(self, batch: MicroBatch) -> None:
        ids = batch.ids[0].cpu().numpy().astype("<i4")
        # Labels as the loss saw them: the targets' own positions, not a copy of the cache.
        labels = np.zeros(len(ids), dtype=np.uint8)
        labels[batch.sources.cpu().numpy() + 1] = 1
        ends = [*batch.starts[1:], len(ids)]
        for example, start, end in zip(batch.examples, batch.starts, ends, strict=True):
            first = labels[start:end].copy()
            # The first token of an example is labelled in raw text, and can never be a target.
            first[0] = int(batch.labels[start])
            self._parts[example] = (ids[start:end].tobytes(), first.tobytes())

    def digest(self) -> str:
        """xxh3-64, hex, over int32 ids then uint8 labels of every example in order."""
        digest = xxhash.xxh3_64()
        for example in sorted(self._parts):
            ids, labels = self._parts[example]
            digest.update(ids)
            digest.update(labels)
        return digest.hexdigest()
