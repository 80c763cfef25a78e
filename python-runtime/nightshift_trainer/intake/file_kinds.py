"""Files that are something else than their name says, by their first bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

# First bytes, what the file is, what to do with it.
_UNPACK = "Unpack it and add the files inside."
_EXPORT = "Export it as .csv or .jsonl."
_KINDS: Sequence[tuple[bytes, str, str]] = (
    (b"\x1f\x8b", "gzip-compressed", "Add `.gz` to its name."),
    (b"\x28\xb5\x2f\xfd", "zstandard-compressed", "Add `.zst` to its name."),
    (b"PAR1", "a Parquet file", "Let its name end in `.parquet`."),
    (b"BZh", "bzip2-compressed", _UNPACK),
    (b"\xfd7zXZ\x00", "xz-compressed", _UNPACK),
    (
        b"PK\x03\x04",
        "a ZIP archive or an Office document",
        f"{_UNPACK[:-1]}, or export it as .csv.",
    ),
    (b"PK\x05\x06", "an empty ZIP archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"ARROW1", "an Arrow file", "Save it as .parquet or .jsonl."),
    (b"SQLite format 3\x00", "a SQLite database", _EXPORT),
    (b"%PDF-", "a PDF document", "Extract its text first."),
    (b"\x89HDF\r\n", "an HDF5 file", _EXPORT),
    (b"\x93NUMPY", "a NumPy array", _EXPORT),
    (b"\xd0\xcf\x11\xe0", "an old Office document", _EXPORT),
    (b"\x89PNG", "an image", "Only text can be trained."),
    (b"\xff\xd8\xff", "an image", "Only text can be trained."),
)
_TAR_OFFSET = 257


def other_kind(path: Path, head: bytes) -> str | None:
    """The reason to refuse a file whose (decompressed) content begins with `head`."""
    if head[_TAR_OFFSET : _TAR_OFFSET + 5] == b"ustar":
        return f"{path.name} is a tar archive. {_UNPACK}"
    for magic, what, advice in _KINDS:
        if head.startswith(magic) and not _could_be_text(magic, head):
            return f"{path.name} is {what}, not a text file. {advice}"
    return None


def _could_be_text(magic: bytes, head: bytes) -> bool:
    """`BZh` and `PAR1` are letters, so a text may begin with them."""
    return magic.isalnum() and b"\x00" not in head and head.isascii()
