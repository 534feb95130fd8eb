"""A setting is described once; forms, checks, files and documentation are drawn from that line."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from dreambooth.config.entry import PLAIN, Entry

Value = bool | int | float | str
Kind = Literal["bool", "int", "float", "str", "choice", "texts", "rows"]


@dataclass(frozen=True, kw_only=True)
class Description:
    """What is known of a setting besides its name and type."""

    label: str
    help: str
    low: float | None = None
    high: float | None = None
    advanced: bool = False
    choices_help: Mapping[str, str] = dataclasses.field(default_factory=dict)  # choice → a sentence
    since: str = "0.1"  # the version that had it first


def option(
    default: Value | tuple[()] | None,
    label: str,
    help: str,  # noqa: A002 - the word that people know from every command line
    *,
    low: float | None = None,
    high: float | None = None,
    advanced: bool = False,
    choices_help: Mapping[str, str] | None = None,
) -> Any:  # noqa: ANN401 - a field passes for the type that it stands behind, as dataclasses.field does
    """A dataclass field with a default and a description; limits are inclusive."""
    description = Description(
        label=label,
        help=help,
        low=low,
        high=high,
        advanced=advanced,
        choices_help=choices_help or {},
    )
    return dataclasses.field(default=default, metadata={"description": description})


def since(version: str, field: Any) -> Any:  # noqa: ANN401 - as ``option``
    """An option that came with this version; the others are from the first."""
    description = dataclasses.replace(field.metadata["description"], since=version)
    return dataclasses.field(default=field.default, metadata={**field.metadata, "description": description})


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting as a form or a command line sees it; ``name`` is dotted, e.g. ``lora.rank``."""

    name: str
    kind: Kind
    default: Any
    choices: tuple[str, ...]
    description: Description
    entry: Entry = PLAIN
    optional: bool = False  # may be None: nothing is said
    rows: tuple[Setting, ...] = ()  # what each row of a list has

    def to_json(self) -> dict[str, Any]:
        """The description as plain values; ``entry``, ``optional`` and ``rows`` where they say something."""
        told: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "default": self.default,
            "choices": list(self.choices),
            **dataclasses.asdict(self.description),
        }
        if self.entry != PLAIN:
            told |= dataclasses.asdict(self.entry)
        if self.optional:
            told["optional"] = True
        return {**told, "rows": [row.to_json() for row in self.rows]} if self.rows else told


def describe_settings(section: type, prefix: str = "") -> Iterator[Setting]:
    """Every described setting of a config class, in order, nested sections included."""
    hints = get_type_hints(section)
    for field in dataclasses.fields(section):
        hint = hints[field.name]
        name = prefix + field.name
        if dataclasses.is_dataclass(hint):
            yield from describe_settings(hint, f"{name}.")  # type: ignore[arg-type]
        elif "description" in field.metadata:
            yield _describe(field, hint, name)


def _describe(field: dataclasses.Field[Any], hint: Any, name: str) -> Setting:  # noqa: ANN401 - a type hint
    is_optional = NoneType in get_args(hint)
    plain = next(inner for inner in get_args(hint) if inner is not NoneType) if is_optional else hint
    choices = field.metadata.get("choices") or (get_args(plain) if get_origin(plain) is Literal else ())
    rows: tuple[Setting, ...] = ()
    if is_list := get_origin(plain) is tuple:
        row = get_args(plain)[0]
        rows = tuple(describe_settings(row)) if dataclasses.is_dataclass(row) else ()  # type: ignore[arg-type]
    list_kind: Kind = "rows" if rows else "texts"
    return Setting(
        name=name,
        kind=list_kind if is_list else "choice" if choices else plain.__name__,
        default=field.default,
        choices=choices,
        description=field.metadata["description"],
        entry=field.metadata.get("entry", PLAIN),
        optional=is_optional,
        rows=rows,
    )


def find_fault(setting: Setting, value: object) -> str | None:
    """Why the value cannot be this setting's, or None; rows are looked at one by one by who reads them."""
    if value is None and setting.optional:
        return None
    if setting.kind in ("texts", "rows"):
        return _list_fault(setting, value)
    if setting.kind == "choice":
        return None if value in setting.choices else f"choose one of {', '.join(setting.choices)}"
    accepted: dict[str, tuple[type, ...]] = {
        "bool": (bool,),
        "int": (int,),
        "float": (int, float),
        "str": (str,),
    }
    if not isinstance(value, accepted[setting.kind]) or (isinstance(value, bool) and setting.kind != "bool"):
        return f"{value!r} is not {'an' if setting.kind == 'int' else 'a'} {setting.kind}"
    return _limit_fault(setting.description, value) if isinstance(value, (int, float)) else None


def _list_fault(setting: Setting, value: object) -> str | None:
    of_what, inner = ("texts", str) if setting.kind == "texts" else ("rows", Mapping)
    is_list = isinstance(value, list | tuple) and all(isinstance(each, inner) for each in value)
    return None if is_list else f"{value!r} is not a list of {of_what}"


def _limit_fault(description: Description, value: float) -> str | None:
    if math.isnan(value):
        return "not a number"
    if description.low is not None and value < description.low:
        return f"{value} is below the least value {description.low:g}"
    if description.high is not None and value > description.high:
        return f"{value} is above the greatest value {description.high:g}"
    return None


def parse_value(setting: Setting, text: str) -> Value:
    """The value that somebody typed; raises ValueError in words."""
    words = {
        "true": True,
        "yes": True,
        "on": True,
        "1": True,
        "false": False,
        "no": False,
        "off": False,
        "0": False,
    }
    try:
        if setting.kind == "bool":
            return words[text.strip().lower()]
        if setting.kind == "int":
            return int(text)
        if setting.kind == "float":
            return float(text)
    except (KeyError, ValueError):
        raise ValueError(f"{setting.name}: {text!r} is not of the kind {setting.kind}") from None
    return text
