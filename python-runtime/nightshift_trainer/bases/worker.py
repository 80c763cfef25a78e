"""The `base` worker: makes one base model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..rendering.base import BaseRefused
from ..run_folder import Canceled, RunFolder
from . import smollm2
from .folder import write_folder
from .publish import publish
from .starter import write_starter


def run(folder: RunFolder, spec: dict[str, Any]) -> None:
    wanted = spec["base"]
    target = Path(wanted["folder"])

    told: tuple[float, str] | None = None

    def progress(fraction: float, detail: str) -> None:
        """Beats every time; an event only where something is new. A stop is heard here."""
        nonlocal told
        folder.heartbeat(phase="work", detail=detail)
        if (fraction, detail) != told:
            told = (fraction, detail)
            folder.event("progress", fraction=fraction, detail=detail)
        if any(command.verb == "stop-now" for command in folder.commands()):
            raise Canceled("stopped by command")

    progress(0.0, "started")
    kind = wanted["id"]
    if kind == "starter":
        seed = int(wanted["seed"])
        publish(
            target,
            lambda partial: write_starter(partial, seed),
            identifier="starter",
            name="Starter",
            label=f"random weights from seed {seed}",
            licence="none (made on this machine)",
        )
    elif kind == "smollm2":
        publish(
            target,
            lambda partial: smollm2.write_smollm2(partial, progress),
            identifier="smollm2",
            name=smollm2.NAME,
            label=smollm2.LABEL,
            licence=smollm2.LICENCE,
        )
    elif kind == "folder":
        if not wanted.get("source"):
            raise BaseRefused("No folder was named.")
        source = Path(wanted["source"])
        publish(
            target,
            lambda partial: write_folder(source, partial),
            identifier="folder",
            name=source.name,
            label=f"from {source}",
            licence="as stated by its source",
        )
    else:
        raise BaseRefused(f"There is no base named {kind!r}.")
    progress(1.0, "ready")
