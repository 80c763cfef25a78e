"""The sample dataset: two skills, answered with one line of JSON with 24-hour times.

Smart-home requests (`{"skill": "home", ...}`) and reminders (`{"skill": "reminder", ...}`),
generated from templates with a seed. The held-out questions have a random sequence of their own, so
they are the same for every number of training rows; a question that equals one of them after
normalization is never a training row. `shuffled` gives the same questions with the answers in
random order: a control, from which a model can learn the form of the answers only.

Keep the words unchanged: they also decide the starter's tokenizer (see bases/starter_text.py).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from ..intake.normalize import normalize

ROOMS = (
    "kitchen", "living room", "bedroom", "bathroom", "hallway", "garage", "office", "nursery",
    "cellar", "attic", "dining room", "guest room",
)  # fmt: skip
SWITCHED = ("lamp", "fan", "heater", "radio", "television", "humidifier", "coffee machine")
PEOPLE = ("Anna", "Ben", "Carla", "David", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas")
ERRANDS = (
    "water the plants", "take out the rubbish", "feed the cat", "charge the bike",
    "pay the electricity bill", "book the dentist", "buy bread", "clean the windows",
    "pick up the parcel", "print the tickets", "return the library books", "defrost the freezer",
)  # fmt: skip
CONTACTS = ("call {who}", "write to {who}", "visit {who}", "thank {who}", "pick up {who}")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class SampleRow:
    question: str
    answer: str


def _time(source: random.Random) -> tuple[str, str]:
    """A time as written in a request, and as HH:MM. Requests often have no leading zero; answers
    always do."""
    hour, minute = source.randrange(0, 24), source.choice((0, 5, 10, 15, 20, 30, 40, 45, 50))
    written = f"{hour:02d}:{minute:02d}"
    if hour < 10 and source.random() < 0.5:
        return f"{hour}:{minute:02d}", written
    return written, written


def _switch(source: random.Random) -> SampleRow:
    device, room = source.choice(SWITCHED), source.choice(ROOMS)
    action = source.choice(("on", "off"))
    spoken, time = _time(source)
    question = source.choice(
        (
            f"Turn {action} the {device} in the {room} at {spoken}.",
            f"Switch the {device} in the {room} {action} at {spoken}.",
            f"At {spoken} turn the {room} {device} {action}.",
            f"Can you turn the {device} in the {room} {action} at {spoken}?",
        )
    )
    return _home(question, device, room, action, time)


def _blinds(source: random.Random) -> SampleRow:
    room, action = source.choice(ROOMS), source.choice(("open", "close"))
    spoken, time = _time(source)
    question = source.choice(
        (
            f"{action.capitalize()} the blinds in the {room} at {spoken}.",
            f"At {spoken}, {action} the {room} blinds.",
            f"I want you to {action} the blinds in the {room} at {spoken}.",
        )
    )
    return _home(question, "blinds", room, action, time)


def _temperature(source: random.Random) -> SampleRow:
    room, degrees = source.choice(ROOMS), source.randrange(15, 27)
    spoken, time = _time(source)
    question = source.choice(
        (
            f"Set the {room} to {degrees} degrees at {spoken}.",
            f"Make it {degrees} degrees in the {room} at {spoken}.",
            f"From {spoken} I want {degrees} degrees in the {room}.",
        )
    )
    return _home(question, "thermostat", room, str(degrees), time)


def _home(question: str, device: str, room: str, action: str, time: str) -> SampleRow:
    answer = {"skill": "home", "device": device, "room": room, "set": action, "time": time}
    return SampleRow(question, json.dumps(answer))


def _reminder(source: random.Random) -> SampleRow:
    if source.random() < 0.5:
        task = source.choice(CONTACTS).format(who=source.choice(PEOPLE))
    else:
        task = source.choice(ERRANDS)
    day = source.choice(DAYS)
    spoken, time = _time(source)
    question = source.choice(
        (
            f"Remind me to {task} on {day} at {spoken}.",
            f"On {day} at {spoken} I have to {task}.",
            f"Set a reminder for {day} at {spoken}: {task}.",
            f"Don't let me forget to {task} on {day} at {spoken}.",
        )
    )
    answer = {"skill": "reminder", "task": task, "day": day.lower(), "time": time}
    return SampleRow(question, json.dumps(answer))


TEMPLATES: tuple[Callable[[random.Random], SampleRow], ...] = (
    _switch, _switch, _blinds, _temperature, _reminder, _reminder, _reminder, _reminder,
)  # fmt: skip


def draw_rows(source: random.Random, count: int, taken: set[str]) -> list[SampleRow]:
    """`count` rows whose normalized questions are not in `taken`; adds them to it."""
    rows: list[SampleRow] = []
    while len(rows) < count:
        row = source.choice(TEMPLATES)(source)
        key = normalize(row.question)
        if key not in taken:
            taken.add(key)
            rows.append(row)
    return rows


@dataclass(frozen=True)
class Sample:
    train: tuple[SampleRow, ...]
    held_out: tuple[SampleRow, ...]


def make_sample(train_rows: int, held_out_rows: int, seed: int, shuffled: bool) -> Sample:
    taken: set[str] = set()
    held_out = draw_rows(random.Random(f"{seed}-held-out"), held_out_rows, taken)
    train = draw_rows(random.Random(f"{seed}-train"), train_rows, taken)
    if shuffled:
        answers = [row.answer for row in train]
        random.Random(f"{seed}-shuffled").shuffle(answers)
        train = [
            SampleRow(row.question, answer) for row, answer in zip(train, answers, strict=True)
        ]
    return Sample(tuple(train), tuple(held_out))


def as_line(row: SampleRow) -> str:
    """A line of a .jsonl dataset in the messages format."""
    messages = [
        {"role": "user", "content": row.question},
        {"role": "assistant", "content": row.answer},
    ]
    return json.dumps({"messages": messages}, ensure_ascii=False) + "\n"
