"""Checks on a CUDA GPU what the tests check without one, in at most five minutes.

    scripts/gpu-check            (or npm run gpu-check)

Three passes of one lineage with kills in between, a bitwise resume, packed against unpacked rows,
and memory and speed of a model of Qwen3-0.6B's shape under a cap of 23.5 GiB. Prints a table and
appends it with date and GPU to benchmarks/RESULTS.md. Exit 0: everything holds; 1: something
doesn't; 2: this machine has no CUDA GPU. The tests run the same parts on the CPU with the starter.
"""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "python-runtime"), str(ROOT / "python-runtime" / "tests")]

from intake_support import pairs, starter_base  # noqa: E402
from train_support import Training, events_of, exit_of, lines_of, metrics_of  # noqa: E402

from nightshift_trainer.cache import Example  # noqa: E402
from nightshift_trainer.train.collator import collate  # noqa: E402
from nightshift_trainer.train.device import resolve_device  # noqa: E402
from nightshift_trainer.train.model import Model  # noqa: E402

RESULTS = ROOT / "benchmarks" / "RESULTS.md"
CAP_GIB = 23.5
WAIT_SECONDS = 200.0
# Dense bf16 operations per second, as NVIDIA states them.
PEAK_FLOPS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "4090": 165e12,
              "3090": 71e12}  # fmt: skip
# The shape of Qwen3-0.6B, whose weights may not be at hand.
QWEN3_06B = {
    "vocab_size": 151_936,
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 40_960,
    "tie_word_embeddings": True,
}


@dataclass(frozen=True)
class Check:
    name: str
    goal: str
    result: str
    holds: bool


def _spec(training: Training, device: str, number: int = 1, **config: Any) -> dict[str, Any]:
    """As the engine writes it for a GPU, where checkpoints are written beside the steps."""
    spec = training.spec(device=device, eval_samples=0, generate_samples=0, **config)
    saving = "sync" if device == "cpu" else "async"
    return {
        **spec,
        "device": device,
        "saving": saving,
        "pass": {**spec["pass"], "id": f"p-{number}"},
    }


def _wait_for_steps(folder: Path, process: subprocess.Popen[bytes], steps: int) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while len(metrics_of(folder)) < steps and process.poll() is None:
        if time.monotonic() > end:
            raise TimeoutError(f"{steps} steps took more than {WAIT_SECONDS:.0f} s")
        time.sleep(0.01)


def _finish(folder: Path, process: subprocess.Popen[bytes]) -> None:
    process.wait(WAIT_SECONDS)
    if exit_of(folder)["outcome"] != "completed":
        raise RuntimeError(str(exit_of(folder)["error"])[-2000:])


def _train(training: Training, make: Callable[[], dict[str, Any]], kills: int) -> None:
    """One pass: `kills` runs that are killed after a saved step, and one that finishes."""
    for _ in range(kills):
        folder, process = training.start(make())
        _wait_for_steps(folder, process, 3)
        process.kill()
        process.wait()
    _finish(*training.start(make()))


