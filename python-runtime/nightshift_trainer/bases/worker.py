"""The `base` worker: creates the folder of a base model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from ..protocol import BaseSpec
from ..rendering.base import BaseRefused
from ..run_folder import Canceled, RunFolder
from . import smollm2
from .folder import write_folder
from .publish import publish
from .starter import write_starter


def run(folder: RunFolder, spec: Mapping[str, Any]) -> None:
    request = cast("BaseSpec", spec)["base"]
    progress = _progress(folder)
    progress(0.0, "started")
    target = Path(request["folder"])
    if request["id"] == "starter":
        _make_starter(target, request["seed"])
    elif request["id"] == "smollm2":
        _make_smollm2(target, progress)
    elif request["id"] == "folder":
        source = request.get("source")
        if not source:
            raise BaseRefused("No source folder was given.")
        _make_from_folder(target, Path(source), progress)
    else:
        raise BaseRefused(f"Unknown base model {request['id']!r}.")
    progress(1.0, "ready")


def _progress(folder: RunFolder) -> smollm2.Progress:
    """A heartbeat at every call, an event only at a change. Raises when asked to stop."""
    last: tuple[float, str] | None = None

    def progress(fraction: float, detail: str) -> None:
        nonlocal last
        folder.heartbeat(phase="work", detail=detail)
        if (fraction, detail) != last:
            last = (fraction, detail)
            folder.event("progress", fraction=fraction, detail=detail)
        if any(command.verb == "stop-now" for command in folder.commands()):
            raise Canceled("stopped by command")

    return progress


def _make_starter(target: Path, seed: int) -> None:
    publish(
        target,
        lambda partial: write_starter(partial, seed),
        identifier="starter",
        name="Starter",
        label=f"random weights from seed {seed}",
        license_name="none (created on this machine)",
    )


def _make_smollm2(target: Path, progress: smollm2.Progress) -> None:
    publish(
        target,
        lambda partial: smollm2.write_smollm2(partial, progress),
        identifier="smollm2",
        name=smollm2.NAME,
        label=smollm2.LABEL,
        license_name=smollm2.LICENSE,
    )


def _make_from_folder(target: Path, source: Path, progress: smollm2.Progress) -> None:
    def check(partial: Path, parameters: int) -> None:
        progress(0.8, "comparing the loss with transformers")
        # Only here: importing torch and transformers takes seconds.
        from .self_check import require_same_loss

        require_same_loss(partial, parameters)

    publish(
        target,
        lambda partial: write_folder(source, partial),
        check=check,
        identifier="folder",
        name=source.name,
        label=f"from {source}",
        license_name="as stated by its source",
    )
