"""AdamW on the fp32 master weights, gradient clipping and the learning-rate schedule.

The optimizer state (both moments, fp32) is saved and restored without a change of type.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from ..categories import is_out_of_memory
from .errors import TrainerRefused
from .model import Model


@dataclass(frozen=True)
class Schedule:
    """One warmup per lineage, then constant or a cosine that restarts with each dataset."""

    kind: str
    learning_rate: float
    warmup_steps: int

    def at(self, steps_since_warmup: int, step_of_pass: int, steps_of_pass: int) -> float:
        """The learning rate of the next step. `steps_since_warmup`: steps done since the warmup
        began, with the lineage or with a restore without optimizer state."""
        learning_rate = self.learning_rate
        if steps_since_warmup < self.warmup_steps:
            learning_rate *= (steps_since_warmup + 1) / self.warmup_steps
        if self.kind == "cosine_per_dataset":
            progress = min(1.0, step_of_pass / max(1, steps_of_pass))
            learning_rate *= 0.5 * (1 + math.cos(math.pi * progress))
        return learning_rate


class Optimizer:
    def __init__(self, model: Model, max_grad_norm: float, weight_decay: float) -> None:
        self.model = model
        self.max_grad_norm = max_grad_norm
        self.tensors = {
            name: torch.nn.Parameter(weights, requires_grad=True)
            for name, weights in model.master_weights.items()
        }
        matrices = [tensor for tensor in self.tensors.values() if tensor.ndim >= 2]
        vectors = [tensor for tensor in self.tensors.values() if tensor.ndim < 2]
        self.adam = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": weight_decay},
                {"params": vectors, "weight_decay": 0.0},
            ],
            lr=0.0,
            fused=True,
        )
        # At once, not with the first update: what doesn't fit in memory fails before the first
        # step, and every later step needs as much as the first.
        for tensor in self.tensors.values():
            self.adam.state[tensor] = {
                # The fused kernel reads the step count where the weights are.
                "step": torch.zeros((), dtype=torch.float32, device=tensor.device),
                "exp_avg": torch.zeros_like(tensor.data),
                "exp_avg_sq": torch.zeros_like(tensor.data),
            }

    def grad_norm(self) -> float:
        """The L2 norm of the accumulated gradients over all parameters."""
        gradients = list(self.model.gradients.values())
        norms = [torch.linalg.vector_norm(gradient.float()) for gradient in gradients]
        return float(torch.linalg.vector_norm(torch.stack(norms)))

    def step(self, learning_rate: float, grad_norm: float) -> None:
        """Clips to `max_grad_norm`, updates all weights and frees the gradients."""
        scale = min(1.0, self.max_grad_norm / (grad_norm + 1e-6))
        for name, tensor in self.tensors.items():
            gradient = self.model.gradients.get(name)
            if gradient is not None and scale < 1.0:
                gradient.mul_(scale)
            tensor.grad = gradient
        for group in self.adam.param_groups:
            group["lr"] = learning_rate
        self._apply()
        for tensor in self.tensors.values():
            tensor.grad = None
        self.model.clear_gradients()
        self.model.sync_from_master()

    def _apply(self) -> None:
        """Runs AdamW. When memory runs out after it began to change the state, TrainerRefused: half
        an update can't be continued, only a checkpoint."""
        counts = [state["step"] for state in self.adam.state.values()]
        versions = [count._version for count in counts]
        try:
            self.adam.step()
        except Exception as error:
            # AdamW counts a step before it changes the weights.
            has_begun = versions != [count._version for count in counts]
            if is_out_of_memory(error) and has_begun:
                raise TrainerRefused(
                    "gpu_out_of_memory_context_lost", f"Memory ran out during an update: {error}"
                ) from error
            raise

    def state_tensors(self) -> dict[str, torch.Tensor]:
        """Both moments and step counts by name, on their device."""
        tensors: dict[str, torch.Tensor] = {}
        for name, tensor in self.tensors.items():
            state = self.adam.state[tensor]
            tensors[f"first.{name}"] = state["exp_avg"].detach()
            tensors[f"second.{name}"] = state["exp_avg_sq"].detach()
            tensors[f"count.{name}"] = state["step"].detach().reshape(1)
        return tensors

    def optimizer_state(self) -> dict[str, torch.Tensor]:
        """The state tensors on the CPU, as saved in a checkpoint."""
        return {name: tensor.cpu().contiguous() for name, tensor in self.state_tensors().items()}

    def restore(self, saved: Mapping[str, torch.Tensor]) -> None:
        """Sets the state directly: `load_state_dict` would silently cast it to the parameter's
        type. A weight without saved state keeps its own."""
        for name, tensor in self.tensors.items():
            if f"first.{name}" not in saved:
                continue
            device = tensor.device
            self.adam.state[tensor] = {
                # The fused kernel reads the step count where the weights are, too.
                "step": saved[f"count.{name}"].reshape(()).to(device, copy=True),
                "exp_avg": saved[f"first.{name}"].to(device, copy=True),
                "exp_avg_sq": saved[f"second.{name}"].to(device, copy=True),
            }