def passes_with_kills(
    root: Path, device: str, passes: int = 3, kills: int = 5, rows: int = 96
) -> Check:
    """Each pass continues the weights and the optimizer state of the one before."""
    training = Training(root)
    training.intake(pairs(rows), slice_rows=0, core_rows=0)
    done, left = 0, kills
    reason = ""
    try:
        for number in range(1, passes + 1):
            now = -(-left // (passes - number + 1))
            left -= now
            _train(training, lambda n=number: _spec(
                training, device, n, save_steps=1, batch_size=4, precision="bf16"), now)  # fmt: skip
            done += 1
    except (RuntimeError, TimeoutError, subprocess.TimeoutExpired) as error:
        reason = f": {error}"
    result = f"{done} of {passes} with {kills - left} kills{reason}"
    return Check("passes of one lineage, killed and resumed", "all complete", result, done == passes)


def bitwise_resume(root: Path, device: str, kills: int = 2, rows: int = 64) -> Check:
    """With dropout, `deterministic: on`, against a run that was never interrupted."""
    hashes: list[str] = []
    for name, count in (("whole", 0), ("killed", kills)):
        training = Training(root / name)
        training.intake(pairs(rows), slice_rows=0, core_rows=0)
        options: dict[str, Any] = {"save_steps": 1, "batch_size": 4, "dropout": 0.1}
        _train(training, lambda training=training, options=options: _spec(
            training, device, deterministic="on", precision="bf16", **options), count)  # fmt: skip
        hashes.append(training.state_hash())
    holds = hashes[0] == hashes[1]
    result = "equal" if holds else "different"
    return Check(f"weights and optimizer state after {kills} kills", "bitwise equal", result, holds)


def packed_loss(base: Path, device: str, precision: str) -> Check:
    """The mean loss of examples in one row against one by one."""
    model = Model(base, precision, resolve_device(device))
    model.network.eval()
    generator = np.random.default_rng(0)
    lengths = [5, 30, 31, 200, 511, 513, 900]
    examples = [
        Example(
            row=row,
            ids=generator.integers(0, model.vocabulary, length).astype(np.int32),
            labels=np.ones(length, dtype=np.uint8),
        )
        for row, length in enumerate(lengths)
    ]
    with torch.no_grad():
        packed = float(model.loss_sum(collate(examples, range(len(lengths)), model.device)))
        alone = sum(
            float(model.loss_sum(collate(examples, [at], model.device)))
            for at in range(len(lengths))
        )
    difference = abs(packed - alone) / (sum(lengths) - len(lengths))
    limit = 1e-5 if precision == "fp32" else 2e-3
    result = f"{difference:.1e} nats"
    return Check(f"packed against one by one, {precision}", f"≤ {limit:.0e}", result,
                 difference <= limit)  # fmt: skip


def random_base(folder: Path, shape: dict[str, Any]) -> Path:
    """The starter's tokenizer with random weights of another shape."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from nightshift_trainer.bases.publish import folder_hash

    shutil.copytree(starter_base(), folder)
    (folder / "model.safetensors").unlink()
    torch.manual_seed(0)
    given = json.loads((folder / "config.json").read_text("utf-8"))
    kept = {name: given[name] for name in ("bos_token_id", "eos_token_id", "pad_token_id")
            if name in given}  # fmt: skip
    Qwen3ForCausalLM(Qwen3Config(**{**kept, **shape})).save_pretrained(folder)
    facts = json.loads((folder / "base.json").read_text("utf-8"))
    (folder / "base.json").write_text(json.dumps({**facts, "hash": folder_hash(folder)}), "utf-8")
    return folder


def memory_and_speed(
    root: Path, device: str, base: Path, rows: int = 160, words: int = 1800, gpu: str = ""
) -> list[Check]:
    """Long rows at the factory batch of 16, with the memory of a 24 GB card."""
    training = Training(root, base)
    texts = [{"question": f"q{n}", "answer": "lamp " * words} for n in range(rows)]
    training.intake(texts, slice_rows=0, core_rows=0)
    cap = "" if device == "cpu" else (
        "import torch; torch.cuda.set_per_process_memory_fraction("
        f"min(1.0, {CAP_GIB} * 2**30 / torch.cuda.get_device_properties(0).total_memory))"
    )  # fmt: skip
    spec = _spec(training, device, batch_size=16, precision="bf16", deterministic="off",
                 learning_rate=1e-5)  # fmt: skip
    folder, process = training.start(spec, cap)
    try:
        _finish(folder, process)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        process.kill()
        return [Check("a pass under the cap", "completes", str(error)[-300:], False)]
    metrics = metrics_of(folder)
    shortages = len(events_of(folder, "out_of_memory"))
    lost = spec["pass"]["planned_steps"] - len(metrics)
    steady = metrics[len(metrics) // 3 :]
    speed = sum(line["tokens"] for line in steady) / sum(line["seconds"] for line in steady)
    peak = max(float(line["memory_mb"]) for line in metrics) / 1024
    parameters = int(events_of(folder, "started")[-1]["parameters"])
    checks = [
        Check(f"out-of-memory events, cap {CAP_GIB} GiB", "0", str(shortages), shortages == 0),
        Check("steps lost", "0", str(lost), lost == 0),
        Check("peak memory", f"≤ {CAP_GIB} GiB", f"{peak:.1f} GiB", peak <= CAP_GIB),
        Check("ledger", "every step once", str(len(lines_of(training.dataset / "ledger.jsonl"))),
              len(lines_of(training.dataset / "ledger.jsonl")) == len(metrics)),
    ]  # fmt: skip
    peak_flops = next((flops for name, flops in PEAK_FLOPS.items() if name in gpu), None)
    text, holds = f"{speed:,.0f} tokens/s", True
    if peak_flops is not None:
        share = 6 * parameters * speed / peak_flops
        text, holds = f"{text}, {share:.0%} MFU", share >= 0.4
    return [*checks, Check("speed", "≥ 40 % MFU", text, holds)]


def run(device: str, root: Path, shape: dict[str, Any] | None, gpu: str) -> list[Check]:
    """All parts. `shape`: of the model for memory and speed; None: the starter."""
    base = starter_base() if shape is None else random_base(root / "base", shape)
    is_small = shape is None
    checks = [
        passes_with_kills(root / "kills", device, *((2, 1, 24) if is_small else (3, 5, 96))),
        bitwise_resume(root / "bitwise", device, *((1, 16) if is_small else (2, 64))),
        packed_loss(starter_base(), device, "fp32"),
        packed_loss(base, device, "bf16"),
    ]
    size = {"rows": 16, "words": 20} if is_small else {}
    return [*checks, *memory_and_speed(root / "memory", device, base, gpu=gpu, **size)]


def table(checks: list[Check]) -> str:
    lines = ["| check | goal | result | |", "|---|---|---|---|"]
    for check in checks:
        mark = "holds" if check.holds else "**fails**"
        lines.append(f"| {check.name} | {check.goal} | {check.result} | {mark} |")
    return "\n".join(lines)


def main() -> int:
    if not torch.cuda.is_available():
        print("This machine has no CUDA GPU that PyTorch can use, so there is nothing to check.")
        return 2
    gpu, started = torch.cuda.get_device_name(0), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nightshift-gpu-") as folder:
        checks = run("cuda:0", Path(folder), QWEN3_06B, gpu)
    result = table(checks)
    day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    title = f"## GPU check, {gpu}, {day}"
    seconds = time.monotonic() - started
    note = f"`npm run gpu-check`, torch {torch.__version__}, {seconds:.0f} s"
    print(f"{result}\n\n{seconds:.0f} s")
    with RESULTS.open("a", encoding="utf-8") as stream:
        stream.write(f"\n{title}\n\n{note}:\n\n{result}\n")
    return 0 if all(check.holds for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
