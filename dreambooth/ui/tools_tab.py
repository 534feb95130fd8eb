"""Tools: for finished files, for the data, and for what goes on behind."""

from __future__ import annotations

from dreambooth.config.forms.tools import TOOL_FORMS
from dreambooth.ui.markup import Markup, element, join
from dreambooth.ui.parts import button, draw_form, group, place, row
from dreambooth.ui.setup import draw_environment_tool

TITLES = {
    "merge": ("Merge checkpoints", "Merge"),
    "convert": ("Convert a model", "Convert"),
    "lora_merge": ("Merge LoRAs", "Merge"),
    "lora_bake": ("Merge LoRAs into a checkpoint", "Merge into it"),
    "lora_extract": ("Extract a LoRA", "Extract"),
    "lora_resize": ("Resize a LoRA", "Resize"),
    "lora_convert": ("Convert a LoRA", "Convert"),
}


def draw_tools_tab() -> Markup:
    """The tools for files first, then what looks at the model, then the machine room."""
    return join(
        element("h2", "Finished files"),
        element("div", *map(_draw_tool, TOOL_FORMS), class_="db-groups"),
        element("h2", "This model"),
        element("div", _draw_buckets(), _draw_check(), class_="db-groups"),
        element("h2", "Behind the page"),
        element(
            "div",
            _draw_tensorboard(),
            _draw_doctor(),
            draw_environment_tool(),
            _draw_jobs(),
            class_="db-groups",
        ),
    )


def _draw_tool(name: str) -> Markup:
    title, verb = TITLES[name]
    told = (TOOL_FORMS[name].__doc__ or "").splitlines()[0]
    inside = element(
        "div",
        draw_form(TOOL_FORMS[name], name),
        row(
            button(verb, f"tools.{name}", kind="db-primary"),
            element("span", class_="db-tool-told", role="status"),
        ),
        class_="db-stack db-wide",
    )
    return group(title, told, inside, name=f"tool_{name}", is_open=False)


def _draw_buckets() -> Markup:
    inside = _stack(row(button("Show", "buckets.dry_run")), place("db-buckets", live=True))
    return group(
        "Buckets",
        "What an epoch looks like: sizes, steps, smaller batches.",
        inside,
        name="buckets",
        is_open=False,
    )


def _draw_check() -> Markup:
    told = "The whole plan of a training, with the time of a real step."
    inside = _stack(row(button("Check", "check.start")), place("db-check", live=True))
    return group("Check the plan", told, inside, name="check", is_open=False)


def _draw_tensorboard() -> Markup:
    buttons = row(
        button("Start", "tensorboard.start"),
        button("Stop", "tensorboard.stop"),
        place("db-tensorboard", live=True),
    )
    return group(
        "TensorBoard",
        "All curves of all runs, in a page of its own.",
        _stack(buttons),
        name="tensorboard",
        is_open=False,
    )


def _draw_doctor() -> Markup:
    inside = _stack(row(button("Look", "doctor.run")), place("db-doctor", live=True))
    return group(
        "Doctor", "What is there, what is missing, what to do.", inside, name="doctor", is_open=False
    )


def _draw_jobs() -> Markup:
    inside = _stack(row(button("Look", "jobs.list")), place("db-jobs", live=True), place("db-log"))
    return group(
        "Jobs and logs", "What was done lately, and what it printed.", inside, name="jobs", is_open=False
    )


def _stack(*children: Markup) -> Markup:
    return element("div", *children, class_="db-stack db-wide")
