"""CLIP's tokenizer in plain Python, which the page counts with; tests hold it to that of transformers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import pairwise

from dreambooth.text.chunks import Alphabet, TokenCount, split_into_chunks
from dreambooth.text.reading import Reading
from dreambooth.text.vocabulary import (
    COMMA,
    END_OF_TEXT,
    END_OF_WORD,
    START_OF_TEXT,
    byte_characters,
    derive_vocabulary,
    load_merges,
)

CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
_ASCII_WORDS = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[a-z]+|[0-9]|[^a-z0-9 \t\n\v\f\r]+")
_SPECIAL = re.compile(f"({re.escape(START_OF_TEXT)}|{re.escape(END_OF_TEXT)})")


def count_tokens(prompt: str, reading: Reading) -> TokenCount:
    """How long a prompt is, and how much of it is read."""
    vocabulary = _vocabulary()
    end = vocabulary[END_OF_TEXT]
    alphabet = Alphabet(vocabulary[START_OF_TEXT], end, pad=end, comma=vocabulary[COMMA])
    return split_into_chunks(prompt, reading, tokenize, alphabet).count


def tokenize(text: str) -> list[int]:
    """The numbers of a text's tokens, without start and end."""
    vocabulary = _vocabulary()
    numbers: list[int] = []
    for part in _SPECIAL.split(text):
        if part in (START_OF_TEXT, END_OF_TEXT):
            numbers.append(vocabulary[part])
            continue
        for word in _split(part):
            numbers += _word_tokens(word)
    return numbers


def _split(text: str) -> Iterable[str]:
    """The words of a text, lowered character by character, as Rust does it."""
    if text.isascii():
        return _ASCII_WORDS.findall(text.lower())
    return _words("".join(character.lower() for character in unicodedata.normalize("NFC", text)))


def _words(text: str) -> Iterator[str]:
    """Runs of letters, single digits, runs of anything else, and the ends of words such as 's."""
    start = 0
    while start < len(text):
        stop = start + 1
        kind = _kind(text[start])
        contraction = next((each for each in CONTRACTIONS if text.startswith(each, start)), None)
        if contraction:
            stop = start + len(contraction)
        elif kind in ("letter", "other"):
            while stop < len(text) and _kind(text[stop]) == kind:
                stop += 1
        if kind != "space":
            yield text[start:stop]
        start = stop


@lru_cache(maxsize=4096)
def _kind(character: str) -> str:
    category = unicodedata.category(character)
    if category.startswith("Z") or character in "\t\n\v\f\r\x85":
        return "space"
    return {"L": "letter", "N": "digit"}.get(category[0], "other")


@lru_cache(maxsize=65_536)
def _word_tokens(word: str) -> tuple[int, ...]:
    """Bytes, of which pairs are merged in the order in which the merges were learnt."""
    characters, ranks = _bytes(), _ranks()
    symbols = [characters[byte] for byte in word.encode()]
    symbols[-1] += END_OF_WORD
    while len(symbols) > 1:
        best = min(pairwise(symbols), key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        symbols = _merge(symbols, best)
    vocabulary = _vocabulary()
    return tuple(vocabulary[symbol] for symbol in symbols)


def _merge(symbols: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    place = 0
    while place < len(symbols):
        is_pair = tuple(symbols[place : place + 2]) == pair
        merged.append("".join(pair) if is_pair else symbols[place])
        place += 2 if is_pair else 1
    return merged


@cache
def _vocabulary() -> dict[str, int]:
    return derive_vocabulary(load_merges())


@cache
def _ranks() -> dict[tuple[str, str], int]:
    return {merge: rank for rank, merge in enumerate(load_merges())}


@cache
def _bytes() -> list[str]:
    """The character of each byte."""
    characters = byte_characters()
    printable = [character for character in characters if ord(character) < 256]
    others = iter(characters[len(printable) :])
    return [chr(byte) if chr(byte) in printable else next(others) for byte in range(256)]
