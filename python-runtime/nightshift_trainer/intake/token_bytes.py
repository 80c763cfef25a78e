"""The bytes of every token id in a cache, so that the engine can show a row from the ids that are
trained without a tokenizer of its own.

`token_bytes.i32` has pairs (id, length) of the ids that occur, ascending; `token_bytes.u8` has
their bytes, concatenated. The text of a row is the bytes of its ids, concatenated and decoded as
UTF-8: the bytes of one token may not be valid UTF-8, as a character can span several tokens.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from ..rendering.base import PreparedBase

BLOCK_IDS = 1 << 20


def byte_of_character() -> dict[str, int]:
    """GPT-2's table: byte-level vocabularies write each byte as one printable character."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {chr(byte): byte for byte in printable}
    rest = (byte for byte in range(256) if byte not in printable)
    table.update({chr(256 + index): byte for index, byte in enumerate(rest)})
    return table


def _decoder_types(decoder: Any) -> set[str]:  # noqa: ANN401 - parsed JSON
    """The types of a decoder and of all decoders nested in it."""
    if not isinstance(decoder, dict):
        return set()
    nested = [_decoder_types(part) for part in decoder.get("decoders", [])]
    return {str(decoder.get("type"))}.union(*nested)


class TokenBytes:
    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        description = json.loads(tokenizer.to_str())
        decoder_types = _decoder_types(description.get("decoder"))
        self._is_byte_level = "ByteLevel" in decoder_types
        self._has_byte_tokens = "ByteFallback" in decoder_types
        self._has_metaspace = bool(decoder_types & {"Metaspace", "ByteFallback"})
        self._added_tokens = {
            int(token["id"]): str(token["content"]) for token in description.get("added_tokens", [])
        }
        self._byte_of = byte_of_character()

    def of(self, token: int) -> bytes:
        """Empty for an id that is not in the vocabulary."""
        if token in self._added_tokens:
            return self._added_tokens[token].encode("utf-8")
        text = self._tokenizer.id_to_token(token)
        if text is None:
            return b""
        if self._is_byte_level and all(character in self._byte_of for character in text):
            return bytes(self._byte_of[character] for character in text)
        if self._has_byte_tokens and len(text) == 6 and text.startswith("<0x"):
            return bytes([int(text[3:5], 16)])
        if self._has_metaspace:
            return text.replace("\u2581", " ").encode("utf-8")
        if self._is_byte_level:
            return text.encode("utf-8")
        return self._tokenizer.decode([token], skip_special_tokens=False).encode("utf-8")


# The table of the previous tokenizer, for a process that validates many files: a vocabulary takes
# longer to parse than a small file to validate.
_tables: dict[str, TokenBytes] = {}


def _table_of(tokenizer: Tokenizer, tokenizer_hash: str) -> TokenBytes:
    table = _tables.get(tokenizer_hash)
    if table is None:
        table = TokenBytes(tokenizer)
        _tables.clear()
        _tables[tokenizer_hash] = table
    return table


def used_ids(tokens: Path, vocabulary: int) -> np.ndarray:
    """The ids in a tokens.i32, ascending. Read in blocks: the file may not fit into memory."""
    used = np.zeros(vocabulary, dtype=bool)
    with tokens.open("rb") as stream:
        while data := stream.read(4 * BLOCK_IDS):
            used[np.frombuffer(data, dtype="<i4")] = True
    return np.flatnonzero(used)


def write_token_bytes(folder: Path, base: PreparedBase) -> None:
    """Writes both files into a cache folder whose `tokens.i32` is complete."""
    token_bytes = _table_of(base.tokenizer, base.tokenizer_hash)
    ids = used_ids(folder / "tokens.i32", base.vocabulary)
    texts = [token_bytes.of(int(token)) for token in ids]
    table = np.array([(token, len(text)) for token, text in zip(ids, texts, strict=True)])
    (folder / "token_bytes.i32").write_bytes(table.reshape(-1, 2).astype("<i4").tobytes())
    (folder / "token_bytes.u8").write_bytes(b"".join(texts))
