"""Which task of a page is waiting, running or done; asked by the page under /internal/progress."""

import time
from typing import Any

from fastapi import FastAPI

from modules import shared

current_task: list[str] = []
pending_tasks: dict[str, float] = {}
finished_tasks: list[str] = []


def create_task_id(task_type: str) -> str:
    return f"task({task_type}-{time.time_ns()})"


def add_task_to_queue(task: str | None) -> None:
    if task:
        pending_tasks[task] = time.time()


def start_task(task: str | None) -> None:
    if task:
        current_task[:] = [task]
        pending_tasks.pop(task, None)


def finish_task(task: str | None) -> None:
    if current_task == [task]:
        current_task.clear()
    if task:
        finished_tasks.append(task)


def asked_progress(asked: dict[str, Any]) -> dict[str, Any]:
    task, state = asked.get("id_task"), shared.state
    if current_task != [task]:
        return {"active": False, "queued": task in pending_tasks, "completed": task in finished_tasks}
    share = state.sampling_step / state.sampling_steps if state.sampling_steps else 0.0
    return {
        "active": True,
        "queued": False,
        "completed": False,
        "progress": share,
        "textinfo": state.textinfo,
    }


def setup_progress_api(app: FastAPI) -> None:
    app.add_api_route("/internal/progress", asked_progress, methods=["POST"])
