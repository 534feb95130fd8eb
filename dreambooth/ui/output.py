"""Output, always in sight: what goes on, how far it is, what came of it."""

from __future__ import annotations

from dreambooth.ui.markup import Markup, element


def draw_output() -> Markup:
    """Its places and controls."""
    return element("div", class_="db-output")
