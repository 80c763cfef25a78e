"""The entry of a training run: locks, resume, loop, exit.json."""

from __future__ import annotations

import faulthandler
import signal
import time
import traceback
from pathlib import Path
from typing import Any

import torch

from ..run_folder import Command, RunFolder
from . import follower as following
from .errors import TrainerRefused, category_of, describe
from .ledger import Ledger, ends_after
from .locks import DeviceLock, TrainerLock
from .process_group import join, own_rank
from .session import Session
from .session_setup import device_of, open_session
from .trainer import HALTING, LEAVING, Loop


class LeftWhileLoading(Exception):
    """A command that ends the run came before there was anything to save."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def run(folder: RunFolder, spec: dict[str, Any]) -> int:
    """0 for every outcome except `failed`."""
    if own_rank(spec) > 0:
        return following.run(folder, spec)
    if hasattr(signal, "SIGUSR1"):
        # The engine asks for every thread's stack before it ends a process that hangs.
        faulthandler.register(signal.SIGUSR1, all_threads=True, chain=False)
    before = signal.signal(signal.SIGTERM, lambda *_: setattr(folder, "told_to_end", True))
    folder.heartbeat(phase="load")
    lock: TrainerLock | None = None
    session: Session | None = None
    waiting: list[Command] = []

    def loading() -> None:
        """Nothing is trained yet, so what halts training needs no checkpoint here."""
        folder.heartbeat(phase="load")
        if folder.told_to_end:
            raise TrainerRefused("killed_by_signal", "The system asked the trainer to end")
        for command in folder.commands():
            if command.verb in HALTING:
                folder.acknowledge(command, "accepted")
                raise LeftWhileLoading(LEAVING.get(command.verb, "paused"))
            waiting.append(command)

    try:
        device = str(spec["device"])
        held = DeviceLock(device, folder.identity, str(spec["workspace"]), str(spec["run"]))
        lock = TrainerLock(Path(spec["workspace"]), folder.identity, str(spec["run"]), device)
        loading()

        def skipped(path: Path, reason: str) -> None:
            folder.event("checkpoint_skipped", folder=str(path), reason=reason)

        ranks = join(spec, device_of(spec), folder.folder)
        session = open_session(folder, spec, ranks, loading, skipped)
        _tell_start(folder, spec, session)
        outcome = Loop(session, waiting).run()
        ranks.leave()
        _finish(folder, session, outcome)
        del held
        return 0
    except LeftWhileLoading as left:
        folder.exit(left.outcome, step=None, position=None)
        return 0
    except BaseException as error:
        traceback.print_exc()
        if not isinstance(error, (Exception, KeyboardInterrupt)):
            raise
        if session is not None:
            _settle(session)
        step = 0 if session is None else session.step
        position = 0 if session is None else session.position
        folder.exit(
            "failed", reason=str(error), step=step, position=position, code=1, error=describe(error)
        )
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
        if lock is not None:
            lock.release()


def _settle(session: Session) -> None:
    """A checkpoint that was being written is there all the same, and the engine has to know."""
    try:
        session.saving.settle(wait=True)
    except Exception:
        traceback.print_exc()


def _tell_lost_elsewhere(folder: RunFolder, spec: dict[str, Any], session: Session) -> None:
    """A dataset that failed between two saves, or whose end only a damaged checkpoint held, has
    steps that no model holds: its ledger must not go on calling those rows trained."""
    own = Path(spec["dataset"]["folder"])
    for path in sorted((Path(spec["workspace"]) / "data" / "datasets").glob("*/ledger.jsonl")):
        if path.parent == own or not ends_after(path, session.branch, session.step):
            continue
        other = Ledger(path, session.branch, str(spec["run"]))
        steps = other.steps_after(session.step)
        if steps > 0:
            other.lose_after(session.step)
            folder.event(
                "lost_elsewhere",
                branch=session.branch,
                dataset=path.parent.name,
                after_step=session.step,
                steps=steps,
            )


def _tell_start(folder: RunFolder, spec: dict[str, Any], session: Session) -> None:
    folder.event(
        "started",
        **vars(folder.identity),
        device=str(session.model.device),
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        model=type(session.model.network).__name__,
        parameters=session.model.count,
        precision=str(spec["config"]["precision"]),
    )
    last = session.ledger.last_step()
    lost = max(0, last - session.step)
    if lost > 0:
        session.ledger.lose_after(session.step)
        folder.event("lost", branch=session.branch, after_step=session.step, upto_step=last)
    _tell_lost_elsewhere(folder, spec, session)
    source = str(session.root / f"step-{session.step:08d}") if session.saved_step > 0 else None
    folder.event(
        "resumed",
        step=session.step,
        position=session.position,
        **{"from": source},
        lost_steps=lost,
    )


def _finish(folder: RunFolder, session: Session, outcome: str) -> None:
    planned = int(session.spec["pass"]["planned_steps"])
    if outcome == "completed" and session.steps_done != planned:
        raise TrainerRefused(
            "unknown", f"{session.steps_done} steps were done and {planned} were planned"
        )
    folder.event(
        "finished",
        outcome=outcome,
        step=session.step,
        steps_done=session.steps_done,
        steps_planned=planned,
        rows_trained=session.position,
    )
    while True:
        try:
            session.ledger.sync()
            folder.exit(
                outcome,
                step=session.step,
                position=session.position,
                steps_done=session.steps_done,
            )
            return
        except OSError as error:
            # Everything is saved; without this word the pass would be taken for a crash.
            if category_of(error) != "disk_full" or folder.told_to_end:
                raise
            session.beat("save")
            time.sleep(0.2)
