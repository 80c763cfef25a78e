"""Goal G16: intake against `datasets.map` on the same rows with the same tokenizer, interleaved.

    python benchmarks/intake.py --megabytes 64 --pairs 3 [--base <prepared base folder>]

Both sides read row .jsonl of conversations on row thread, render every row with the chat template
and count its tokens exactly. Ours is the whole intake worker as a process of its own (also labels,
token cache, duplicates, near-duplicates, report); the peer is the process of `datasets`:
`load_dataset("json")`, then a batched `map` with the template and the fast tokenizer, once writing
token ids and the assistant mask (what training needs), once lengths only. Prints wall and CPU
seconds and peak memory of each run, and the medians' ratios. Needs requirements-benchmark.txt.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "python-runtime"
# Lent to both: the real words of this repository's own texts would be the same few; these vary.
PEER = """
import json, sys
from datasets import load_dataset
from datasets.utils.logging import disable_progress_bar
from transformers import AutoTokenizer
path, base, cache, what = sys.argv[1:5]
disable_progress_bar()
tokenizer = AutoTokenizer.from_pretrained(base)
template = open(base + "/training_template.jinja").read()
rows = load_dataset("json", data_files=path, split="train", cache_dir=cache)
def ids(batch):
    out = tokenizer.apply_chat_template(batch["messages"], chat_template=template, tokenize=True,
        return_dict=True, return_assistant_tokens_mask=True)
    return {"input_ids": out["input_ids"], "mask": out["assistant_masks"]}
def lengths(batch):
    texts = tokenizer.apply_chat_template(batch["messages"], tokenize=False)
    return {"length": [len(row) for row in tokenizer(texts, add_special_tokens=False)["input_ids"]]}
done = rows.map(ids if what == "ids" else lengths, batched=True, remove_columns=rows.column_names)
total = sum(done["length"]) if what == "lengths" else sum(len(row) for row in done["input_ids"])
print(json.dumps({"rows": len(done), "tokens": total}))
"""


@dataclass(frozen=True)
class Measured:
    wall: float
    cpu: float
    peak_mb: float
    facts: dict[str, int]


def make_rows(path: Path, megabytes: int) -> int:
    """Conversations of one to three turns from 20,000 made-up words of English letter patterns."""
    source = random.Random(7)
    syllables = [
        a + b
        for a in ["b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "st", "tr"]
        for b in ["a", "e", "i", "o", "u"]
    ]
    words = ["".join(source.choices(syllables, k=source.randint(1, 4))) for _ in range(20_000)]
    weights = [1 / (rank + 5) for rank in range(len(words))]
    written = rows = 0
    with path.open("w", encoding="utf-8") as stream:
        while written < megabytes * 1_000_000:
            pool = source.choices(words, weights, k=400)
            messages: list[dict[str, str]] = []
            for _ in range(source.randint(1, 3)):
                for role, longest in (("user", 40), ("assistant", 90)):
                    said = source.choices(pool, k=source.randint(5, longest))
                    text = " ".join(said).capitalize() + f" {source.randint(0, 9999)}."
                    messages.append({"role": role, "content": text})
            line = json.dumps({"messages": messages}) + "\n"
            stream.write(line)
            written += len(line)
            rows += 1
    return rows


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "RAYON_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }


def measured(command: list[str]) -> tuple[float, float, float, str]:
    """Wall and CPU seconds, peak memory in MB (polled: `ru_maxrss` begins with the parent's)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    peak = 0
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        try:
            text = status.read_text("utf-8")
            peak = max(peak, int(text.split("VmHWM:")[1].split()[0]))
        except (OSError, IndexError):
            pass
        time.sleep(0.05)
    output = process.stdout.read() if process.stdout else ""
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode != 0:
        raise SystemExit(f"{command[:3]} ended with {process.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, peak / 1024, output


def ours(path: Path, base: Path, place: Path) -> Measured:
    options = {
        "max_length": 4096, "over_length": "refuse", "thinking": "off", "slice_rows": 200,
        "core_rows": 1000, "seed": 42, "batch_size": 16, "epochs": 1, "warmup_steps": 100,
        "save_steps": 100, "mapping": None, "accept_valid_rows": False, "dry_run": False,
    }  # fmt: skip
    run = place / "run"
    run.mkdir(parents=True)
    home = place / "data" / "datasets" / "d-1"
    spec = {
        "format": 1, "kind": "intake", "run": "r", "workspace": str(place),
        "dataset": {"id": "d-1", "folder": str(home), "name": path.name, "path": str(path)},
        "base": {"folder": str(base)}, "options": options,
    }  # fmt: skip
    (run / "spec.json").write_text(json.dumps(spec), "utf-8")
    wall, cpu, peak, _ = measured([sys.executable, "-m", "nightshift_trainer", str(run)])
    report = json.loads((home / "report.json").read_text("utf-8"))
    assert report["verdict"] == "ready", report["message"]
    return Measured(wall, cpu, peak, {"rows": report["rows"], "tokens": report["tokens"]})


def peer(path: Path, base: Path, place: Path, what: str) -> Measured:
    place.mkdir(parents=True)
    command = [sys.executable, "-c", PEER, str(path), str(base), str(place), what]
    wall, cpu, peak, output = measured(command)
    return Measured(wall, cpu, peak, json.loads(output.splitlines()[-1]))


def prepared_base(place: Path) -> Path:
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from intake_support import make_starter

    return make_starter(place / "starter")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--base", type=Path, default=None)
    parser.add_argument("--alone", action="store_true", help="ours only: memory on a large file")
    arguments = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="nightshift-intake-"))
    try:
        base = arguments.base or prepared_base(place)
        path = place / "rows.jsonl"
        rows = make_rows(path, arguments.megabytes)
        print(f"{path.stat().st_size / 1e6:.0f} MB, {rows:,} rows, base {base.name}")
        kinds = ["ours"] if arguments.alone else ["ours", "ids", "lengths"]
        found: dict[str, list[Measured]] = {kind: [] for kind in kinds}
        for number in range(arguments.pairs):
            for kind in kinds:
                folder = place / f"{kind}-{number}"
                row = ours(path, base, folder) if kind == "ours" else peer(path, base, folder, kind)
                shutil.rmtree(folder)
                found[kind].append(row)
                print(
                    f"  {kind:8} wall {row.wall:7.2f} s  CPU {row.cpu:7.2f} s  "
                    f"peak {row.peak_mb:5.0f} MB  {row.facts}",
                    flush=True,
                )
        tokens = {row.facts["tokens"] for runs in found.values() for row in runs}
        assert len(tokens) == 1, f"the token counts differ: {tokens}"
        for kind in kinds[1:]:
            for name in ("wall", "cpu"):
                theirs, mine = (
                    statistics.median(getattr(row, name) for row in found[k])
                    for k in (kind, "ours")
                )
                print(f"datasets.map ({kind}) / intake, {name}: {theirs / mine:.2f}")
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
