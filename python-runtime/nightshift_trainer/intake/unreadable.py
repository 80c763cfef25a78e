"""Errors that nobody foresaw, raised by the content of a row or a file: they are logged with their
stack, and the row or the file is rejected. A failure of the machine, and a canceled run, go on."""

from __future__ import annotations

import sys
import traceback

from ..categories import category_of
from ..run_folder import Canceled
from .records import Record, Rejection

MESSAGE = "The row could not be read. The details are in the worker's log."


def is_of_content(error: Exception) -> bool:
    return not isinstance(error, Canceled) and category_of(error) == "unknown"


def unreadable(record: Record) -> Rejection:
    """Call it where the error is handled: its stack goes to the log."""
    print(f"Row {record.row} could not be read:", file=sys.stderr)
    traceback.print_exc()
    return Rejection(record.row, "unreadable", MESSAGE, record.shown)
