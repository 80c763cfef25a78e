"""Records of .txt files: raw texts, one per paragraph, or one per line where no line is blank."""

from __future__ import annotations

from collections.abc import Iterator

from .findings import Findings
from .lines import Line, shown_text, too_long
from .records import Record, Rejection

# A longer paragraph becomes several texts, so that memory doesn't grow with the file.
MAX_PARAGRAPH_BYTES = 1 << 20


def text_records(
    lines: Iterator[Line], findings: Findings, by_paragraph: bool
) -> Iterator[Record | Rejection]:
    """`row` is the line where the text begins."""
    what = "paragraph (separated by blank lines)" if by_paragraph else "line"
    findings.notes.append(f"The file is read as raw text; each {what} is one row.")
    first, size = 0, 0
    parts: list[str] = []
    for line in lines:
        problem = _problem(line, findings)
        is_end = problem is not None or not line.data.strip() or size > MAX_PARAGRAPH_BYTES
        if parts and (is_end or not by_paragraph):
            yield _text(first, parts)
            parts, size = [], 0
        if problem is not None:
            yield problem
        elif line.data.strip():
            if not parts:
                first = line.number
            parts.append(line.data.decode("utf-8"))
            size += len(line.data)
    if parts:
        yield _text(first, parts)


def _text(row: int, parts: list[str]) -> Record:
    text = "\n".join(parts)
    return Record(row, {"text": text}, text)


def _problem(line: Line, findings: Findings) -> Rejection | None:
    if line.too_long:
        return too_long(line)
    if b"\x00" in line.data:
        return Rejection(
            line.number, "wrong_type", "The line contains NUL bytes.", shown_text(line.data)
        )
    if line.data.isascii():
        return None
    try:
        line.data.decode("utf-8")
    except UnicodeDecodeError as error:
        findings.encoding.add_invalid(line.number, line.data)
        message = f"Byte {error.start + 1} of the line is not valid UTF-8."
        return Rejection(line.number, "not_utf8", message, shown_text(line.data))
    findings.encoding.add_valid()
    return None
