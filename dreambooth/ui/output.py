"""Output, always in sight: what goes on, how far it is, what came of it."""

from __future__ import annotations

from dreambooth.ui.markup import Markup, element, join
from dreambooth.ui.parts import button, place, row


def draw_output() -> Markup:
    """Its places and controls, in the order in which they matter while something runs."""
    return element(
        "div",
        _draw_status(),
        element("div", class_="db-failure db-note db-bad", role="alert", hidden=True),
        place("db-warnings", live=True),
        element("section", class_="db-result", aria_label="Result", hidden=True),
        element("section", class_="db-summary", aria_label="Summary", hidden=True),
        element("section", class_="db-judgement", aria_label="Which step is good?", hidden=True),
        element("section", class_="db-class-images", aria_label="Class images", hidden=True),
        element(
            "details", element("summary", "Changed on the way"), class_="db-changes db-fold", hidden=True
        ),
        _draw_graphs(),
        _draw_samples(),
        element("details", element("summary", "Checkpoints"), class_="db-checkpoints db-fold", hidden=True),
        _draw_log(),
        _draw_statusline(),
        class_="db-output",
    )


def _draw_status() -> Markup:
    head = row(
        element("h2", "Output", class_="db-grow"),
        button("Back to the model", "page.own_run", title="Show what the chosen model does", hidden=True),
        kind="db-output-head",
    )
    bar = element(
        "div",
        element("div", class_="db-progress-done"),
        class_="db-progress",
        role="progressbar",
        aria_label="Progress",
        aria_valuemin=0,
        aria_valuemax=100,
        hidden=True,
    )
    return join(
        head,
        element("p", class_="db-run-title db-soft"),
        element("p", "Nothing has run yet.", class_="db-status"),
        element("p", class_="db-unseen db-status-told", role="status"),
        button(
            "Resume",
            "run.resume",
            kind="db-primary",
            title="When it is its turn",
            hidden=True,
        ),
        bar,
        element("dl", class_="db-figures", hidden=True),
    )


def _draw_graphs() -> Markup:
    smoothing = element(
        "label",
        element("span", "Smoothing"),
        element("input", type="range", id="dreambooth_smoothing", min=0, max=0.99, step=0.01),
        class_="db-inline",
        title="How much of the curve before counts; the values themselves stay faint behind",
    )
    log_scale = element(
        "label",
        element("input", type="checkbox", id="dreambooth_log_scale"),
        element("span", "Log scale"),
        class_="db-inline",
        title="Of loss and gradient",
    )
    heads = element(
        "tr", *(element("th", text, scope="col") for text in ("Curve", "Last", "Least", "Greatest"))
    )
    table = element(
        "details",
        element("summary", "The curves in numbers"),
        element(
            "div",
            element("table", element("thead", heads), element("tbody"), class_="db-table"),
            class_="db-scroll",
        ),
        class_="db-graph-table db-fold",
    )
    return element(
        "section",
        row(element("h3", "Graphs", class_="db-grow"), smoothing, log_scale),
        element("p", class_="db-graph-step db-soft"),
        element("div", class_="db-graph-cards"),
        table,
        row(button("Save graphs as PNG", "page.graph_picture"), kind="db-end"),
        class_="db-graphs db-stack",
        aria_label="Graphs",
        hidden=True,
    )


def _draw_slider(text: str, own_id: str, kind: str, *, hidden: bool = False) -> Markup:
    return element(
        "div",
        element("label", text, for_=own_id),
        element("input", type="range", id=own_id, min=0, max=0, step=1, value=0),
        element("output", for_=own_id),
        class_=f"db-sample-slider {kind}",
        hidden=hidden,
    )


def _draw_samples() -> Markup:
    compare = element(
        "label",
        element("input", type="checkbox", id="dreambooth_sample_compare"),
        element("span", "Compare two steps"),
        class_="db-inline",
    )
    choice = element(
        "div",
        compare,
        _draw_slider("Left", "dreambooth_sample_other_step", "db-sample-other", hidden=True),
        _draw_slider("Step", "dreambooth_sample_step", "db-sample-own"),
        class_="db-sample-choice db-stack",
    )
    all_rows = element(
        "div",
        element("h4", "All steps, the newest first"),
        element("div", class_="db-sample-all"),
        button("Show earlier ones", "page.more_samples", hidden=True),
        class_="db-sample-over-time db-stack",
    )
    return element(
        "section",
        element("h3", "Samples"),
        element(
            "div",
            choice,
            element("div", class_="db-sample-shown"),
            all_rows,
            class_="db-sample-moments db-stack",
            hidden=True,
        ),
        element(
            "div",
            element("h4", "Drawn as asked, the newest first"),
            element("div", class_="db-sample-asked db-gallery"),
            class_="db-sample-asked-part db-stack",
            hidden=True,
        ),
        class_="db-samples db-stack",
        aria_label="Samples",
        hidden=True,
    )


def _draw_log() -> Markup:
    return element(
        "details",
        element("summary", "Log"),
        element(
            "pre", class_="db-output-log-text", tabindex=0, role="region", aria_label="The end of the log"
        ),
        class_="db-output-log db-fold",
        hidden=True,
    )


def _draw_statusline() -> Markup:
    """The status at the bottom of a small window, where Output is out of sight."""
    return element(
        "button",
        element("span", class_="db-statusline-words"),
        element("span", class_="db-statusline-share"),
        element("span", element("span", class_="db-statusline-done"), class_="db-statusline-bar"),
        type="button",
        class_="db-statusline",
        data_press="page.go_to_output",
        title="Go to Output",
        hidden=True,
    )
