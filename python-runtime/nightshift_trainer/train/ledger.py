"""What was fed: one line a step, hashed from the tensors that were handed to the model."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from .layout import MicroBatch


class Ledger:
    def __init__(self, path: Path, branch: str, run: str) -> None:
        self.path, self.branch, self.run = path, branch, run
        self._stream = path.open("ab")
        self._cut_torn_line()

    def _cut_torn_line(self) -> None:
        """A line that a full disk or a power cut left unfinished would swallow the next one, and
        that one may be the mark of the lost steps."""
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            self._stream.truncate(whole)

    def last_step(self) -> int:
        """The largest step of this branch that counts; 0 when there is none."""
        last = 0
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            try:
                entry: dict[str, Any] = json.loads(line)
            except ValueError:
                continue
            if entry.get("branch") != self.branch:
                continue
            if "lost_after" in entry:
                last = min(last, int(entry["lost_after"]))
            elif "step" in entry:
                last = int(entry["step"])
        return last

    def lose_after(self, step: int) -> None:
        """Later lines are of steps that no checkpoint holds."""
        self._write({"lost_after": step, "branch": self.branch, "run": self.run, "t": time.time()})
        self.sync()

    def write(
        self,
        step: int,
        epoch: int,
        rows: list[int],
        trained_tokens: int,
        fed: str,
        position: int,
    ) -> None:
        self._write(
            {
                "branch": self.branch,
                "run": self.run,
                "step": step,
                "epoch": epoch,
                "rows": rows,
                "trained_tokens": trained_tokens,
                "fed": fed,
                "position": position,
            }
        )

    def _write(self, entry: Mapping[str, Any]) -> None:
        self._stream.write((json.dumps(entry) + "\n").encode("utf-8"))
        self._stream.flush()

    def sync(self) -> None:
        os.fsync(self._stream.fileno())


class Fed:
    """Collects what each micro-batch held, and hashes it in the order of the step's rows."""

    def __init__(self) -> None:
        self._parts: dict[int, tuple[bytes, bytes]] = {}

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
