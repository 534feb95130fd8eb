"""Arguments that somebody typed for a function of somebody else: ``d_coef=0.8, betas=(0.9, 0.99)``."""

from __future__ import annotations

import ast
from typing import Any

ADVICE = "write NAME=VALUE, …, e.g. d_coef=0.8, betas=(0.9, 0.99)"


def parse_arguments(text: str) -> dict[str, Any]:
    """Names and values, which are numbers, texts, True, None, or lists of them; raises ValueError in words.

    >>> parse_arguments("d_coef=0.8, betas=(0.9, 0.99)")
    {'d_coef': 0.8, 'betas': (0.9, 0.99)}
    """
    try:
        call = ast.parse(f"told({text}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{text!r} is not understood; {ADVICE}") from None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
        raise ValueError(f"{text!r} is not understood; {ADVICE}")
    told: dict[str, Any] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise ValueError(f"{text!r} is not understood; {ADVICE}")
        try:
            told[keyword.arg] = ast.literal_eval(keyword.value)
        except ValueError:
            raise ValueError(f"the value of {keyword.arg} is not plain; {ADVICE}") from None
    return told
