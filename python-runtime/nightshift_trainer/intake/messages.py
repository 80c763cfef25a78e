"""From a list of messages, in OpenAI's form or ShareGPT's, to a chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from ..rendering.template import Message
from .content import Content, content_of, encoding_problem, reasoning_of, with_thinking
from .json_values import is_blank, is_empty, is_missing
from .marks import message_is_trained
from .media import media_field, placeholder
from .records import Chat, Invalid, json_type

# ShareGPT's names of roles. Any other name is kept, and the template decides whether it renders.
SHAREGPT_ROLES: Mapping[str, str] = {
    "human": "user", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant",
    "bard": "assistant",
}  # fmt: skip
TOOL_FIELDS = frozenset((
    "tools", "tool", "tool_calls", "tool_call", "tool_choice", "functions", "function",
    "function_call", "function_calls", "available_tools", "available_functions",
))  # fmt: skip
SYSTEM_FIELDS = ("system", "system_prompt", "system_message")


def is_message_list(value: Any) -> TypeGuard[list[Any]]:  # noqa: ANN401 - parsed JSON
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(item, Mapping)
            and isinstance(item.get("role", item.get("from")), str)
            and ("content" in item or "value" in item)
            for item in value
        )
    )


def tool_field(fields: Mapping[str, Any]) -> Invalid | None:
    """Tools belong in the prompt. Templates here don't render them, and without them the row would
    be trained with another prompt than it was written for."""
    for name, value in fields.items():
        if name.lower() in TOOL_FIELDS and isinstance(value, (list, Mapping, str)):
            is_text = isinstance(value, str) and not value.lstrip().startswith(("[", "{"))
            if is_empty(value) or (is_text and name.lower() not in ("tools", "functions")):
                continue
            return Invalid(
                "role_not_rendered",
                f"The chat template can't render the tools of this row (`{name}`).",
            )
    return None


def system_messages(fields: Mapping[str, Any]) -> list[Any]:
    """The system prompt beside a conversation or a pair, as a list of none or one message."""
    for name in SYSTEM_FIELDS:
        value = fields.get(name)
        if not is_blank(value):
            return [{"role": "system", "content": value}]
    return []


def sharegpt_messages(value: list[Any]) -> list[Any] | Invalid:
    """`{from, value}` as `{role, content}`; all other fields of a message stay."""
    messages: list[Any] = []
    for index, item in enumerate(value):
        if not isinstance(item, Mapping):
            return Invalid("wrong_type", f"Message {index + 1} must be an object.")
        role = item.get("from") or item.get("role")
        content = item["value"] if "value" in item else item.get("content")
        if isinstance(role, str):
            role = SHAREGPT_ROLES.get(role, role)
        messages.append({**item, "role": role, "content": content})
    return messages


def chat_of(value: Any, roles: frozenset[str], name: str = "messages") -> Chat | Invalid:  # noqa: ANN401
    """`roles`: those that the template renders."""
    if not isinstance(value, list):
        return Invalid("wrong_type", f"`{name}` must be a list, not {json_type(value)}.")
    messages: list[Message] = []
    untrained: set[int] = set()
    for index, item in enumerate(value):
        message = _message(item, index, roles)
        if isinstance(message, Invalid):
            return message
        if message["role"] == "assistant":
            trained = message_is_trained(item, index + 1)
            if isinstance(trained, Invalid):
                return trained
            if not trained:
                untrained.add(index)
            elif not message["content"].strip():
                return Invalid(
                    "empty_answer", f"Message {index + 1}, an assistant message, is empty."
                )
        messages.append(message)
    answers = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
    if not answers:
        return Invalid("no_answer", "No assistant message, so there is nothing to train on.")
    if untrained.issuperset(answers):
        return Invalid("not_for_training", "Every assistant message is marked as not for training.")
    for message in messages:
        problem = encoding_problem(message["content"])
        if problem is not None:
            return problem
    return Chat(tuple(messages), frozenset(untrained))


def _message(
    item: Any,  # noqa: ANN401 - parsed JSON
    index: int,
    roles: frozenset[str],
) -> Message | Invalid:
    number = index + 1
    if not isinstance(item, Mapping) or not isinstance(item.get("role"), str):
        return Invalid("wrong_type", f"Message {number} must be an object with a role.")
    role = item["role"]
    if role not in roles:
        return Invalid("role_not_rendered", f"The chat template can't render the role {role!r}.")
    if any(not is_empty(item.get(name)) for name in ("tool_calls", "function_call", "tool_call")):
        return Invalid("role_not_rendered", "The chat template can't render tool calls.")
    if role == "system" and index > 0:
        return Invalid(
            "role_not_rendered",
            f"Message {number} is a system message; only the first message can be one.",
        )
    problem = media_field(item, f"message {number}")
    if problem is not None:
        return problem
    content = _content(item, number)
    if isinstance(content, Invalid):
        return content
    if role != "assistant":
        problem = placeholder(content.text, f"Message {number}")
        return problem or {"role": role, "content": content.text}
    thinking = content.thinking or reasoning_of(item)
    return {"role": role, "content": with_thinking(content.text, thinking)}


def _content(item: Mapping[str, Any], number: int) -> Content | Invalid:
    value = item.get("content")
    if is_missing(value) and item["role"] == "assistant" and reasoning_of(item):
        return Content("")
    return content_of(value, f"The content of message {number}")
