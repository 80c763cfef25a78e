"""Device locks: one trainer per device, and nothing that another account has prepared is believed,
followed or changed (tests/incidents/fixtures/cases/n1-lock-is-a-link.sh)."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nightshift_trainer import device_locks
from nightshift_trainer.device_locks import Holder, UnsafeLock, acquire, check, lock_path
from nightshift_trainer.identity import own_identity
from nightshift_trainer.train.errors import TrainerRefused
from nightshift_trainer.train.locks import DeviceLock

PACKAGE = Path(device_locks.__file__).parent.parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    locks = tmp_path / "locks"
    locks.mkdir()
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(locks))
    return locks


def _facts(workspace: str = "/w") -> dict[str, Any]:
    own = own_identity()
    return {"format": 1, "pid": own.pid, "start": own.start, "workspace": workspace}


def _plant_link(path: Path, precious: Path) -> None:
    path.symlink_to(precious)


def _plant_hard_link(path: Path, precious: Path) -> None:
    path.hardlink_to(precious)


def _plant_pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def _plant_folder(path: Path, _: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("plant", [_plant_link, _plant_hard_link, _plant_pipe, _plant_folder])
def test_a_lock_that_is_no_plain_file_is_refused_and_left_alone(
    folder: Path, tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("the only copy")
    mode = stat.S_IMODE(precious.stat().st_mode)
    plant(folder / "cpu.lock", precious)
    with pytest.raises(TrainerRefused, match="not a plain file") as refused:
        DeviceLock("cpu", own_identity(), Path("/somewhere"), "some-run")
    assert refused.value.category == "device_busy"
    assert precious.read_text() == "the only copy"
    assert stat.S_IMODE(precious.stat().st_mode) == mode
    holder = check("cpu")
    assert holder is not None and "not a plain file" in str(holder)


def test_a_link_to_a_file_that_does_not_exist_creates_none(folder: Path, tmp_path: Path) -> None:
    (folder / "cpu.lock").symlink_to(tmp_path / "bash_aliases")
    with pytest.raises(UnsafeLock):
        acquire("cpu", _facts())
    assert not (tmp_path / "bash_aliases").exists()


def test_a_folder_that_every_account_may_change_needs_the_sticky_bit(folder: Path) -> None:
    folder.chmod(0o777)
    with pytest.raises(UnsafeLock, match="sticky"):
        acquire("cpu", _facts())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777
    folder.chmod(0o1777)
    assert isinstance(acquire("cpu", _facts()), int)


def test_a_folder_that_is_a_link_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "locks").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(tmp_path / "locks"))
    with pytest.raises(UnsafeLock, match="link"):
        acquire("cpu", _facts())


def test_a_folder_that_is_missing_is_made_for_this_account_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(tmp_path / "a" / "locks"))
    assert lock_path("cpu").name == "cpu.lock"
    assert stat.S_IMODE((tmp_path / "a" / "locks").stat().st_mode) == 0o700


def test_without_a_setting_the_lock_lies_in_a_sticky_folder_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NIGHTSHIFT_DEVICE_LOCKS", raising=False)
    # Two accounts with different TMPDIRs must still share the lock.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    path = lock_path("cpu")
    assert str(path.parent) in device_locks.SHARED_FOLDERS
    assert path.name == "nightshift-cpu.lock"
    monkeypatch.setattr(device_locks, "SHARED_FOLDERS", ())
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert lock_path("cpu") == tmp_path / "nightshift" / "cpu.lock"
    assert stat.S_IMODE((tmp_path / "nightshift").stat().st_mode) == 0o700


def test_a_name_is_no_path(folder: Path) -> None:
    with pytest.raises(UnsafeLock):
        lock_path("../cpu")


def test_the_second_one_learns_who_holds_it_and_gets_it_after(folder: Path) -> None:
    held = acquire("GPU-1", _facts("/first"))
    assert isinstance(held, int)
    holder = acquire("GPU-1", _facts("/second"))
    assert str(holder) == f"held by pid {os.getpid()} of workspace /first"
    assert check("GPU-1") == holder
    assert check("GPU-2") is None
    os.close(held)
    assert check("GPU-1") is None
    again = acquire("GPU-1", _facts("/second"))
    assert isinstance(again, int)
    os.close(again)


def test_content_that_other_accounts_may_shape_is_not_shown(folder: Path) -> None:
    path = folder / "cpu.lock"
    path.write_text(json.dumps({"pid": 1, "workspace": "/evil\x1b[31m"}))
    path.chmod(0o666)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        shown = str(check("cpu"))
        assert "evil" not in shown
        assert str(os.getpid()) in shown
        path.chmod(0o644)
        shown = str(check("cpu"))
        assert shown == "held by pid 1 of workspace /evil?[31m"


def test_a_holder_that_is_gone_is_not_named(folder: Path) -> None:
    path = folder / "cpu.lock"
    path.write_text(json.dumps({"pid": os.getpid(), "start": "1:gone", "workspace": "/past"}))
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "/past" not in str(check("cpu"))


def test_a_lock_file_that_is_replaced_is_opened_again(folder: Path) -> None:
    first = acquire("cpu", _facts())
    assert isinstance(first, int)
    (folder / "cpu.lock").unlink()
    second = acquire("cpu", _facts())
    assert isinstance(second, int)
    assert os.fstat(second).st_ino == (folder / "cpu.lock").stat().st_ino
    os.close(first)
    os.close(second)


def test_the_engine_looks_without_torch_and_without_taking_the_lock(folder: Path) -> None:
    held = acquire("cpu", _facts("/first"))
    assert isinstance(held, int)
    command = [sys.executable, "-S", "-m", "nightshift_trainer.device_locks", "cpu", "GPU-1"]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    found = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    assert json.loads(found.stdout) == {
        "held": [
            {
                "name": "cpu",
                "pid": os.getpid(),
                "workspace": "/first",
                "is_own_account": True,
                "problem": None,
                "text": f"held by pid {os.getpid()} of workspace /first",
            }
        ]
    }
    os.close(held)
    found = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    assert json.loads(found.stdout) == {"held": []}
    assert not (folder / "GPU-1.lock").exists()


def test_nothing_is_known_of_a_holder_without_facts() -> None:
    assert str(Holder()) == "held by another program"
    assert str(Holder(pid=7, is_own_account=False)) == "held by pid 7 of another account"
