"""Files that somebody else prepared: no link leads a removal, an append or a write to another file,
and no pipe makes the program wait."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nightshift_trainer.files import LineFile, read_json, remove_tree, write_json
from nightshift_trainer.train.checkpoint.write import delete_old_checkpoints

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    (folder / "step-00000001").mkdir(parents=True)
    (folder / "step-00000001" / "mine").write_text("mine")
    return folder


def test_a_link_in_place_of_the_parent_leads_nowhere(tmp_path: Path, outside: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(outside)
    remove_tree(link / "step-00000001")
    assert (outside / "step-00000001" / "mine").exists()
    remove_tree(link)
    assert not link.is_symlink()
    assert (outside / "step-00000001" / "mine").exists()


def test_a_branch_that_is_a_link_loses_no_checkpoint(tmp_path: Path, outside: Path) -> None:
    for step in (2, 3):
        (outside / f"step-{step:08d}").mkdir()
        write_json(outside / f"step-{step:08d}" / "manifest.json", {"step": step})
    branch = tmp_path / "main"
    branch.symlink_to(outside)
    assert delete_old_checkpoints(branch, keep=1, saved_step=3) == []
    assert len(list(outside.iterdir())) == 3


def test_an_append_follows_no_link(tmp_path: Path, outside: Path) -> None:
    target = outside / "step-00000001" / "mine"
    (tmp_path / "events.jsonl").symlink_to(target)
    LineFile(tmp_path / "events.jsonl").append({"a": 1})
    assert target.read_text() == "mine"


def test_a_write_follows_no_link_in_place_of_its_temporary_file(
    tmp_path: Path, outside: Path
) -> None:
    target = outside / "step-00000001" / "mine"
    (tmp_path / f".a.json.{os.getpid()}.partial").symlink_to(target)
    write_json(tmp_path / "a.json", {"a": 1})
    assert target.read_text() == "mine"
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o600


def test_a_pipe_makes_nobody_wait(tmp_path: Path) -> None:
    """In a process of its own, because a reader that waits can't be interrupted."""
    os.mkfifo(tmp_path / "held.json")
    code = (
        "import sys; from pathlib import Path; from nightshift_trainer.files import *\n"
        "path = Path(sys.argv[1])\n"
        "LineFile(path).append({})\n"
        "read_json(path)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "held.json")],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert "is not a regular file" in done.stderr


def test_what_is_written_is_read(tmp_path: Path) -> None:
    lines = LineFile(tmp_path / "events.jsonl")
    lines.append({"a": 1})
    lines.append({"a": 2})
    assert (tmp_path / "events.jsonl").read_text() == '{"a": 1}\n{"a": 2}\n'
    write_json(tmp_path / "a.json", {"a": 1})
    assert read_json(tmp_path / "a.json") == {"a": 1}
