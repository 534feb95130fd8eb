"""Settings: drawn from ``config`` whatever there is, method and adapter first."""

from __future__ import annotations

import dataclasses
from typing import get_type_hints

from dreambooth.config.option import Setting
from dreambooth.config.settings import TrainConfig
from dreambooth.ui.fields import control_id, draw_field
from dreambooth.ui.markup import Markup, element, join
from dreambooth.ui.parts import button, group, place, row, settings_of

FIRST = ("method", "adapter")  # as explained choices
SAVING = ("saving", "samples")  # sections that the tab Saving shows


def draw_settings_tab() -> Markup:
    """Presets and search, the two first choices, then a group for every section."""
    return join(
        place("db-plan", live=True), _draw_tools(), *map(draw_cards, _first_settings()), _draw_groups()
    )


def sections_of(config: type) -> dict[str, type]:
    """The sections of settings by name, in order."""
    hints = get_type_hints(config)
    return {
        field.name: hints[field.name]
        for field in dataclasses.fields(config)
        if dataclasses.is_dataclass(hints[field.name])
    }


def draw_section(name: str, section: type, *, is_open: bool = True) -> Markup:
    """A section's settings as a group."""
    fields = [draw_field(setting) for setting in settings_of(section, f"{name}.")]
    pictures = [element("figure", class_="db-graph db-rates")] if name == "schedule" else []
    return group(section.title, _first_line(section), *fields, *pictures, name=name, is_open=is_open)  # type: ignore[attr-defined]


def draw_cards(setting: Setting) -> Markup:
    """A choice as cards, each with its explanation."""
    own_id = control_id(setting.name)
    cards = [
        element(
            "label",
            element("input", type="radio", name=own_id, value=choice, id=f"{own_id}_{choice}"),
            element("span", element("strong", choice), element("span", told, class_="db-help")),
            class_="db-card",
        )
        for choice, told in setting.description.choices_help.items()
    ]
    return element(
        "fieldset",
        element("legend", setting.description.label),
        element("p", setting.description.help, class_="db-help"),
        element("div", *cards, class_="db-card-row"),
        element("p", class_="db-fault", role="alert", hidden=True),
        id=own_id,
        class_="db-field db-cards",
        data_setting=setting.name,
        data_kind=setting.kind,
        data_default=str(setting.default),
    )


def _top_settings() -> list[Setting]:
    return [setting for setting in settings_of(TrainConfig) if "." not in setting.name]


def _first_settings() -> list[Setting]:
    return [setting for setting in _top_settings() if setting.name in FIRST]


def _draw_tools() -> Markup:
    search = element(
        "input",
        type="search",
        id="dreambooth_search",
        placeholder="Find a setting",
        aria_label="Find a setting",
    )
    presets = element("select", id="dreambooth_presets", class_="db-presets", aria_label="Presets")
    advanced = element(
        "label",
        element("input", type="checkbox", id="dreambooth_show_advanced", class_="db-show-advanced"),
        "Show advanced",
    )
    return row(
        search,
        presets,
        button("Apply preset", "presets.apply"),
        button("Keep as preset", "presets.save"),
        advanced,
        kind="db-tools",
    )


def _draw_groups() -> Markup:
    general = [draw_field(setting) for setting in _top_settings() if setting.name not in FIRST]
    groups = [group("General", "", *general, name="general")]
    groups += [
        draw_section(name, section, is_open=name in ("duration", "data", "optimizer", "lora"))
        for name, section in sections_of(TrainConfig).items()
        if name not in SAVING
    ]
    return element("div", *groups, class_="db-groups")


def _first_line(section: type) -> str:
    return (section.__doc__ or "").splitlines()[0]
