"""What each token id of a cache stands for, in bytes: the table by which the program shows a row
from the very ids that are trained, without a tokenizer of its own.

`pieces.i32` holds pairs (id, length) of the ids that occur, ascending; `pieces.u8` their bytes one
after another. A row's text is the bytes of its ids, put together and read as UTF-8: a character
may well be spread over several tokens.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

BLOCK = 1 << 20


def byte_of_character() -> dict[str, int]:
    """Byte-level vocabularies write each byte as one printable character (GPT-2's table)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {chr(byte): byte for byte in printable}
    rest = (byte for byte in range(256) if byte not in printable)
    table.update({chr(256 + index): byte for index, byte in enumerate(rest)})
    return table


def _kinds(decoder: Any) -> set[str]:  # noqa: ANN401 - parsed JSON
    """The types of a decoder and of everything inside it."""
    if not isinstance(decoder, dict):
        return set()
    inner = [_kinds(part) for part in decoder.get("decoders", [])]
    return {str(decoder.get("type"))}.union(*inner)


class Pieces:
    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        description = json.loads(tokenizer.to_str())
        kinds = _kinds(description.get("decoder"))
        self._is_byte_level = "ByteLevel" in kinds
        self._has_byte_tokens = "ByteFallback" in kinds
        self._has_spaces = bool(kinds & {"Metaspace", "ByteFallback"})
        self._added = {
            int(item["id"]): str(item["content"]) for item in description.get("added_tokens", [])
        }
        self._bytes = byte_of_character()

    def of(self, token: int) -> bytes:
        """Empty for an id that the vocabulary does not have."""
        if token in self._added:
            return self._added[token].encode("utf-8")
        text = self._tokenizer.id_to_token(token)
        if text is None:
            return b""
        if self._is_byte_level and all(character in self._bytes for character in text):
            return bytes(self._bytes[character] for character in text)
        if self._has_byte_tokens and len(text) == 6 and text.startswith("<0x"):
            return bytes([int(text[3:5], 16)])
        if self._has_spaces:
            return text.replace("\u2581", " ").encode("utf-8")
        if self._is_byte_level:
            return text.encode("utf-8")
        return self._tokenizer.decode([token], skip_special_tokens=False).encode("utf-8")


def used_ids(tokens: Path, vocabulary: int) -> np.ndarray:
    """Ascending. Read in blocks: the file may be larger than the memory."""
    used = np.zeros(vocabulary, dtype=bool)
    with tokens.open("rb") as stream:
        while data := stream.read(4 * BLOCK):
            used[np.frombuffer(data, dtype="<i4")] = True
    return np.flatnonzero(used)


def write_pieces(folder: Path, tokenizer: Tokenizer, vocabulary: int) -> None:
    """Into a cache folder whose `tokens.i32` is complete."""
    pieces = Pieces(tokenizer)
    ids = used_ids(folder / "tokens.i32", vocabulary)
    texts = [pieces.of(int(token)) for token in ids]
    table = np.array([(token, len(text)) for token, text in zip(ids, texts, strict=True)])
    table.reshape(-1, 2).astype("<i4").tofile(folder / "pieces.i32")
    (folder / "pieces.u8").write_bytes(b"".join(texts))
