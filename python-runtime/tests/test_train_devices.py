"""What differs on a GPU, checked without one: where tensors are, and which device is waited for."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from intake_support import pairs, starter_base
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import varlen
from torch.utils._python_dispatch import TorchDispatchMode
from train_support import Training, exit_of, lines_of

from nightshift_trainer.cache import Example
from nightshift_trainer.run_folder import RunFolder
from nightshift_trainer.train import device, randomness, worker
from nightshift_trainer.train.attention import segment_attention
from nightshift_trainer.train.checkpoint import write
from nightshift_trainer.train.checkpoint.write import StateBuffers
from nightshift_trainer.train.collator import MicroBatch, SegmentLayout, collate
from nightshift_trainer.train.model import Model
from nightshift_trainer.train.optimizer import Optimizer
from nightshift_trainer.train.step import OptimizerStep

CARD = torch.device("cuda", 1)


class OneLayer:
    """As much of a model as the optimizer uses, with fp32 weights on a device."""

    def __init__(self, on: torch.device) -> None:
        self.master_weights = {
            "matrix": torch.zeros(4, 4, device=on),
            "vector": torch.zeros(4, device=on),
        }
        self.gradients: dict[str, torch.Tensor] = {}


def saved_state() -> dict[str, torch.Tensor]:
    """As read from a checkpoint: on the CPU."""
    return {
        f"{part}.{name}": torch.ones(1 if part == "count" else shape)
        for part in ("first", "second", "count")
        for name, shape in (("matrix", (4, 4)), ("vector", (4,)))
    }


@pytest.mark.parametrize("restored", [False, True])
@pytest.mark.parametrize("kind", ["cuda", "meta"])
def test_all_optimizer_state_is_beside_its_weights(kind: str, restored: bool) -> None:
    """The fused AdamW on a GPU refuses a step count on the CPU: every resume would fail."""
    on = CARD if kind == "cuda" else torch.device("meta")
    with FakeTensorMode(allow_non_fake_inputs=True):
        model: Any = OneLayer(on)
        optimizer = Optimizer(model, max_grad_norm=1.0, weight_decay=0.0)
        if restored:
            optimizer.restore(saved_state())
        tensors = [tensor for state in optimizer.adam.state.values() for tensor in state.values()]
        # Made before the first step: what doesn't fit in memory fails there, not after hours.
        assert len(tensors) == 6
        assert {tensor.device for tensor in tensors} == {on}
        assert {tensor.dtype for tensor in tensors} == {torch.float32}


def test_restored_state_keeps_every_value() -> None:
    model: Any = OneLayer(torch.device("cpu"))
    optimizer = Optimizer(model, max_grad_norm=1.0, weight_decay=0.0)
    saved = {name: torch.rand_like(tensor) for name, tensor in saved_state().items()}
    optimizer.restore(saved)
    state = optimizer.optimizer_state()
    assert state.keys() == saved.keys()
    assert all(torch.equal(saved[name], tensor) for name, tensor in state.items())


def pinned_block(size: int, *, is_pinned: bool) -> torch.Tensor:
    assert is_pinned
    return torch.empty(size, dtype=torch.uint8)


def test_a_copy_waits_for_the_device_that_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the bytes of an unfinished copy are hashed, and a torn checkpoint verifies."""
    waited: list[torch.device | None] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda of=None: waited.append(of))
    monkeypatch.setattr(write, "host_block", pinned_block)
    with FakeTensorMode():
        StateBuffers().copy({"weights": torch.zeros(3, device=CARD)})
    assert waited == [CARD]


def test_the_device_is_chosen_once_and_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    current: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    device.activate(device.resolve_device("cuda:1"))
    device.activate(device.resolve_device("cuda"))
    device.activate(device.resolve_device("cuda:1", rank=2))
    device.activate(device.resolve_device("cpu"))
    assert current == [torch.device("cuda", number) for number in (1, 0, 3)]


