"""Files that are not UTF-8: which encoding is offered, with a preview, and reading them once the
user has chosen one. An encoding is never guessed silently."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from .records import SHOWN_CHARACTERS

# As in `textEncoding` of the contract; the label is shown to the user.
ENCODINGS: Mapping[str, str] = {
    "utf-16-le": "UTF-16 (little-endian)",
    "utf-16-be": "UTF-16 (big-endian)",
    "utf-32-le": "UTF-32 (little-endian)",
    "utf-32-be": "UTF-32 (big-endian)",
    "windows-1252": "Windows-1252 (Western European)",
    "iso-8859-1": "ISO-8859-1 (Latin-1)",
    "iso-8859-15": "ISO-8859-15 (Latin-9)",
    "windows-1250": "Windows-1250 (Central European)",
    "iso-8859-2": "ISO-8859-2 (Central European)",
    "windows-1251": "Windows-1251 (Cyrillic)",
    "koi8-r": "KOI8-R (Cyrillic)",
    "windows-1253": "Windows-1253 (Greek)",
    "windows-1254": "Windows-1254 (Turkish)",
    "windows-1255": "Windows-1255 (Hebrew)",
    "windows-1256": "Windows-1256 (Arabic)",
    "windows-1257": "Windows-1257 (Baltic)",
    "macintosh": "Mac OS Roman",
    "shift_jis": "Shift JIS (Japanese)",
    "euc-jp": "EUC-JP (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "euc-kr": "EUC-KR (Korean)",
}
BYTE_ORDER_MARKS: Sequence[tuple[bytes, str]] = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
SAMPLE_BYTES = 1 << 16
PREVIEW_LINES = 3
MAX_CANDIDATES = 4
# Bytes of Windows-1252 that are letters or the punctuation of word processors; the other bytes
# above 127 are rare in real text.
WESTERN_BYTES = re.compile(rb"[\xc0-\xff\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f\xa0-\xbf]")
MAX_WESTERN_SHARE = 0.3


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32, by the byte order mark, or by zero bytes at every second position."""
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name
    if _has_text_line(head):
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        # At least every tenth character is ASCII in any JSON or CSV text.
        if zeros * 20 >= len(head) and others * 10 <= zeros and _decodes(head, name):
            return name
    return None


def _has_text_line(head: bytes) -> bool:
    """A line without zero bytes, which UTF-16 has only in the middle of a text without spaces."""
    lines = [line.strip() for line in re.split(rb"[\r\n]", head)]
    return any(len(line) > 1 and b"\0" not in line and _decodes(line, "utf-8") for line in lines)


def _decodes(data: bytes, name: str) -> bool:
    try:
        codecs.getincrementaldecoder(name)("strict").decode(data)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


class EncodingEvidence:
    """Collects lines that are not UTF-8. A file is in another encoding when no line with a
    character beyond ASCII is valid UTF-8; otherwise only its invalid lines are rejected."""

    def __init__(self) -> None:
        self._valid, self._invalid = 0, 0
        self._sample = bytearray()
        self._lines: list[tuple[int, bytes]] = []
        self._wide: str | None = None

    def add_valid(self) -> None:
        self._valid += 1

    def add_invalid(self, row: int, data: bytes) -> None:
        self._invalid += 1
        if len(self._sample) < SAMPLE_BYTES:
            self._sample += data[:SAMPLE_BYTES] + b"\n"
        if len(self._lines) < PREVIEW_LINES:
            self._lines.append((row, data))

    def set_wide(self, name: str, head: bytes) -> None:
        text = head.decode(name, "ignore").lstrip("\ufeff")
        lines = [(n, line) for n, line in enumerate(re.split("\r\n|\r|\n", text), 1) if line]
        self._wide = name
        self._lines = [(n, line.encode(name, "ignore")) for n, line in lines[:PREVIEW_LINES]]

    @property
    def is_another_encoding(self) -> bool:
        return self._wide is not None or (self._invalid > 0 and self._valid == 0)

    def offer(self) -> dict[str, Any] | None:
        """The `encoding` of report.json; None without an encoding to offer."""
        if not self.is_another_encoding:
            return None
        names = [self._wide] if self._wide is not None else _candidates(bytes(self._sample))
        if not names:
            return None
        return {
            "candidates": [
                {"name": name, "label": ENCODINGS[name], "preview": self._preview(name)}
                for name in names
            ]
        }

    def label(self) -> str | None:
        """The name of the most likely encoding, for messages; None when the file is UTF-8."""
        offer = self.offer()
        return None if offer is None else offer["candidates"][0]["label"]

    def _preview(self, name: str) -> list[dict[str, Any]]:
        return [
            {"row": row, "text": data.decode(name, "replace")[:SHOWN_CHARACTERS]}
            for row, data in self._lines
        ]


def _candidates(sample: bytes) -> list[str]:
    """The likely encodings of a sample, the most likely first. Only those that decode all of it."""
    possible = [
        name for name in ENCODINGS if not name.startswith("utf-") and _decodes(sample, name)
    ]
    detected = [name for name in _detected(sample) if name in possible]
    letter_count = sum(1 for byte in sample if byte > 127 or chr(byte).isalpha())
    high = [byte for byte in sample if byte > 127]
    # Few accents among many plain letters: a Western text. The statistics of a detector need more
    # text than most data files have lines with accents.
    is_western = (
        len(high) <= MAX_WESTERN_SHARE * letter_count
        and len(WESTERN_BYTES.findall(sample)) == len(high)
        and "windows-1252" in possible
    )
    ordered = [*(["windows-1252"] if is_western else []), *detected, "windows-1252", "iso-8859-1"]
    return [name for name in dict.fromkeys(ordered) if name in possible][:MAX_CANDIDATES]


def _detected(sample: bytes) -> list[str]:
    # Imported here: only files that are not UTF-8 need it.
    from charset_normalizer import from_bytes

    known = {codecs.lookup(name).name: name for name in ENCODINGS if not name.startswith("utf-")}
    matches = from_bytes(sample, cp_isolation=[*known])
    found = [known.get(codecs.lookup(match.encoding).name) for match in matches]
    return [name for name in found if name is not None]


class Transcoded:
    """A byte stream in another encoding, read as UTF-8. A byte that the encoding doesn't have stays
    invalid, so that its row is rejected and not silently changed."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._errors = "surrogatepass" if encoding.startswith("utf-") else "surrogateescape"
        self._decoder = codecs.getincrementaldecoder(encoding)(self._errors)
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        while not self._ended:
            block = self._stream.read(size)
            self._ended = not block
            try:
                text = self._decoder.decode(block, final=self._ended)
            except UnicodeDecodeError:
                # Half a character at the end, or bytes beyond Unicode.
                self._decoder.reset()
                return b"\xff"
            if text:
                return text.encode("utf-8", self._errors)
        return b""
