"""The columns of flat records: name, an example, how many distinct values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xxhash

# Above this many distinct values a column is counted no further; memory stays flat.
MOST_DISTINCT = 200_000
MOST_COLUMNS = 64
EXAMPLE_CHARACTERS = 200


class Columns:
    def __init__(self) -> None:
        self._examples: dict[str, str] = {}
        self._values: dict[str, set[int]] = {}

    def see(self, fields: Mapping[str, Any]) -> None:
        for name, value in fields.items():
            if name not in self._values:
                if len(self._values) >= MOST_COLUMNS:
                    continue
                self._values[name] = set()
            text = value if isinstance(value, str) else repr(value)
            if text and name not in self._examples:
                self._examples[name] = text[:EXAMPLE_CHARACTERS]
            seen = self._values[name]
            if len(seen) < MOST_DISTINCT:
                seen.add(xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass")))

    def listed(self) -> list[dict[str, Any]] | None:
        if not self._values:
            return None
        return [
            {"name": name, "example": self._examples.get(name, ""), "distinct": len(values)}
            for name, values in self._values.items()
        ]
