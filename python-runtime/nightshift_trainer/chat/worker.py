"""The `chat` worker: loads a model once and answers the commands `ask` while it is in use."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from jinja2 import TemplateError

from ..evaluate.answers import Model
from ..evaluate.load import load_model
from ..protocol import AskArguments, ChatSpec
from ..rendering.base import PreparedBase, open_base
from ..rendering.rows import render_question
from ..rendering.template import Message, TemplateRefused
from ..run_folder import Canceled, Command, RunFolder
from .generation import AnswerStream, generate, sampling

EVENT_SECONDS = 0.1
POLL_SECONDS = 0.05
# The trainer may compute on the same cores: it goes first.
NICENESS = 10


class ChatRefused(Exception):
    """The conversation can't be answered; the message says why."""


def run(folder: RunFolder, spec: Mapping[str, Any]) -> None:
    request = cast("ChatSpec", spec)["chat"]
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    torch.set_num_threads(request["threads"])
    started = time.monotonic()
    base = open_base(Path(request["model"]))
    model = load_model(Path(request["model"]), request["precision"], request["device"])
    folder.event("ready", device=request["device"], seconds=time.monotonic() - started)
    _Chat(folder, base, model).serve(request["idle_seconds"])


class _Chat:
    def __init__(self, folder: RunFolder, base: PreparedBase, model: Model) -> None:
        self.folder = folder
        self.base = base
        self.model = model
        self.waiting: list[Command] = []
        self.current = ""
        self.is_stopped = False

    def serve(self, idle_seconds: float) -> None:
        last = time.monotonic()
        while time.monotonic() - last < idle_seconds:
            self._read_commands()
            self.folder.heartbeat(phase="work")
            if self.waiting:
                self.answer(self.waiting.pop(0))
                last = time.monotonic()
            else:
                time.sleep(POLL_SECONDS)

    def _read_commands(self) -> None:
        for command in self.folder.commands():
            if command.verb == "stop-now":
                raise Canceled("stopped by command")
            if command.verb == "stop-answer":
                self._stop(str(command.args.get("id")))
            elif command.verb == "ask":
                self.waiting.append(command)
            self.folder.acknowledge(command, "done")

    def _stop(self, answer_id: str) -> None:
        if answer_id == self.current:
            self.is_stopped = True
            return
        for command in [c for c in self.waiting if c.args.get("id") == answer_id]:
            self.waiting.remove(command)
            _Answer(self.folder, answer_id).end("stopped")

    def answer(self, command: Command) -> None:
        ask = cast("AskArguments", command.args)
        self.current = ask["id"]
        self.is_stopped = False
        answer = _Answer(self.folder, ask["id"])
        try:
            self._generate(ask, answer)
        except (ChatRefused, TemplateRefused, TemplateError, torch.OutOfMemoryError) as error:
            answer.end("failed", message=str(error))

    def _generate(self, ask: AskArguments, answer: _Answer) -> None:
        prompt = render_question(
            self.base, [cast("Message", message) for message in ask["messages"]], ask["thinking"]
        )
        ids = self.base.tokenizer.encode(prompt, add_special_tokens=False).ids
        room = self._room(len(ids))
        stream = AnswerStream(self.base.tokenizer, lambda now: self._on_token(now, answer))
        answer.begin(stream, prompt, len(ids))
        config = sampling(
            # JSON has one kind of number: 2.0 arrives as an integer.
            temperature=float(ask["temperature"]),
            max_new_tokens=min(ask["max_new_tokens"], room),
            end_ids=self.base.end_ids,
            pad=self.base.eos_id,
        )
        generate(self.model, ids, config, ask["seed"], stream, lambda: self.is_stopped)
        has_ended = bool(stream.ids) and stream.ids[-1] in self.base.end_ids
        answer.end("finished" if has_ended else "stopped" if self.is_stopped else "length")

    def _room(self, prompt_tokens: int) -> int:
        """Tokens that the model can still take after the prompt."""
        context = getattr(self.model.config, "max_position_embeddings", None)
        room = 1 << 20 if context is None else int(context) - prompt_tokens
        if room < 1:
            raise ChatRefused(
                f"The conversation has {prompt_tokens:,} tokens; this model reads {context:,}. "
                "Start a new conversation."
            )
        return room

    def _on_token(self, stream: AnswerStream, answer: _Answer) -> None:
        self._read_commands()
        self.folder.heartbeat(phase="work", position=len(stream.ids))
        answer.write()


class _Answer:
    """Reports one answer as events."""

    def __init__(self, folder: RunFolder, answer_id: str) -> None:
        self._folder = folder
        self._id = answer_id
        self._stream: AnswerStream | None = None
        self._started = self._last = time.monotonic()

    def begin(self, stream: AnswerStream, prompt: str, prompt_tokens: int) -> None:
        self._stream = stream
        self._event("writing", prompt=prompt, prompt_tokens=prompt_tokens)

    def write(self) -> None:
        if time.monotonic() - self._last >= EVENT_SECONDS:
            self._event("writing")

    def end(self, state: str, message: str | None = None) -> None:
        self._event(state, last=True, **({} if message is None else {"message": message}))

    def _event(self, state: str, *, last: bool = False, **fields: Any) -> None:  # noqa: ANN401
        self._last = time.monotonic()
        stream = self._stream
        self._folder.event(
            "answer",
            id=self._id,
            state=state,
            text="" if stream is None else stream.take(special=False, last=last),
            raw="" if stream is None else stream.take(special=True, last=last),
            tokens=0 if stream is None else len(stream.ids),
            seconds=self._last - self._started,
            **fields,
        )
