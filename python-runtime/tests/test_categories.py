"""The category of every failure: what is a problem of the machine, the base, or the dataset."""

from __future__ import annotations

import errno
import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from intake_support import Workspace, chat, pairs, starter_base

from nightshift_trainer.__main__ import WORKERS, run_worker
from nightshift_trainer.bases.smollm2 import BaseUnavailable
from nightshift_trainer.categories import category_of, describe
from nightshift_trainer.evaluate.questions import QuestionsRefused
from nightshift_trainer.intake import intake as intake_module
from nightshift_trainer.intake import worker as intake_worker
from nightshift_trainer.intake.cache_writer import CacheWriter
from nightshift_trainer.intake.streams import FileRefused, FileUnreadable
from nightshift_trainer.protocol import CRASH_CATEGORIES
from nightshift_trainer.rendering import BaseRefused, TemplateRefused
from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.stage.worker import StageRefused
from nightshift_trainer.train.errors import TrainerRefused
from nightshift_trainer.train.model import ModelNotFound

FULL = Path("/dev/full")
ERRORS: list[tuple[BaseException, str]] = [
    (MemoryError(), "host_out_of_memory"),
    (pyarrow.ArrowMemoryError("malloc of size 64 failed"), "host_out_of_memory"),
    (OSError(errno.ENOMEM, "Cannot allocate memory"), "host_out_of_memory"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "host_out_of_memory"),
    (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "gpu_out_of_memory"),
    (ImportError("libcudart.so: cannot open shared object file"), "import_error"),
    (ModuleNotFoundError("No module named 'zstandard'"), "import_error"),
    (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
    (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk_full"),
    (Exception("I/O error: No space left on device (os error 28)"), "disk_full"),
    (OSError("100000 requested and 0 written"), "disk_full"),
    (PermissionError(errno.EACCES, "Permission denied"), "permission_denied"),
    (OSError(errno.EROFS, "Read-only file system"), "permission_denied"),
    (OSError(errno.EIO, "Input/output error"), "disk_error"),
    (OSError(errno.ESTALE, "Stale file handle"), "disk_error"),
    (Exception("I/O error: Input/output error (os error 5)"), "disk_error"),
    (FileNotFoundError(errno.ENOENT, "No such file"), "unknown"),
    (ValueError("unexpected"), "unknown"),
    (KeyError("workspace"), "unknown"),
    (BaseRefused(""), "model_not_found"),
    (BaseUnavailable(""), "model_not_found"),
    (ModelNotFound(""), "model_not_found"),
    (TemplateRefused(""), "template_error"),
    (FileRefused(""), "dataset_error"),
    (FileUnreadable(""), "dataset_error"),
    (QuestionsRefused(""), "dataset_error"),
    (StageRefused(""), "checkpoint_corrupt"),
    (TrainerRefused("device_busy", ""), "device_busy"),
]


@pytest.mark.parametrize(("error", "category"), ERRORS, ids=[repr(e)[:50] for e, _ in ERRORS])
def test_category_of_an_error(error: BaseException, category: str) -> None:
    assert category_of(error) == category and category in CRASH_CATEGORIES


def test_a_category_that_is_not_in_the_table_is_ignored() -> None:
    error = ValueError("x")
    error.category = "surprise"  # type: ignore[attr-defined]
    assert category_of(error) == "unknown"


def test_the_error_of_exit_json() -> None:
    document = describe(TrainerRefused("dataset_error", "Row 3 is empty", [3]))
    assert (document["category"], document["rows"]) == ("dataset_error", [3])
    assert describe(MemoryError())["message"] == "MemoryError"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """`run_worker` sets a signal handler; it must not outlive the test."""
    before = signal.getsignal(signal.SIGTERM)
    yield Workspace(tmp_path)
    signal.signal(signal.SIGTERM, before)


def failure(workspace: Workspace, spec: dict[str, Any], kind: str = "intake") -> dict[str, Any]:
    """Runs a worker as a process would, and returns the `error` of its exit.json."""
    folder = workspace.run_folder(spec)
    assert run_worker(RunFolder(folder), WORKERS[kind], spec) == 1
    return json.loads((folder / "exit.json").read_text("utf-8"))["error"]


@pytest.mark.parametrize(
    ("error", "category"),
    [
        (MemoryError(), "host_out_of_memory"),
        (ImportError("No module named 'pyarrow'"), "import_error"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (PermissionError(errno.EACCES, "Permission denied"), "permission_denied"),
        (OSError(errno.EROFS, "Read-only file system"), "permission_denied"),
        (RuntimeError("a bug"), "unknown"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("place", ["open_records", "OriginalsWriter", "write_json"])
def test_a_failure_of_the_machine_during_intake_is_not_a_dataset_error(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    error: BaseException,
    category: str,
) -> None:
    def fail(*_: Any) -> None:
        raise error

    module = intake_worker if place == "write_json" else intake_module
    monkeypatch.setattr(module, place, fail)
    spec = workspace.spec(workspace.lines("a.jsonl", pairs(5)))
    assert failure(workspace, spec)["category"] == category


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.jsonl.zst"])
def test_an_unreadable_data_file_is_a_dataset_error(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = workspace.lines(name, pairs(5))
    open_path = Path.open

    def fail(self: Path, *args: Any, **options: Any) -> Any:
        if self == path:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return open_path(self, *args, **options)

    monkeypatch.setattr(Path, "open", fail)
    error = failure(workspace, workspace.spec(path))
    assert error["category"] == "dataset_error"
    assert error["message"] == f"{name} can't be read: Permission denied."


def test_memory_that_runs_out_in_a_parquet_file_does_not_refuse_the_file(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise pyarrow.ArrowMemoryError("malloc of size 64 failed")

    monkeypatch.setattr("pyarrow.parquet.ParquetFile", fail)
    spec = workspace.spec(workspace.write("a.parquet", b"PAR1"))
    assert failure(workspace, spec)["category"] == "host_out_of_memory"
    assert not (workspace.home() / "report.json").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokenizer.json", None),
        ("tokenizer.json", "{"),
        ("tokenizer.json", '{"model": {"type": "none"}}'),
        ("tokenizer_config.json", "[]"),
        ("training_template.jinja", "{% for %}"),
    ],
)
def test_a_missing_or_damaged_base_is_model_not_found(
    workspace: Workspace, name: str, content: str | None
) -> None:
    base = workspace.root / "models" / "base"
    shutil.copytree(starter_base(), base)
    (base / name).unlink()
    if content is not None:
        (base / name).write_text(content, "utf-8")
    workspace.base = base
    error = failure(workspace, workspace.spec(workspace.lines("a.jsonl", pairs(5))))
    assert error["category"] == "model_not_found" and str(base) in error["message"]


def evaluate_spec(workspace: Workspace, model: Path, questions: Path) -> dict[str, Any]:
    return {
        "format": 1,
        "kind": "evaluate",
        "evaluate": {
            "model": str(model),
            "questions": str(questions),
            "limit": 2,
            "max_new_tokens": 1,
            "scorer": "exact",
            "output": str(workspace.root / "result.json"),
            "precision": "fp32",
        },
    }


def test_failures_of_an_evaluation(workspace: Workspace) -> None:
    questions = workspace.lines("q.jsonl", [chat("a?", "b")])
    empty = workspace.write("empty.jsonl", "")
    error = failure(workspace, evaluate_spec(workspace, starter_base(), empty), "evaluate")
    assert (error["category"], error["message"]) == (
        "dataset_error",
        "empty.jsonl is empty (0 bytes).",
    )
    texts = workspace.lines("t.jsonl", [{"text": "a raw text"}])
    error = failure(workspace, evaluate_spec(workspace, starter_base(), texts), "evaluate")
    assert error["category"] == "dataset_error" and "t.jsonl, row 1" in error["message"]
    model = workspace.root / "damaged"
    shutil.copytree(starter_base(), model)
    (model / "model.safetensors").write_bytes(b"damaged")
    error = failure(workspace, evaluate_spec(workspace, model, questions), "evaluate")
    assert error["category"] == "model_not_found"


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")
def test_a_token_cache_on_a_full_disk_is_never_silently_short(tmp_path: Path) -> None:
    writer = CacheWriter(tmp_path / "cache")
    writer._ids.close()
    writer._ids = FULL.open("wb")
    writer.add(1, np.arange(3, dtype=np.int32), np.ones(3, dtype=np.uint8))
    with pytest.raises(OSError, match="space") as caught:
        writer.close()
    assert category_of(caught.value) == "disk_full"
