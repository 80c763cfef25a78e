"""A rank other than 0: the same weights as the leader's, and its shard of every step."""

from __future__ import annotations

import contextlib
import faulthandler
import signal
import traceback

from ..run_folder import RunFolder
from . import randomness
from .device import activate, resolve_device
from .errors import TrainerRefused
from .gradient_step import GradientStep, StepRequest
from .locks import DeviceLock
from .process_group import join_process_group, rank_of_process
from .session import Session
from .session_setup import open_session
from .spec import TrainSpec


def run(leader_folder: RunFolder, spec: TrainSpec) -> int:
    """Returns 0 when the leader ended the group. Writes only its heartbeat and the log: the leader
    alone records steps and the outcome."""
    # The engine signals the whole process group; the leader decides when the group ends.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1, all_threads=True, chain=False)
    rank = rank_of_process(spec)
    folder = RunFolder(leader_folder.folder, rank)

    def heartbeat() -> None:
        folder.heartbeat(phase="load")

    try:
        heartbeat()
        device = resolve_device(spec.device, rank)
        with contextlib.ExitStack() as locks:
            if device.type != "cpu":
                lock = DeviceLock(str(device), folder.identity, spec.workspace, spec.run)
                # Keeps a reference, and with it the lock, until the end of the run.
                locks.callback(lambda: lock)
            activate(device, deterministic=spec.config.deterministic)
            group = join_process_group(spec, device, folder.folder)
            _follow(open_session(folder, spec, group, heartbeat, lambda *_: None))
            group.shutdown()
        return 0
    except Exception:
        traceback.print_exc()
        return 1


def _follow(session: Session) -> None:
    gradient_step, model, group = GradientStep(session), session.model, session.process_group
    while True:
        request: StepRequest | None = group.receive(lambda: session.heartbeat("wait"))
        if request is None:
            return
        if request.activation_checkpointing != model.activation_checkpointing:
            model.set_activation_checkpointing(request.activation_checkpointing)
        model.loss_chunk = request.loss_chunk
        _, indices = session.sampler.batch(session.position)
        # Each rank has its own dropout, seeded by step so that no checkpoint has to hold its state.
        seed = randomness.seed_for_step(session.spec.config.seed, session.step)
        randomness.seed_all(seed + group.rank)
        examples = [session.cache.example(index) for index in indices]
        gradients = gradient_step.compute(examples, request)
        if not gradients.succeeded:
            continue
        gradient_step.update(gradients.loss, session.learning_rate)
        session.advance()
        if session.position > session.sampler.end:
            raise TrainerRefused("unknown", "The leader requested a step after the end of the pass")
