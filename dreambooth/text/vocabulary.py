"""The words of CLIP, from the merge list that ships with us."""

from __future__ import annotations

from pathlib import Path

MERGES_FILE = Path(__file__).parent / "clip" / "merges.txt"
START_OF_TEXT = "<|startoftext|>"
END_OF_TEXT = "<|endoftext|>"
END_OF_WORD = "</w>"
COMMA = f",{END_OF_WORD}"


def byte_characters() -> list[str]:
    """The 256 characters that stand for bytes: printable Latin-1 first, the rest moved up from 256."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    num_others = 256 - len(printable)
    return [chr(code) for code in printable] + [chr(256 + n) for n in range(num_others)]


def load_merges() -> list[tuple[str, str]]:
    """The 48 894 byte-pair merges of CLIP, first ones first."""
    lines = MERGES_FILE.read_text(encoding="utf-8").splitlines()[1:]
    return [(left, right) for left, right in (line.split(" ") for line in lines)]


def derive_vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    """Token to id, 49 408 of them: bytes, bytes at the end of a word, one per merge, start and end."""
    characters = byte_characters()
    tokens = [*characters, *(character + END_OF_WORD for character in characters)]
    tokens += ["".join(merge) for merge in merges]
    return {token: index for index, token in enumerate([*tokens, START_OF_TEXT, END_OF_TEXT])}