def test_training_on_the_cpu_never_starts_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take memory of every GPU, also of one that another trainer uses."""

    def start(*_: object) -> None:
        raise AssertionError("CUDA was started")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for name in ("get_rng_state_all", "get_rng_state", "synchronize", "empty_cache"):
        monkeypatch.setattr(torch.cuda, name, start)
    states = randomness.get_states()
    randomness.set_states({**states, "cuda0": states["torch"]})
    device.free_cached_memory()
    StateBuffers().copy({"weights": torch.zeros(3)})


def test_random_states_are_those_of_the_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also from a checkpoint of an earlier version, with one state for each GPU of the machine."""
    restored: list[torch.Tensor] = []
    own = torch.tensor([7], dtype=torch.uint8)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda: own)
    monkeypatch.setattr(torch.cuda, "set_rng_state", restored.append)
    states = randomness.get_states()
    assert [name for name in states if "cuda" in name] == ["cuda"]
    randomness.set_states(states)
    earlier = {name: state for name, state in states.items() if name != "cuda"}
    randomness.set_states({**earlier, "cuda0": own + 1, "cuda1": own + 2})
    assert [int(state) for state in restored] == [7, 9]


@pytest.mark.parametrize("renamed", [True, False])
def test_activation_checkpointing_in_both_pinned_versions_of_transformers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renamed: bool
) -> None:
    """The version for Python 3.10 has only the earlier names of the methods."""
    model = Model(starter_base(), "fp32", torch.device("cpu"))
    calls: list[tuple[str, tuple[Any, ...]]] = []
    kind = type(model.network)
    for prefix in ("activation", "gradient"):
        for name in ("enable", "disable"):
            method = f"{prefix}_checkpointing_{name}"
            exists = (prefix == "activation") == renamed
            fake = (lambda *given, of=method: calls.append((of, given[1:]))) if exists else None
            monkeypatch.setattr(kind, method, fake)
    model.set_activation_checkpointing(True)
    model.set_activation_checkpointing(False)
    prefix = "activation" if renamed else "gradient"
    assert calls == [
        (f"{prefix}_checkpointing_enable", ({"use_reentrant": False},)),
        (f"{prefix}_checkpointing_disable", ()),
    ]


class Operations(TorchDispatchMode):
    """Counts operations, boolean indices and sums over repeated indices."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        self.counts[name] += 1
        if name in ("index", "index_put", "index_put_", "_index_put_impl_"):
            indices = [index for index in args[1] if index is not None]
            self.counts["boolean index"] += any(index.dtype == torch.bool for index in indices)
            is_sum = (kwargs or {}).get("accumulate", len(args) > 3 and args[3])
            self.counts["accumulated index"] += bool(is_sum)
        return func(*args, **(kwargs or {}))


def some_examples(lengths: Sequence[int] = (5, 9, 30, 31, 700)) -> list[Example]:
    generator = np.random.default_rng(0)
    return [
        Example(
            row=row,
            ids=generator.integers(0, 400, length).astype(np.int32),
            labels=np.ones(length, dtype=np.uint8),
        )
        for row, length in enumerate(lengths)
    ]


def test_the_loss_runs_without_data() -> None:
    """On `meta` every operation whose result depends on values fails, as it would wait on a GPU."""
    model = Model(starter_base(), "fp32", torch.device("cpu"))
    model.device = torch.device("meta")
    model.network.to("meta")
    with Operations() as operations:
        model.loss_sum(collate(some_examples(), range(5), model.device)).backward()
    assert operations.counts["boolean index"] == operations.counts["accumulated index"] == 0
    assert operations.counts["_local_scalar_dense"] == 0


@pytest.mark.parametrize("window", [None, 8])
def test_a_packed_row_on_a_gpu_takes_the_kernel_for_variable_lengths(
    monkeypatch: pytest.MonkeyPatch, window: int | None
) -> None:
    """Without padding and without copies of the keys for grouped heads, also for short rows."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: (8, 9))
    calls: list[dict[str, Any]] = []
    kernel = varlen.varlen_attn

    def recorded(*parts: Any, **named: Any) -> Any:
        calls.append({"shapes": [tuple(part.shape) for part in parts[:3]], **named})
        return kernel(*parts, **named)

    monkeypatch.setattr(varlen, "varlen_attn", recorded)
    layout = SegmentLayout([0, 5, 14], [5, 9, 30], CARD)
    with FakeTensorMode(), Operations() as operations, torch.no_grad():
        query = torch.zeros(1, 4, 44, 64, dtype=torch.bfloat16, device=CARD)
        key = torch.zeros(1, 2, 44, 64, dtype=torch.bfloat16, device=CARD)
        module: Any = None
        result, _ = segment_attention(
            module, query, key, key, None, 0.125, sliding_window=window, layout=layout
        )
        assert result.shape == (1, 44, 4, 64) and result.device == CARD
    shapes = [(44, 4, 64), (44, 2, 64), (44, 2, 64)]
    size = (-1 if window is None else 7, 0)
    assert calls == [{"shapes": shapes, "scale": 0.125, "window_size": size, "enable_gqa": True}]
    assert "segments" not in vars(layout)
    assert operations.counts["boolean index"] == operations.counts["index"] == 0


