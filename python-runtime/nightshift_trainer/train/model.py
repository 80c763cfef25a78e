"""The model and its weights: fp32, or bf16 weights for compute with fp32 master weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ..architectures import UnsupportedModel, model_class
from . import attention
from .collator import MicroBatch
from .loss import LogitsChange, cross_entropy_sum, take_rows

# Labeled positions per chunk of the loss: 512 x vocabulary fp32 logits exist at the same time.
LOSS_CHUNK = 512


class ModelNotFound(Exception):
    """The folder contains no model that can be loaded; the message says why."""

    category = "model_not_found"


def _model_class(folder: Path) -> Any:  # noqa: ANN401 - one of many classes
    try:
        return model_class(folder)
    except UnsupportedModel as error:
        raise ModelNotFound(f"Couldn't load a model from {folder}: {error}") from error


def _logits_change(config: Any) -> LogitsChange:  # noqa: ANN401 - of the model's own class
    """Cohere multiplies its logits, Granite divides them, Gemma bounds them."""
    factor = float(getattr(config, "logit_scale", None) or 1.0)
    factor /= float(getattr(config, "logits_scaling", None) or 1.0)
    return LogitsChange(factor, getattr(config, "final_logit_softcapping", None))


def generation_attention(network: Any) -> str:  # noqa: ANN401 - of any class
    """The attention of transformers for answers: the fast one where it computes the same."""
    has_softcap = getattr(network.config, "attn_logit_softcapping", None) is not None
    return "sdpa" if network._supports_sdpa and not has_softcap else "eager"


class Model:
    """`master_weights`: fp32 tensors by parameter name, tied weights once. The optimizer updates
    these; without bf16 they are the parameters themselves."""

    def __init__(
        self,
        folder: Path,
        precision: str,
        device: torch.device,
        **overrides: Any,  # noqa: ANN401 - settings of any model's config.json
    ) -> None:
        """`overrides`: replace settings of the model's config.json."""
        attention.register()
        self.network = _model_class(folder).from_pretrained(
            folder,
            dtype=torch.float32,
            attn_implementation=attention.NAME,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            **overrides,
        )
        self.network.config.use_cache = False
        self._logits_change = _logits_change(self.network.config)
        self.vocabulary = int(self.network.get_input_embeddings().weight.shape[0])
        self.generates_with = generation_attention(self.network)
        self.network.to(device)
        self.device = device
        self.is_bf16 = precision == "bf16"
        self.parameters: dict[str, torch.nn.Parameter] = dict(self.network.named_parameters())
        self.master_weights: dict[str, torch.Tensor] = {}
        for name, parameter in self.parameters.items():
            if not self.is_bf16:
                self.master_weights[name] = parameter.data
                continue
            self.master_weights[name] = parameter.data.clone()
            # Only parameters: buffers such as the rotary frequencies keep their precision.
            parameter.data = parameter.data.to(torch.bfloat16)
        # fp32 sums over the micro-batches of a step, by parameter name.
        self.gradients: dict[str, torch.Tensor] = {}
        self.loss_chunk = LOSS_CHUNK
        self.activation_checkpointing = False

    def set_activation_checkpointing(self, enabled: bool) -> None:
        """Recomputes activations in the backward pass instead of storing them: slower, less memory,
        the same results."""
        self.activation_checkpointing = enabled
        # transformers renamed these methods after the version that is pinned for Python 3.10.
        name = "enable" if enabled else "disable"
        method = getattr(self.network, f"activation_checkpointing_{name}", None) or getattr(
            self.network, f"gradient_checkpointing_{name}"
        )
        method(*([{"use_reentrant": False}] if enabled else []))

    @property
    def parameter_count(self) -> int:
        return sum(tensor.numel() for tensor in self.master_weights.values())

    @property
    def embedding_rows(self) -> int:
        """Token ids from this number on have no embedding."""
        return int(self.network.get_input_embeddings().weight.shape[0])

    def loss_sum(self, batch: MicroBatch) -> torch.Tensor:
        """fp32 scalar: the sum over the trained tokens of the micro-batch, nats."""
        hidden = self.network.base_model(
            input_ids=batch.ids,
            position_ids=batch.position_ids,
            layout=batch.layout,
            use_cache=False,
        ).last_hidden_state[0]
        weight = self.network.get_output_embeddings().weight
        return cross_entropy_sum(
            take_rows(hidden, batch.sources),
            weight,
            batch.targets,
            self.loss_chunk,
            self._logits_change,
        )

    def accumulate_gradients(self) -> None:
        """Adds the gradients of the last backward pass to the fp32 sums and frees them."""
        for name, parameter in self.parameters.items():
            gradient = parameter.grad
            if gradient is None:
                continue
            total = self.gradients.get(name)
            if total is None:
                self.gradients[name] = gradient.float() if self.is_bf16 else gradient
            else:
                total.add_(gradient)
            parameter.grad = None

    def clear_gradients(self) -> None:
        self.gradients = {}
        for parameter in self.parameters.values():
            parameter.grad = None

    def sync_from_master(self) -> None:
        """Copies the master weights to the bf16 weights, after each update."""
        if self.is_bf16:
            with torch.no_grad():
                for name, parameter in self.parameters.items():
                    parameter.data.copy_(self.master_weights[name])

    @contextmanager
    def evaluating(self, generates: bool) -> Iterator[None]:
        """Without dropout; `generates`: with the model's own attention, which supports a cache."""
        config = self.network.config
        before = config._attn_implementation
        self.network.eval()
        if generates:
            config._attn_implementation = self.generates_with
        try:
            with torch.inference_mode():
                yield
        finally:
            config._attn_implementation = before
            self.network.train()

    def state_tensors(self) -> dict[str, torch.Tensor]:
        """All weights in memory, by name: the master weights and the bf16 weights."""
        copies = self.parameters.items() if self.is_bf16 else ()
        return {**self.master_weights, **{f"bf16 {name}": parameter for name, parameter in copies}}

    def weights(self) -> dict[str, torch.Tensor]:
        """fp32 on the CPU by name, as saved in a checkpoint."""
        return {
            name: tensor.detach().cpu().contiguous() for name, tensor in self.master_weights.items()
        }
