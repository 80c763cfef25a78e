"""System messages on a chat template without a system role: rejected, or by the setting
`system_messages: merge` put before the first user message."""

from __future__ import annotations

from .options import SystemMessagePolicy
from .records import Chat, Invalid


class SystemMessages:
    def __init__(self, is_rendered: bool, policy: SystemMessagePolicy) -> None:
        self._is_rendered, self._policy = is_rendered, policy
        self.merged = 0
        self.rejected = 0

    def apply(self, content: Chat) -> Chat | Invalid:
        """The chat as the template can render it."""
        first, *rest = content.messages
        if self._is_rendered or first["role"] != "system":
            return content
        if self._policy == "reject":
            self.rejected += 1
            return Invalid(
                "role_not_rendered",
                "The chat template has no system role. Set system_messages to merge to put the "
                "system message before the first user message.",
            )
        if not rest or rest[0]["role"] != "user":
            return Invalid(
                "role_not_rendered",
                "The chat template has no system role, and no user message follows the system "
                "message, so they can't be merged.",
            )
        self.merged += 1
        messages = (merged_with(first["content"], rest[0]["content"]), *rest[1:])
        return Chat(messages, frozenset(index - 1 for index in content.untrained))


def merged_with(system: str, question: str) -> dict[str, str]:
    """The first user message; Gemma's template joins both in the same way."""
    text = f"{system.strip()}\n\n{question}" if system.strip() else question
    return {"role": "user", "content": text}
