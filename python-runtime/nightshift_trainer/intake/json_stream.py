"""JSON values one after another from a stream of blocks, in memory for one value: the elements of
an array, or objects that follow each other. The decoder is Python's; here is only what finds the
borders, because no streaming parser continues after an invalid element or says where it stands."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .json_errors import json_problem
from .json_values import FieldTwice, parse_json_at
from .lines import MAX_LINE_BYTES

BLANK = re.compile(r"[\s\ufeff]*")
# Whole strings, so that brackets inside them don't count; a lone quote is an unclosed string.
STRUCTURE = re.compile(r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"|[{}\[\]"]', re.DOTALL)
COLON = re.compile(r"\s*:\s*")
LIST_OF_OBJECTS = re.compile(r"\[\s*\{")
SPECIAL = re.compile(r'["\\{}\[\]]')
SCALAR = re.compile(r"[^,\[\]{}\s]+")
# A text that was cut inside a literal, a number or an escape fails a few characters before its end.
TAIL_CHARACTERS = 12
SHOWN_OF_LONG = 4096
_PAIRS = {"}": "{", "]": "["}


def _after_blank(text: str, position: int) -> int:
    found = BLANK.match(text, position)
    return position if found is None else found.end()


@dataclass(frozen=True)
class JsonValue:
    """`problem`: why `raw` isn't JSON, in words, found in `problem_line`. `is_cut`: the file ends
    inside this value. `is_lost`: where it ends can't be told, so nothing after it can be read.
    `is_long`: longer than a line may be; `raw` is its beginning. `is_twice`: valid, but an object
    names a field twice."""

    line: int
    raw: str
    value: Any = None
    problem: str | None = None
    problem_line: int = 0
    is_cut: bool = False
    is_lost: bool = False
    is_long: bool = False
    is_twice: bool = False


class JsonStream:
    def __init__(self, blocks: Iterator[bytes], limit: int = MAX_LINE_BYTES) -> None:
        self._blocks = blocks
        self._limit = limit
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._text = ""
        self._position = 0
        self._ended = False
        self._counted_to = 0
        self._counted_lines = 1

    @property
    def line(self) -> int:
        """The physical line of the position."""
        self._counted_lines += self._text.count("\n", self._counted_to, self._position)
        self._counted_to = self._position
        return self._counted_lines

    def _more(self) -> bool:
        """Doubles the window, so that a long value is parsed only a few times."""
        if self._ended:
            return False
        _ = self.line
        parts = [self._text[self._position :]]
        wanted = max(1, len(parts[0]))
        self._position = self._counted_to = 0
        while wanted > 0 and not self._ended:
            block = next(self._blocks, b"")
            self._ended = not block
            parts.append(self._decode(block, final=self._ended))
            wanted -= len(parts[-1])
        self._text = "".join(parts)
        return True

    def peek(self) -> str:
        """The next character that isn't blank; empty at the end of the file."""
        while True:
            self._position = _after_blank(self._text, self._position)
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._more():
                return ""

    def skip(self) -> None:
        self._position += 1

    def rest_of_line(self) -> str:
        """For messages; does not move."""
        return self._text[self._position : self._position + 80].split("\n")[0].strip()

    def is_list_of_objects(self) -> bool:
        """Whether an array begins here whose first element is an object."""
        while len(self._text) - self._position < 1024 and self._more():
            pass
        return LIST_OF_OBJECTS.match(self._text, self._position) is not None

    def key_of_rows(self, record_fields: Collection[str], known: Sequence[str]) -> str | None:
        """The key of the list of rows in the object that begins here; None for a record, and where
        another object follows. Only the window is searched: rows come early or in one list."""
        while True:
            keys, end = self._keys_of_lists(record_fields)
            if keys or keys is None or end >= 0:
                break
            if len(self._text) - self._position > self._limit or not self._more():
                break
        if not keys or (end >= 0 and _after_blank(self._text, end) < len(self._text)):
            return None
        return next((key for key in known if key in keys), keys[0])

    def _keys_of_lists(self, record_fields: Collection[str]) -> tuple[list[str] | None, int]:
        """Keys of the object whose value is a list of objects (None: a key of a record was found),
        and where the object ends (-1: beyond the window)."""
        depth, keys = 0, list[str]()
        for token in STRUCTURE.finditer(self._text, self._position):
            text = token.group()
            if text in "{[":
                depth += 1
            elif text in _PAIRS:
                depth -= 1
                if depth == 0:
                    return keys, token.end()
            elif depth == 1 and (colon := COLON.match(self._text, token.end())) is not None:
                if text[1:-1] in record_fields:
                    return None, -1
                if LIST_OF_OBJECTS.match(self._text, colon.end()) is not None:
                    keys.append(text[1:-1])
        return keys, -1

    def take(self) -> JsonValue:
        """The value that begins at the position; `peek` comes before."""
        while True:
            start, problem, error_at = self._position, "", len(self._text)
            try:
                value, end = parse_json_at(self._text, start)
                # A number may go on in the next block.
                if end < len(self._text) or self._ended or self._text[end - 1] in '}]"':
                    return self._taken(end, value=value)
            except FieldTwice as error:
                return self._taken(error.end, problem=str(error), is_twice=True)
            except json.JSONDecodeError as error:
                problem, error_at = json_problem(error), error.pos
                if error.msg.startswith("Unterminated string"):
                    error_at = len(self._text)
            except (ValueError, RecursionError) as error:
                problem, error_at = json_problem(error), -1
            is_open = len(self._text.rstrip()) - error_at <= TAIL_CHARACTERS
            found = -1 if is_open and not self._ended else self._end_of(start)
            if found >= 0:
                return self._taken(found, problem=problem, problem_line=self._line_at(error_at))
            if len(self._text) - start > self._limit:
                return self._skip_long()
            if (is_open or error_at < 0 or found == -1) and self._more():
                continue
            line = self._line_at(error_at)
            if is_open or error_at < 0:
                return self._taken(len(self._text), problem=problem, problem_line=line, is_cut=True)
            shown = self._text[start : start + SHOWN_OF_LONG]
            return JsonValue(self.line, shown, None, problem, line, is_lost=True)

    def _line_at(self, position: int) -> int:
        """The physical line of a later position."""
        return self.line + self._text.count("\n", self._position, max(self._position, position))

    def _taken(self, end: int, **facts: Any) -> JsonValue:  # noqa: ANN401 - fields of JsonValue
        line, raw = self.line, self._text[self._position : end]
        self._position = end
        return JsonValue(line, raw, **facts)

    def _end_of(self, start: int) -> int:
        """Where the value at `start` ends by its brackets; -1: not in the window; -2: nowhere,
        because brackets or quotes don't match."""
        if self._text[start] not in '{["':
            found = SCALAR.match(self._text, start)
            return found.end() if found is not None else -2
        stack: list[str] = []
        for token in STRUCTURE.finditer(self._text, start):
            text = token.group()
            if text == '"':
                return -1 if self._text.find("\n", token.start()) < 0 else -2
            if text in "{[":
                stack.append(text)
            elif text in _PAIRS and (not stack or stack.pop() != _PAIRS[text]):
                return -2
            if not stack:
                return token.end()
        return -1

    def _skip_long(self) -> JsonValue:
        """Passes over a value that is too long to hold, by its brackets."""
        line, raw = self.line, self._text[self._position : self._position + SHOWN_OF_LONG]
        depth, in_string, at = 0, False, self._position
        while True:
            for token in SPECIAL.finditer(self._text, at):
                if token.start() < at:
                    continue
                char = token.group()
                if char == "\\":
                    at = token.end() + 1
                elif char == '"':
                    in_string = not in_string
                elif not in_string:
                    depth += 1 if char in "{[" else -1
                if depth == 0 and not in_string:
                    self._position = token.end()
                    return JsonValue(line, raw, problem="too long", is_long=True)
            at = max(0, at - len(self._text))
            self._position = len(self._text)
            if not self._more():
                return JsonValue(line, raw, problem="too long", is_long=True, is_cut=True)
