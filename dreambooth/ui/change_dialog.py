"""The dialog that changes a training while it is under way."""

from __future__ import annotations

from dreambooth.config.live import live_settings
from dreambooth.config.option import Setting
from dreambooth.ui.fields import draw_field
from dreambooth.ui.markup import Markup, element
from dreambooth.ui.parts import button, place, row

FORM = "change"
TITLE = "Change the running training"
GROUPS = (
    ("Learning rates", ("optimizer.", "lora.")),
    ("Previews", ("samples.", "ema.")),
    ("Saves", ("saving.",)),
    ("Validation and rests", ("validation.", "duration.")),
)


def draw_change_dialog() -> Markup:
    """Fields of all settings that may change; scripts show those of the training, and its prompts."""
    settings = live_settings()
    groups = (_draw_group(title, settings, prefixes) for title, prefixes in GROUPS)
    keep = element(
        "label",
        element("input", type="checkbox", id="dreambooth_change_keep"),
        element("span", "Also in the model's settings, for its next trainings"),
        class_="db-inline",
    )
    told = "What you change counts from the next step on."
    return element(
        "dialog",
        element("h3", TITLE),
        element("p", told, class_="db-soft"),
        place("db-change-prompts db-stack"),
        *groups,
        keep,
        place("db-change-told db-stack", live=True),
        row(
            button("Close", "page.change_close"),
            button("Change", "run.change", kind="db-primary"),
            kind="db-end",
        ),
        class_="db-dialog db-change",
        aria_label=TITLE,
    )


def _draw_group(title: str, settings: list[Setting], prefixes: tuple[str, ...]) -> Markup:
    fields = (draw_field(each, FORM) for each in settings if each.name.startswith(prefixes))
    return element(
        "details",
        element("summary", title),
        element("div", *fields, class_="db-fields", data_form=FORM),
        class_="db-fold db-change-group",
        open=title == "Learning rates",
    )
