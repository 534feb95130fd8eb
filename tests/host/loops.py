"""A loop of one's own: a browser test may have left its own in this thread."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def run_apart(ask: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
    """What a coroutine returns that runs in another thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(ask())).result()
