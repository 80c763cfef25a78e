"""A rank that follows: the same weights as the leader's, and its share of every step."""

from __future__ import annotations

import contextlib
import traceback
from typing import Any

from ..run_folder import RunFolder
from . import randomness
from .computing import Computing, StepCall
from .errors import TrainerRefused
from .locks import DeviceLock
from .process_group import join, own_rank
from .session import Session
from .session_setup import device_of, open_session


def run(folder: RunFolder, spec: dict[str, Any]) -> int:
    """0 when the leader sent it home. It writes nothing but its heartbeat and the log: what was
    done, and what became of the run, the leader alone says."""
    own = RunFolder(folder.folder, own_rank(spec))

    def beat() -> None:
        own.heartbeat(phase="load")

    try:
        beat()
        device = device_of(spec)
        with contextlib.ExitStack() as held:
            if device.type != "cpu":
                lock = DeviceLock(
                    str(device), own.identity, str(spec["workspace"]), str(spec["run"])
                )
                held.callback(lambda: lock)
            ranks = join(spec, device, folder.folder)
            _follow(open_session(own, spec, ranks, beat, lambda *_: None))
            ranks.leave()
        return 0
    except Exception:
        traceback.print_exc()
        return 1


def _follow(session: Session) -> None:
    computing, model = Computing(session), session.model
    while True:
        call: StepCall | None = session.ranks.hear(lambda: session.beat("wait"))
        if call is None:
            return
        if call.recomputes != model.recomputes:
            model.recompute(call.recomputes)
        model.chunk = call.chunk
        _, indices = session.order.batch(session.position)
        # Dropout of its own, which no checkpoint has to hold.
        seed = randomness.seed_at(int(session.config["seed"]), session.step)
        randomness.seed_all(seed + session.ranks.rank)
        examples = [session.cache.example(index) for index in indices]
        attempt = computing.attempt(examples, call.most_examples)
        if not attempt.went:
            continue
        computing.update(attempt.loss, session.rate)
        session.advance()
        if session.position > session.order.end:
            raise TrainerRefused("unknown", "The leader asks for a step after the end of the pass")
