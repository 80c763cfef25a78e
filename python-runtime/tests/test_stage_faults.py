"""Every file operation of staging × kill -9 and three errors of the disk.

The branch is then absent or complete, what it is staged from is untouched, and staging works again.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from nightshift_trainer.files import read_json
from nightshift_trainer.stage.worker import StageRefused, stage
from nightshift_trainer.train.checkpoint.discover import hash_file, seal, verify

WRAPPED = (
    "close", "fsync", "link", "listdir", "mkdir", "open", "rename", "replace", "rmdir", "scandir",
    "stat", "unlink",
)  # fmt: skip
ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES)


def quiet() -> None:
    """Nobody watches here."""


class Faults:
    """Counts what `meet` is told of; at the chosen operation it raises, or the process dies."""

    def __init__(self, at: int = 0, number: int | None = None) -> None:
        self.at, self.number, self.count = at, number, 0

    def meet(self) -> None:
        self.count += 1
        if self.count == self.at:
            if self.number is None:
                os.kill(os.getpid(), signal.SIGKILL)
            else:
                raise OSError(self.number, "injected")


class Stream:
    """A file whose reading, writing and flushing are operations of their own."""

    def __init__(self, real: Any, faults: Faults) -> None:
        self._real, self._faults = real, faults

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if name not in ("read", "write", "flush"):
            return value

        def met(*values: Any) -> Any:
            self._faults.meet()
            return value(*values)

        return met

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._real.close()


@contextmanager
def injected(faults: Faults) -> Iterator[None]:
    """`os` and `io.open` as pathlib, shutil and the program call them."""

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*values: Any, **named: Any) -> Any:
            faults.meet()
            return real(*values, **named)

        return call

    def opened(*values: Any, **named: Any) -> Stream:
        faults.meet()
        return Stream(opening(*values, **named), faults)

    opening = io.open
    with pytest.MonkeyPatch.context() as patch:
        for name in WRAPPED:
            patch.setattr(os, name, counted(getattr(os, name)))
        patch.setattr(io, "open", opened)
        yield


def kept_checkpoint(root: Path) -> Path:
    folder = root / "checkpoints" / "main" / "step-00000004"
    (folder / "model").mkdir(parents=True)
    for name in ("model/model.safetensors", "model/config.json", "optimizer.safetensors"):
        (folder / name).write_text(f"the content of {name}", "utf-8")
    (folder / "state.json").write_text('{"format": 1, "warmup_from": 0}', "utf-8")
    files = {
        path.relative_to(folder).as_posix(): {
            "size": path.stat().st_size,
            "xxh3_128": hash_file(path, quiet),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    document = {"format": 1, "step": 4, "branch": "main", "cursor": None, "files": files}
    (folder / "manifest.json").write_text(json.dumps({**document, "seal": seal(document)}))
    (root / "intent.json").write_text(json.dumps({"format": 1, "id": "r-1"}), "utf-8")
    return folder


def asked(root: Path, kept: Path, *, moments: bool, share: bool) -> dict[str, Any]:
    return {
        "act": "stage",
        "intent": {"file": str(root / "intent.json"), "id": "r-1"},
        "model": str(kept / "model"),
        "share": share,
        "moments": str(kept) if moments else None,
        "into": str(root / "checkpoints" / "branch-2"),
        "branch": "branch-2",
        "step": 4,
        "parent": {"branch": "main", "step": 4},
        "base": {"id": "starter", "hash": "h"},
        "hashes": {},
        "cursor": None,
        "warmup_from": 4,
    }


def content_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def killed(wanted: dict[str, Any], at: int) -> bool:
    """In a process of its own; whether the operation was reached."""
    child = os.fork()
    if child == 0:
        with injected(Faults(at)):
            stage(wanted, quiet)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize(("moments", "share"), [(True, True), (False, True), (True, False)])
def test_every_operation_of_staging_times_every_fault(
    tmp_path: Path, moments: bool, share: bool
) -> None:
    kept = kept_checkpoint(tmp_path)
    before = content_of(kept)
    wanted = asked(tmp_path, kept, moments=moments, share=share)
    branch = tmp_path / "checkpoints" / "branch-2"
    counting = Faults()
    with injected(counting):
        stage(wanted, quiet)
    operations = counting.count
    assert operations > 40
    ends = {"absent": 0, "complete": 0}

    def holds() -> None:
        assert content_of(kept) == before
        assert verify(kept, quiet) is None
        if branch.exists():
            ends["complete"] += 1
            staged = branch / "step-00000004"
            assert verify(staged, quiet) is None
            assert read_json(staged / "manifest.json")["branch"] == "branch-2"
        else:
            ends["absent"] += 1
        # As the engine clears up, and then stages again.
        for path in branch.parent.iterdir():
            if path.name != "main":
                shutil.rmtree(path)
        stage(wanted, quiet)
        assert verify(branch / "step-00000004", quiet) is None
        shutil.rmtree(branch)
        assert content_of(kept) == before

    holds()
    cases = 0
    for at in range(1, operations + 1):
        for number in ERRORS if moments and share else ERRORS[:1]:
            with injected(Faults(at, number)), suppress(OSError, StageRefused):
                stage(wanted, quiet)
            cases += 1
            holds()
        cases += killed(wanted, at)
        holds()
    assert ends["absent"] > operations
    print(f"stage: {operations} file operations x faults = {cases} cases: {ends}")
