"""Rendering: records to text, text to tokens and labels.
Promises: the same text, tokens and labels for the same record and base, without loading weights.
Never: imports torch or transformers, runs code of a model, guesses a template."""

from .base import BaseRefused, BaseTexts, file_hash, open_base
from .derive import derive_training_template
from .rows import RenderedRow, first_turn_difference, render_messages, render_question
from .template import ChatTemplate, Message, Rendered, TemplateRefused
from .thinking import Thinking
from .tokens import Labels, TokenIds, encode_batch, load_tokenizer

__all__ = [
    "BaseRefused",
    "BaseTexts",
    "ChatTemplate",
    "Labels",
    "Message",
    "Rendered",
    "RenderedRow",
    "TemplateRefused",
    "Thinking",
    "TokenIds",
    "derive_training_template",
    "encode_batch",
    "file_hash",
    "first_turn_difference",
    "load_tokenizer",
    "open_base",
    "render_messages",
    "render_question",
]
