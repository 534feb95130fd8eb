r"""Weights of words in a prompt, with the meaning that they have in the webuis.

``(dog)`` weighs 1.1, ``((dog))`` 1.21, ``[dog]`` 1/1.1, ``(dog:1.3)`` 1.3; brackets within brackets multiply.
``\(`` is a bracket to be drawn. ``BREAK`` in capitals goes on in a new chunk. A bracket that is never closed
weights all that follows, one that was never opened is a character.

What else webuis know is read as plain words here: ``[dog:cat:0.5]`` and ``[dog|cat]``, which change the
prompt while a picture is drawn, and ``AND``, which draws from several prompts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

ROUND = 1.1  # what a pair of brackets multiplies by
SQUARE = 1 / 1.1


@dataclass(frozen=True)
class Words:
    """A stretch of a prompt with one weight."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True)
class Break:
    """Where a new chunk begins."""


BREAK = Break()
Piece = Words | Break

_TOKEN = re.compile(
    r"""
    \\ (?P<escaped> [][()\\]? )  # a backslash before anything else is lost
    | : \s* (?P<weight> [+-]? (?: \d+ \.? \d* | \. \d+ ) ) \s* \)
    | (?P<bracket> [][()] )
    | (?P<text> [^][()\\:]+ | : )
    """,
    re.VERBOSE,
)
_SPECIAL = re.compile(r"[][()\\]")
_BREAK = re.compile(r"\s*\bBREAK\b\s*")
_CHANGING = re.compile(r"\[[^][]*(?:\|[^][]*|:\s*[\d.]+\s*)\]|\bAND\b")


def parse_weights(prompt: str) -> list[Piece]:
    r"""The stretches of a prompt, their brackets read and taken away.

    >>> parse_weights(r"a ((red)) robot\(1\), [grass:0.5] (sky:1.3")
    ... # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
    [Words(text='a ', weight=1.0), Words(text='red', weight=1.21...), Words(text=' robot(1), ', weight=1.0),
     Words(text='grass:0.5', weight=0.909...), Words(text=' ', weight=1.0), Words(text='sky:1.3', weight=1.1)]
    """
    pieces: list[Piece] = []
    open_brackets: dict[str, list[int]] = {"(": [], "[": []}  # which piece each of them stood before
    for token in _TOKEN.finditer(prompt):
        bracket, weight = token["bracket"], token["weight"]
        if bracket in open_brackets:
            open_brackets[bracket].append(len(pieces))
        elif weight is not None and open_brackets["("]:
            _multiply(pieces, open_brackets["("].pop(), float(weight))
        elif bracket == ")" and open_brackets["("]:
            _multiply(pieces, open_brackets["("].pop(), ROUND)
        elif bracket == "]" and open_brackets["["]:
            _multiply(pieces, open_brackets["["].pop(), SQUARE)
        elif token["escaped"] is not None:
            pieces.append(Words(token["escaped"]))
        else:
            pieces += _split_at_breaks(token[0])
    for start in open_brackets["("]:
        _multiply(pieces, start, ROUND)
    for start in open_brackets["["]:
        _multiply(pieces, start, SQUARE)
    return _merged(pieces)


def _multiply(pieces: list[Piece], start: int, factor: float) -> None:
    for index, piece in enumerate(pieces[start:], start):
        if isinstance(piece, Words):
            pieces[index] = replace(piece, weight=piece.weight * factor)


def _split_at_breaks(text: str) -> Iterator[Piece]:
    for number, part in enumerate(_BREAK.split(text)):
        if number:
            yield BREAK
        yield Words(part)


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one weight in one piece, so that a word that an escape divides is read as one."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if isinstance(piece, Words) and isinstance(last, Words) and piece.weight == last.weight:
            merged[-1] = Words(last.text + piece.text, last.weight)
        else:
            merged.append(piece)
    return merged


def escape(text: str) -> str:
    r"""A prompt that means this text to those who read weights; a BREAK remains one.

    >>> escape("saber (fate)")
    'saber \\(fate\\)'
    """
    return _SPECIAL.sub(r"\\\g<0>", text)


def is_marked(prompt: str) -> bool:
    """Whether a prompt says something else to those who read weights than to those who take it literally."""
    return parse_weights(prompt) not in ([], [Words(prompt)])


def find_unread(prompt: str) -> str | None:
    """What the webuis do with a prompt while they draw, and the trainer reads as plain words."""
    found = _CHANGING.search(prompt)
    return found[0] if found else None
