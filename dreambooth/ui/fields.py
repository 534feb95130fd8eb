"""A setting as a control: label, help, limits, a place for what is wrong with it, and the way back."""

from __future__ import annotations

from dreambooth.config.option import Setting
from dreambooth.ui.markup import Markup, element

PREFIX = "dreambooth_"
BOUNDLESS = 10**6  # a limit as high as this tells nobody anything


def control_id(name: str, form: str = "") -> str:
    """The id of a setting's control.

    >>> control_id("lora.rank")
    'dreambooth_lora_rank'
    """
    return PREFIX + "_".join(part.replace(".", "_") for part in (form, name) if part)


def draw_field(setting: Setting, form: str = "") -> Markup:
    """The control of a setting; ``form`` sets apart what has the same name elsewhere on the page."""
    own_id = control_id(setting.name, form)
    label = element("label", setting.description.label, for_=own_id)
    reset = element(
        "button",
        "↺",
        type="button",
        class_="db-reset",
        hidden=True,
        title="Put back",
        aria_label=f"Put {setting.description.label} back",
    )
    told = element(
        "p",
        setting.description.help,
        _limits(setting),
        id=f"{own_id}_help",
        class_="db-help",
    )
    fault = element("p", id=f"{own_id}_fault", class_="db-fault", role="alert", hidden=True)
    heading = element("div", label, reset, class_="db-field-head")
    control = _draw_control(setting, own_id)
    is_check = setting.kind == "bool"
    return element(
        "div",
        *((control, heading) if is_check else (heading, control)),
        told,
        fault,
        class_="db-field db-check" if is_check else "db-field",
        data_setting=setting.name,
        data_form=form or None,
        data_kind=setting.kind,
        data_default=_plain(setting.default),
        data_advanced=setting.description.advanced,
    )


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def _limits(setting: Setting) -> Markup | None:
    low, high = setting.description.low, setting.description.high
    if low is None and high is None:
        return None
    if high is None or (low is not None and high >= BOUNDLESS):
        text = f"from {low:g}"
    else:
        text = f"up to {high:g}" if low is None else f"{low:g} … {high:g}"
    return element("span", text, class_="db-limits")


def _draw_control(setting: Setting, own_id: str) -> Markup:
    told = f"{own_id}_help {own_id}_fault"
    if setting.kind == "choice":
        options = [element("option", choice, value=choice) for choice in setting.choices]
        return element("select", *options, id=own_id, aria_describedby=told)
    if setting.kind == "bool":
        return element("input", type="checkbox", id=own_id, aria_describedby=told)
    if setting.kind == "str":
        return element("textarea", id=own_id, rows=1, spellcheck="false", aria_describedby=told)
    return element(
        "input",
        type="text",
        inputmode="numeric" if setting.kind == "int" else "decimal",
        autocomplete="off",
        data_low=setting.description.low,
        data_high=setting.description.high,
        id=own_id,
        aria_describedby=told,
    )
