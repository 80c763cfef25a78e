"""The base model that a file is validated for, and the date that its template writes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ..files import read_json
from ..rendering.base import PreparedBase, open_base

# The base of the previous file, for a process that validates many. Only ever one entry.
_opened: dict[tuple[object, ...], PreparedBase] = {}


def opened_base(folder: Path) -> PreparedBase:
    """Reads the files again only when they have changed."""
    facts = [(path.name, path.stat()) for path in sorted(folder.glob("*.j*"))]
    key = (folder, *((name, fact.st_mtime_ns, fact.st_size, fact.st_ino) for name, fact in facts))
    base = _opened.get(key)
    if base is None:
        base = open_base(folder)
        _opened.clear()
        _opened[key] = base
    return base


def template_date(dataset_folder: Path, now: datetime) -> datetime:
    """The date for a template that writes one: fixed when the dataset is first validated, so that
    a later validation gives the same tokens."""
    path = dataset_folder / "report.json"
    try:
        known = read_json(path).get("template_date") if path.is_file() else None
        return datetime.fromisoformat(known) if isinstance(known, str) else now
    except (OSError, ValueError):
        return now
