"""What a reader finds out about the whole file, next to its rows."""

from __future__ import annotations

from .encodings import EncodingEvidence
from .streams import FileRefused


class Findings:
    """`notes`: sentences for the report. `incomplete`: where the file was cut off, as a sentence;
    the rows before it are trained only after the user's word."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.incomplete: str | None = None
        self.encoding = EncodingEvidence()


class EncodingRequired(FileRefused):
    """The file can't be read before the user has chosen its encoding."""

    def __init__(self, message: str, evidence: EncodingEvidence) -> None:
        super().__init__(message)
        self.evidence = evidence
