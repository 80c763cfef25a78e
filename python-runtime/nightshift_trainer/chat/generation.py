"""One answer to a conversation, token by token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from tokenizers import Tokenizer
from transformers import GenerationConfig
from transformers.generation.stopping_criteria import StoppingCriteria, StoppingCriteriaList
from transformers.generation.streamers import BaseStreamer

from ..evaluate.answers import Model

# A character of several tokens decodes to this until its last token is there.
INCOMPLETE = "\ufffd"


class AnswerStream(BaseStreamer):
    """The text of the tokens that `generate` produces. `take` returns what is new and complete."""

    def __init__(self, tokenizer: Tokenizer, on_token: Callable[[AnswerStream], None]) -> None:
        self._tokenizer = tokenizer
        self._on_token = on_token
        self._is_prompt = True
        self._taken = {True: 0, False: 0}
        self.ids: list[int] = []

    def put(self, value: torch.Tensor) -> None:
        # The first call passes the prompt.
        if self._is_prompt:
            self._is_prompt = False
            return
        self.ids += [int(token) for token in value.flatten().tolist()]
        self._on_token(self)

    def end(self) -> None:
        return

    def take(self, *, special: bool, last: bool = False) -> str:
        """Text since the last call, with or without the special tokens. An incomplete character is
        held back until `last`."""
        text: str = self._tokenizer.decode(self.ids, skip_special_tokens=not special)
        whole = text if last else text.rstrip(INCOMPLETE)
        piece = whole[self._taken[special] :]
        self._taken[special] = max(self._taken[special], len(whole))
        return piece


class StopWhen(StoppingCriteria):
    def __init__(self, is_stopped: Callable[[], bool]) -> None:
        self._is_stopped = is_stopped

    def __call__(
        self,
        input_ids: torch.LongTensor,
        scores: Any,  # noqa: ANN401 - the library names another type in each version
        **kwargs: Any,  # noqa: ANN401 - the library's signature
    ) -> torch.BoolTensor:
        stopped = torch.full((input_ids.shape[0],), self._is_stopped(), device=input_ids.device)
        return cast("torch.BoolTensor", stopped)


def sampling(
    *, temperature: float, max_new_tokens: int, end_ids: frozenset[int], pad: int
) -> GenerationConfig:
    """Nothing of the folder's own generation_config.json: two versions are compared under the same
    rule. Temperature 0 takes the most probable token."""
    chosen: dict[str, Any] = (
        {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        if temperature > 0
        else {"do_sample": False}
    )
    return GenerationConfig(
        max_new_tokens=max_new_tokens, eos_token_id=sorted(end_ids), pad_token_id=pad, **chosen
    )


@torch.inference_mode()
def generate(
    model: Model,
    prompt_ids: list[int],
    config: GenerationConfig,
    seed: int,
    streamer: AnswerStream,
    is_stopped: Callable[[], bool],
) -> None:
    """The tokens of the answer arrive at `streamer`. The same seed gives the same answer on the
    same device."""
    torch.manual_seed(seed)
    device = next(model.parameters()).device
    ids = torch.tensor([prompt_ids], dtype=torch.long, device=device)
    model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        generation_config=config,
        streamer=streamer,
        stopping_criteria=StoppingCriteriaList([StopWhen(is_stopped)]),
    )
