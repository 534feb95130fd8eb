"""Reads the line of parameters under a picture, by the rules of the hosts."""

import json
import re
import sys
from typing import Any

sys.modules["modules.generation_parameters_copypaste"] = sys.modules[__name__]  # its older name

PARAMETER = re.compile(
    r"""
    \s* ( \w [-/ \w]+ ) :             # the name has two signs or more
    \s* ( " (?: \\. | [^"\\] )+ "     # a text in quotes, in which a backslash keeps the next sign
        | [^,]* )                      # or whatever there is up to the next comma
    (?: , | $ )
    """,
    re.VERBOSE,
)
SIZE = re.compile(r"^(\d+)x(\d+)$")
NEGATIVE = "Negative prompt:"


def quote(text: Any) -> Any:
    """A value as it may stand in the line."""
    return json.dumps(text, ensure_ascii=False) if any(sign in str(text) for sign in ",:\n") else text


def unquote(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return json.loads(text) if is_quoted else text


def parse_generation_parameters(text: str) -> dict[str, str]:
    """The last line holds parameters when it has three of them; what stands before are the prompts."""
    *lines, last = text.strip().split("\n")
    found = PARAMETER.findall(last)
    if len(found) < 3:
        lines, found = [*lines, last], []
    parameters = {}
    for name, value in found:
        words = unquote(value)
        if size := SIZE.match(words):
            parameters |= {f"{name}-1": size[1], f"{name}-2": size[2]}
        else:
            parameters[name] = words
    begin = next((at for at, line in enumerate(lines) if line.strip().startswith(NEGATIVE)), len(lines))
    negative = [line.strip().removeprefix(NEGATIVE).strip() for line in lines[begin:]]
    prompt = "\n".join(line.strip() for line in lines[:begin])
    return {"Clip skip": "1", **parameters, "Prompt": prompt, "Negative prompt": "\n".join(negative)}
