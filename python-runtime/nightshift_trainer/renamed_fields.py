"""Fields of persistent files that have been renamed. Files of existing workspaces keep the old
names; only the new names are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Old name to new name. No name is used in two files with different meanings.
RENAMED_FIELDS = {
    "fed": "batch_hash",  # ledger.jsonl
    "left_out": "excluded_rows",  # cursor.json, cursor in manifest.json
    "licence": "license",  # base.json
    "normalised_hashes": "normalized_hashes",  # core.json
}


def with_current_names(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with renamed top-level fields under their new names."""
    return {RENAMED_FIELDS.get(name, name): value for name, value in document.items()}
