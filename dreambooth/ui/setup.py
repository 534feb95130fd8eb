"""Setting up the training environment, and removing it."""

from __future__ import annotations

from dreambooth.ui.markup import Markup, element
from dreambooth.ui.parts import button, group, place, row


def draw_setup() -> Markup:
    """What stands above everything while there is no environment to train in."""
    return element(
        "section",
        element("h2", "Set up the training environment"),
        element("p", class_="db-setup-why"),
        element(
            "p",
            "Training needs packages of its own: up to 10 GB with an NVIDIA card, about 2 GB without. "
            "They go into ",
            element("code", class_="db-setup-folder"),
            " and change nothing in your webui. It takes some minutes, and goes on when you close this page.",
            class_="db-soft",
        ),
        row(
            button("Set up the training environment", "environment.make", kind="db-primary"),
            element("span", class_="db-setup-told", role="status"),
        ),
        place("db-setup-notes", live=True),
        element(
            "details",
            element("summary", "Log"),
            element("pre", class_="db-pre", tabindex=0, aria_label="Log of the set-up"),
            class_="db-fold db-setup-log",
            hidden=True,
        ),
        class_="db-setup db-stack",
        aria_label="Set up the training environment",
        hidden=True,
    )


def draw_environment_tool() -> Markup:
    """What there is of environments, and the button that removes them."""
    inside = element(
        "div",
        row(
            button("Look", "page.environment"),
            button("Remove the training environment", "environment.remove", kind="db-danger"),
        ),
        place("db-environment", live=True),
        class_="db-stack db-wide",
    )
    return group(
        "Training environment",
        "The packages that training runs with: where they are, how much disk they take.",
        inside,
        name="environment",
        is_open=False,
    )
