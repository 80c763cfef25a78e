"""The loop, to be read from top to bottom: obey, step, record, look, save."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from ..files import write_json
from ..run_folder import Command
from .device import Threads
from .errors import TrainerRefused
from .evaluate import Watching
from .memory import peak_mb
from .session import Session
from .step import Done, Stepper

LEAVING = {"stop-now": "stopped", "skip": "skipped"}
HALTING = {"pause", *LEAVING}
MONITORING_STEPS = 20


class Loop:
    def __init__(self, session: Session, waiting: Sequence[Command] = ()) -> None:
        """`waiting`: commands that were read while it loaded."""
        self.session = session
        self.stepper = Stepper(session)
        on_cpu = session.model.device.type == "cpu"
        may_change = on_cpu and session.config["deterministic"] == "off"
        self.threads = Threads(int(session.spec["threads"])) if may_change else None
        self._waiting = list(waiting)
        self.watching = Watching(session, self._is_wanted_elsewhere)

    def _has_commands(self) -> bool:
        self._waiting += self.session.run.commands()
        return bool(self._waiting)

    def _is_wanted_elsewhere(self) -> bool:
        """Whether a look is abandoned: for what ends or halts training, not for another look."""
        self._has_commands()
        return self.session.run.told_to_end or any(
            command.verb in HALTING for command in self._waiting
        )

    def run(self) -> str:
        """Returns the outcome; whatever it is, the state is saved."""
        session = self.session
        if session.position >= session.order.end:
            return "completed"
        if session.steps_done == 0:
            self.watching.evaluate("start")
        while session.position < session.order.end:
            outcome = self._obey()
            if outcome is not None:
                return outcome
            self._step()
            self._look()
        return self._finish()

    def _finish(self) -> str:
        """Saved first: a hang in the last evaluation costs no step."""
        session = self.session
        session.save("end", must=True)
        self.watching.evaluate("end")
        self.watching.tell_cost()
        return "completed"

    def _step(self) -> None:
        session = self.session
        session.beat("step")
        done = self.stepper.step()
        epoch = session.order.epoch_of(session.position)
        session.advance()
        if math.isfinite(done.loss):
            session.smoothing.add(done.loss)
        session.ledger.write(
            session.step,
            epoch,
            done.rows,
            done.trained_tokens,
            done.fed,
            session.position,
            done.refused,
        )
        session.run.metric(
            branch=session.branch,
            step=session.step,
            position=session.position,
            dataset=session.spec["dataset"]["id"],
            **{"pass": session.spec["pass"]["id"]},
            epoch=session.position / len(session.order.rows),
            loss=done.loss if math.isfinite(done.loss) else None,
            lr=done.rate,
            grad_norm=done.norm if math.isfinite(done.norm) else None,
            clipped=done.norm > session.optimizer.max_norm,
            trained_tokens=done.trained_tokens,
            tokens=done.tokens,
            examples=len(set(done.rows)),
            seconds=round(done.seconds, 6),
            tokens_per_second=round(done.tokens / done.seconds, 3),
            samples_per_second=round(len(set(done.rows)) / done.seconds, 3),
            micro_batch=done.largest,
            memory_mb=round(peak_mb(session.model.device), 1),
        )
        self._share_the_cores(done)
        pause = float(session.spec["test"].get("step_sleep", 0.0))
        if pause > 0:
            time.sleep(pause)

    def _share_the_cores(self, done: Done) -> None:
        if self.threads is None:
            return
        before = self.threads.now
        threads = self.threads.took(done.seconds / done.tokens, time.monotonic())
        if threads is None:
            return
        torch.set_num_threads(threads)
        step = self.session.step
        self.session.run.event("threads", step=step, threads_from=before, threads_to=threads)

    def _look(self) -> None:
        """Saves before it looks: a checkpoint precedes an evaluation that generates."""
        session, config = self.session, self.session.config
        session.saving.settle(wait=False)
        due = session.steps_done % int(config["save_steps"]) == 0
        again = 0 < session.retry_save_at <= time.monotonic()
        evaluates = session.steps_done % int(config["eval_steps"]) == 0
        if due or again or evaluates:
            why = "evaluation" if evaluates and not due else "interval"
            session.save(why, must=False, beside=not evaluates)
        if session.position >= session.order.end:
            return
        if evaluates:
            self.watching.evaluate("interval")
        if session.steps_done % int(config["preview_steps"]) == 0:
            self.watching.preview()
        if session.steps_done % MONITORING_STEPS == 0:
            self.watching.tell_cost()

    def _obey(self) -> str | None:
        """Commands at the step boundary, in their order; an outcome when one ends the run."""
        session = self.session
        self._end_if_told()
        while self._has_commands():
            command = self._waiting.pop(0)
            outcome = LEAVING.get(command.verb)
            if outcome is not None:
                return self._leave(command, outcome)
            if command.verb == "pause":
                outcome = self._pause(command)
                if outcome is not None:
                    return outcome
                continue
            if command.verb == "checkpoint":
                session.save("command", must=False)
            elif command.verb == "sample":
                self.watching.preview()
            elif command.verb == "eval":
                self.watching.evaluate("command")
            known = command.verb in ("checkpoint", "sample", "eval", "resume", "stop-after")
            session.run.acknowledge(command, "done" if known else "refused")
        return None

    def _end_if_told(self) -> None:
        """The system ends this process (a shutdown, a memory daemon): saved first, so that nothing
        is trained twice."""
        if self.session.run.told_to_end:
            self.session.save("stop", must=False)
            raise TrainerRefused("killed_by_signal", "The system asked the trainer to end")

    def _leave(self, command: Command, outcome: str) -> str:
        session = self.session
        session.run.acknowledge(command, "accepted")
        session.save("skip" if outcome == "skipped" else "stop", must=True)
        self._end_if_told()
        if outcome == "skipped":
            cursor = session.cursor()
            document = {
                "format": 1,
                "position": session.position,
                "epoch": cursor["epoch"],
                "seed": session.order.seed,
                "content_hash": cursor["content_hash"],
                # Which rows are trained, and so what the position means, is decided by the cache.
                "cache": Path(session.spec["dataset"]["cache"]).name,
                "left_out": cursor["left_out"],
                "pass": cursor["pass"],
                "step": session.step,
            }
            write_json(Path(session.spec["dataset"]["folder"]) / "cursor.json", document)
        return outcome

    def _pause(self, command: Command) -> str | None:
        """Holds the memory for a while, then ends; the checkpoint is there either way."""
        session = self.session
        session.run.acknowledge(command, "accepted")
        is_saved = session.save("pause", must=False)
        session.run.event("paused", step=session.step, checkpoint=session.saved_step)
        began = time.monotonic()
        end = began + float(session.config["pause_keep_seconds"])
        # Without its place saved it does not let go of it; a full disk keeps nobody from resuming.
        while time.monotonic() < end or not is_saved:
            session.beat("paused")
            self._end_if_told()
            if not is_saved and time.monotonic() >= session.retry_save_at:
                is_saved = session.save("pause", must=False)
            self._has_commands()
            while self._waiting:
                following = self._waiting.pop(0)
                if following.verb == "resume":
                    session.began += time.monotonic() - began
                    session.run.acknowledge(following, "done")
                    session.run.event("unpaused", step=session.step)
                    return None
                if following.verb in LEAVING:
                    return self._leave(following, LEAVING[following.verb])
                session.run.acknowledge(following, "refused", "training is paused")
            time.sleep(0.05)
        return "paused"
