"""The training loop: handle commands, step, record, save, evaluate."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import torch

from ..files import write_json
from ..protocol import Outcome
from ..run_folder import Command
from .checkpoint.save import CheckpointSaver
from .device import AdaptiveThreads, peak_memory_mb
from .errors import TrainerRefused
from .evaluate import Evaluator
from .gradient_step import StepAbandoned
from .session import Session
from .step import OptimizerStep, StepResult

# Outcomes of the commands that end a run.
HALT_OUTCOMES: dict[str, Outcome] = {"stop-now": "stopped", "skip": "skipped"}
HALTING_VERBS = {"pause", *HALT_OUTCOMES}
MONITORING_STEPS = 20


class Trainer:
    def __init__(
        self, session: Session, saver: CheckpointSaver, pending: Sequence[Command] = ()
    ) -> None:
        """`pending`: commands that arrived during loading."""
        self.session, self.saver = session, saver
        self.optimizer_step = OptimizerStep(session, saver, self._must_halt)
        self.evaluator = Evaluator(session, self._must_halt)
        self._pending = list(pending)
        self._saved_at = time.monotonic()
        on_cpu = session.model.device.type == "cpu"
        adapts = on_cpu and not session.spec.config.deterministic
        self._threads = AdaptiveThreads(session.spec.threads) if adapts else None

    def run(self) -> Outcome:
        """Returns the outcome. The state is then saved."""
        session = self.session
        if session.steps_done == 0 and not session.is_complete:
            self.evaluator.evaluate("start")
            self.evaluator.preview("start")
        while not session.is_complete:
            outcome = self._handle_commands()
            if outcome is not None:
                return outcome
            try:
                self._step()
            except StepAbandoned:
                continue
            self._save_and_evaluate()
        return self._finish()

    def _finish(self) -> Outcome:
        """The pass stays open until it is evaluated: the next run of an interrupted one starts
        here, so that the measurement of an earlier step never stands for this one."""
        # Save first, so that a hang in the last evaluation loses no step.
        self.saver.save("end", wait_for_space=True)
        while True:
            outcome = self._handle_commands()
            if outcome is not None:
                return outcome
            is_abandoned = self.evaluator.evaluate("end")
            if not is_abandoned:
                self.evaluator.preview("end")
                self.evaluator.budget.report()
                return "completed"

    def _step(self) -> None:
        session = self.session
        session.heartbeat("step")
        result = self.optimizer_step.run()
        epoch = session.sampler.epoch_of(session.position)
        session.advance()
        session.smoothed_loss.add(result.loss)
        session.ledger.write(
            session.step,
            epoch,
            result.rows,
            result.trained_tokens,
            result.batch_hash,
            session.position,
            result.refused,
        )
        self._write_metrics(result)
        self._adapt_threads(result)
        if session.spec.step_sleep > 0:
            time.sleep(session.spec.step_sleep)

    def _write_metrics(self, result: StepResult) -> None:
        session = self.session
        examples = len(set(result.rows))
        session.run_folder.metric(
            branch=session.spec.branch,
            step=session.step,
            position=session.position,
            dataset=session.spec.dataset.id,
            **{"pass": session.spec.pass_id},
            epoch=session.position / len(session.sampler.rows),
            loss=result.loss if math.isfinite(result.loss) else None,
            lr=result.learning_rate,
            grad_norm=result.grad_norm if math.isfinite(result.grad_norm) else None,
            clipped=result.grad_norm > session.optimizer.max_grad_norm,
            trained_tokens=result.trained_tokens,
            tokens=result.tokens,
            examples=examples,
            seconds=round(result.seconds, 6),
            tokens_per_second=round(result.tokens / result.seconds, 3),
            samples_per_second=round(examples / result.seconds, 3),
            micro_batch=result.largest_micro_batch,
            memory_mb=round(peak_memory_mb(session.model.device), 1),
        )

    def _adapt_threads(self, result: StepResult) -> None:
        if self._threads is None:
            return
        before = self._threads.current
        threads = self._threads.on_step(result.seconds / result.tokens, time.monotonic())
        if threads is None:
            return
        torch.set_num_threads(threads)
        self.session.run_folder.event(
            "threads", step=self.session.step, threads_from=before, threads_to=threads
        )

    def _save_and_evaluate(self) -> None:
        """Saves before an evaluation at the configured interval, so that a hang in generation loses
        no step. The evaluations that a small dataset gets in addition are not worth a checkpoint
        each."""
        session, config = self.session, self.session.spec.config
        cadence = session.spec.cadence
        self.saver.settle(wait=False)
        save_due = session.steps_done % config.save_steps == 0 or self._is_unsaved_too_long()
        retry_due = 0 < self.saver.retry_at <= time.monotonic()
        evaluation_due = session.steps_done % cadence.eval_steps == 0
        saves_before = session.steps_done % config.eval_steps == 0
        if save_due or retry_due or saves_before:
            why = "evaluation" if saves_before and not save_due else "interval"
            self.saver.save(why, wait_for_space=False, allow_async=not saves_before)
            self._saved_at = time.monotonic()
        if session.is_complete:
            return
        if evaluation_due:
            self.evaluator.evaluate("interval")
        if session.steps_done % cadence.preview_steps == 0:
            self.evaluator.preview("interval")
        if session.steps_done % MONITORING_STEPS == 0:
            self.evaluator.budget.report()

    def _is_unsaved_too_long(self) -> bool:
        """The engine asks for earlier saves when something keeps killing the trainer."""
        limit = self.session.spec.save_seconds
        return limit is not None and time.monotonic() - self._saved_at >= limit

    def _has_commands(self) -> bool:
        self._pending += self.session.run_folder.commands()
        return bool(self._pending)

    def _must_halt(self) -> bool:
        """Whether to abandon an evaluation: only for what halts training."""
        self._has_commands()
        return self.session.run_folder.termination_requested or any(
            command.verb in HALTING_VERBS for command in self._pending
        )

    def _handle_commands(self) -> Outcome | None:
        """Handles commands in order, at a step boundary. The outcome, if one ends the run."""
        self._end_if_terminated()
        while self._has_commands():
            command = self._pending.pop(0)
            if command.verb in HALT_OUTCOMES:
                return self._halt(command)
            if command.verb == "pause":
                outcome = self._pause(command)
                if outcome is not None:
                    return outcome
                continue
            if command.verb == "checkpoint":
                self.saver.save("command", wait_for_space=False)
            elif command.verb == "sample":
                self.evaluator.preview("command")
            elif command.verb == "eval":
                self.evaluator.evaluate("command")
            elif command.verb == "configure":
                self._configure(command)
                continue
            is_known = command.verb in ("checkpoint", "sample", "eval", "resume", "stop-after")
            self.session.run_folder.acknowledge(command, "done" if is_known else "refused")
        return None

    def _configure(self, command: Command) -> None:
        """The settings that aren't frozen for the pass change from the next step on."""
        session = self.session
        try:
            config = session.spec.config.changed(command.args)
        except (KeyError, TypeError, ValueError) as error:
            session.run_folder.acknowledge(command, "refused", f"invalid settings: {error}")
            return
        session.spec = replace(session.spec, config=config)
        self.evaluator.configure()
        session.run_folder.acknowledge(command, "done")

    def _end_if_terminated(self) -> None:
        """Saves and ends the run after SIGTERM (a shutdown, a daemon that frees memory)."""
        if self.session.run_folder.termination_requested:
            self.saver.save("stop", wait_for_space=False)
            raise TrainerRefused("killed_by_signal", "The trainer was asked to end by the system")

    def _halt(self, command: Command) -> Outcome:
        """Saves and returns the outcome of `stop-now` or `skip`."""
        outcome = HALT_OUTCOMES[command.verb]
        self.session.run_folder.acknowledge(command, "accepted")
        self.saver.save("skip" if outcome == "skipped" else "stop", wait_for_space=True)
        self._end_if_terminated()
        if outcome == "skipped":
            if self.session.is_complete:
                # Only the last evaluation is left to skip.
                return "completed"
            self._write_skip_cursor()
        return outcome

    def _write_skip_cursor(self) -> None:
        """Where to continue if the rest of the dataset is trained later."""
        session = self.session
        cursor, dataset = session.cursor(), session.spec.dataset
        document = {
            "format": 1,
            "position": session.position,
            "epoch": cursor["epoch"],
            "seed": session.sampler.seed,
            "content_hash": cursor["content_hash"],
            # The position counts rows of this cache; in another one it would mean other rows.
            "cache": dataset.cache.name,
            "excluded_rows": cursor["excluded_rows"],
            "row_order": session.spec.dataset.row_order,
            "pass": cursor["pass"],
            "step": session.step,
        }
        write_json(dataset.folder / "cursor.json", document)

    def _pause(self, command: Command) -> Outcome | None:
        """Saves, keeps the model in memory for a while, then ends the run with `paused`. None when
        training was resumed before."""
        session, run_folder = self.session, self.session.run_folder
        run_folder.acknowledge(command, "accepted")
        is_saved = self.saver.save("pause", wait_for_space=False)
        run_folder.event("paused", step=session.step, checkpoint=session.saved_step)
        paused_at = time.monotonic()
        # While the disk is too full to save, stay paused: resuming must remain possible.
        while time.monotonic() < paused_at + session.spec.config.pause_keep_seconds or not is_saved:
            session.heartbeat("paused")
            self._end_if_terminated()
            if not is_saved and time.monotonic() >= self.saver.retry_at:
                is_saved = self.saver.save("pause", wait_for_space=False)
            self._has_commands()
            while self._pending:
                next_command = self._pending.pop(0)
                if next_command.verb == "resume":
                    session.started_at += time.monotonic() - paused_at
                    run_folder.acknowledge(next_command, "done")
                    run_folder.event("unpaused", step=session.step)
                    return None
                if next_command.verb in HALT_OUTCOMES:
                    return self._halt(next_command)
                if next_command.verb == "configure":
                    self._configure(next_command)
                    continue
                run_folder.acknowledge(next_command, "refused", "training is paused")
            time.sleep(0.05)
        return "paused"
