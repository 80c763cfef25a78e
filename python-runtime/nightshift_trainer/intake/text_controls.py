"""Counts the rows whose text holds control tokens, and decides how they are encoded."""

from __future__ import annotations

from ..rendering.control_tokens import ControlTokenPolicy, ControlTokens
from .records import Chat, Text

MAX_LISTED_ROWS = 20


class TextControls:
    def __init__(self, control_tokens: ControlTokens, policy: ControlTokenPolicy) -> None:
        self._control_tokens = control_tokens
        self._policy: ControlTokenPolicy = policy
        self.rows = 0
        self.first_rows: list[int] = []
        self.example = ""

    def policy_for(self, row: int, content: Chat | Text) -> ControlTokenPolicy:
        """`text` only for the rows that it changes: the others are encoded in one piece."""
        texts = (
            [message["content"] for message in content.messages]
            if isinstance(content, Chat)
            else [content.text]
        )
        found = next(filter(None, map(self._control_tokens.found_in, texts)), None)
        if found is None:
            return "encode"
        self.rows += 1
        self.example = self.example or found
        if len(self.first_rows) < MAX_LISTED_ROWS:
            self.first_rows.append(row)
        return self._policy

    def summary(self) -> dict[str, object] | None:
        """The `control_tokens` of report.json; None when no row has any."""
        if not self.rows:
            return None
        return {
            "rows": self.rows,
            "first": self.first_rows,
            "example": self.example,
            "encoded_as_text": self._policy == "text",
        }
