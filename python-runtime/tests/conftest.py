"""Fixtures that several files of tests use."""

from __future__ import annotations

from pathlib import Path

import pytest
from intake_support import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)
