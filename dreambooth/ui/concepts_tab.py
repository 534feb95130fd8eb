"""Concepts: what is to be learnt, one at a time, and the editor of its pictures and captions."""

from __future__ import annotations

from collections.abc import Callable

from dreambooth.config.concept import Concept
from dreambooth.config.option import Setting
from dreambooth.ui.fields import draw_field
from dreambooth.ui.markup import Markup, element, join
from dreambooth.ui.parts import button, group, place, row, settings_of

FORM = "concept"
PICTURES = ("instance_data_dir", "repeats", "resolution")
PROMPTS = ("instance_prompt", "instance_token", "class_token", "class_prompt")

# Title and sentence of a group, and what belongs to it; the first that takes a field has it.
GROUPS: tuple[tuple[str, str, str, Callable[[str], bool]], ...] = (
    ("pictures", "Pictures", "What it learns from.", lambda name: name in PICTURES),
    ("prompts", "Prompts", "What they are called.", lambda name: name in PROMPTS),
    (
        "classes",
        "Class images",
        "Ordinary things of the class, which shall stay as they are.",
        lambda name: "class" in name,
    ),
    (
        "preservation",
        "Real pictures that keep the rest",
        "Recommended in place of class images.",
        lambda name: name.startswith("preservation"),
    ),
    (
        "samples",
        "Previews",
        "Pictures drawn while it learns.",
        lambda name: "sample" in name or name.startswith("save_"),
    ),
    ("more", "More", "", lambda _: True),
)


def draw_concepts_tab() -> Markup:
    """The list of concepts, the chosen one's fields, its prompts as they will be trained, its pictures."""
    empty = element(
        "div",
        element("h2", "What shall the model learn?"),
        element("p", "A concept is one subject, style or set: a folder of pictures, and what to call them."),
        button("Add the first concept", "page.concept_add", kind="db-primary"),
        class_="db-concept-none db-stack",
        hidden=True,
    )
    return join(
        empty,
        element(
            "div",
            _draw_list(),
            _draw_groups(),
            _draw_preview(),
            _draw_editor(),
            class_="db-concept-some db-stack",
        ),
    )


def _draw_list() -> Markup:
    return join(
        element("div", class_="db-concept-list db-row", role="group", aria_label="Concepts"),
        row(
            button("Add", "page.concept_add"),
            button("Duplicate", "concepts.duplicate"),
            button("Earlier", "concepts.move", title="Move it before the one in front of it"),
            button("Remove", "concepts.remove", kind="db-danger"),
            element("span", class_="db-grow"),
            button("Save as JSON", "concepts.export", title="A file with all concepts"),
            button("Load JSON", "concepts.import", title="Ours, or concepts_list.json of the old extension"),
        ),
    )


def _draw_groups() -> Markup:
    return element(
        "div",
        *(_draw_group(*told) for told in GROUPS if _fields_of(told[0])),
        class_="db-groups",
        data_form=FORM,
    )


def _group_of(setting: Setting) -> str:
    return next(name for name, _, _, takes in GROUPS if takes(setting.name))


def _fields_of(name: str) -> list[Setting]:
    return [setting for setting in settings_of(Concept) if _group_of(setting) == name]


def _draw_group(name: str, title: str, told: str, _: Callable[[str], bool]) -> Markup:
    fields = [draw_field(setting, FORM) for setting in _fields_of(name)]
    around = {"pictures": _draw_upload, "classes": _draw_class_counts}
    return group(
        title,
        told,
        *fields,
        *([around[name]()] if name in around else []),
        name=f"concept_{name}",
        is_open=name in ("pictures", "prompts", "classes"),
    )


def _draw_upload() -> Markup:
    drop = element(
        "div",
        element("p", "Drop pictures and captions here, or "),
        button("choose files", "dataset.upload"),
        element(
            "input",
            type="file",
            class_="db-upload",
            multiple=True,
            accept="image/*,.txt",
            hidden=True,
            aria_label="Pictures and captions to upload",
        ),
        class_="db-drop db-row",
    )
    return element(
        "div",
        drop,
        place("db-concept-summary", live=True),
        place("db-strip db-gallery"),
        class_="db-wide db-stack",
    )


def _draw_class_counts() -> Markup:
    return element("div", place("db-class-counts", live=True), class_="db-wide")


def _draw_preview() -> Markup:
    return element(
        "section",
        element("h2", "The prompts as they will be trained"),
        place("db-prompts", live=True),
        aria_label="Prompts as they will be trained",
        class_="db-stack",
    )


def _draw_editor() -> Markup:
    tools = row(
        element(
            "input",
            type="search",
            class_="db-dataset-search db-grow",
            placeholder="Find in captions and names",
            aria_label="Find in captions and names",
        ),
        button("Change all captions", "dataset.bulk", title="Prefix, suffix, replace, add or remove a tag"),
        button("Undo", "dataset.undo", title="Take back the last change of all captions"),
        button("Tags", "dataset.tags", title="How often each tag stands in the captions"),
        button("Find duplicates", "dataset.duplicates"),
        button("Crop copies", "dataset.crop", title="Copies cut to the training size, in another folder"),
        button("Write captions", "tagger.run", title="By WD14 or BLIP, when you have them"),
    )
    inside = element(
        "div",
        tools,
        place("db-dataset-told", live=True),
        place("db-dataset"),
        row(button("Show more", "dataset.list", hidden=True)),
        class_="db-stack",
    )
    summary = element(
        "summary",
        element("span", "Dataset editor", class_="db-group-title"),
        element("span", "Every picture with its caption.", class_="db-group-told"),
    )
    return element("details", summary, inside, class_="db-group db-editor", data_group="editor")
