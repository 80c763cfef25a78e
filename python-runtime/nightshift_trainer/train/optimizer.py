"""AdamW on the fp32 masters, the clipping norm and the rate.

Moments are fp32; they are saved and restored as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from .model import Model


@dataclass(frozen=True)
class Schedule:
    """Warm-up once, then constant; or a cosine that restarts with each dataset."""

    kind: str
    rate: float
    warmup_steps: int

    def at(self, lineage_step: int, step_of_pass: int, steps_of_pass: int) -> float:
        """`lineage_step`: steps done since the warm-up began (with the lineage, or with a restore
        that had no moments). The rate of the next one."""
        rate = self.rate
        if lineage_step < self.warmup_steps:
            rate *= (lineage_step + 1) / self.warmup_steps
        if self.kind == "cosine_per_dataset":
            share = min(1.0, step_of_pass / max(1, steps_of_pass))
            rate *= 0.5 * (1 + math.cos(math.pi * share))
        return rate


class Optimizer:
    def __init__(self, model: Model, config: Mapping[str, Any]) -> None:
        self.model = model
        self.max_norm = float(config["max_grad_norm"])
        self.names = list(model.masters)
        self.tensors = {
            name: torch.nn.Parameter(model.masters[name], requires_grad=True) for name in self.names
        }
        matrices = [self.tensors[name] for name in self.names if self.tensors[name].ndim >= 2]
        vectors = [self.tensors[name] for name in self.names if self.tensors[name].ndim < 2]
        self.adam = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": float(config["weight_decay"])},
                {"params": vectors, "weight_decay": 0.0},
            ],
            lr=0.0,
            fused=True,
        )

    def norm(self) -> float:
        """The norm of the summed gradients over all parameters."""
        gradients = list(self.model.gradients.values())
        norms = [torch.linalg.vector_norm(gradient.float()) for gradient in gradients]
        return float(torch.linalg.vector_norm(torch.stack(norms)))

    def step(self, rate: float, norm: float) -> None:
        """Clips to max_norm, updates the masters, and frees the gradients."""
        scale = min(1.0, self.max_norm / (norm + 1e-6))
        for name, tensor in self.tensors.items():
            gradient = self.model.gradients.get(name)
            if gradient is not None and scale < 1.0:
                gradient.mul_(scale)
            tensor.grad = gradient
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()
        for tensor in self.tensors.values():
            tensor.grad = None
        self.model.drop_gradients()
        self.model.follow_masters()

    def kept(self) -> dict[str, torch.Tensor]:
        """Moments and step counts by name, where they lie; empty before the first step."""
        out: dict[str, torch.Tensor] = {}
        for name, tensor in self.tensors.items():
            state = self.adam.state.get(tensor)
            if not state:
                continue
            out[f"first.{name}"] = state["exp_avg"].detach()
            out[f"second.{name}"] = state["exp_avg_sq"].detach()
            out[f"count.{name}"] = state["step"].detach().reshape(1)
        return out

    def state(self) -> dict[str, torch.Tensor]:
        """What is kept, on the CPU, as it is saved."""
        return {name: tensor.cpu().contiguous() for name, tensor in self.kept().items()}

    def restore(self, saved: Mapping[str, torch.Tensor]) -> None:
        """Not by `load_state_dict`: that casts moments to the parameter's type without a word."""
        for name, tensor in self.tensors.items():
            if f"first.{name}" not in saved:
                continue
            device = tensor.device
            self.adam.state[tensor] = {
                "step": saved[f"count.{name}"].reshape(()).clone(),
                "exp_avg": saved[f"first.{name}"].to(device).clone(),
                "exp_avg_sq": saved[f"second.{name}"].to(device).clone(),
            }
