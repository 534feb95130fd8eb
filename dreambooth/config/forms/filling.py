"""Forms filled with plain values by name; every fault is told, in a line of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from dreambooth.config.forms.form import Form
from dreambooth.config.option import Setting, describe_settings, find_fault
from dreambooth.config.problem import Problem
from dreambooth.config.store import ConfigError

T = TypeVar("T", bound=Form)


def fill(form: type[T], values: Mapping[str, Any]) -> T:
    """The form with these values; what is absent has its default unless it must be given.

    Raises ConfigError with every unknown name, wrong value, missing file and contradiction.
    """
    known = {setting.name for setting in describe_settings(form)}
    problems = [Problem(name, "there is no such field") for name in values if name not in known]
    problems += _field_problems(form, values, "")
    if not problems:
        filled = _build(form, values)
        problems = list(filled.problems())
    if problems:
        raise ConfigError("\n".join(map(str, problems)))
    return filled


def _field_problems(section: type, values: Mapping[str, Any], prefix: str) -> Iterator[Problem]:
    for setting in describe_settings(section):
        name, value = f"{prefix}{setting.name}", values.get(setting.name, setting.default)
        if fault := find_fault(setting, value) or _find_half_characters(value):
            yield Problem(name, fault)
        elif setting.entry.required and (setting.name not in values or _is_empty(value)):
            yield Problem(name, "must be given")
        elif setting.kind == "rows":
            row = get_args(get_type_hints(section)[setting.name])[0]
            for number, row_values in enumerate(value):
                yield from _row_problems(row, row_values, f"{name}.{number}.")
        elif fault := _find_missing(setting, value):
            yield Problem(name, fault)


def _row_problems(row: type, values: Mapping[str, Any], prefix: str) -> Iterator[Problem]:
    known = {setting.name for setting in describe_settings(row)}
    for name in values:
        if name not in known:
            yield Problem(f"{prefix}{name}", "there is no such field")
    yield from _field_problems(row, values, prefix)


def _find_half_characters(value: object) -> str | None:
    """JSON can hold halves of characters, which no file can."""
    texts = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else []
    try:
        for text in texts:
            str(text).encode()
    except UnicodeEncodeError:
        return "holds half a character, which cannot be written"
    return None


def _is_empty(value: object) -> bool:
    return not value.strip() if isinstance(value, str) else value in ((), [])


def _find_missing(setting: Setting, value: object) -> str | None:
    """What is not where the value says."""
    checks = {"file": (Path.is_file, "a file"), "folder": (Path.is_dir, "a folder")}
    checks["file or folder"] = (Path.exists, "there")
    if setting.entry.role not in checks or not isinstance(value, str) or not value:
        return None
    is_there, what = checks[setting.entry.role]
    try:
        return None if is_there(Path(value)) else f"{value} is not {what}"
    except (OSError, ValueError):  # a name that no file can have
        return f"{value!r} is not the name of a file"


def _build(section: type[T], values: Mapping[str, Any]) -> T:
    hints = get_type_hints(section)
    built = dict(values)
    for setting in describe_settings(section):
        if setting.kind in ("texts", "rows") and setting.name in built:
            row = get_args(hints[setting.name])[0]
            built[setting.name] = tuple(
                row(**value) if setting.rows else value for value in built[setting.name]
            )
    return section(**built)
