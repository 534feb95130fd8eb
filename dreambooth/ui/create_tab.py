"""The tab Create."""

from __future__ import annotations

from dreambooth.ui.markup import Markup, element


def draw_create_tab() -> Markup:
    """Its places and controls."""
    return element("div", class_="db-create")
