"""Generate: pictures of the model as it is or of a saved step, grids of both, and the class images."""

from __future__ import annotations

from dreambooth.config.forms.sample import GridForm, SampleForm
from dreambooth.ui.markup import Markup, element, join
from dreambooth.ui.parts import button, draw_form, group, place, row


def draw_generate_tab() -> Markup:
    """One form for pictures, one for a grid, and the review of class images."""
    return join(
        element("p", class_="db-generate-when db-note", aria_live="polite", hidden=True),
        _draw_pictures(),
        _draw_grid(),
        _draw_classes(),
    )


def _draw_pictures() -> Markup:
    buttons = row(
        button("Generate", "generate.draw", kind="db-primary"),
        button(
            "Send to txt2img", "page.send", title="Prompt and numbers to the webui's own tab", hidden=True
        ),
    )
    inside = element(
        "div",
        draw_form(SampleForm, "sample"),
        buttons,
        place("db-drawn db-gallery", live=True),
        class_="db-stack db-wide",
    )
    return group("Pictures", "Look before you spend disk on a checkpoint.", inside, name="pictures_of_model")


def _draw_grid() -> Markup:
    told = "Every saved step draws every prompt with the same seeds: see which step is good."
    buttons = row(button("Draw the grid", "generate.grid", kind="db-primary"))
    inside = element(
        "div",
        draw_form(GridForm, "grid"),
        buttons,
        place("db-grid-drawn", live=True),
        class_="db-stack db-wide",
    )
    return group("Grid over saved steps", told, inside, name="grid", is_open=False)


def _draw_classes() -> Markup:
    told = "Choose those that are no good: they are put aside, and others are drawn in their place."
    concept = element("select", class_="db-class-concept", aria_label="Concept")
    buttons = row(
        concept,
        button("Generate what is missing", "classes.make"),
        button("Reject the chosen", "classes.reject", kind="db-danger"),
        element("span", class_="db-class-told db-soft", role="status"),
    )
    inside = element("div", buttons, place("db-class-gallery db-gallery"), class_="db-stack db-wide")
    return group("Class images", told, inside, name="class_images", is_open=False)
