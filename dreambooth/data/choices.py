"""Prompts with choices: ``a photo of a {red|blue} robot`` stands for two prompts. Pure functions."""

from __future__ import annotations

import re
from itertools import product

from dreambooth.data.errors import DataError

MOST_READINGS = 1000

_CHOICE = re.compile(r"\{([^{}]*\|[^{}]*)\}")


def readings(text: str) -> tuple[str, ...]:
    """Every text that ``text`` stands for, the last choice changing first; one where it has no choice.

    Braces without a bar between them are left as they are. Raises DataError beyond 1000 readings.

    >>> readings("a {red|blue} ball {on|} grass")
    ('a red ball on grass', 'a red ball  grass', 'a blue ball on grass', 'a blue ball  grass')
    """
    parts = _CHOICE.split(text)  # text and choices by turns
    options = [part.split("|") if number % 2 else [part] for number, part in enumerate(parts)]
    num_readings = 1
    for each in options:
        num_readings *= len(each)
    if num_readings > MOST_READINGS:
        raise DataError(
            f"the prompt {text!r} stands for {num_readings} prompts; {MOST_READINGS} are the most"
        )
    return tuple("".join(chosen) for chosen in product(*options))


def without_choices(text: str) -> str:
    """The text that names none of the options.

    >>> without_choices("a photo of a {red|blue} robot")
    'a photo of a  robot'
    """
    return _CHOICE.sub("", text)
