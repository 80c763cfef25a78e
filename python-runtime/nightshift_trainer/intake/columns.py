"""The columns of flat records: name, an example, and the number of distinct values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xxhash

# Counting stops here, so that memory does not grow with the file.
MAX_DISTINCT = 200_000
MAX_COLUMNS = 64
EXAMPLE_CHARACTERS = 200
SAMPLES = 3


class Columns:
    def __init__(self) -> None:
        self._examples: dict[str, str] = {}
        self._values: dict[str, set[int]] = {}
        # The first records, from which a mapping is guessed.
        self.samples: list[Mapping[str, Any]] = []

    def add(self, fields: Mapping[str, Any]) -> None:
        if len(self.samples) < SAMPLES:
            self.samples.append(fields)
        for name, value in fields.items():
            if name not in self._values:
                if len(self._values) >= MAX_COLUMNS:
                    continue
                self._values[name] = set()
            text = value if isinstance(value, str) else repr(value)
            if text and name not in self._examples:
                self._examples[name] = text[:EXAMPLE_CHARACTERS]
            hashes = self._values[name]
            if len(hashes) < MAX_DISTINCT:
                hashes.add(xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass")))

    def summary(self) -> list[dict[str, Any]] | None:
        """The `columns` of report.json; None without flat records."""
        if not self._values:
            return None
        return [
            {"name": name, "example": self._examples.get(name, ""), "distinct": len(values)}
            for name, values in self._values.items()
        ]
