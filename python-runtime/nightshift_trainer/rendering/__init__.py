"""Rendering: records to text, text to token ids and labels.
Promises: the same text, ids and labels for the same record and base, without loading weights.
Never: imports torch or transformers, runs code of a model, guesses a template."""

from .base import BaseRefused, PreparedBase, open_base
from .control_tokens import ControlTokenPolicy
from .derive import derive_training_template
from .plain_text import encode_rows
from .rows import RenderedRow, first_turn_difference, render_messages, render_question
from .template import ChatTemplate, Message, Rendered, TemplateRefused
from .thinking import Thinking
from .tokens import Labels, TokenIds, encode_batch, load_tokenizer

__all__ = [
    "BaseRefused",
    "ChatTemplate",
    "ControlTokenPolicy",
    "Labels",
    "Message",
    "PreparedBase",
    "Rendered",
    "RenderedRow",
    "TemplateRefused",
    "Thinking",
    "TokenIds",
    "derive_training_template",
    "encode_batch",
    "encode_rows",
    "first_turn_difference",
    "load_tokenizer",
    "open_base",
    "render_messages",
    "render_question",
]
