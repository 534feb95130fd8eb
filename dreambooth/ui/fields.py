"""A setting as a control: label, help, limits, a place for what is wrong with it, and the way back."""

from __future__ import annotations

from dreambooth.config.option import Setting
from dreambooth.ui.markup import Markup, element

PREFIX = "dreambooth_"
PATHS = ("file", "folder", "file or folder", "output", "pictures")  # roles of fields that hold one path
KNOWN_FILES = "dreambooth_files"  # the id of the list that such fields offer
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
    description = setting.description
    label = element("label", description.label, " *" if setting.entry.required else None, for_=own_id)
    heading = element("div", label, _draw_reset(description.label), class_="db-field-head")
    control = _draw_control(setting, own_id)
    is_check = setting.kind == "bool" and not setting.optional
    is_wide = setting.entry.role == "text" or setting.kind in ("texts", "rows")
    return element(
        "div",
        *((control, heading) if is_check else (heading, control)),
        element(
            "p",
            description.help,
            *_limits(setting),
            *_choices(setting),
            id=f"{own_id}_help",
            class_="db-help",
        ),
        element("p", id=f"{own_id}_fault", class_="db-fault", role="alert", hidden=True),
        class_=" ".join(["db-field", *["db-check"] * is_check, *["db-wide"] * is_wide]),
        data_setting=setting.name,
        data_form=form or None,
        data_kind=setting.kind,
        data_default=_plain(setting.default),
        data_optional=setting.optional,
        data_role=setting.entry.role or None,
        data_advanced=description.advanced,
    )


def _draw_reset(label: str) -> Markup:
    return element(
        "button",
        "↺",
        type="button",
        class_="db-reset",
        hidden=True,
        title="Put back",
        aria_label=f"Put {label} back",
    )


def _plain(value: object) -> str:
    """A value as its control has it; a list, and what is not said, are empty."""
    if value is None or isinstance(value, tuple):
        return ""
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def _limits(setting: Setting) -> tuple[Markup | str, ...]:
    low, high = setting.description.low, setting.description.high
    if low is None and high is None:
        return ()
    if high is None or (low is not None and high >= BOUNDLESS):
        text = f"from {low:g}"
    else:
        text = f"up to {high:g}" if low is None else f"{low:g} … {high:g}"
    return (" ", element("span", text, class_="db-limits"))


def _choices(setting: Setting) -> tuple[Markup, ...]:
    """What each choice means; that of the chosen one is shown."""
    told = setting.description.choices_help.items()
    return tuple(
        element("span", text, class_="db-choice-help", data_choice=choice, hidden=choice != setting.default)
        for choice, text in told
    )


def _draw_control(setting: Setting, own_id: str) -> Markup:
    told = f"{own_id}_help {own_id}_fault"
    if setting.kind == "rows":
        return _draw_rows(setting, own_id, told)
    if setting.kind == "choice" or (setting.kind == "bool" and setting.optional):
        return _draw_select(setting, own_id, told)
    if setting.kind == "bool":
        return element("input", type="checkbox", id=own_id, aria_describedby=told)
    if setting.entry.role in PATHS:
        known = KNOWN_FILES if setting.entry.role not in ("output", "pictures") else None
        return element(
            "input",
            type="text",
            autocomplete="off",
            spellcheck="false",
            list=known,
            id=own_id,
            aria_describedby=told,
        )
    if setting.kind in ("str", "texts"):
        rows = 3 if setting.kind == "texts" else 2 if setting.entry.role == "text" else 1
        return element("textarea", id=own_id, rows=rows, spellcheck="false", aria_describedby=told)
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


def _draw_select(setting: Setting, own_id: str, told: str) -> Markup:
    options = [element("option", choice, value=choice) for choice in setting.choices]
    if setting.kind == "bool":
        options = [element("option", "yes", value="true"), element("option", "no", value="false")]
    if setting.optional:
        options.insert(0, element("option", "find out", value=""))
    return element("select", *options, id=own_id, aria_describedby=told)


def _draw_rows(setting: Setting, own_id: str, told: str) -> Markup:
    """A list whose rows have fields of their own; the first row is there, scripts add others like it."""
    cells = [
        element(
            "label",
            cell.description.label,
            element(
                "input",
                type="text",
                autocomplete="off",
                list=KNOWN_FILES if cell.entry.role in PATHS else None,
                data_cell=cell.name,
                data_kind=cell.kind,
                data_default=_plain(cell.default),
                data_low=cell.description.low,
                data_high=cell.description.high,
            ),
            class_="db-cell" if cell.kind == "str" else "db-cell db-narrow",
        )
        for cell in setting.rows
    ]
    remove = element("button", "Remove", type="button", class_="db-row-remove", data_press="page.row_remove")
    rows = element("div", element("div", *cells, remove, class_="db-row-of"), class_="db-rows-place")
    add = element("button", "Add another", type="button", data_press="page.row_add")
    return element("div", rows, add, id=own_id, class_="db-rows", role="group", aria_describedby=told)
