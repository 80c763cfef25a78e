"""The model and its weights: fp32, or a bf16 working copy beside fp32 masters."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from . import attention
from .layout import MicroBatch
from .loss import cross_entropy_sum

# Labelled positions a chunk: 512 x vocabulary logits in fp32 at once.
CHUNK = 512


class ModelNotFound(Exception):
    """The folder has no model that can be loaded; the text says why."""

    category = "model_not_found"


def _model_class(folder: Path) -> Any:  # noqa: ANN401 - chosen by the folder's own config.json
    """The class is imported directly: the automatic classes import half of transformers."""
    try:
        facts = json.loads((folder / "config.json").read_text("utf-8"))
        kind, name = str(facts["model_type"]), str(facts["architectures"][0])
        return getattr(importlib.import_module(f"transformers.models.{kind}.modeling_{kind}"), name)
    except (OSError, KeyError, IndexError, ValueError, ImportError, AttributeError) as error:
        raise ModelNotFound(f"{folder} holds no model that can be loaded: {error}") from error


class Model:
    """`masters`: fp32 tensors by parameter name, tied weights once; the optimiser moves them."""

    def __init__(
        self, folder: Path, precision: str, device: torch.device, dropout: float | None = None
    ) -> None:
        attention.register()
        extra = {} if dropout is None else {"attention_dropout": dropout}
        self.network = _model_class(folder).from_pretrained(
            folder,
            dtype=torch.float32,
            attn_implementation=attention.NAME,
            local_files_only=True,
            **extra,
        )
        self.network.config.use_cache = False
        self.network.to(device)
        self.device = device
        self.is_bf16 = precision == "bf16"
        self.parameters: dict[str, torch.nn.Parameter] = dict(self.network.named_parameters())
        self.masters: dict[str, torch.Tensor] = {}
        for name, parameter in self.parameters.items():
            if not self.is_bf16:
                self.masters[name] = parameter.data
                continue
            self.masters[name] = parameter.data.clone()
            # Only parameters: buffers such as the rotary frequencies keep their precision.
            parameter.data = parameter.data.to(torch.bfloat16)
        self.gradients: dict[str, torch.Tensor] = {}
        self.chunk = CHUNK
        self.recomputes = False

    def recompute(self, on: bool) -> None:
        """Activations are made again in the backward pass instead of being kept: slower, and the
        same numbers."""
        self.recomputes = on
        if on:
            self.network.activation_checkpointing_enable({"use_reentrant": False})
        else:
            self.network.activation_checkpointing_disable()

    @property
    def count(self) -> int:
        return sum(tensor.numel() for tensor in self.masters.values())

    def loss_sum(self, batch: MicroBatch) -> torch.Tensor:
        """fp32 scalar: the sum over the trained tokens of the micro-batch, nats."""
        hidden = self.network.base_model(
            input_ids=batch.ids,
            position_ids=batch.position_ids,
            segments=batch.groups,
            use_cache=False,
        ).last_hidden_state[0]
        weight = self.network.get_output_embeddings().weight
        return cross_entropy_sum(hidden[batch.sources], weight, batch.targets, self.chunk)

    def collect(self) -> None:
        """Adds the gradients of the last backward pass to the fp32 sums and frees them."""
        for name, parameter in self.parameters.items():
            gradient = parameter.grad
            if gradient is None:
                continue
            known = self.gradients.get(name)
            if known is None:
                self.gradients[name] = gradient.float() if self.is_bf16 else gradient
            else:
                known.add_(gradient)
            parameter.grad = None

    def drop_gradients(self) -> None:
        self.gradients = {}
        for parameter in self.parameters.values():
            parameter.grad = None

    def follow_masters(self) -> None:
        """After a step: the working copy takes the masters' values."""
        if self.is_bf16:
            with torch.no_grad():
                for name, parameter in self.parameters.items():
                    parameter.data.copy_(self.masters[name])

    @contextmanager
    def evaluating(self, generates: bool) -> Iterator[None]:
        """Dropout off; for generation the model's ordinary attention with a cache."""
        config = self.network.config
        before = config._attn_implementation
        self.network.eval()
        if generates:
            config._attn_implementation = "sdpa"
        try:
            with torch.inference_mode():
                yield
        finally:
            config._attn_implementation = before
            self.network.train()

    def held(self) -> dict[str, torch.Tensor]:
        """Every weight that is kept: the masters by name, and the bf16 copies that compute."""
        copies = self.parameters.items() if self.is_bf16 else ()
        return {**self.masters, **{f"bf16 {name}": parameter for name, parameter in copies}}

    def weights(self) -> dict[str, torch.Tensor]:
        """fp32 on the CPU by name, as they are saved."""
        return {name: tensor.detach().cpu().contiguous() for name, tensor in self.masters.items()}
