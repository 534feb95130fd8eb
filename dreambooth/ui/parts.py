"""What the tabs are put together from."""

from __future__ import annotations

from dreambooth.config.option import Setting, describe_settings
from dreambooth.ui.fields import draw_field
from dreambooth.ui.markup import Markup, element


def button(
    text: str, press: str, *, kind: str = "", title: str | None = None, hidden: bool = False
) -> Markup:
    """A button; ``press`` is the name of the action, or of what the page does itself (``page.…``)."""
    return element(
        "button", text, type="button", class_=kind or None, data_press=press, title=title, hidden=hidden
    )


def row(*children: Markup | str | None, kind: str = "") -> Markup:
    """Children beside each other, as far as there is room."""
    return element("div", *children, class_=f"db-row {kind}".strip())


def place(kind: str, *, live: bool = False) -> Markup:
    """An empty place that a script fills."""
    return element("div", class_=kind, aria_live="polite" if live else None)


def group(title: str, told: str, *children: Markup, name: str, is_open: bool = True) -> Markup:
    """A group of fields that can be folded."""
    summary = element(
        "summary",
        element("span", title, class_="db-group-title"),
        element("span", told, class_="db-group-told"),
    )
    return element(
        "details",
        summary,
        element("div", *children, class_="db-fields"),
        class_="db-group",
        data_group=name,
        open=is_open,
    )


def draw_form(form: type, name: str) -> Markup:
    """All fields of a described form."""
    return element(
        "div",
        *(draw_field(setting, name) for setting in settings_of(form)),
        class_="db-fields",
        data_form=name,
    )


def settings_of(section: type, prefix: str = "") -> list[Setting]:
    """The settings of a section, named from the top."""
    return list(describe_settings(section, prefix))
