"""What a form knows of a field and a setting does not: what its text stands for, whether it must be given."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_type_hints

Role = Literal["", "text", "file", "folder", "file or folder", "output", "save", "pictures"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the text of a field stands for, and whether it must be given.

    ``text`` has several lines; ``output`` is a file or folder to be written; ``save`` is a saved step of a
    model, as a path in its folder; ``pictures`` is a folder of pictures, or a list of them.
    """

    role: Role = ""
    required: bool = False


PLAIN = Entry()


def entry(field: Any, role: Role = "", *, required: bool = False) -> Any:  # noqa: ANN401 - as ``option``
    """An option of a form with what its text stands for."""
    told = {**field.metadata, "entry": Entry(role=role, required=required)}
    return dataclasses.field(default=field.default, metadata=told)


def same_as(section: type, name: str, help: str) -> Any:  # noqa: A002, ANN401 - as ``option``
    """An option that is described elsewhere, for another use; its choices and limits are those there."""
    field = next(each for each in dataclasses.fields(section) if each.name == name)
    description = dataclasses.replace(field.metadata["description"], help=help)
    choices = get_args(get_type_hints(section)[name])
    told = {**field.metadata, "description": description, "choices": choices}
    return dataclasses.field(default=field.default, metadata=told)
