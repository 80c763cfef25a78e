"""No Python process opens a network connection, as seen by Python's own audit events."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from intake_support import Workspace, pairs
from train_support import Training, exit_of

ROOT = Path(__file__).resolve().parents[1]
AUDITED = """
import sys
def _audit(event, args, seen=sys.argv[-1] + "/connections.txt"):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg"):
        with open(seen, "a") as stream:
            print(event, args[1:], file=stream)
sys.addaudithook(_audit)
"""


def connections(folder: Path) -> list[str]:
    seen = folder / "connections.txt"
    return seen.read_text().splitlines() if seen.exists() else []


def test_training_with_evaluation_and_previews_connects_to_nothing(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.intake(pairs(60))
    spec = training.spec(eval_steps=3, preview_steps=3, save_steps=3)
    run, process = training.start(spec, AUDITED)
    assert process.wait(120) == 0, exit_of(run)
    assert connections(run) == []


def test_validating_a_file_connects_to_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    run = workspace.run_folder(workspace.spec(workspace.lines("data.jsonl", pairs(60))))
    code = f"{AUDITED}\nfrom nightshift_trainer.__main__ import main\nsys.exit(main([sys.argv[1]]))"
    subprocess.run(
        [sys.executable, "-c", code, str(run)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=True,
    )
    assert workspace.report()["accepted"] == 60
    assert connections(run) == []


def test_the_audit_hook_detects_a_connection(tmp_path: Path) -> None:
    attempt = "import socket\nsocket.socket().connect_ex(('127.0.0.1', 9))"
    subprocess.run([sys.executable, "-c", f"{AUDITED}\n{attempt}", str(tmp_path)], check=True)
    assert connections(tmp_path) == ["socket.connect (('127.0.0.1', 9),)"]
