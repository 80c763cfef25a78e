"""Control tokens inside the text of a record: `<|im_end|>` in a question ends the user's turn, for
this model as for transformers, unless the setting `control_tokens` is `text`.

Which tokens count, and how they are encoded as text, follows `sanitize_control_tokens` of
`transformers.PreTrainedTokenizerBase.apply_chat_template`; a test compares both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
from tokenizers import Tokenizer

from .template import Message, Rendered, TemplateRefused

ControlTokenPolicy = Literal["encode", "text"]

# Private-use characters around a control token of a record while its template is rendered.
_START, _END = "\ue0f0", "\ue0f1"
_MARKED = re.compile(f"[{_START}{_END}]")


class ControlTokens:
    """The special tokens of a tokenizer, and the other added tokens that the template writes."""

    def __init__(self, tokenizer: Tokenizer, template_text: str) -> None:
        self._tokenizer = tokenizer
        self._plain: Tokenizer | None = None
        added = tokenizer.get_added_tokens_decoder()
        self._ids = {
            token.content: number
            for number, token in added.items()
            if token.special or (token.content in template_text and not token.content.isspace())
        }
        longest_first = sorted(self._ids, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def found_in(self, text: str) -> str | None:
        """The first control token in a text."""
        match = self._pattern.search(text)
        return None if match is None else match[0]

    def mark(self, messages: Sequence[Message]) -> list[Message]:
        """The messages with every control token in them enclosed in markers."""
        return [{**message, "content": self._marked(message["content"])} for message in messages]

    def _marked(self, text: str) -> str:
        return self._pattern.sub(lambda match: f"{_START}{match[0]}{_END}", _MARKED.sub("", text))

    def mark_text(self, text: str) -> Rendered:
        """A raw text, all of it a target."""
        marked = self._marked(text)
        return self.unmark(Rendered(marked, ((0, len(marked)),)))

    def unmark(self, rendered: Rendered) -> Rendered:
        """Removes the markers of a rendered text; `plain` has what was between them."""
        removed = [match.start() for match in _MARKED.finditer(rendered.text)]
        if not removed:
            return rendered
        starts = [at for at in removed if rendered.text[at] == _START]
        ends = [at for at in removed if rendered.text[at] == _END]
        if len(starts) != len(ends):
            raise TemplateRefused("The chat template cuts a control token of this row in two")
        positions = np.array(removed)

        def clean(position: int) -> int:
            return position - int(np.searchsorted(positions, position))

        return Rendered(
            _MARKED.sub("", rendered.text),
            tuple((clean(start), clean(end)) for start, end in rendered.spans),
            tuple((clean(start), clean(end)) for start, end in zip(starts, ends, strict=True)),
        )

    @property
    def plain_tokenizer(self) -> Tokenizer:
        """Encodes special tokens as the text that they are written with."""
        if self._plain is None:
            self._plain = Tokenizer.from_str(json.dumps(json.loads(self._tokenizer.to_str())))
            self._plain.encode_special_tokens = True
        return self._plain

    def require_plain(self, text: str, ids: Sequence[int]) -> None:
        """Raises `TemplateRefused` where the tokenizer makes the control token from plain text."""
        if self._ids.get(text) in ids:
            raise TemplateRefused(f"The tokenizer can't encode {text} as plain text")
