"""Tests that need more than the project: left out, with the reason, unless they have to run."""

import os
from collections.abc import Callable
from typing import TypeVar

import pytest

from tests.browser.cache import Unavailable

Needed = TypeVar("Needed")


def need(find: Callable[[], Needed]) -> Needed:
    """What ``find`` returns; where it is missing the test is left out, or fails if it has to be here."""
    try:
        return find()
    except Unavailable as missing:
        reason = f"tests in webuis and browsers are left out: {missing}"
    if os.environ.get("DREAMBOOTH_NEED_BROWSER") == "1":
        pytest.fail(f"{reason} (DREAMBOOTH_NEED_BROWSER=1 asks for them)", pytrace=False)
    pytest.skip(reason)
