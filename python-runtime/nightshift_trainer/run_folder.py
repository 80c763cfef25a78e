"""The run folder: all communication between the engine and this process (docs/protocol.md)."""

from __future__ import annotations

import json
import re
import signal
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from .files import LineFile, is_temporary, read_json, write_json
from .identity import own_identity
from .protocol import EventType, HeartbeatPhase, Outcome, Spec, load_spec

HEARTBEAT_SECONDS = 0.25
_COMMAND_NAME = re.compile(r"\A(\d{6})-([a-z-]+)\.json\Z")


# Orders that arrive as signals when the engine can't write a command: consecutive numbers, in the
# order of `SIGNAL_VERBS` in the engine.
SIGNAL_VERBS = ("pause", "resume", "stop-now", "skip")


class Canceled(Exception):
    """A worker was asked to stop; it exits with the outcome `canceled`."""


@dataclass(frozen=True)
class Command:
    seq: int
    verb: str
    t: float
    args: dict[str, Any] = field(default_factory=dict)


class RunFolder:
    """One per process. Never starts a thread: a fresh heartbeat must prove that the loop runs.

    `rank`: with data-parallel training, rank 0 leads; each other rank writes its own heartbeat.
    """

    def __init__(self, folder: Path, rank: int = 0) -> None:
        self.folder = folder
        self._heartbeat = folder / ("heartbeat" if rank == 0 else f"heartbeat-{rank}")
        self.identity = own_identity()
        self._heartbeat_count = 0
        self._last_heartbeat = 0.0
        self._last_phase = ""
        self._read_commands: set[str] = set()
        # Set by SIGTERM; the trainer saves and exits at its next step boundary.
        self.termination_requested = False
        self._order_signal: int | None = None
        self._signaled: list[Command] = []
        self._events = LineFile(folder / "events.jsonl")
        self._metrics = LineFile(folder / "metrics.jsonl")

    def spec(self) -> Spec:
        return load_spec(self.folder / "spec.json")

    def take_signals(self) -> None:
        """A full or read-only disk takes no command file; an order must be obeyed all the same.
        The heartbeat says that it can be, because the signals end a process that has no handler."""
        first = getattr(signal, "SIGRTMIN", None)
        if first is None:
            return
        self._order_signal = first + 1
        for number, verb in enumerate(SIGNAL_VERBS, start=first + 1):
            signal.signal(number, partial(self._on_signal, verb))

    def _on_signal(self, verb: str, *_: object) -> None:
        self._signaled.append(Command(0, verb, time.time()))

    def heartbeat(
        self,
        *,
        phase: HeartbeatPhase,
        step: int = 0,
        position: int = 0,
        detail: str | None = None,
        progress: tuple[int, int] | None = None,
    ) -> None:
        """Writes at most every 0.25 s and at each change of phase. Ignores a full disk: training
        without a fresh heartbeat is better than no training. `progress`: k of n in this phase."""
        now = time.monotonic()
        if phase == self._last_phase and now - self._last_heartbeat < HEARTBEAT_SECONDS:
            return
        self._last_heartbeat, self._last_phase = now, phase
        self._heartbeat_count += 1
        document = {
            "format": 1,
            "pid": self.identity.pid,
            "start": self.identity.start,
            "seq": self._heartbeat_count,
            "phase": phase,
            "step": step,
            "position": position,
            "t": time.time(),
            "monotonic": now,
            "detail": detail,
            "done": None if progress is None else progress[0],
            "total": None if progress is None else progress[1],
            "order_signal": self._order_signal,
        }
        try:
            write_json(self._heartbeat, document, durable=False)
        except OSError:
            self._overwrite_heartbeat(document)

    def _overwrite_heartbeat(self, document: dict[str, Any]) -> None:
        """Reuses the blocks of the old file when a full disk has no room for a new one. Without
        this, the engine would take the trainer for hung and kill it."""
        path = self._heartbeat
        content = json.dumps(document).encode("utf-8")
        try:
            with path.open("r+b", buffering=0) as stream:
                # Pad a shorter document to the old length with spaces, which JSON allows.
                stream.write(content.ljust(path.stat().st_size))
        except OSError:
            return

    def event(self, kind: EventType, **fields: Any) -> None:  # noqa: ANN401 - JSON
        self._events.append({"t": time.time(), "type": kind, **fields})

    def metric(self, **fields: Any) -> None:  # noqa: ANN401 - JSON
        self._metrics.append({"t": time.time(), **fields})

    def commands(self) -> list[Command]:
        """Commands that were not returned before, in order of their sequence numbers."""
        commands = self._signaled
        self._signaled = []
        try:
            paths = sorted((self.folder / "commands").iterdir())
        except OSError:
            # Missing, or no descriptor is left: the next step looks again.
            return commands
        for path in paths:
            match = _COMMAND_NAME.match(path.name)
            if match is None or path.name in self._read_commands:
                continue
            seq, verb = int(match[1]), match[2]
            self._read_commands.add(path.name)
            try:
                document = read_json(path)
                t, args = float(document["t"]), document.get("args") or {}
            except (OSError, ValueError, KeyError, TypeError) as error:
                if is_temporary(error):
                    self._read_commands.discard(path.name)
                    break
                # A broken command file must not end the training.
                refused = Command(seq, verb, 0.0)
                self.acknowledge(refused, "refused", f"Couldn't read {path.name}: {error}")
                continue
            commands.append(Command(seq, verb, t, args))
        return commands

    def acknowledge(self, command: Command, state: str, reason: str | None = None) -> None:
        self.event("acknowledged", seq=command.seq, verb=command.verb, state=state, reason=reason)

    def exit(
        self,
        outcome: Outcome,
        *,
        reason: str | None = None,
        step: int | None = 0,
        position: int | None = 0,
        code: int = 0,
        steps_done: int | None = None,
        error: dict[str, Any] | None = None,
    ) -> None:
        """Writes pending events and metrics, then `exit.json`. OSError when the disk is full."""
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
