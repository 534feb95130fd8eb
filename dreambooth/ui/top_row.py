"""The row above everything: what is asked most."""

from __future__ import annotations

from dreambooth.ui.markup import Markup, element
from dreambooth.ui.parts import button, row

MORE_ID = "dreambooth_more"
STOPS = (
    ("Stop after this step, and save", "run.stop"),
    ("Stop after this epoch, and save", "run.stop_after_epoch"),
    ("Discard: stop and forget this run", "run.discard"),
)


def draw_top_row(webui: str) -> Markup:
    """Train and stop, load and save, and what may be asked of a training."""
    return row(
        element("span", element("strong", "…", class_="db-model-name"), class_="db-chosen"),
        button("Train", "run.train", kind="db-primary", title="Ctrl+Enter"),
        _draw_stop_menu(),
        button("Pause", "run.pause", title="After this step: frees the device; go on whenever you like"),
        _draw_more(),
        element("span", class_="db-saving", role="status"),
        element("span", f"in {webui}", class_="db-host db-soft") if webui else Markup(""),
        element("button", "Queue: empty", type="button", class_="db-queue", data_press="page.queue"),
        kind="db-top",
    )


def _draw_more() -> Markup:
    """The other buttons: in the row, and in a narrow window behind one button."""
    opener = element(
        "button",
        "More ▾",
        type="button",
        class_="db-more",
        aria_expanded="false",
        aria_controls=MORE_ID,
        data_press="page.more",
    )
    buttons = (
        button(
            "Load settings", "page.load_settings", title="Earlier settings, those of another model, or a file"
        ),
        button(
            "Save settings",
            "page.save_settings",
            title="They are saved as you change them; this keeps a file",
        ),
        button("Save now", "run.save", title="State and checkpoint after the current step"),
        button("Sample now", "run.sample", title="Previews after the current step"),
        button("Change …", "page.change", title="Prompts, intervals and learning rates of the training"),
        button("Generate checkpoint", "page.export", title="A file for your webui from the model as it is"),
    )
    return element(
        "div", opener, element("div", *buttons, id=MORE_ID, class_="db-more-buttons"), class_="db-more-place"
    )


def _draw_stop_menu() -> Markup:
    opener = element(
        "button",
        "Stop ▾",
        type="button",
        class_="db-stop",
        aria_haspopup="menu",
        aria_expanded="false",
        data_press="page.menu",
    )
    items = [
        element("button", text, type="button", role="menuitem", tabindex=-1, data_press=press)
        for text, press in STOPS
    ]
    return element(
        "div", opener, element("div", *items, role="menu", aria_label="Stop", hidden=True), class_="db-menu"
    )
