"""The entry of a training run: takes the locks, opens the session, trains, writes exit.json."""

from __future__ import annotations

import faulthandler
import signal
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch

from .. import protocol
from ..categories import category_of, describe
from ..run_folder import Command, RunFolder
from . import follower
from .checkpoint.save import CheckpointSaver
from .device import activate, resolve_device
from .errors import TrainerRefused
from .failing_rows import blame_fewer_rows
from .ledger import Ledger, ends_after
from .locks import DeviceLock, TrainerLock
from .process_group import join_process_group, rank_of_process
from .session import Session
from .session_setup import open_session
from .spec import TrainSpec
from .trainer import HALT_OUTCOMES, HALTING_VERBS, Trainer


class HaltedWhileLoading(Exception):
    """A command ended the run before there was anything to save."""

    def __init__(self, outcome: protocol.Outcome) -> None:
        super().__init__(outcome)
        self.outcome: protocol.Outcome = outcome


def run(folder: RunFolder, document: Mapping[str, Any]) -> int:
    """`document`: spec.json. Returns 0 for every outcome except `failed`."""
    spec = TrainSpec.read(cast("protocol.TrainSpec", document))
    if rank_of_process(spec) > 0:
        return follower.run(folder, spec)
    return _Run(folder, spec).run()


class _Run:
    """The run of the leader."""

    def __init__(self, folder: RunFolder, spec: TrainSpec) -> None:
        self.folder, self.spec = folder, spec
        self.session: Session | None = None
        self.saver: CheckpointSaver | None = None
        # Commands that arrived during loading and are handled later.
        self.pending: list[Command] = []

    def run(self) -> int:
        folder = self.folder
        if hasattr(signal, "SIGUSR1"):
            # The engine asks for the stacks of all threads before it kills a hung trainer.
            faulthandler.register(signal.SIGUSR1, all_threads=True, chain=False)
        handler = signal.signal(signal.SIGTERM, self._on_sigterm)
        if hasattr(signal, "SIGHUP"):
            # A closed session must not cost the steps since the last save.
            signal.signal(signal.SIGHUP, self._on_sigterm)
        folder.take_signals()
        folder.heartbeat(phase="load")
        trainer_lock: TrainerLock | None = None
        try:
            device, run = self.spec.device, self.spec.run
            device_lock = DeviceLock(device, folder.identity, self.spec.workspace, run)
            trainer_lock = TrainerLock(self.spec.workspace, folder.identity, run, device)
            self._train()
            del device_lock
            return 0
        except HaltedWhileLoading as halted:
            folder.exit(halted.outcome, step=None, position=None)
            return 0
        except BaseException as error:
            traceback.print_exc()
            if not isinstance(error, (Exception, KeyboardInterrupt)):
                raise
            self._exit_failed(error)
            return 1
        finally:
            signal.signal(signal.SIGTERM, handler)
            if trainer_lock is not None:
                trainer_lock.release()

    def _on_sigterm(self, *_: object) -> None:
        self.folder.termination_requested = True

    def _train(self) -> None:
        self._on_loading()
        device = resolve_device(self.spec.device)
        activate(device, deterministic=self.spec.config.deterministic)
        group = join_process_group(self.spec, device, self.folder.folder)
        session = self.session = open_session(
            self.folder, self.spec, group, self._on_loading, self._on_skipped
        )
        saver = self.saver = CheckpointSaver(session)
        _report_start(session)
        outcome = Trainer(session, saver, self.pending).run()
        group.shutdown()
        _finish(session, outcome)

    def _on_loading(self) -> None:
        """Nothing is trained yet, so a command that halts training ends the run at once."""
        folder = self.folder
        folder.heartbeat(phase="load")
        if folder.termination_requested:
            raise TrainerRefused("killed_by_signal", "The trainer was asked to end by the system")
        for command in folder.commands():
            if command.verb in HALTING_VERBS:
                folder.acknowledge(command, "accepted")
                raise HaltedWhileLoading(HALT_OUTCOMES.get(command.verb, "paused"))
            self.pending.append(command)

    def _on_skipped(self, checkpoint: Path, reason: str) -> None:
        self.folder.event("checkpoint_skipped", folder=str(checkpoint), reason=reason)

    def _exit_failed(self, error: BaseException) -> None:
        if self.saver is not None:
            try:
                # A checkpoint being written in the background will exist: report it to the engine.
                self.saver.settle(wait=True)
            except Exception:
                traceback.print_exc()
        session = self.session
        error = blame_fewer_rows(error, session)
        self.folder.exit(
            "failed",
            reason=str(error),
            step=0 if session is None else session.step,
            position=0 if session is None else session.position,
            code=1,
            error=describe(error),
        )


def _report_start(session: Session) -> None:
    folder, spec = session.run_folder, session.spec
    folder.event(
        "started",
        **vars(folder.identity),
        device=str(session.model.device),
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        model=type(session.model.network).__name__,
        parameters=session.model.parameter_count,
        precision=spec.config.precision,
    )
    last_step = session.ledger.last_step()
    lost_steps = max(0, last_step - session.step)
    if lost_steps > 0:
        session.ledger.mark_lost_after(session.step)
        folder.event("lost", branch=spec.branch, after_step=session.step, upto_step=last_step)
    _mark_orphaned_steps(session)
    is_from_base = session.saved_step == 0
    source = None if is_from_base else str(spec.checkpoints / f"step-{session.step:08d}")
    folder.event(
        "resumed",
        step=session.step,
        position=session.position,
        **{"from": source},
        lost_steps=lost_steps,
    )


def _mark_orphaned_steps(session: Session) -> None:
    """Marks steps of other datasets that no checkpoint contains as lost: of a dataset that failed
    between two saves, or whose end only a damaged checkpoint contained."""
    spec = session.spec
    datasets = spec.workspace / "data" / "datasets"
    for path in sorted(datasets.glob("*/ledger.jsonl")):
        is_own = path.parent == spec.dataset.folder
        if is_own or not ends_after(path, spec.branch, session.step):
            continue
        ledger = Ledger(path, spec.branch, spec.run)
        steps = ledger.count_steps_after(session.step)
        if steps > 0:
            ledger.mark_lost_after(session.step)
            session.run_folder.event(
                "orphaned_steps",
                branch=spec.branch,
                dataset=path.parent.name,
                after_step=session.step,
                steps=steps,
            )


def _finish(session: Session, outcome: protocol.Outcome) -> None:
    folder, planned = session.run_folder, session.spec.planned_steps
    if outcome == "completed" and session.steps_done != planned:
        raise TrainerRefused(
            "unknown", f"The pass ended after {session.steps_done} of {planned} planned steps"
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
            # Everything is saved, but without exit.json the engine would record a crash: wait for
            # space.
            if category_of(error) != "disk_full" or folder.termination_requested:
                raise
            session.heartbeat("save")
            time.sleep(0.2)
