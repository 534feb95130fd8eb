"""Models: all that are there, and everything about the chosen one."""

from __future__ import annotations

from dreambooth.config.forms.create import ImportForm
from dreambooth.config.lora import LoraConfig
from dreambooth.ui.markup import Markup, element, join
from dreambooth.ui.parts import button, draw_form, group, place, row, settings_of


def draw_models_tab() -> Markup:
    """What a newcomer is told, the list, the chosen model's card, and the way in for old models."""
    return join(_draw_none(), _draw_list(), _draw_card(), _draw_import())


def _draw_none() -> Markup:
    return element(
        "div",
        element("h2", "There is no model yet"),
        element(
            "p",
            "A model is a folder of its own, made from a checkpoint that you have, which stays as it is. "
            "Make one, tell it under Concepts what it shall learn, and press Train. To try that in minutes, "
            "make it from the toybox, which ships with the trainer.",
        ),
        row(button("Create the first model", "page.to_create", kind="db-primary")),
        class_="db-models-none db-stack",
        hidden=True,
    )


def _draw_list() -> Markup:
    search = element(
        "input",
        type="search",
        class_="db-models-search db-grow",
        placeholder="Find a model",
        aria_label="Find a model",
        autocomplete="off",
    )
    head = row(
        element("h2", "Models"), search, button("Create a model", "page.to_create"), kind="db-models-head"
    )
    listed = element("ul", class_="db-model-list", aria_label="Models")
    return element(
        "section",
        head,
        listed,
        element("p", class_="db-models-told db-soft", role="status"),
        class_="db-models-some db-stack",
        aria_label="All models",
        hidden=True,
    )


def _draw_card() -> Markup:
    house = row(
        button("Rename", "models.rename"),
        button("Duplicate", "models.duplicate", title="A copy of it all, to go on in two ways"),
        button("Open folder", "models.open_folder", title="On the machine where the trainer runs"),
        button("Delete", "models.delete", kind="db-danger", title="Tells what it takes on disk, and asks"),
    )
    return element(
        "section",
        place("db-model-head"),
        house,
        place("db-model-notes db-stack", live=True),
        element("dl", class_="db-model-facts db-facts"),
        _draw_adapter_start(),
        _draw_part("Saved steps", "db-saves", "page.all_saves"),
        _draw_part("Runs", "db-model-runs", "page.all_runs"),
        _draw_part("On disk", "db-disk-use"),
        class_="db-model-card db-stack",
        aria_label="The chosen model",
        hidden=True,
    )


def _draw_part(title: str, kind: str, more: str | None = None) -> Markup:
    """A part of the card; ``more`` is what shows the rest of a long one."""
    rest = row(button("Show all", more, hidden=True)) if more else None
    return element("section", element("h3", title), place(kind), rest, class_="db-stack", aria_label=title)


def _draw_adapter_start() -> Markup:
    """Whether the next training goes on with the model's adapter: the setting ``lora.start`` as a choice."""
    setting = next(each for each in settings_of(LoraConfig, "lora.") if each.name == "lora.start")
    cards = [
        element(
            "label",
            element(
                "input",
                type="radio",
                name="dreambooth_adapter_start",
                value=choice,
                class_="db-adapter-choice",
            ),
            element("span", element("strong", choice), element("span", told, class_="db-help")),
            class_="db-card",
        )
        for choice, told in setting.description.choices_help.items()
    ]
    return element(
        "fieldset",
        element("legend", "The model has an adapter: what does the next training do with it?"),
        element("div", *cards, class_="db-card-row"),
        element("p", class_="db-adapter-told db-help"),
        class_="db-adapter-start db-cards",
        hidden=True,
    )


def _draw_import() -> Markup:
    inside = element(
        "div",
        draw_form(ImportForm, "import"),
        place("db-import-told", live=True),
        row(button("Import", "models.import", kind="db-primary")),
        class_="db-stack db-wide",
    )
    told = "From a folder of sd_dreambooth_extension, which stays as it is."
    return group("Import a model of the old extension", told, inside, name="import_old", is_open=False)