@pytest.mark.parametrize(
    ("capability", "dtype", "width", "expected"),
    [
        ((8, 0), torch.bfloat16, 128, True),
        ((7, 5), torch.bfloat16, 128, False),
        ((9, 0), torch.float32, 128, False),
        ((9, 0), torch.bfloat16, 512, False),
    ],
)
def test_the_kernel_is_taken_where_it_runs(
    monkeypatch: pytest.MonkeyPatch,
    capability: tuple[int, int],
    dtype: torch.dtype,
    width: int,
    expected: bool,
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: capability)
    with FakeTensorMode():
        query = torch.zeros(3, 2, width, dtype=dtype, device=CARD)
        assert device.has_varlen_attention(query) == expected
    assert not device.has_varlen_attention(torch.zeros(3, 2, width, dtype=dtype))


def test_a_step_waits_for_the_device_twice(tmp_path: Path) -> None:
    """Once for the loss of all micro-batches, once for the gradient norm."""
    counts: list[int] = []
    training = Training(tmp_path)
    training.intake(pairs(40), slice_rows=0, core_rows=0)
    real = OptimizerStep._run

    def counted(step: OptimizerStep, *given: Any) -> Any:
        with Operations() as operations:
            result = real(step, *given)
        counts.append(operations.counts["_local_scalar_dense"])
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OptimizerStep, "_run", counted)
        training.run(training.spec(micro_batch=2, eval_samples=0, generate_samples=0))
    assert counts and max(counts) <= 2


def test_tokens_that_change_on_the_way_to_the_device_are_not_recorded(tmp_path: Path) -> None:
    training = Training(tmp_path)
    training.intake(pairs(40), slice_rows=0, core_rows=0)
    real = Model.loss_sum

    def damaged(model: Model, batch: MicroBatch) -> torch.Tensor:
        if torch.is_grad_enabled():
            batch.ids[0, 0] += 1
        return real(model, batch)

    spec = training.spec(eval_samples=0, generate_samples=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Model, "loss_sum", damaged)
        patch.setenv("NIGHTSHIFT_DEVICE_LOCKS", str(tmp_path / "locks"))
        folder = training.folder(spec)
        assert worker.run(RunFolder(folder), spec) == 1
    assert exit_of(folder)["error"]["category"] == "illegal_memory_access"
    assert lines_of(training.dataset / "ledger.jsonl") == []


def test_deterministic_training_on_a_gpu_is_exact_and_not_only_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """cuBLAS reads its workspace size when it starts, so it must be set before the first use."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    seen: list[str] = []
    monkeypatch.setattr(
        torch.cuda, "set_device", lambda _: seen.append(os.environ["CUBLAS_WORKSPACE_CONFIG"])
    )
    device.activate(CARD)
    device.activate(CARD, deterministic=True)
    assert seen == ["", ":4096:8"]
    modes: list[tuple[bool, bool]] = []
    training = Training(tmp_path)
    training.intake(pairs(20), slice_rows=0, core_rows=0)
    real = Model.loss_sum

    def noted(model: Model, batch: MicroBatch) -> torch.Tensor:
        is_on = torch.are_deterministic_algorithms_enabled()
        modes.append((is_on, torch.is_deterministic_algorithms_warn_only_enabled()))
        return real(model, batch)

    monkeypatch.setattr(Model, "loss_sum", noted)
    training.run(training.spec(deterministic="on", eval_samples=0))
    assert set(modes) == {(True, False)}
