"""`python -m nightshift_trainer <run folder>`: does what the folder's spec.json asks for.

Each kind is imported only when it is asked for: the intake worker starts without torch. Whatever
happens, `exit.json` is written; a process that leaves none has crashed.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

from .categories import describe
from .run_folder import Cancelled, RunFolder

# On a CPU a kernel for bf16 is made and kept for every shape, and packed rows give new shapes at
# each step: 1,024 of them grew by gigabytes. Read by the libraries when the first one is made.
for name in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    os.environ.setdefault(name, "64")

WORKERS = {
    "intake": "nightshift_trainer.intake.worker",
    "base": "nightshift_trainer.bases.worker",
    "sample": "nightshift_trainer.sample.worker",
    "evaluate": "nightshift_trainer.evaluate.worker",
    "verify": "nightshift_trainer.verify.worker",
    "stage": "nightshift_trainer.stage.worker",
}
TRAINER = "nightshift_trainer.train.worker"


def _stop_on_signal(number: int, frame: FrameType | None) -> None:
    raise Cancelled(f"stopped by signal {number}")


def run_worker(folder: RunFolder, module: str, spec: dict[str, Any]) -> int:
    folder.event("started", **vars(folder.identity))
    folder.heartbeat(phase="work")
    signal.signal(signal.SIGTERM, _stop_on_signal)
    try:
        importlib.import_module(module).run(folder, spec)
    except Cancelled as told:
        folder.exit("cancelled", reason=str(told))
        return 0
    except BaseException as error:
        if isinstance(error, SystemExit) and error.code in (0, None):
            raise
        traceback.print_exc()
        folder.exit("failed", reason=str(error), code=1, error=describe(error))
        return 1
    folder.exit("completed")
    return 0


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m nightshift_trainer <run folder>", file=sys.stderr)
        return 2
    folder = RunFolder(Path(arguments[0]).resolve())
    try:
        spec = folder.spec()
        kind = spec["kind"]
        if kind == "train":
            # The trainer writes its own exit.json: it knows its step and position.
            return int(importlib.import_module(TRAINER).run(folder, spec))
        if kind not in WORKERS:
            raise ValueError(f"spec.json asks for the unknown kind {kind!r}.")
    except Exception as error:
        traceback.print_exc()
        folder.exit("failed", reason=str(error), code=1, error=describe(error))
        return 1
    return run_worker(folder, WORKERS[kind], spec)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
