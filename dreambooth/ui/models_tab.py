"""The tab Models."""

from __future__ import annotations

from dreambooth.ui.markup import Markup, element


def draw_models_tab() -> Markup:
    """Its places and controls."""
    return element("div", class_="db-models")
