"""Forms on the command line: their arguments, and the form that was filled in with them."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dreambooth.config.forms.form import Form
from dreambooth.config.option import Setting, describe_settings

T = TypeVar("T", bound=Form)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How a form looks on the command line, where it does not follow from the form."""

    positional: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)  # field → option, where the name is another
    metavars: Mapping[str, str] = field(default_factory=dict)  # field → what stands for its value
    one_of: tuple[str, ...] = ()  # fields of which exactly one is given
    required: tuple[str, ...] = ()  # besides those that every form requires
    left_out: tuple[str, ...] = ()


def add_form(parser: ArgumentParser, form: type[Form], shape: Shape) -> None:
    """The arguments of a form, in the order of its fields."""
    place = parser.add_mutually_exclusive_group(required=True) if shape.one_of else parser
    for setting in describe_settings(form):
        if setting.name in shape.left_out:
            continue
        metavar = shape.metavars.get(setting.name)
        if setting.name in shape.positional:
            told = _positional(setting, metavar)
            parser.add_argument(setting.name, **told)
            continue
        flag = shape.flags.get(setting.name, "--" + setting.name.replace("_", "-"))
        told = _option(setting, metavar)
        if setting.name in shape.required:
            told |= {"required": True, "help": told["help"].split("; empty:")[0]}  # which it cannot be
        (place if setting.name in shape.one_of else parser).add_argument(flag, dest=setting.name, **told)


def _positional(setting: Setting, metavar: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {"metavar": metavar, "help": as_help(setting)}
    if setting.kind == "rows":
        return {**told, "nargs": "+", "type": str}
    return told if setting.entry.required else {**told, "nargs": "?", "default": setting.default}


def _option(setting: Setting, metavar: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {"help": as_help(setting), "default": setting.default}
    if setting.kind == "bool":
        return {**told, "action": BooleanOptionalAction if setting.optional else "store_true"}
    types: dict[str, Callable[[str], object]] = {"int": int, "float": float}
    if setting.kind == "choice":
        told["choices"] = setting.choices
    else:
        told |= {"type": types.get(setting.kind, str), "metavar": metavar}
    return {**told, "required": True} if setting.entry.required else told


def as_help(setting: Setting) -> str:
    """The help of a field in the manner of a command line, with the default where there is one to tell.

    >>> from dreambooth.config.forms.export import ExportForm
    >>> [as_help(setting) for setting in describe_settings(ExportForm)][2]
    'of the weights (default fp16)'
    """
    text = setting.description.help.removesuffix(".")
    first = text.split()[0]
    text = text if first.isupper() and len(first) > 1 else text[0].lower() + text[1:]
    shows_default = setting.kind not in ("bool", "texts", "rows") and not setting.entry.required
    if shows_default and setting.default not in (None, "", 0):
        default = setting.default
        text += f" (default {default:g})" if isinstance(default, float) else f" (default {default})"
    return text.replace("%", "%%")


def read_form(form: type[T], asked: Namespace, read_row: Callable[[str], object] | None = None) -> T:
    """The form with what was given, rows read from words by ``read_row``.

    Limits are not looked at: a job refuses what it cannot do.
    """
    values: dict[str, Any] = {}
    for setting in describe_settings(form):
        if setting.name in asked:
            value = getattr(asked, setting.name)
            values[setting.name] = tuple(map(read_row, value)) if read_row and setting.rows else value
    return form(**values)
