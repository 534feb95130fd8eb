"""The one thread of Forge that draws: others leave their work here and wait; an error is printed, no more."""

import threading
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

_tasks: SimpleQueue[tuple[Callable[[], Any], list[Any], threading.Event]] = SimpleQueue()
done: list[str] = []  # the names of the threads that drew


def loop() -> None:
    while True:
        work, results, is_done = _tasks.get()
        done.append(threading.current_thread().name)
        try:
            results.append(work())
        except Exception:
            traceback.print_exc()
            results.append(None)
        is_done.set()


def run_and_wait_result(work: Callable[[], Any]) -> Any:
    results: list[Any] = []
    is_done = threading.Event()
    _tasks.put((work, results, is_done))
    is_done.wait()
    return results[0]
