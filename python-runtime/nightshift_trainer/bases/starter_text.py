"""English sentences from a small grammar: the text that the starter's tokenizer is trained on.

Keep the words unchanged, including British spellings: they decide the starter's tokenizer and hash,
so a change would make a different starter from the same seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

SUBJECTS = (
    "the teacher", "a student", "my sister", "the engineer", "our neighbour", "the doctor",
    "a farmer", "the company", "the city", "her friend", "the computer", "this program",
    "the model", "a person", "someone", "the answer", "the question", "the customer",
)  # fmt: skip
VERBS = (
    "explains", "writes", "reads", "buys", "sells", "counts", "learns", "forgets", "remembers",
    "changes", "opens", "closes", "finds", "moves", "shows", "answers", "describes", "starts",
)  # fmt: skip
OBJECTS = (
    "the letter", "a long story", "two books", "the number of apples", "every word",
    "a short list", "the money in the bank account", "a payment card", "the weather report",
    "the first line of the text", "a simple example", "the total price", "her work",
    "the results of the test", "what happened before", "a new language", "the whole message",
)  # fmt: skip
PLACES = (
    "in the morning", "at school", "after the meeting", "because it was raining", "with care",
    "before the end of the week", "for the first time", "in a small town", "on the train",
    "without any help", "as soon as possible", "from one side to the other", "",
)  # fmt: skip
QUESTIONS = (
    "What is", "How many", "How much is", "Who knows", "Where can I find", "When should we read",
    "Why does nobody see", "Which part is", "Can you explain", "Please write down",
)  # fmt: skip


def starter_sentences(seed: int, count: int = 4000) -> Iterator[str]:
    source = random.Random(f"{seed}-sentences")
    for _ in range(count):
        place = source.choice(PLACES)
        end = f" {place}." if place else "."
        sentence = f"{source.choice(SUBJECTS)} {source.choice(VERBS)} {source.choice(OBJECTS)}{end}"
        question = f"{source.choice(QUESTIONS)} {source.choice(OBJECTS)}?"
        yield f"{sentence[0].upper()}{sentence[1:]} {question}"
