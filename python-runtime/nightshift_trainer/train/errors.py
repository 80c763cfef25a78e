"""From an exception to a category of the crash table, with the words that decided."""

from __future__ import annotations

import errno
import traceback
from typing import Any


class TrainerRefused(Exception):
    """An expected end, with its category (see the crash table in the engine)."""

    def __init__(self, category: str, message: str, rows: list[int] | None = None) -> None:
        super().__init__(message)
        self.category = category
        self.rows = rows or []


# What the rows of a step are to blame for; the engine leaves these rows out (see its queue).
OF_THE_ROWS = ("template_error", "dataset_error", "token_out_of_range")

OUT_OF_MEMORY_TEXTS = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")


def is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(text in str(error) for text in OUT_OF_MEMORY_TEXTS)
    )


def category_of(error: BaseException) -> str:
    if isinstance(error, TrainerRefused):
        return error.category
    name, text = type(error).__name__, str(error)
    if name == "ModelNotFound":
        return "model_not_found"
    if is_out_of_memory(error):
        return "gpu_out_of_memory" if "CUDA" in text else "host_out_of_memory"
    full = ("No space left", "os error 28", "unexpected pos")
    if (isinstance(error, OSError) and error.errno == errno.ENOSPC) or any(t in text for t in full):
        return "disk_full"
    if isinstance(error, PermissionError):
        return "permission_denied"
    if isinstance(error, IndexError) and "out of range" in text:
        return "token_out_of_range"
    if isinstance(error, ImportError):
        return "import_error"
    return "unknown"


def describe(error: BaseException) -> dict[str, Any]:
    return {
        "category": category_of(error),
        "type": type(error).__name__,
        "message": str(error) or type(error).__name__,
        "traceback": "".join(traceback.format_exception(error)),
        "rows": getattr(error, "rows", []),
    }
