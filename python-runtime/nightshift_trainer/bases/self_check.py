"""Compares the training loss of a base model with plain transformers, before it is accepted.

The trainer replaces the attention and the loss of transformers. What an architecture changes there
and the trainer doesn't know would train silently with a wrong loss.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from torch.nn import functional

from ..cache import Example
from ..rendering.base import BaseRefused
from ..rendering.special_tokens import read_settings
from ..train.collator import collate
from ..train.model import Model

# Of the mean loss in nats, for a loss of up to 1.
TOLERANCE = 1e-5
# Two examples, so that one which sees the other is found.
LENGTHS = (24, 40)
# Shorter than the examples, whatever the base has: a window that is ignored must be found.
WINDOW = 8
# A base that doesn't fit in memory in fp32 is checked with its first layers.
LAYERS = 8
CPU = torch.device("cpu")


def require_same_loss(folder: Path, parameters: int) -> None:
    """Raises `BaseRefused` with the architecture and the reason."""
    settings = read_settings(folder / "config.json")
    name = str((settings.get("architectures") or ["The model"])[0])
    try:
        model = Model(folder, "fp32", CPU, **_overrides(settings, parameters))
        examples = _examples(int(model.network.get_input_embeddings().weight.shape[0]))
        difference = _difference(model, examples)
    except MemoryError:
        raise
    # Whatever a model class raises: the trainer would meet it at the first step.
    except Exception as error:
        raise BaseRefused(f"{name} can't be trained: {error}") from error
    if difference is not None:
        raise BaseRefused(f"{name} can't be trained: {difference}.")


def _overrides(settings: dict[str, Any], parameters: int) -> dict[str, Any]:
    overrides: dict[str, Any] = {}
    if settings.get("sliding_window") is not None:
        overrides["sliding_window"] = WINDOW
    layers = int(settings.get("num_hidden_layers") or 0)
    if layers > LAYERS and 2 * 4 * parameters > psutil.virtual_memory().available:
        overrides["num_hidden_layers"] = LAYERS
        if isinstance(settings.get("layer_types"), list):
            overrides["layer_types"] = settings["layer_types"][:LAYERS]
    return overrides


def _examples(vocabulary: int) -> list[Example]:
    generator = np.random.default_rng(0)
    return [
        Example(
            row=number,
            ids=generator.integers(0, vocabulary, length).astype(np.int32),
            labels=np.ones(length, dtype=np.uint8),
        )
        for number, length in enumerate(LENGTHS)
    ]


def _difference(model: Model, examples: list[Example]) -> str | None:
    """What differs, or None."""
    network = model.network
    network.eval()
    with torch.no_grad():
        alone = [float(model.loss_sum(collate(examples, [at], CPU))) for at in (0, 1)]
        packed = float(model.loss_sum(collate(examples, [0, 1], CPU)))
        with _attention(network, "eager"):
            plain = [_plain_loss(network, example) for example in examples]
        with _attention(network, model.generates_with):
            answering = [_plain_loss(network, example) for example in examples]
    tokens = sum(LENGTHS) - len(LENGTHS)
    expected = sum(plain) / tokens
    limit = TOLERANCE * max(1.0, expected)

    def differs(total: float) -> bool:
        return not abs(total / tokens - expected) <= limit

    if differs(sum(alone)):
        reason = "its attention or its logits have a change that the trainer doesn't know"
        if getattr(network.get_output_embeddings(), "bias", None) is not None:
            reason = "its output layer has a bias"
        return f"{reason} (mean loss {sum(alone) / tokens:.5f}, with transformers {expected:.5f})"
    if differs(packed):
        return (
            "its layers don't keep packed examples apart "
            f"(mean loss {packed / tokens:.5f}, one by one {expected:.5f})"
        )
    if differs(sum(answering)):
        return (
            f"its answers are computed differently (mean loss {sum(answering) / tokens:.5f}, "
            f"with plain attention {expected:.5f})"
        )
    return None


@contextmanager
def _attention(network: Any, implementation: str) -> Iterator[None]:  # noqa: ANN401 - of any class
    before = network.config._attn_implementation
    network.config._attn_implementation = implementation
    try:
        yield
    finally:
        network.config._attn_implementation = before


def _plain_loss(network: Any, example: Example) -> float:  # noqa: ANN401 - of any class
    """Of all logits, as transformers computes them."""
    ids = torch.from_numpy(example.ids.astype(np.int64))[None]
    logits = network(input_ids=ids, use_cache=False).logits[0].float()
    return float(functional.cross_entropy(logits[:-1], ids[0, 1:], reduction="sum"))
