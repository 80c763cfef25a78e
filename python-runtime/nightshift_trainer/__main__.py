"""`python -m nightshift_trainer <run folder>`: runs the trainer or worker that spec.json names.
`--serve` instead of a folder: the intake worker takes run folders from stdin, one after another.

Each kind is imported only when it is needed: the intake worker starts without torch. `exit.json` is
always written; a process that leaves none has crashed.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from . import ranks
from .categories import category_of, describe
from .limits import LimitReached, limit_memory, memory_message
from .run_folder import Canceled, RunFolder

# oneDNN caches a bf16 CPU kernel per shape, and packed rows give new shapes at each step: the
# default of 1,024 entries grew by gigabytes. Read when the first kernel is built.
for name in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    os.environ.setdefault(name, "64")

WORKERS: dict[str, str] = {
    "intake": "nightshift_trainer.intake.worker",
    "base": "nightshift_trainer.bases.worker",
    "sample": "nightshift_trainer.sample.worker",
    "evaluate": "nightshift_trainer.evaluate.worker",
    "verify": "nightshift_trainer.verify.worker",
    "stage": "nightshift_trainer.stage.worker",
    "chat": "nightshift_trainer.chat.worker",
}
TRAINER = "nightshift_trainer.train.worker"
INTAKE_HOST = "nightshift_trainer.intake.host"


def _cancel_on_signal(number: int, frame: FrameType | None) -> None:
    raise Canceled(f"stopped by signal {number}")


def run_worker(folder: RunFolder, module: str, spec: Mapping[str, Any]) -> int:
    folder.event("started", **vars(folder.identity))
    folder.heartbeat(phase="work")
    signal.signal(signal.SIGTERM, _cancel_on_signal)
    try:
        importlib.import_module(module).run(folder, spec)
    except Canceled as canceled:
        folder.exit("canceled", reason=str(canceled))
        return 0
    except BaseException as error:
        if isinstance(error, SystemExit) and error.code in (0, None):
            raise
        _exit_failed(folder, error)
        return 1
    folder.exit("completed")
    return 0


def _exit_failed(folder: RunFolder, error: BaseException) -> None:
    traceback.print_exc()
    error = _within_limits(folder, error)
    folder.exit("failed", reason=str(error), code=1, error=describe(error))


def _within_limits(folder: RunFolder, error: BaseException) -> BaseException:
    """Where this process has a memory limit, memory that runs out is that of the file, not of the
    machine: trying again would end the same way."""
    if category_of(error) != "host_out_of_memory":
        return error
    try:
        what = _subject(folder.spec())
    except (OSError, ValueError, KeyError):
        what = "This task"
    message = memory_message(what)
    return error if message is None else LimitReached(message)


def _subject(spec: Mapping[str, Any]) -> str:
    if spec["kind"] == "intake":
        return str(spec["dataset"]["name"])
    return f"The model of {spec['base']['source']}" if spec["kind"] == "base" else "This task"


def _run_intake(folder: RunFolder) -> int:
    """As `main` does, for one run of a warm worker."""
    try:
        spec = folder.spec()
        if spec["kind"] != "intake":
            raise ValueError(f"spec.json asks for {spec['kind']}, not for intake")
    except Exception as error:
        _exit_failed(folder, error)
        return 1
    return run_worker(folder, WORKERS["intake"], spec)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m nightshift_trainer <run folder> | --serve", file=sys.stderr)
        return 2
    limit_memory()
    # Datasets, models and logs are for this account alone.
    os.umask(0o077)
    if arguments == ["--serve"]:
        importlib.import_module(WORKERS["intake"])
        return int(importlib.import_module(INTAKE_HOST).serve(_run_intake))
    folder = RunFolder(Path(arguments[0]).resolve())
    try:
        spec = folder.spec()
        if spec["kind"] == "train":
            if ranks.is_launcher(spec["launcher"]["processes"]):
                return ranks.launch(spec["launcher"]["processes"])
            ranks.end_with_launcher()
            # The trainer writes its own exit.json, which holds its step and position.
            return int(importlib.import_module(TRAINER).run(folder, spec))
    except Exception as error:
        _exit_failed(folder, error)
        return 1
    return run_worker(folder, WORKERS[spec["kind"]], spec)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
