"""The text under a generated picture: prompts, then a line of names and values; webuis write and read it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from PIL import Image

from dreambooth.data.errors import PictureError

NEGATIVE = "Negative prompt:"
LEAST_VALUES = 3  # fewer, and the webuis take the last line for a part of the prompt
_VALUE = re.compile(r'(?P<name>\w[\w /-]*): *(?P<value>"(?:[^"\\]|\\.)*"|[^,]*)(?:, *|$)')
_NUMBERS = {"steps": "Steps", "guidance_scale": "CFG scale", "seed": "Seed"}


def quote_value(value: object) -> str:
    """A value as it may stand in the line: in quotes when it holds what separates values."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if set(text) & set(',:\n"') else text


def read_generation_text(path: Path) -> str:
    """What stands in the file; empty when nothing does. Raises PictureError."""
    try:
        with Image.open(path) as picture:
            return str(picture.info.get("parameters", ""))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureError(path, f"cannot be read: {error}") from None


def parse_generation_text(text: str) -> dict[str, str]:
    """Values by their names in the form for pictures; only what the text says."""
    *lines, last = text.strip().split("\n")
    values = {found["name"]: _unquoted(found["value"]) for found in _VALUE.finditer(last)}
    if len(values) < LEAST_VALUES:
        lines, values = [*lines, last], {}
    begin = next((at for at, line in enumerate(lines) if line.startswith(NEGATIVE)), len(lines))
    told = {
        "prompt": "\n".join(lines[:begin]),
        "negative_prompt": "\n".join(lines[begin:]).removeprefix(NEGATIVE).strip(),
    }
    told |= {ours: values[theirs] for ours, theirs in _NUMBERS.items() if theirs in values}
    if size := re.fullmatch(r"(\d+)x(\d+)", values.get("Size", "")):
        told |= {"width": size[1], "height": size[2]}
    return told


def _unquoted(value: str) -> str:
    if len(value) < 2 or not value.startswith('"'):
        return value.strip()
    try:
        return str(json.loads(value))
    except ValueError:
        return value
