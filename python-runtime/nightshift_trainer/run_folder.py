"""The run folder: what the engine and this process say to each other (docs/protocol.md)."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .files import LineFile, read_json, write_json
from .identity import own_identity

HEARTBEAT_SECONDS = 0.25
_COMMAND = re.compile(r"\A(\d{6})-([a-z-]+)\.json\Z")


class Cancelled(Exception):
    """A worker was told to stop; it ends with the outcome `cancelled`."""


@dataclass(frozen=True)
class Command:
    seq: int
    verb: str
    t: float
    args: dict[str, Any] = field(default_factory=dict)


class RunFolder:
    """One per process. Nothing here starts a thread: a heartbeat proves that the loop runs.
    `rank`: of several that train together, 0 leads; the others have a heartbeat of their own."""

    def __init__(self, folder: Path, rank: int = 0) -> None:
        self.folder = folder
        self._heartbeat = folder / ("heartbeat" if rank == 0 else f"heartbeat-{rank}")
        self.identity = own_identity()
        self._beats = 0
        self._last_beat = 0.0
        self._last_phase = ""
        self._read_commands: set[str] = set()
        # Set by a signal of the system (SIGTERM); the loop saves and ends at its next boundary.
        self.told_to_end = False
        self._events = LineFile(folder / "events.jsonl")
        self._metrics = LineFile(folder / "metrics.jsonl")

    def spec(self) -> dict[str, Any]:
        return read_json(self.folder / "spec.json")

    def heartbeat(
        self, *, phase: str, step: int = 0, position: int = 0, detail: str | None = None
    ) -> None:
        """At most every 0.25 s, and at each change of phase. Never raises for a disk that is full:
        a trainer that cannot say that it lives is still better than none."""
        now = time.monotonic()
        if phase == self._last_phase and now - self._last_beat < HEARTBEAT_SECONDS:
            return
        self._last_beat, self._last_phase = now, phase
        self._beats += 1
        document = {
            "format": 1,
            "pid": self.identity.pid,
            "start": self.identity.start,
            "seq": self._beats,
            "phase": phase,
            "step": step,
            "position": position,
            "t": time.time(),
            "monotonic": now,
            "detail": detail,
        }
        try:
            write_json(self._heartbeat, document, durable=False)
        except OSError:
            self._beat_in_place(document)

    def _beat_in_place(self, document: dict[str, Any]) -> None:
        """A full disk has no room for a new file, but the old one has its blocks: silence would be
        taken for a hang, and the trainer killed for it."""
        path = self._heartbeat
        content = json.dumps(document).encode("utf-8")
        try:
            with path.open("r+b", buffering=0) as stream:
                # As long as it was: a shorter document is followed by blanks, which JSON allows.
                stream.write(content.ljust(path.stat().st_size))
        except OSError:
            return

    def event(self, kind: str, **fields: Any) -> None:  # noqa: ANN401 - JSON
        self._events.append({"t": time.time(), "type": kind, **fields})

    def metric(self, **fields: Any) -> None:  # noqa: ANN401 - JSON
        self._metrics.append({"t": time.time(), **fields})

    def commands(self) -> list[Command]:
        """Commands not handed out before, in order of their numbers."""
        folder = self.folder / "commands"
        if not folder.is_dir():
            return []
        found: list[Command] = []
        for path in sorted(folder.iterdir()):
            match = _COMMAND.match(path.name)
            if match is None or path.name in self._read_commands:
                continue
            seq, verb = int(match[1]), match[2]
            self._read_commands.add(path.name)
            try:
                document = read_json(path)
                asked, args = float(document["t"]), document.get("args") or {}
            except (OSError, ValueError, KeyError, TypeError) as error:
                # Whatever lies there, training does not end for it.
                refused = Command(seq, verb, 0.0)
                self.acknowledge(refused, "refused", f"{path.name} cannot be read: {error}")
                continue
            found.append(Command(seq, verb, asked, args))
        return found

    def acknowledge(self, command: Command, state: str, reason: str | None = None) -> None:
        self.event("acknowledged", seq=command.seq, verb=command.verb, state=state, reason=reason)

    def exit(
        self,
        outcome: str,
        *,
        reason: str | None = None,
        step: int | None = 0,
        position: int | None = 0,
        code: int = 0,
        steps_done: int | None = None,
        error: dict[str, Any] | None = None,
    ) -> None:
        """The last thing a process writes, after all that was said before. OSError when the disk
        has no room for it."""
        self._events.flush()
        self._metrics.flush()
        document = {
            "format": 1,
            "outcome": outcome,
            "reason": reason,
            "t": time.time(),
            "step": step,
            "position": position,
            "code": code,
            "steps_done": steps_done,
            "error": error,
        }
        write_json(self.folder / "exit.json", document)
