"""The whole page: top row, tabs on the left, Output on the right."""

from __future__ import annotations

from collections.abc import Callable

from dreambooth.ui.change_dialog import draw_change_dialog
from dreambooth.ui.concepts_tab import draw_concepts_tab
from dreambooth.ui.create_tab import draw_create_tab
from dreambooth.ui.export_dialog import draw_export_dialog
from dreambooth.ui.fields import KNOWN_FILES
from dreambooth.ui.generate_tab import draw_generate_tab
from dreambooth.ui.markup import Markup, element
from dreambooth.ui.models_tab import draw_models_tab
from dreambooth.ui.output import draw_output
from dreambooth.ui.saving_tab import draw_saving_tab
from dreambooth.ui.settings_tab import draw_settings_tab
from dreambooth.ui.setup import draw_setup
from dreambooth.ui.tools_tab import draw_tools_tab
from dreambooth.ui.top_row import draw_top_row

ROOT_ID = "dreambooth_tab"
TABS: dict[str, Callable[[], Markup]] = {
    "Models": draw_models_tab,
    "Create": draw_create_tab,
    "Settings": draw_settings_tab,
    "Concepts": draw_concepts_tab,
    "Saving": draw_saving_tab,
    "Generate": draw_generate_tab,
    "Tools": draw_tools_tab,
}


def draw_page(webui: str = "") -> Markup:
    """Everything, as it is before a script has filled it; ``webui`` is the name of the one around it."""
    left = element("div", _draw_tab_list(), *(_draw_panel(title) for title in TABS), class_="db-left")
    right = element("section", draw_output(), class_="db-right", aria_label="Output")
    return element(
        "div",
        draw_setup(),
        draw_top_row(webui),
        element("div", left, right, class_="db-columns"),
        element("datalist", id=KNOWN_FILES),
        element("div", class_="db-messages"),
        element("div", draw_export_dialog(), draw_change_dialog(), class_="db-dialogs"),
        id=ROOT_ID,
    )


def _draw_tab_list() -> Markup:
    tabs = [
        element(
            "button",
            title,
            type="button",
            role="tab",
            id=f"{ROOT_ID}_{title.lower()}_tab",
            aria_controls=f"{ROOT_ID}_{title.lower()}",
            aria_selected="false",
            tabindex=-1,
            data_tab=title.lower(),
            data_press="page.tab",
        )
        for title in TABS
    ]
    return element("div", *tabs, role="tablist", aria_label="Dreambooth", class_="db-tabs")


def _draw_panel(title: str) -> Markup:
    name = f"{ROOT_ID}_{title.lower()}"
    return element(
        "div",
        TABS[title](),
        role="tabpanel",
        id=name,
        aria_labelledby=f"{name}_tab",
        class_="db-panel",
        hidden=True,
        tabindex=0,
    )
