"""What differs on a GPU, checked without one: where tensors are, and which device is waited for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from intake_support import starter_base
from torch._subclasses.fake_tensor import FakeTensorMode

from nightshift_trainer.train import device, randomness
from nightshift_trainer.train.checkpoint.write import StateBuffers
from nightshift_trainer.train.model import Model
from nightshift_trainer.train.optimizer import Optimizer

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


def test_a_copy_waits_for_the_device_that_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the bytes of an unfinished copy are hashed, and a torn checkpoint verifies."""
    waited: list[torch.device | None] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda of=None: waited.append(of))
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
