"""Starts the ranks of data-parallel training and watches each of them.

In place of torchrun, whose store listens on all interfaces and unpickles what it receives: ranks
find each other through a file in the run folder, so nothing has to listen. Doesn't import torch.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from types import FrameType

LAUNCHER = "NIGHTSHIFT_LAUNCHER"
POLL_SECONDS = 0.1
# For the leader to report why a rank is gone, and to finish a checkpoint that it is writing.
LEADER_SECONDS = 10.0
# For the other ranks to leave the group after the leader ended.
FOLLOWER_SECONDS = 30.0
PR_SET_PDEATHSIG = 1


def is_launcher(processes: int) -> bool:
    """Whether this process has to start the ranks instead of being one."""
    return processes > 1 and "RANK" not in os.environ


def end_with_launcher() -> None:
    """A rank without its launcher would keep its GPU although nobody watches it."""
    launcher = os.environ.get(LAUNCHER)
    if launcher is None:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may have ended before the line above.
    if os.getppid() != int(launcher):
        raise SystemExit(1)


def launch(processes: int) -> int:
    """Runs this same command once per rank. Returns when all have ended: the exit code of the rank
    that failed first, or 0. A rank that ends by a signal ends this process by the same one."""
    ranks: list[subprocess.Popen[bytes]] = []

    def forward(number: int, frame: FrameType | None) -> None:
        # The leader saves and ends the others.
        if ranks and ranks[0].poll() is None:
            ranks[0].send_signal(number)

    signal.signal(signal.SIGTERM, forward)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, forward)
    try:
        for rank in range(processes):
            ranks.append(_start(rank, processes))
        code = _watch(ranks)
    finally:
        _kill(ranks)
    if code < 0:
        if -code in (signal.SIGTERM, getattr(signal, "SIGHUP", -1)):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


def _start(rank: int, processes: int) -> subprocess.Popen[bytes]:
    # In the process group of this launcher, so that the engine's signals reach every rank.
    return subprocess.Popen(
        [sys.executable, *sys.orig_argv[1:]],
        stdin=subprocess.DEVNULL,
        env={
            **os.environ,
            "RANK": str(rank),
            "WORLD_SIZE": str(processes),
            LAUNCHER: str(os.getpid()),
        },
    )


def _watch(ranks: list[subprocess.Popen[bytes]]) -> int:
    """Until all have ended, or one failed. The code of the first failure, else 0."""
    leader = ranks[0]
    while True:
        failed = next((rank for rank, process in enumerate(ranks) if process.poll()), None)
        if failed is not None:
            code = int(ranks[failed].returncode)
            how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
            print(f"Rank {failed} ended {how}. Ending the other ranks.", file=sys.stderr)
            if failed != 0:
                _wait([leader], LEADER_SECONDS, ask=True)
            return code
        if leader.poll() is not None:
            return 0 if _wait(ranks, FOLLOWER_SECONDS) else 1
        time.sleep(POLL_SECONDS)


def _wait(processes: list[subprocess.Popen[bytes]], seconds: float, *, ask: bool = False) -> bool:
    """Whether all ended in time. `ask`: with SIGTERM first."""
    for process in processes:
        if ask and process.poll() is None:
            process.terminate()
    end = time.monotonic() + seconds
    while any(process.poll() is None for process in processes):
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _kill(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.kill()
    for process in processes:
        process.wait()
