"""The run folder: what the engine and this process say to each other (docs/protocol.md)."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .files import read_json, write_json
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
    """One per process. Nothing here starts a thread: a heartbeat proves that the loop runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.identity = own_identity()
        self._beats = 0
        self._last_beat = 0.0
        self._last_phase = ""
        self._read_commands: set[int] = set()

    def spec(self) -> dict[str, Any]:
        return read_json(self.folder / "spec.json")

    def heartbeat(
        self, *, phase: str, step: int = 0, position: int = 0, detail: str | None = None
    ) -> None:
        """At most every 0.25 s, and at each change of phase."""
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
        write_json(self.folder / "heartbeat", document, durable=False)

    def event(self, kind: str, **fields: Any) -> None:  # noqa: ANN401 - JSON
        self._append("events.jsonl", {"t": time.time(), "type": kind, **fields})

    def metric(self, **fields: Any) -> None:  # noqa: ANN401 - JSON
        self._append("metrics.jsonl", {"t": time.time(), **fields})

    def _append(self, name: str, document: dict[str, Any]) -> None:
        line = json.dumps(document, ensure_ascii=False) + "\n"
        with (self.folder / name).open("ab") as stream:
            stream.write(line.encode("utf-8"))

    def commands(self) -> list[Command]:
        """Commands not handed out before, in order of their numbers."""
        folder = self.folder / "commands"
        if not folder.is_dir():
            return []
        found: list[Command] = []
        for path in sorted(folder.iterdir()):
            match = _COMMAND.match(path.name)
            if match is None or int(match[1]) in self._read_commands:
                continue
            document = read_json(path)
            self._read_commands.add(int(match[1]))
            found.append(
                Command(int(match[1]), match[2], float(document["t"]), document.get("args") or {})
            )
        return found

    def acknowledge(self, command: Command, state: str, reason: str | None = None) -> None:
        self.event("acknowledged", seq=command.seq, verb=command.verb, state=state, reason=reason)

    def exit(
        self,
        outcome: str,
        *,
        reason: str | None = None,
        step: int = 0,
        position: int = 0,
        code: int = 0,
        error: dict[str, Any] | None = None,
    ) -> None:
        """The last thing a process writes."""
        document = {
            "format": 1,
            "outcome": outcome,
            "reason": reason,
            "t": time.time(),
            "step": step,
            "position": position,
            "code": code,
            "error": error,
        }
        write_json(self.folder / "exit.json", document)
