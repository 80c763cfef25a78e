"""Chat: answers equal those of the evaluation, arrive in parts, stop, and repeat with a seed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from intake_support import starter_base
from tokenizers import Tokenizer

from nightshift_trainer.chat.generation import AnswerStream
from nightshift_trainer.evaluate.answers import answer_batch
from nightshift_trainer.evaluate.load import load_model
from nightshift_trainer.rendering import open_base
from nightshift_trainer.rendering.rows import render_question

LIMIT_SECONDS = 60


class Chat:
    """A worker process on the starter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        (folder / "commands").mkdir(parents=True)
        chat = {"model": str(starter_base()), "precision": "fp32", "device": "cpu"}
        chat |= {"threads": 1, "idle_seconds": 60}
        spec = {"format": 1, "kind": "chat", "chat": chat}
        (folder / "spec.json").write_text(json.dumps(spec))
        self.process = subprocess.Popen([sys.executable, "-m", "nightshift_trainer", str(folder)])

    def command(self, verb: str, **args: Any) -> None:
        self.count += 1
        document = {"format": 1, "seq": self.count, "verb": verb, "t": 0.0, "args": args}
        partial = self.folder / "command.part"
        partial.write_text(json.dumps(document))
        partial.rename(self.folder / "commands" / f"{self.count:06d}-{verb}.json")

    def events(self, answer: str) -> list[dict[str, Any]]:
        file = self.folder / "events.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return [event for event in map(json.loads, lines) if event.get("id") == answer]

    def wait(self, answer: str, state: str | None = None) -> list[dict[str, Any]]:
        deadline = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < deadline:
            events = self.events(answer)
            wanted = [
                e
                for e in events
                if (e["state"] != "writing" if state is None else e["state"] == state)
            ]
            if wanted:
                return events
            time.sleep(0.02)
        raise AssertionError(f"{answer} did not end: {self.events(answer)}")

    def ask(self, answer: str, content: str = "Turn on the lamp.", **more: Any) -> None:
        defaults = {"thinking": "off", "temperature": 0.0, "seed": 1, "max_new_tokens": 20}
        messages = [{"role": "user", "content": content}]
        self.command("ask", id=answer, messages=messages, **{**defaults, **more})


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    worker = Chat(tmp_path_factory.mktemp("chat") / "run")
    yield worker
    worker.process.kill()
    worker.process.wait()


def text_of(events: list[dict[str, Any]], field: str = "text") -> str:
    return "".join(event[field] for event in events)


def test_a_greedy_answer_is_that_of_the_evaluation(chat: Chat) -> None:
    chat.ask("greedy")
    events = chat.wait("greedy")
    base = open_base(starter_base())
    prompt = render_question(base, [{"role": "user", "content": "Turn on the lamp."}], "off")
    ids = base.tokenizer.encode(prompt, add_special_tokens=False).ids
    model = load_model(starter_base(), "fp32", "cpu")
    (expected,) = answer_batch(
        model,
        [ids],
        end_ids=base.end_ids,
        pad=base.eos_id,
        max_new_tokens=20,
        heartbeat=lambda: None,
    )
    assert text_of(events) == base.tokenizer.decode(expected.ids, skip_special_tokens=True)
    assert events[0]["prompt"] == prompt
    assert events[0]["prompt_tokens"] == len(ids)
    assert events[-1]["state"] == ("finished" if expected.finished else "length")


def test_a_seed_repeats_and_another_one_differs(chat: Chat) -> None:
    for answer, seed in (("first", 1), ("again", 1), ("other", 2)):
        chat.ask(answer, temperature=1.0, seed=seed)
    first, again, other = (text_of(chat.wait(a), "raw") for a in ("first", "again", "other"))
    assert first == again
    assert first != other


def test_a_long_answer_arrives_in_pieces_and_can_be_stopped(chat: Chat) -> None:
    # High temperature: the random starter never ends its turn soon.
    chat.ask("long", temperature=5, max_new_tokens=800)
    chat.wait("long", "writing")
    chat.ask("queued")
    chat.command("stop-answer", id="queued")
    assert chat.wait("queued")[-1]["tokens"] == 0
    assert chat.events("long")[-1]["state"] == "writing"
    chat.command("stop-answer", id="long")
    events = chat.wait("long")
    assert events[-1]["state"] == "stopped"
    assert events[-1]["tokens"] < 800


def test_a_conversation_that_is_too_long_fails_and_the_next_one_is_answered(chat: Chat) -> None:
    chat.ask("endless", "word " * 20_000)
    events = chat.wait("endless")
    assert events[-1]["state"] == "failed"
    assert "Start a new conversation." in events[-1]["message"]
    chat.ask("after")
    assert chat.wait("after")[-1]["state"] in ("finished", "length")


def test_a_character_of_several_tokens_arrives_whole() -> None:
    tokenizer: Tokenizer = open_base(starter_base()).tokenizer
    text = "a 🎯 é"
    parts: list[str] = []
    streamer = AnswerStream(tokenizer, lambda now: parts.append(now.take(special=False)))
    streamer.put(torch.tensor([[1, 2]]))
    for token in tokenizer.encode(text, add_special_tokens=False).ids:
        streamer.put(torch.tensor([token]))
    assert "".join(parts) == text
    assert all("\ufffd" not in part for part in parts)


def test_the_worker_ends_by_command(chat: Chat) -> None:
    chat.command("stop-now")
    chat.process.wait(LIMIT_SECONDS)
    assert json.loads((chat.folder / "exit.json").read_text())["outcome"] == "canceled"
