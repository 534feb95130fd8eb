"""The tab Tools."""

from __future__ import annotations

from dreambooth.ui.markup import Markup, element


def draw_tools_tab() -> Markup:
    """Its places and controls."""
    return element("div", class_="db-tools")
