"""How a run begins: from the newest checkpoint that can be trained on, or from the base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ..bases.publish import folder_hash
from ..cache import TokenCache, core_folder
from ..files import read_json
from ..rendering.base import open_base
from ..run_folder import RunFolder
from . import randomness
from .checkpoint import write as checkpoint
from .errors import TrainerRefused
from .generation import Smoothing
from .model import Model
from .nan_check import first_not_finite
from .optimizer import Optimizer, Schedule
from .process_group import Ranks, own_rank
from .sampler import Order
from .session import Session


def device_of(spec: dict[str, Any]) -> torch.device:
    """The named one for the leader; each further rank of this machine takes the GPU after it."""
    device = _select_device(str(spec["device"]))
    rank = own_rank(spec)
    if device.type != "cuda" or rank == 0:
        return device
    return torch.device("cuda", (device.index or 0) + rank)


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
    ranks: Ranks,
    beat: Callable[[], None],
    skipped: Callable[[Path, str], None],
) -> Session:
    """Loads the newest checkpoint that verifies, or the base, and finds where the pass stands.
    `beat` is called while it loads, and may end it by an exception."""
    config = spec["config"]
    torch.set_num_threads(int(spec["threads"]))
    torch.use_deterministic_algorithms(config["deterministic"] == "on", warn_only=True)
    device = device_of(spec)
    root = Path(spec["lineage"]["checkpoints"])

    if ranks.rank == 0:
        found = _newest(root, beat, skipped)
        ranks.say(found)
    else:
        found = ranks.hear(beat)
    if found is not None and found.manifest["base"]["hash"] != spec["base"]["hash"]:
        raise TrainerRefused(
            "checkpoint_incompatible",
            f"{found.folder} was trained from the base {found.manifest['base']['id']}, "
            f"not from {spec['base']['id']}",
        )
    cache = TokenCache(Path(spec["dataset"]["cache"]))
    held_out = core_folder(Path(spec["validation"]["core"]), cache.facts)
    core = TokenCache(held_out) if (held_out / "cache.json").exists() else None
    rows_per_step = int(config["batch_size"]) * int(config["gradient_accumulation"])
    left_out = spec["dataset"]["left_out"]
    order = Order(cache, rows_per_step, int(config["epochs"]), int(config["seed"]), left_out)
    if len(order.rows) == 0:
        raise TrainerRefused("dataset_error", f"{spec['dataset']['name']} has no row to train")
    beat()
    folder = Path(spec["base"]["folder"]) if found is None else found.folder / "model"
    if found is None and ranks.rank == 0 and folder_hash(folder) != spec["base"]["hash"]:
        raise TrainerRefused(
            "model_not_found", f"{folder} does not hold what was made there: make it again"
        )
    dropout = spec["test"].get("attention_dropout")
    randomness.seed_all(int(config["seed"]))
    model = Model(folder, str(config["precision"]), device, dropout)
    if found is None and (name := first_not_finite(model.masters)) is not None:
        raise TrainerRefused(
            "model_not_found", f"{name} of {folder} holds values that are no numbers"
        )
    model.network.train()
    optimizer = Optimizer(model, config)
    schedule = Schedule(
        str(config["schedule"]), float(config["learning_rate"]), int(config["warmup_steps"])
    )
    session = Session(
        run=run,
        spec=spec,
        cache=cache,
        core=core,
        order=order,
        model=model,
        optimizer=optimizer,
        schedule=schedule,
        base=open_base(Path(spec["base"]["folder"])),
        step=0,
        position=int(spec["start"]["position"]),
        steps_done=0,
        saved_step=0,
        ranks=ranks,
    )
    if found is not None:
        beat()
        _restore(session, found)
    return session


def _newest(
    root: Path, beat: Callable[[], None], skipped: Callable[[Path, str], None]
) -> checkpoint.Found | None:
    checkpoint.remove_partials_of_the_dead(root)
    found = checkpoint.newest(root, beat, skipped, _why_not)
    if found is None and checkpoint.steps_in(root):
        raise TrainerRefused("checkpoint_corrupt", f"No checkpoint in {root} verifies")
    return found


def _why_not(found: checkpoint.Found) -> str | None:
    """Its bytes may all be what was saved, and what was saved no numbers."""
    for part in ("model/model.safetensors", "optimizer.safetensors"):
        name = first_not_finite(checkpoint.load_tensors(found, part))
        if name is not None:
            return f"{name} holds values that are no numbers"
    return None


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
