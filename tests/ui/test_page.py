"""Every setting has its control, and every control has a setting or an action."""

import re
from pathlib import Path

import pytest

from dreambooth.actions.table import find_actions
from dreambooth.config.concept import Concept
from dreambooth.config.forms.create import CreateForm, ImportForm
from dreambooth.config.forms.export import ExportForm
from dreambooth.config.forms.sample import GridForm, SampleForm
from dreambooth.config.forms.tools import TOOL_FORMS
from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig
from dreambooth.ui.fields import BOUNDLESS, control_id
from dreambooth.ui.page import draw_page
from tests.ui.drawn import Element, parse

SCRIPTS = {
    path.name: path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parents[2] / "javascript").glob("*.js"))
}
FORMS = {
    "": TrainConfig,
    "concept": Concept,
    "create": CreateForm,
    "import": ImportForm,
    "sample": SampleForm,
    "grid": GridForm,
    "export": ExportForm,
    **TOOL_FORMS,
}
ALL_FORMS = {**FORMS, "change": TrainConfig}  # which has only those that may change
SETTINGS = [(form, setting) for form, section in FORMS.items() for setting in describe_settings(section)]
PAGE = parse(draw_page())
BY_ID = {element.attributes["id"]: element for element in PAGE.all() if "id" in element.attributes}
CONTROLS = [element for element in PAGE.all() if element.tag in ("input", "select", "textarea")]
BUTTONS = [element for element in PAGE.all() if element.tag == "button"]


def told(pair) -> str:
    return control_id(pair[1].name, pair[0])


def field_of(element: Element) -> Element | None:
    return next((outer for outer in element.around() if "data-setting" in outer.attributes), None)


@pytest.mark.parametrize("pair", SETTINGS, ids=told)
def test_setting_has_a_control_with_label_and_help(pair):
    form, setting = pair
    control = BY_ID[control_id(setting.name, form)]
    field = control if "data-setting" in control.attributes else field_of(control)
    assert field.attributes["data-setting"] == setting.name
    assert field.attributes.get("data-form", "") == form
    labels = [label for label in field.all() if label.tag in ("label", "legend")]
    assert any(setting.description.label in label.text for label in labels)
    assert setting.description.help in field.text


@pytest.mark.parametrize("pair", SETTINGS, ids=told)
def test_control_knows_the_limits_of_its_setting(pair):
    form, setting = pair
    control = BY_ID[control_id(setting.name, form)]
    low, high = setting.description.low, setting.description.high
    if setting.kind in ("int", "float") and low is not None:
        field = field_of(control)
        assert float(control.attributes["data-low"]) == low
        assert f"{low:g}" in field.text
        if high is not None:
            assert float(control.attributes["data-high"]) == high
            assert high >= BOUNDLESS or f"{high:g}" in field.text
    if setting.choices:
        offered = {
            inner.attributes.get("value") for inner in control.all() if inner.tag in ("option", "input")
        }
        assert set(setting.choices) <= offered


@pytest.mark.parametrize("control", CONTROLS, ids=lambda element: str(element.attributes))
def test_control_belongs_to_a_setting_or_to_a_script(control):
    if (field := field_of(control)) is not None:
        form = field.attributes.get("data-form", "")
        assert field.attributes["data-setting"] in {
            setting.name for setting in describe_settings(ALL_FORMS[form])
        }
        return
    names = [f"#{control.attributes['id']}"] if "id" in control.attributes else []
    names += [f".{name}" for name in control.attributes.get("class", "").split()]
    assert any(name in text for name in names for text in SCRIPTS.values()), "no script knows this control"


@pytest.mark.parametrize("control", CONTROLS, ids=lambda element: str(element.attributes))
def test_control_has_a_name(control):
    own_id = control.attributes.get("id")
    is_labelled = any(label.attributes.get("for") == own_id for label in PAGE.all() if label.tag == "label")
    is_inside = any(outer.tag == "label" for outer in control.around())
    assert control.attributes.get("aria-label") or is_labelled or is_inside


@pytest.mark.parametrize(
    "button", BUTTONS, ids=lambda element: element.attributes.get("data-press", element.text)
)
def test_button_asks_an_action_or_the_page(button):
    press = button.attributes.get("data-press")
    if press is None:
        assert "db-reset" in button.attributes["class"], "a button without an action"
        return
    assert press.startswith("page.") or press in find_actions() or press in OF_RUNS
    if press not in ("page.tab", "page.menu"):  # which the layout knows by their roles
        wired = [rf'press\("{re.escape(press)}"', rf'ask\("{re.escape(press)}"']
        family = press.split(".")[0]
        is_wired = any(re.search(pattern, text) for pattern in wired for text in SCRIPTS.values())
        assert is_wired or any(f"data-press^='{family}.'" in text for text in SCRIPTS.values())


# What may be asked of a run goes through one action, run.ask.
OF_RUNS = {"run.save", "run.sample", "run.stop", "run.stop_after_epoch", "run.discard"}
OF_RUNS |= {"run.pause", "run.resume"}


def test_every_action_that_scripts_ask_exists():
    asked = {
        name
        for text in SCRIPTS.values()
        for name in re.findall(r'(?:call|askForm)\([^"`]*"([a-z_]+\.[a-z_]+)"', text)
    }
    assert len(asked) > 30
    assert asked <= set(find_actions())


def test_ids_are_unique_and_ours():
    ids = [element.attributes["id"] for element in PAGE.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    assert all(name.startswith("dreambooth_") for name in ids)


def test_names_that_are_spoken_of_exist():
    for element in PAGE.all():
        for name in ("for", "aria-controls", "aria-labelledby", "aria-describedby"):
            for told in element.attributes.get(name, "").split():
                assert told in BY_ID
