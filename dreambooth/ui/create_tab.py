"""Create: a model from a checkpoint, told what the checkpoint is before anything is made."""

from __future__ import annotations

from dreambooth.config.forms.create import CreateForm
from dreambooth.config.forms.source import SourceForm, SourceWishes
from dreambooth.config.option import Setting
from dreambooth.ui.fields import draw_field
from dreambooth.ui.markup import Markup, element
from dreambooth.ui.parts import button, group, place, row, settings_of

FORM = "create"
PLACES = {setting.name for setting in settings_of(SourceForm)}
WISHES = {setting.name for setting in settings_of(SourceWishes)}


def draw_create_tab() -> Markup:
    """Name and source, what the source is, what overrules it, and what comes next."""
    fields = settings_of(CreateForm)
    names = [each for each in fields if each.name not in PLACES | WISHES]
    return element(
        "div",
        element("h2", "Make a model"),
        element(
            "p",
            "From a checkpoint, which stays as it is: a model has a folder of its own, where it can be "
            "trained, written out and thrown away without harm.",
            class_="db-soft",
        ),
        _draw_fields(names),
        _draw_known_sources(),
        _draw_fields([each for each in fields if each.name in PLACES]),
        place("db-detected db-stack", live=True),
        group(
            "Instead of what the source says",
            "EMA weights, VAE, prediction type; leave it as it is when in doubt.",
            *(draw_field(each, FORM) for each in fields if each.name in WISHES),
            name="create_wishes",
            is_open=False,
        ),
        row(button("Create the model", "create.start", kind="db-primary")),
        place("db-create-told db-stack", live=True),
        class_="db-create db-stack",
        data_form=FORM,
    )


def _draw_fields(settings: list[Setting]) -> Markup:
    return element("div", *(draw_field(setting, FORM) for setting in settings), class_="db-fields")


def _draw_known_sources() -> Markup:
    """The host's checkpoints; a path and the hub are choices beside them."""
    own_id = "dreambooth_create_from"
    return element(
        "div",
        element("label", "Made from *", for_=own_id, class_="db-label"),
        element("select", id=own_id, aria_describedby=f"{own_id}_help"),
        element(
            "p",
            "Your webui's checkpoints, a file or folder elsewhere, or a model of the Hugging Face hub.",
            id=f"{own_id}_help",
            class_="db-help",
        ),
        element("p", class_="db-fault", role="alert", hidden=True),
        class_="db-create-from",
    )
