"""Reads and restores every random generator of the process."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import torch

# uint8 tensors by name.
RandomStates = dict[str, torch.Tensor]


def get_states() -> RandomStates:
    kind, words, position, has_gauss, cached = np.random.get_state()
    numpy_state = [
        str(kind),
        np.asarray(words).tolist(),
        int(position),
        int(has_gauss),
        float(cached),
    ]
    states = {
        "torch": torch.get_rng_state(),
        "python": _to_tensor(json.dumps(random.getstate())),
        "numpy": _to_tensor(json.dumps(numpy_state)),
    }
    # Of this process's GPU alone: asking another one would start CUDA on it and take its memory.
    if torch.cuda.is_initialized():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def set_states(states: RandomStates) -> None:
    torch.set_rng_state(states["torch"])
    version, words, gauss = _from_tensor(states["python"])
    random.setstate((version, tuple(words), gauss))
    kind, keys, position, has_gauss, cached = _from_tensor(states["numpy"])
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), position, has_gauss, cached))
    if torch.cuda.is_initialized():
        # Earlier versions saved the states of all GPUs, by number.
        state = states.get("cuda", states.get(f"cuda{torch.cuda.current_device()}"))
        if state is not None:
            torch.cuda.set_rng_state(state)


def seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def seed_for_step(seed: int, step: int) -> int:
    """A different seed for each step, below 2**32."""
    return int(np.random.SeedSequence([seed, step]).generate_state(1)[0])


def _to_tensor(text: str) -> torch.Tensor:
    return torch.tensor(list(text.encode("utf-8")), dtype=torch.uint8)


def _from_tensor(tensor: torch.Tensor) -> Any:  # noqa: ANN401 - JSON
    return json.loads(bytes(tensor.tolist()).decode("utf-8"))
