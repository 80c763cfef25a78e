"""Orders by signal: a full or read-only disk takes no command file."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightshift_trainer.run_folder import SIGNAL_VERBS, RunFolder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="real-time signals")


@pytest.fixture
def default_handlers() -> Iterator[None]:
    yield
    for number in range(signal.SIGRTMIN + 1, signal.SIGRTMIN + 1 + len(SIGNAL_VERBS)):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.usefixtures("default_handlers")
def test_each_order_arrives_once_and_the_heartbeat_says_that_it_can(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.heartbeat(phase="load")
    before = json.loads((tmp_path / "heartbeat").read_text("utf-8"))
    assert before["order_signal"] is None
    folder.take_signals()
    folder.heartbeat(phase="step")
    first = json.loads((tmp_path / "heartbeat").read_text("utf-8"))["order_signal"]
    for number in range(len(SIGNAL_VERBS)):
        os.kill(os.getpid(), first + number)
    assert [command.verb for command in folder.commands()] == list(SIGNAL_VERBS)
    assert folder.commands() == []
