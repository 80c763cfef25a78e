"""Every file operation of staging, combined with SIGKILL and three disk errors.

The branch is then absent or complete, the source is unchanged, and staging works again.
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
from nightshift_trainer.hashing import file_hash
from nightshift_trainer.protocol import StageBranch
from nightshift_trainer.stage.worker import StageRefused, stage
from nightshift_trainer.train.checkpoint.discover import seal, verify

WRAPPED = (
    "close", "fsync", "link", "listdir", "mkdir", "open", "rename", "replace", "rmdir", "scandir",
    "stat", "unlink",
)  # fmt: skip
ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES)


def no_heartbeat() -> None:
    """These tests need no heartbeat."""


class Faults:
    """Counts file operations; at the chosen one it raises an error or kills the process."""

    def __init__(self, at: int = 0, number: int | None = None) -> None:
        self.at, self.number, self.count = at, number, 0

    def on_operation(self) -> None:
        self.count += 1
        if self.count == self.at:
            if self.number is None:
                os.kill(os.getpid(), signal.SIGKILL)
            else:
                raise OSError(self.number, "injected")


class Stream:
    """A file whose reads, writes and flushes count as operations."""

    def __init__(self, real: Any, faults: Faults) -> None:
        self._real, self._faults = real, faults

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if name not in ("read", "write", "flush"):
            return value

        def counted(*values: Any) -> Any:
            self._faults.on_operation()
            return value(*values)

        return counted

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._real.close()


@contextmanager
def injected(faults: Faults) -> Iterator[None]:
    """Replaces `os` and `io.open` as called by pathlib, shutil and the program."""

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*values: Any, **named: Any) -> Any:
            faults.on_operation()
            return real(*values, **named)

        return call

    def opened(*values: Any, **named: Any) -> Stream:
        faults.on_operation()
        return Stream(opening(*values, **named), faults)

    opening = io.open
    with pytest.MonkeyPatch.context() as patch:
        for name in WRAPPED:
            patch.setattr(os, name, counted(getattr(os, name)))
        patch.setattr(io, "open", opened)
        yield


def saved_checkpoint(root: Path) -> Path:
    folder = root / "checkpoints" / "main" / "step-00000004"
    (folder / "model").mkdir(parents=True)
    for name in ("model/model.safetensors", "model/config.json", "optimizer.safetensors"):
        (folder / name).write_text(f"the content of {name}", "utf-8")
    (folder / "state.json").write_text('{"format": 1, "warmup_from": 0}', "utf-8")
    files = {
        path.relative_to(folder).as_posix(): {
            "size": path.stat().st_size,
            "xxh3_128": file_hash(path, no_heartbeat),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    document = {"format": 1, "step": 4, "branch": "main", "cursor": None, "files": files}
    (folder / "manifest.json").write_text(json.dumps({**document, "seal": seal(document)}))
    (root / "intent.json").write_text(json.dumps({"format": 1, "id": "r-1"}), "utf-8")
    return folder


def request(root: Path, source: Path, *, optimizer_state: bool, hard_link: bool) -> Any:
    return {
        "action": "stage",
        "intent": {"file": str(root / "intent.json"), "id": "r-1"},
        "model": str(source / "model"),
        "hard_link": hard_link,
        "optimizer_state": str(source) if optimizer_state else None,
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


def is_killed(staging: StageBranch, at: int) -> bool:
    """Stages in a new process. Whether it reached the operation and was killed."""
    child = os.fork()
    if child == 0:
        with injected(Faults(at)):
            stage(staging, no_heartbeat)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize(
    ("optimizer_state", "hard_link"), [(True, True), (False, True), (True, False)]
)
def test_every_operation_of_staging_times_every_fault(
    tmp_path: Path, optimizer_state: bool, hard_link: bool
) -> None:
    source = saved_checkpoint(tmp_path)
    before = content_of(source)
    staging = request(tmp_path, source, optimizer_state=optimizer_state, hard_link=hard_link)
    branch = tmp_path / "checkpoints" / "branch-2"
    counting = Faults()
    with injected(counting):
        stage(staging, no_heartbeat)
    operations = counting.count
    assert operations > 40
    ends = {"absent": 0, "complete": 0}

    def check() -> None:
        assert content_of(source) == before
        assert verify(source, no_heartbeat) is None
        if branch.exists():
            ends["complete"] += 1
            staged = branch / "step-00000004"
            assert verify(staged, no_heartbeat) is None
            assert read_json(staged / "manifest.json")["branch"] == "branch-2"
        else:
            ends["absent"] += 1
        # The engine cleans up and then stages again.
        for path in branch.parent.iterdir():
            if path.name != "main":
                shutil.rmtree(path)
        stage(staging, no_heartbeat)
        assert verify(branch / "step-00000004", no_heartbeat) is None
        shutil.rmtree(branch)
        assert content_of(source) == before

    check()
    cases = 0
    for at in range(1, operations + 1):
        for number in ERRORS if optimizer_state and hard_link else ERRORS[:1]:
            with injected(Faults(at, number)), suppress(OSError, StageRefused):
                stage(staging, no_heartbeat)
            cases += 1
            check()
        cases += is_killed(staging, at)
        check()
    assert ends["absent"] > operations
    print(f"stage: {operations} file operations x faults = {cases} cases: {ends}")
