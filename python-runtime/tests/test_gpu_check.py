"""The parts of `npm run gpu-check`, on the CPU with the starter, so that they are tested code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import gpu_check  # noqa: E402  # pyright: ignore[reportMissingImports]


def test_every_part_runs_and_holds(tmp_path: Path) -> None:
    checks = gpu_check.run("cpu", tmp_path, None, "")
    assert [check.name for check in checks if not check.holds] == []
    assert len(checks) == 9
    rows = gpu_check.table(checks).splitlines()
    assert len(rows) == 11 and "tokens/s" in rows[-1]


def test_what_does_not_hold_is_marked() -> None:
    checks = [gpu_check.Check("speed", "≥ 40 %", "12 %", holds=False)]
    assert "| speed | ≥ 40 % | 12 % | **fails** |" in gpu_check.table(checks)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA GPU")
def test_without_a_gpu_it_says_so_and_exits_with_2() -> None:
    before = (ROOT / "benchmarks" / "RESULTS.md").read_text("utf-8")
    process = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "gpu_check.py")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 2 and process.stdout.count("\n") == 1
    assert "no CUDA GPU" in process.stdout
    assert (ROOT / "benchmarks" / "RESULTS.md").read_text("utf-8") == before
