"""Records of JSON that is not one object per line: an array, objects over several lines, or rows
under a key of one object. A row is the number of the element, from 1: a whole array may be on one
line, and a row number must identify one record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..wording import count_of
from .findings import Findings
from .json_layout import RECORD_FIELDS, is_list_of_messages
from .json_stream import JsonStream, JsonValue
from .lines import MAX_LINE_BYTES
from .records import SHOWN_CHARACTERS, Record, Rejection, json_type
from .streams import FileRefused

# Keys of an object that hold its rows, where more than one list of objects is in it.
ROW_KEYS = ("data", "rows", "train", "examples", "records", "items", "instances", "samples")
SHOWN_LINES = 3
# Lists of objects that describe the rows.
DESCRIPTION_KEYS = frozenset(
    ("features", "columns", "fields", "schema", "categories", "licenses", "info", "errors",
     "metadata", "meta")
)  # fmt: skip


def as_record(row: int, value: Any, raw: str) -> Record | Rejection:  # noqa: ANN401 - parsed JSON
    if isinstance(value, dict):
        return Record(row, value, raw)
    if is_list_of_messages(value):
        name = "messages" if "role" in value[0] else "conversations"
        return Record(row, {name: value}, raw)
    message = f"A row must be a JSON object, not {json_type(value)}."
    return Rejection(row, "not_an_object", message, printable(raw[:SHOWN_CHARACTERS]))


def printable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class JsonRecords:
    """Iterate once. Every element becomes a record or a rejection, or the file is refused with the
    line from which on its elements can't be told apart."""

    def __init__(self, name: str, stream: JsonStream, findings: Findings) -> None:
        self._name, self._stream, self._findings = name, stream, findings
        self._row, self._line = 0, 0
        self._arrays = 0
        self._objects = 0
        self._missing_commas = _Lines()
        self._extra_commas = _Lines()

    def __iter__(self) -> Iterator[Record | Rejection]:
        stream = self._stream
        while (char := stream.peek()) != "":
            if char == "[":
                self._arrays += 1
                yield from self._array()
            elif char == "{":
                yield from self._object()
            elif char == "," and self._row > 0 and self._arrays + self._objects > 0:
                stream.skip()
            else:
                self._refuse_text(stream.rest_of_line())
        self._add_notes()

    def _array(self, key: str | None = None) -> Iterator[Record | Rejection]:
        stream = self._stream
        where = "the JSON array" if key is None else f"the list `{key}`"
        stream.skip()
        separated = True
        while True:
            char = stream.peek()
            if char == "":
                self._cut_off(where)
                return
            if char == "]":
                stream.skip()
                return
            if char == ",":
                if separated:
                    self._extra_commas.add(stream.line)
                separated = True
                stream.skip()
                continue
            if not separated:
                self._missing_commas.add(stream.line)
            separated = False
            item = self._element(stream.take(), where)
            yield item

    def _element(self, value: JsonValue, where: str) -> Record | Rejection:
        self._row += 1
        self._line = value.line
        row, shown = self._row, printable(value.raw[:SHOWN_CHARACTERS])
        place = f"Element {row:,} (line {value.line:,})"
        if value.is_lost:
            raise FileRefused(
                f"{self._name} is not valid JSON from line {value.problem_line:,} on, in element "
                f"{row:,}: {value.problem}. The end of the element can't be found, so the rows "
                f"after it can't be read. Fix the file and add it again."
            )
        if value.is_cut:
            self._cut_off(where)
            message = f"{place} is incomplete: the file ends inside it."
            return Rejection(row, "not_json", message, shown)
        if value.is_long:
            limit = MAX_LINE_BYTES >> 20
            message = f"{place} is longer than {limit} MiB, the limit for a row."
            return Rejection(row, "line_too_long", message, shown)
        if value.is_twice:
            return Rejection(row, "field_twice", f"{place}: {value.problem}", shown)
        if value.problem is not None:
            at = "" if value.problem_line == value.line else f" in line {value.problem_line:,}"
            return Rejection(
                row, "not_json", f"{place} is not valid JSON: {value.problem}{at}.", shown
            )
        if not value.raw.isascii():
            if any("\udc80" <= char <= "\udcff" for char in value.raw):
                data = value.raw.encode("utf-8", "surrogateescape")
                self._findings.encoding.add_invalid(row, data[: SHOWN_CHARACTERS * 4])
                message = f"{place} contains bytes that are not valid UTF-8."
                return Rejection(row, "not_utf8", message, shown)
            self._findings.encoding.add_valid()
        return as_record(row, value.value, value.raw)

    def _object(self) -> Iterator[Record | Rejection]:
        """An object that is a record, or one that holds the rows under a key."""
        stream = self._stream
        if self._row == 0 and (key := stream.key_of_rows(RECORD_FIELDS, ROW_KEYS)) is not None:
            yield from self._rows_under(key)
            return
        self._objects += 1
        item = self._element(stream.take(), "the file")
        if self._row == 1 and isinstance(item, Record) and stream.peek() == "":
            self._refuse_columns(item)
        yield item

    def _rows_under(self, key: str) -> Iterator[Record | Rejection]:
        stream, others = self._stream, list[str]()
        stream.skip()
        while (char := stream.peek()) not in ("}", ""):
            if char == ",":
                stream.skip()
                continue
            name = stream.take()
            if stream.peek() != ":" or not isinstance(name.value, str):
                self._refuse_text(stream.rest_of_line())
            stream.skip()
            if stream.peek() == "[" and name.value == key:
                self._arrays += 1
                yield from self._array(key)
                continue
            if stream.is_list_of_objects() and name.value not in DESCRIPTION_KEYS:
                raise FileRefused(
                    f"{self._name} holds rows under more than one key: `{key}` and "
                    f"`{name.value}` (line {stream.line:,}). Save each list as a file of its own."
                )
            others.append(name.value)
            value = stream.take()
            if value.is_cut or value.is_lost:
                self._cut_off(f"the value of `{name.value}`")
                return
        if char == "":
            if self._findings.incomplete is None:
                self._cut_off("the JSON object")
        else:
            stream.skip()
        unused = f"; not used: {', '.join(f'`{other}`' for other in others)}" if others else ""
        self._findings.notes.append(f"The rows were read from the key `{key}`{unused}.")
        if stream.peek() != "":
            self._refuse_text(stream.rest_of_line())

    def _cut_off(self, where: str) -> None:
        after = f", after element {self._row:,} (line {self._line:,})" if self._row else ""
        self._findings.incomplete = (
            f"The file ends inside {where}{after}; it is probably an incomplete download."
        )

    def _refuse_text(self, text: str) -> None:
        after = f"after element {self._row:,}" if self._row else "at the beginning"
        raise FileRefused(
            f"{self._name} is not valid JSON in line {self._stream.line:,}: {after} is text that "
            f'is not a record: "{printable(text)[:60]}". Remove it and add the file again.'
        )

    def _refuse_columns(self, item: Record) -> None:
        """What `DataFrame.to_json` writes without `orient`: columns instead of rows."""
        values = list(item.fields.values())
        for name, value in item.fields.items():
            for inner in value if isinstance(value, dict) and "messages" not in item.fields else ():
                if (
                    isinstance(value[inner], list)
                    and value[inner][:1]
                    and isinstance(value[inner][0], dict)
                ):
                    raise FileRefused(
                        f"{self._name} holds rows under `{inner}` inside `{name}`. Save that list "
                        f"as a file of its own."
                    )
        if len(values) < 2:
            return
        is_lists = all(isinstance(v, list) and v for v in values) and not any(
            isinstance(entry, dict) for v in values for entry in v
        )
        is_indexed = all(isinstance(v, dict) and "0" in v for v in values)
        if is_lists or is_indexed:
            raise FileRefused(
                f"{self._name} holds columns instead of rows: {', '.join(item.fields)}. Save it as "
                f'rows, in pandas with to_json(orient="records", lines=True).'
            )

    def _add_notes(self) -> None:
        notes = self._findings.notes
        if self._arrays > 1:
            notes.append(
                f"The file holds {self._arrays:,} JSON arrays; the rows of all of them were read."
            )
        if self._objects > 1:
            notes.append(
                f"The file is not one object per line: {count_of(self._objects, 'object')} over "
                f"several lines were read as rows, numbered from 1."
            )
        for lines, what in (
            (self._missing_commas, "Missing commas between elements"),
            (self._extra_commas, "Commas without an element"),
        ):
            if lines.total:
                notes.append(f"{what}: {lines.shown()}. No row is affected.")


class _Lines:
    """How many lines have a fault, and the first of them."""

    def __init__(self) -> None:
        self.total = 0
        self._first: list[int] = []

    def add(self, line: int) -> None:
        self.total += 1
        if len(self._first) < SHOWN_LINES:
            self._first.append(line)

    def shown(self) -> str:
        more = self.total - len(self._first)
        lines = ", ".join(f"{line:,}" for line in self._first)
        return f"line{'s' if self.total > 1 else ''} {lines}" + (
            f" and {more:,} more" if more else ""
        )
