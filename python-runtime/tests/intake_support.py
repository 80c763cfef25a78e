"""Shared by the tests of the workers: a starter base, and intake runs in a temporary workspace."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nightshift_trainer.bases.publish import publish
from nightshift_trainer.bases.starter import write_starter
from nightshift_trainer.intake import worker
from nightshift_trainer.run_folder import RunFolder

OPTIONS: dict[str, Any] = {
    "max_length": 4096,
    "over_length": "refuse",
    "thinking": "off",
    "slice_rows": 200,
    "core_rows": 1000,
    "seed": 42,
    "batch_size": 16,
    "epochs": 1,
    "save_steps": 10,
    "mapping": None,
    "accept_valid_rows": False,
    "dry_run": False,
}


def make_starter(target: Path, seed: int = 1234) -> Path:
    publish(
        target,
        lambda partial: write_starter(partial, seed),
        identifier="starter",
        name="Starter",
        label="random",
        license_name="none",
    )
    return target


@cache
def starter_base() -> Path:
    return make_starter(Path(tempfile.mkdtemp(prefix="nightshift-test-")) / "starter")


class Workspace:
    """`intake` runs the worker in this process and returns the report."""

    def __init__(self, root: Path, base: Path | None = None) -> None:
        self.root = root
        self.base = base or starter_base()
        self._runs = 0

    def home(self, dataset: str = "d-1") -> Path:
        return self.root / "data" / "datasets" / dataset

    def spec(self, path: Path, dataset: str = "d-1", **options: Any) -> dict[str, Any]:
        return {
            "format": 1,
            "kind": "intake",
            "run": "r",
            "workspace": str(self.root),
            "dataset": {
                "id": dataset,
                "folder": str(self.home(dataset)),
                "name": path.name,
                "path": str(path),
            },
            "base": {"folder": str(self.base)},
            "options": {**OPTIONS, **options},
        }

    def run_folder(self, spec: dict[str, Any]) -> Path:
        self._runs += 1
        folder = self.root / "runs" / f"r{self._runs}"
        folder.mkdir(parents=True)
        (folder / "spec.json").write_text(json.dumps(spec), "utf-8")
        return folder

    def intake(self, path: Path, dataset: str = "d-1", **options: Any) -> dict[str, Any]:
        spec = self.spec(path, dataset, **options)
        worker.run(RunFolder(self.run_folder(spec)), spec)
        return self.report(dataset)

    def report(self, dataset: str = "d-1") -> dict[str, Any]:
        return json.loads((self.home(dataset) / "report.json").read_text("utf-8"))

    def write(self, name: str, content: bytes | str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    def lines(self, name: str, records: list[Any]) -> Path:
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        return self.write(name, text)

    def rejected(self, dataset: str = "d-1") -> list[tuple[int, str]]:
        first = self.report(dataset)["rejected"]["first"]
        return [(item["row"], item["reason"]) for item in first]

    def cached(self, dataset: str = "d-1") -> list[tuple[int, int, list[int], list[int]]]:
        """Every example as (row, kind, token ids, labels), read without the product's code."""
        return read_cache(self.home(dataset) / "cache" / self.report(dataset)["cache"])


def add_up(report: dict[str, Any]) -> bool:
    """Every row of a report is accepted or rejected."""
    return report["rows"] == report["accepted"] + report["rejected"]["total"]


def read_cache(folder: Path) -> list[tuple[int, int, list[int], list[int]]]:
    tokens = np.fromfile(folder / "tokens.i32", dtype="<i4")
    labels = np.fromfile(folder / "labels.u8", dtype=np.uint8)
    table = np.fromfile(folder / "examples.i64", dtype="<i8").reshape(-1, 6)
    found: list[tuple[int, int, list[int], list[int]]] = []
    for offset, length, row, trained, first, kind in table.tolist():
        part = labels[offset : offset + length].tolist()
        assert sum(part) == trained
        assert first == (part.index(1) if 1 in part else length)
        found.append((row, kind, tokens[offset : offset + length].tolist(), part))
    return found


def chat(question: str, answer: str) -> dict[str, Any]:
    return {
        "messages": [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    }


def pairs(count: int) -> list[dict[str, str]]:
    return [
        {"question": f"What is {n} plus one?", "answer": f"It is {n + 1}."} for n in range(count)
    ]
