"""HTML as nested calls, everything escaped."""

from __future__ import annotations

from html import escape

VOID = {"br", "hr", "img", "input"}


class Markup(str):
    """HTML that is already escaped; a plain string is not."""

    __slots__ = ()


def element(tag: str, /, *children: Markup | str | None, **attributes: str | float | None) -> Markup:
    """An element. An attribute's underscores become dashes, one at the end goes.

    True stands for the attribute's name alone, False and None for nothing.

    >>> element("label", "a < b", for_="x", data_kind="int", hidden=True, title=None)
    '<label for="x" data-kind="int" hidden>a &lt; b</label>'
    """
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    if tag in VOID:
        return Markup(f"<{tag}{told}>")
    return Markup(f"<{tag}{told}>{join(*children)}</{tag}>")


def join(*children: Markup | str | None) -> Markup:
    """One after the other; plain strings are escaped, None is nothing."""
    return Markup("".join(_escaped(child) for child in children if child is not None))


def _escaped(child: Markup | str) -> str:
    return child if isinstance(child, Markup) else escape(child)


def _attribute(key: str, value: str | float | None) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    text = f"{value:.12g}" if isinstance(value, float) else str(value)
    return f' {name}="{escape(text)}"'
