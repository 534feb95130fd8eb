"""The lock that everything takes which needs the card, and the wrapper of the host's own buttons."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from flavour import FLAVOUR

from modules import fifo_lock, progress, shared

queue_lock = threading.Lock() if FLAVOUR == "SD.Next" else fifo_lock.FIFOLock()


def wrap_queued_call(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def queued(*arguments: Any, **named: Any) -> Any:
        with queue_lock:
            return call(*arguments, **named)

    return queued


def wrap_gradio_gpu_call(call: Callable[..., Any]) -> Callable[..., Any]:
    """What Generate does: wait in the queue, tell the progress; at the end flags are cleared for all."""

    @wraps(call)
    def generate(*arguments: Any, **named: Any) -> Any:
        words = str(arguments[0]) if arguments else ""
        task = words if words.startswith("task(") else None
        progress.add_task_to_queue(task)
        try:
            with queue_lock:
                shared.state.begin(task or "(unknown)")
                progress.start_task(task)
                try:
                    return call(*arguments, **named)
                finally:
                    progress.finish_task(task)
                    shared.state.end()
        finally:
            shared.state.skipped = False
            shared.state.interrupted = False
            shared.state.job_count = 0
            shared.state.job = ""

    return generate
