"""The locked environment in which training runs: is it there, is it right, make it.

Standard library only; imports nothing of ours. Everything that others need is named here.
"""

from dreambooth.environment.making import make_environment
from dreambooth.environment.packages import EnvironmentProblem, explain_unused_card
from dreambooth.environment.place import (
    SUPPORTED_PYTHONS,
    child_variables,
    environment_folder,
    environment_python,
    has_package,
    is_inside,
    is_supported_python,
)
from dreambooth.environment.stamps import find_fault, is_ready

__all__ = [
    "SUPPORTED_PYTHONS",
    "EnvironmentProblem",
    "child_variables",
    "environment_folder",
    "environment_python",
    "explain_unused_card",
    "find_fault",
    "has_package",
    "is_inside",
    "is_ready",
    "is_supported_python",
    "make_environment",
]
