"""The locked environment in which training runs: is it there, is it right, make it.

Standard library only; imports nothing of ours. Everything that others need is named here; what makes
environments is loaded when it is asked for, since a webui asks at every start whether all is right.
"""

from __future__ import annotations

from collections.abc import Callable

from dreambooth.environment.place import (
    SUPPORTED_PYTHONS,
    VARIABLE,
    child_variables,
    choose_folder,
    environment_folder,
    is_supported_python,
)
from dreambooth.environment.problems import EnvironmentInUse, EnvironmentProblem
from dreambooth.environment.versions import (
    Environment,
    environment_python,
    find_environments,
    find_fault,
    find_ready,
    has_package,
    is_inside,
    is_ready,
)

__all__ = [
    "SUPPORTED_PYTHONS",
    "VARIABLE",
    "Environment",
    "EnvironmentInUse",
    "EnvironmentProblem",
    "child_variables",
    "choose_folder",
    "environment_folder",
    "environment_python",
    "explain_unused_card",
    "find_environments",
    "find_fault",
    "find_ready",
    "has_package",
    "is_being_made",
    "is_inside",
    "is_ready",
    "is_supported_python",
    "make_environment",
    "remove_environments",
]


def make_environment(report: Callable[[str], None], *, dev: bool = False) -> None:
    """Make the environment that the lock asks for; at once when it is there.

    An update is made beside what is there, which goes when nothing runs in it any more. ``report`` gets lines
    of progress. Raises EnvironmentProblem; what is half made is made anew next time.
    """
    if is_ready(dev=dev) and len(find_environments()) == 1:
        return
    from dreambooth.environment.making import make_environment

    make_environment(report, dev=dev)


def is_being_made() -> bool:
    """Whether a process makes the environment now."""
    from dreambooth.environment.beginning import find_making

    return find_making().is_under_way


def remove_environments() -> None:
    """Remove every environment; raises EnvironmentInUse while something runs in one, or one is being made.

    They are gone at once; their files are deleted in a thread, and what it leaves at the next start.
    """
    from threading import Thread

    from dreambooth.environment.removing import delete_removed, remove_all

    remove_all()
    Thread(target=delete_removed, name="deletes an environment").start()


def explain_unused_card() -> str | None:
    """What to do when there is an NVIDIA card and torch cannot use it; None when there is no card."""
    from dreambooth.environment.packages import explain_unused_card

    return explain_unused_card()
