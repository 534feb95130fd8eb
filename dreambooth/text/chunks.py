"""Prompts in chunks of 75 tokens, as text encoders are given them.

A prompt that has more tokens than an encoder reads at once goes on in another chunk, with a start and an end
of its own, and the U-Net reads the states of all chunks. So do the webuis; kohya's scripts, in training, drop
the starts and ends between chunks, which no webui does when it draws.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dreambooth.text.reading import CHUNK_TOKENS, Reading
from dreambooth.text.weights import Break, Piece, Words, parse_weights

NEAR_COMMA_TOKENS = 20  # a chunk ends at a comma rather than in the middle of the words after it
_PART_ENDS = re.compile(r"[,;.!?](?:\s+|$)")

Tokenize = Callable[[str], Sequence[int]]


@dataclass(frozen=True)
class Alphabet:
    """The numbers of the tokens that have a meaning of their own."""

    start: int
    end: int
    pad: int
    comma: int


@dataclass(frozen=True)
class Token:
    """A token, and the weight of the words that it belongs to."""

    number: int
    weight: float = 1.0


Chunk = list[Token]


@dataclass(frozen=True)
class TokenCount:
    """How long a prompt is, start and end not counted, and how much of it is read."""

    total: int
    read: int


@dataclass(frozen=True)
class Chunks:
    """What is read of a prompt, without starts, ends and padding."""

    read: Sequence[Chunk]  # one or more
    num_tokens: int  # of the whole prompt

    @property
    def count(self) -> TokenCount:
        """Tokens of the prompt."""
        return TokenCount(total=self.num_tokens, read=sum(map(len, self.read)))


def split_into_chunks(prompt: str, reading: Reading, tokenize: Tokenize, alphabet: Alphabet) -> Chunks:
    """What an encoder is given of a prompt."""
    pieces = parse_weights(prompt) if reading.weighted else [Words(prompt)]
    return _fill(_tokens(pieces, reading, tokenize, alphabet), reading.max_chunks, alphabet.comma)


def framed(chunk: Chunk, alphabet: Alphabet) -> Chunk:
    """A chunk with start, end and padding: 77 tokens."""
    padding = [Token(alphabet.pad)] * (CHUNK_TOKENS - len(chunk))
    return [Token(alphabet.start), *chunk, Token(alphabet.end), *padding]


def _tokens(
    pieces: Iterable[Piece], reading: Reading, tokenize: Tokenize, alphabet: Alphabet
) -> Iterator[Token | Break]:
    """The tokens of all pieces; a strict reading puts an end and a start where punctuation ended a part."""
    is_in_part = has_ended = False
    for piece in pieces:
        if isinstance(piece, Break):
            is_in_part = has_ended = False
            yield piece
            continue
        for number, text in enumerate(_PART_ENDS.split(piece.text) if reading.strict else [piece.text]):
            has_ended = has_ended or (number > 0 and is_in_part)
            tokens = tokenize(text)
            if tokens and has_ended:
                yield from (Token(alphabet.end), Token(alphabet.start))
                has_ended = False
            is_in_part = is_in_part or bool(tokens)
            yield from (Token(token, piece.weight) for token in tokens)


def _fill(tokens: Iterable[Token | Break], max_chunks: int, comma: int) -> Chunks:
    """One chunk after another; the last that is read is filled to its end."""
    chunks: list[Chunk] = [[]]
    last_comma: int | None = None  # its place in the chunk
    num_tokens = 0
    for token in tokens:
        if isinstance(token, Break):
            chunks.append([])
            last_comma = None
            continue
        num_tokens += 1
        is_comma = token.number == comma
        if len(chunks[-1]) == CHUNK_TOKENS:
            stays = CHUNK_TOKENS if is_comma or len(chunks) >= max_chunks else _end_of_chunk(last_comma)
            chunks.append(chunks[-1][stays:])
            del chunks[-2][stays:]
            last_comma = None
        elif is_comma:
            last_comma = len(chunks[-1])
        chunks[-1].append(token)
    if len(chunks) > 1 and not chunks[-1]:
        chunks.pop()
    return Chunks(chunks[:max_chunks], num_tokens)


def _end_of_chunk(last_comma: int | None) -> int:
    """How many tokens of a full chunk stay in it: those up to a comma, where one is near its end."""
    if last_comma is None or CHUNK_TOKENS - last_comma > NEAR_COMMA_TOKENS:
        return CHUNK_TOKENS
    return last_comma + 1
