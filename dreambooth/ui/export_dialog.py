"""The dialog that writes a model, or one of its saved steps, for other programs."""

from __future__ import annotations

from dreambooth.config.forms.export import ExportForm
from dreambooth.ui.markup import Markup, element
from dreambooth.ui.parts import button, draw_form, place, row


def draw_export_dialog() -> Markup:
    """Its form, and where the finished path is told."""
    title = "Generate checkpoint"
    return element(
        "dialog",
        element("h3", title),
        element("p", "A file that your webui, or another program, can load.", class_="db-soft"),
        draw_form(ExportForm, "export"),
        place("db-export-told db-stack", live=True),
        row(
            button("Close", "page.export_close"),
            button("Generate", "export.start", kind="db-primary"),
            kind="db-end",
        ),
        class_="db-dialog db-export",
        aria_label=title,
    )
