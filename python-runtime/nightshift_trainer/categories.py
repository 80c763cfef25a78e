"""The category of a failure: the names of the engine's crash table, and which error gets which.

The engine decides by the category whether to wait for the machine or to count the failure against
the dataset, so a full disk or a missing package must never look like a problem of the file.
"""

from __future__ import annotations

import errno
import re
import traceback
from typing import Any

from .protocol import CRASH_CATEGORIES

ERRNO_CATEGORIES = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EACCES: "permission_denied",
    errno.EPERM: "permission_denied",
    errno.EROFS: "permission_denied",
    errno.ENOMEM: "host_out_of_memory",
    errno.EIO: "disk_error",
    errno.ENXIO: "disk_error",
    errno.ENODEV: "disk_error",
    errno.ESTALE: "disk_error",
    **({errno.EUCLEAN: "disk_error"} if hasattr(errno, "EUCLEAN") else {}),
}
# Libraries report a full disk or exhausted memory as an exception without an errno.
DISK_FULL = re.compile(
    "No space left"
    "|os error 28"  # safetensors and tokenizers
    "|unexpected pos"  # torch.save
    r"|\d+ requested and \d+ written"  # numpy.ndarray.tofile
)
DISK_ERROR = re.compile(r"os error 5\b|Input/output error")
OUT_OF_MEMORY_TEXTS = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")


def is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(text in str(error) for text in OUT_OF_MEMORY_TEXTS)
    )


def category_of(error: BaseException) -> str:
    """An error of this program names its own category (attribute `category`); any other is
    classified by what the system reports. `unknown` for everything unexpected."""
    named = getattr(error, "category", None)
    if isinstance(named, str) and named in CRASH_CATEGORIES:
        return named
    text = str(error)
    if is_out_of_memory(error):
        return "gpu_out_of_memory" if "CUDA" in text else "host_out_of_memory"
    if isinstance(error, ImportError):
        return "import_error"
    if isinstance(error, OSError) and error.errno in ERRNO_CATEGORIES:
        return ERRNO_CATEGORIES[error.errno]
    if DISK_FULL.search(text):
        return "disk_full"
    if DISK_ERROR.search(text):
        return "disk_error"
    return "unknown"


def describe(error: BaseException) -> dict[str, Any]:
    """The `error` of exit.json."""
    return {
        "category": category_of(error),
        "type": type(error).__name__,
        "message": str(error) or type(error).__name__,
        "traceback": "".join(traceback.format_exception(error)),
        "rows": list(getattr(error, "rows", [])),
    }
