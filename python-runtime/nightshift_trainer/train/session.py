"""One run of one pass: everything that a step needs, and what a checkpoint holds of it."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..cache import CORE, SLICE, TokenCache
from ..files import read_json
from ..rendering.base import BaseTexts, open_base
from ..run_folder import RunFolder
from . import checkpoint, randomness
from .errors import TrainerRefused, category_of
from .evaluation import Smoothing
from .ledger import Ledger
from .model import Model
from .optimizer import Optimizer, Schedule
from .order import Order

SAVE_RETRY_SECONDS = 30.0


@dataclass
class Session:
    run: RunFolder
    spec: dict[str, Any]
    cache: TokenCache
    core: TokenCache | None
    order: Order
    model: Model
    optimizer: Optimizer
    schedule: Schedule
    ledger: Ledger
    base: BaseTexts
    step: int
    position: int
    steps_done: int
    saved_step: int
    smoothing: Smoothing = field(default_factory=Smoothing)
    # The step that the warm-up counts from: 0, or where a restore began without moments.
    warmup_from: int = 0
    retry_save_at: float = 0.0
    monitoring_seconds: float = 0.0
    # When this pass began to run, by the monotonic clock, as if it had never been interrupted.
    began: float = field(default_factory=time.monotonic)

    @property
    def config(self) -> dict[str, Any]:
        return self.spec["config"]

    @property
    def branch(self) -> str:
        return str(self.spec["lineage"]["branch"])

    @property
    def root(self) -> Path:
        return Path(self.spec["lineage"]["checkpoints"])

    def beat(self, phase: str) -> None:
        self.run.heartbeat(phase=phase, step=self.step, position=self.position)

    def cursor(self) -> dict[str, Any]:
        return {
            "dataset": self.spec["dataset"]["id"],
            "pass": self.spec["pass"]["id"],
            "content_hash": self.spec["dataset"]["content_hash"],
            "epoch": self.order.epoch_of(self.position),
            "seed": self.order.seed,
            "position": self.position,
            "steps_done": self.steps_done,
            "complete": self.position >= self.order.end,
        }

    @property
    def elapsed(self) -> float:
        """Seconds that the pass ran, over all its runs; pauses are taken out."""
        return max(0.0, time.monotonic() - self.began)

    def save(self, why: str, must: bool) -> bool:
        """Synchronous and durable. A full disk is told and retried; it never ends the training.
        With `must` it waits for the space. Returns whether this step is saved."""
        if self.saved_step == self.step and self.step > 0:
            return True
        while not self._try_save(why):
            self.retry_save_at = time.monotonic() + SAVE_RETRY_SECONDS
            if not must:
                return False
            while time.monotonic() < self.retry_save_at:
                self.beat("save")
                if self.run.told_to_end:
                    return False
                time.sleep(0.2)
        self.retry_save_at = 0.0
        return True

    def _try_save(self, why: str) -> bool:
        started = time.monotonic()
        self.beat("save")
        facts = self.spec
        try:
            self.ledger.sync()
            folder, size = checkpoint.save(
                self.root,
                self.step,
                Path(facts["base"]["folder"]),
                self.model.weights(),
                self.optimizer.state(),
                randomness.take(),
                {
                    "smoothing": [self.smoothing.average, self.smoothing.weight],
                    "monitoring_seconds": self.monitoring_seconds,
                    "elapsed_seconds": self.elapsed,
                    "steps_done": self.steps_done,
                    "warmup_from": self.warmup_from,
                },
                {
                    "branch": self.branch,
                    "parent_step": self.saved_step or None,
                    "program": "nightshift",
                    "base": {"id": facts["base"]["id"], "hash": facts["base"]["hash"]},
                    "hashes": {
                        "tokenizer": self.cache.facts.get("tokenizer_hash"),
                        "template": self.cache.facts.get("template_hash"),
                        "core": None if self.core is None else self.core.facts.get("key"),
                    },
                    "cursor": self.cursor(),
                },
                lambda: self.beat("save"),
            )
        except Exception as error:
            if category_of(error) not in ("disk_full", "permission_denied"):
                raise
            self._tell_failed(error)
            return False
        seconds = time.monotonic() - started
        self.saved_step = self.step
        self.run.event(
            "checkpoint",
            step=self.step,
            folder=str(folder),
            bytes=size,
            seconds=round(seconds, 3),
            stall_seconds=round(seconds, 3),
            why=why,
        )
        checkpoint.rotate(self.root, int(self.config["keep_checkpoints"]), self.step)
        return True

    def _tell_failed(self, error: Exception) -> None:
        free = shutil.disk_usage(
            self.root if self.root.exists() else Path(self.spec["workspace"])
        ).free
        needed = 4 * 3 * self.model.count
        reason = str(error)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            reason = "the disk is full"
        self.run.event(
            "checkpoint_failed",
            step=self.step,
            reason=reason,
            free_bytes=free,
            needed_bytes=needed,
        )


def _select_device(wanted: str) -> torch.device:
    if wanted in ("cpu", "cuda") or wanted.startswith("cuda:"):
        return torch.device(wanted)
    for index in range(torch.cuda.device_count()):
        if str(torch.cuda.get_device_properties(index).uuid) in wanted:
            return torch.device(f"cuda:{index}")
    raise TrainerRefused("no_cuda", f"There is no device {wanted}")


def open_session(
    run: RunFolder,
    spec: dict[str, Any],
    beat: Callable[[], None],
    skipped: Callable[[Path, str], None],
) -> Session:
    """Loads the newest checkpoint that verifies, or the base, and finds where the pass stands.
    `beat` is called while it loads, and may end it by an exception."""
    config = spec["config"]
    torch.set_num_threads(int(spec["threads"]))
    torch.use_deterministic_algorithms(config["deterministic"] == "on", warn_only=True)
    device = _select_device(str(spec["device"]))
    root = Path(spec["lineage"]["checkpoints"])

    checkpoint.remove_partials_of_the_dead(root)
    found = checkpoint.newest(root, beat, skipped)
    if found is None and checkpoint.steps_in(root):
        raise TrainerRefused("checkpoint_corrupt", f"No checkpoint in {root} verifies")
    if found is not None and found.manifest["base"]["hash"] != spec["base"]["hash"]:
        raise TrainerRefused(
            "checkpoint_incompatible",
            f"{found.folder} was trained from the base {found.manifest['base']['id']}, "
            f"not from {spec['base']['id']}",
        )
    cache = TokenCache(Path(spec["dataset"]["cache"]))
    core_folder = Path(spec["validation"]["core"])
    core = TokenCache(core_folder) if (core_folder / "cache.json").exists() else None
    rows_per_step = int(config["batch_size"]) * int(config["gradient_accumulation"])
    order = Order(cache, rows_per_step, int(config["epochs"]), int(config["seed"]))
    if len(order.rows) == 0:
        raise TrainerRefused("dataset_error", f"{spec['dataset']['name']} has no row to train")
    beat()
    folder = Path(spec["base"]["folder"]) if found is None else found.folder / "model"
    dropout = spec["test"].get("attention_dropout")
    randomness.seed_all(int(config["seed"]))
    model = Model(folder, str(config["precision"]), device, dropout)
    model.network.train()
    optimizer = Optimizer(model, config)
    schedule = Schedule(
        str(config["schedule"]), float(config["learning_rate"]), int(config["warmup_steps"])
    )
    dataset_folder = Path(spec["dataset"]["folder"])
    session = Session(
        run=run,
        spec=spec,
        cache=cache,
        core=core,
        order=order,
        model=model,
        optimizer=optimizer,
        schedule=schedule,
        ledger=Ledger(
            dataset_folder / "ledger.jsonl", str(spec["lineage"]["branch"]), str(spec["run"])
        ),
        base=open_base(Path(spec["base"]["folder"])),
        step=0,
        position=int(spec["start"]["position"]),
        steps_done=0,
        saved_step=0,
    )
    if found is not None:
        beat()
        _restore(session, found)
    return session


def _restore(session: Session, found: checkpoint.Found) -> None:
    session.optimizer.restore(checkpoint.load_tensors(found, "optimizer.safetensors"))
    states = checkpoint.load_tensors(found, "state.safetensors")
    if states:
        randomness.put_back(states)
    else:
        # Restored from weights alone: whoever restores them again gets the same numbers.
        randomness.seed_all(randomness.seed_at(int(session.config["seed"]), found.step))
    state = read_json(found.folder / "state.json")
    session.warmup_from = int(state.get("warmup_from", 0))
    session.step = session.saved_step = found.step
    cursor = found.manifest["cursor"]
    if cursor is None or cursor["pass"] != session.spec["pass"]["id"]:
        return
    if cursor["content_hash"] != session.spec["dataset"]["content_hash"]:
        raise TrainerRefused(
            "dataset_error", f"{session.spec['dataset']['name']} was changed during its pass"
        )
    session.position = int(cursor["position"])
    session.steps_done = int(cursor["steps_done"])
    session.smoothing = Smoothing(*state["smoothing"])
    session.monitoring_seconds = float(state["monitoring_seconds"])
    # Without the seconds of the earlier runs their looks would be counted against this run alone.
    session.began -= float(state.get("elapsed_seconds", 0.0))


def held_out(cache: TokenCache | None, kind: int, limit: int) -> list[Any]:
    """Examples of the core or the slice, the first `limit` of them."""
    if cache is None:
        return []
    indices = cache.indices(kind)
    if kind == CORE and len(indices) == 0:
        indices = range(len(cache.table))
    return [cache.example(int(index)) for index in list(indices)[:limit]]


def slice_rows(cache: TokenCache) -> set[int]:
    return {int(row) for row in cache.table[cache.indices(SLICE), 2]}
