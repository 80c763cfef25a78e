"""The entry of a training run: locks, resume, loop, exit.json."""

from __future__ import annotations

import faulthandler
import signal
import traceback
from pathlib import Path
from typing import Any

import torch

from ..run_folder import RunFolder
from .errors import TrainerRefused, describe
from .locks import DeviceLock, TrainerLock
from .loop import Loop
from .session import Session, open_session


def run(folder: RunFolder, spec: dict[str, Any]) -> int:
    """0 for every outcome except `failed`."""
    if hasattr(signal, "SIGUSR1"):
        # The engine asks for every thread's stack before it ends a process that hangs.
        faulthandler.register(signal.SIGUSR1, all_threads=True, chain=False)
    folder.heartbeat(phase="load")
    lock: TrainerLock | None = None
    session: Session | None = None
    try:
        device = str(spec["device"])
        held = DeviceLock(device, folder.identity, str(spec["workspace"]), str(spec["run"]))
        lock = TrainerLock(Path(spec["workspace"]), folder.identity, str(spec["run"]), device)
        session = open_session(
            folder, spec, lambda path, reason: _tell_skipped(folder, path, reason)
        )
        _tell_start(folder, spec, session)
        outcome = Loop(session).run()
        _finish(folder, session, outcome)
        del held
        return 0
    except BaseException as error:
        traceback.print_exc()
        if not isinstance(error, (Exception, KeyboardInterrupt)):
            raise
        step = 0 if session is None else session.step
        position = 0 if session is None else session.position
        folder.exit(
            "failed", reason=str(error), step=step, position=position, code=1, error=describe(error)
        )
        return 1
    finally:
        if lock is not None:
            lock.release()


def _tell_skipped(folder: RunFolder, path: Path, reason: str) -> None:
    folder.event("checkpoint_skipped", folder=str(path), reason=reason)


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
    folder.exit(outcome, step=session.step, position=session.position)
