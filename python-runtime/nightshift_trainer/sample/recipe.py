"""The sample dataset: two skills, answered by one line of JSON with 24-hour times.

Smart-home requests (`{"skill": "home", ...}`) and reminders (`{"skill": "reminder", ...}`),
written from templates with a seed. The held-out questions are drawn first and by themselves, so
they are the same for every number of training rows; a question that equals one of them after
normalisation is never a training row. `shuffled` gives the same questions with the answers dealt
out at random: the control run, from which nothing can be learned but the form.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from ..intake.normalise import normalised

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


def _time(draw: random.Random) -> tuple[str, str]:
    """How a time is said, and the same time as HH:MM. Early hours are often said without the
    leading zero; the answer always has two digits."""
    hour, minute = draw.randrange(0, 24), draw.choice((0, 5, 10, 15, 20, 30, 40, 45, 50))
    written = f"{hour:02d}:{minute:02d}"
    if hour < 10 and draw.random() < 0.5:
        return f"{hour}:{minute:02d}", written
    return written, written


def _switch(draw: random.Random) -> SampleRow:
    device, room = draw.choice(SWITCHED), draw.choice(ROOMS)
    action = draw.choice(("on", "off"))
    said, time = _time(draw)
    question = draw.choice(
        (
            f"Turn {action} the {device} in the {room} at {said}.",
            f"Switch the {device} in the {room} {action} at {said}.",
            f"At {said} turn the {room} {device} {action}.",
            f"Can you turn the {device} in the {room} {action} at {said}?",
        )
    )
    return _home(question, device, room, action, time)


def _blinds(draw: random.Random) -> SampleRow:
    room, action = draw.choice(ROOMS), draw.choice(("open", "close"))
    said, time = _time(draw)
    question = draw.choice(
        (
            f"{action.capitalize()} the blinds in the {room} at {said}.",
            f"At {said}, {action} the {room} blinds.",
            f"I want you to {action} the blinds in the {room} at {said}.",
        )
    )
    return _home(question, "blinds", room, action, time)


def _warmth(draw: random.Random) -> SampleRow:
    room, degrees = draw.choice(ROOMS), draw.randrange(15, 27)
    said, time = _time(draw)
    question = draw.choice(
        (
            f"Set the {room} to {degrees} degrees at {said}.",
            f"Make it {degrees} degrees in the {room} at {said}.",
            f"From {said} I want {degrees} degrees in the {room}.",
        )
    )
    return _home(question, "thermostat", room, str(degrees), time)


def _home(question: str, device: str, room: str, action: str, time: str) -> SampleRow:
    answer = {"skill": "home", "device": device, "room": room, "set": action, "time": time}
    return SampleRow(question, json.dumps(answer))


def _reminder(draw: random.Random) -> SampleRow:
    if draw.random() < 0.5:
        task = draw.choice(CONTACTS).format(who=draw.choice(PEOPLE))
    else:
        task = draw.choice(ERRANDS)
    day = draw.choice(DAYS)
    said, time = _time(draw)
    question = draw.choice(
        (
            f"Remind me to {task} on {day} at {said}.",
            f"On {day} at {said} I have to {task}.",
            f"Set a reminder for {day} at {said}: {task}.",
            f"Don't let me forget to {task} on {day} at {said}.",
        )
    )
    answer = {"skill": "reminder", "task": task, "day": day.lower(), "time": time}
    return SampleRow(question, json.dumps(answer))


WRITERS: tuple[Callable[[random.Random], SampleRow], ...] = (
    _switch, _switch, _blinds, _warmth, _reminder, _reminder, _reminder, _reminder,
)  # fmt: skip


def draw_rows(draw: random.Random, count: int, taken: set[str]) -> list[SampleRow]:
    """`count` rows whose normalised questions are new; adds them to `taken`."""
    rows: list[SampleRow] = []
    while len(rows) < count:
        row = draw.choice(WRITERS)(draw)
        key = normalised(row.question)
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
    """One line of a messages dataset."""
    messages = [
        {"role": "user", "content": row.question},
        {"role": "assistant", "content": row.answer},
    ]
    return json.dumps({"messages": messages}, ensure_ascii=False) + "\n"
