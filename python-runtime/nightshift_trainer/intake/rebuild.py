"""Rebuilds a damaged token cache from its data file, with the options it was made with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import numpy as np

from ..cache import core_folder
from ..cache_check import damaged_files
from ..files import read_json, remove_tree
from ..hashing import file_hash
from .cache_writer import publish_folder, read_examples, write_facts
from .intake import Intake, Progress
from .lines import LineReader, content_hash_of, require_data_file
from .opened_base import opened_base, template_date
from .options import IntakeOptions, read_options
from .split import CORE, HELD_OUT_DUPLICATE, SLICE
from .validation_set_tokens import build_validation_tokens

KINDS = {"core": CORE, "slice": SLICE, "held_out_duplicates": HELD_OUT_DUPLICATE}


class CannotRebuild(Exception):
    """The message says why, without a final period."""

    category = "dataset_error"


def _source_of(cache: Path) -> dict[str, Any]:
    try:
        return read_json(cache / "source.json")
    except (OSError, ValueError) as error:
        raise CannotRebuild(
            "the options that it was made with are not known; add the file again"
        ) from error


def _data_file(candidates: Sequence[Path], content_hash: str) -> Path:
    for path in candidates:
        if path.is_file() and content_hash_of(path) == content_hash:
            return path
    raise CannotRebuild("the data file is missing or has changed since it was validated")


def rebuild_cache(
    cache: Path,
    *,
    dataset: Path,
    data_files: Sequence[Path],
    content_hash: str,
    base_folder: Path,
    core: Path,
    heartbeat: Callable[[], None],
) -> None:
    """`data_files`: where the file may lie. Raises `CannotRebuild`; the damaged cache then stays.
    Which rows are held out is not decided again: it is in split.json."""
    source = _source_of(cache)
    options = replace(read_options(source["options"]), dry_run=False)
    path = _data_file([*data_files, dataset / str(source["path"])], content_hash)
    base = opened_base(base_folder)
    base = base.on(template_date(dataset, datetime.now()))
    work = dataset / "cache" / ".rebuild.partial"
    remove_tree(work)
    work.mkdir(parents=True)
    try:
        require_data_file(path, options.encoding)
        intake = Intake(options, base, work, core, dataset.name)
        intake.source = source
        reader = LineReader(path, encoding=options.encoding)
        report = intake.validate_file(path, reader, _progress(heartbeat), 0.0)
        if report["cache"] is None:
            raise CannotRebuild(f"the data file can't be used any more ({report['message']})")
        rebuilt = work / "cache" / str(report["cache"])
        _keep_split(rebuilt, dataset / "split.json")
        _keep_texts(rebuilt, cache)
        facts = {**read_json(rebuilt / "cache.json"), "key": cache.name}
        write_facts(rebuilt, {name: facts[name] for name in facts if name not in ("files", "hash")})
        publish_folder(rebuilt, cache)
    finally:
        remove_tree(work)


def _progress(heartbeat: Callable[[], None]) -> Progress:
    def progress(rows: int, final: bool = False) -> None:
        heartbeat()

    return progress


def _keep_split(rebuilt: Path, split_file: Path) -> None:
    split = read_json(split_file)
    table = read_examples(rebuilt)
    table[:, 5] = 0
    for name, kind in KINDS.items():
        table[np.isin(table[:, 2], np.array(split.get(name, []), dtype=np.int64)), 5] = kind
    (rebuilt / "examples.i64").write_bytes(table.astype("<i8").tobytes())


def _keep_texts(rebuilt: Path, damaged: Path) -> None:
    """The texts of the held-out rows, where they are intact: choosing rows again may choose
    others."""
    try:
        files = cast("dict[str, str]", read_json(damaged / "cache.json").get("files") or {})
        intact = file_hash(damaged / "texts.jsonl") == files.get("texts.jsonl")
    except (OSError, ValueError):
        return
    if intact:
        shutil.copyfile(damaged / "texts.jsonl", rebuilt / "texts.jsonl")


def rebuild_validation_set(cache: Path, core: Path, base_folder: Path) -> list[str]:
    """Rebuilds the tokens of the fixed validation set, if they are damaged, from its records.
    `cache`: that of the dataset, for the options. Returns the names of the damaged files."""
    base = opened_base(base_folder)
    hashes = {"template_hash": base.template_hash, "tokenizer_hash": base.tokenizer_hash}
    folder = _tokens_folder(core, hashes)
    if not folder.is_dir():
        return []
    damaged = damaged_files(folder)
    if not damaged:
        return []
    records = core / "records.jsonl"
    try:
        known = read_json(core / "core.json")["hash"]
        if file_hash(records) != known:
            raise CannotRebuild("records.jsonl of the fixed validation set is damaged as well")
        options: IntakeOptions = read_options(_source_of(cache)["options"])
    except (OSError, ValueError, KeyError) as error:
        raise CannotRebuild(f"the fixed validation set can't be read ({error})") from error
    extra = {}
    if folder == core:
        extra = {name: (core / name).read_text("utf-8") for name in ("core.json", "records.jsonl")}
    build_validation_tokens(core, folder, base, options, _content_hash(core, cache), extra)
    return damaged


def _tokens_folder(core: Path, hashes: dict[str, str]) -> Path:
    try:
        return core_folder(core, hashes)
    except (OSError, ValueError):
        return core


def _content_hash(core: Path, cache: Path) -> str:
    """The content hash of the dataset that the set came from, or of this one if that is lost."""
    for folder in (core, cache):
        try:
            return str(json.loads((folder / "cache.json").read_text("utf-8"))["content_hash"])
        except (OSError, ValueError, KeyError):
            continue
    return ""
