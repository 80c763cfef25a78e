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
    if torch.cuda.is_available():
        for index, state in enumerate(torch.cuda.get_rng_state_all()):
            states[f"cuda{index}"] = state
    return states


def set_states(states: RandomStates) -> None:
    torch.set_rng_state(states["torch"])
    version, words, gauss = _from_tensor(states["python"])
    random.setstate((version, tuple(words), gauss))
    kind, keys, position, has_gauss, cached = _from_tensor(states["numpy"])
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), position, has_gauss, cached))
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            if f"cuda{index}" in states:
                torch.cuda.set_rng_state(states[f"cuda{index}"], index)


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
