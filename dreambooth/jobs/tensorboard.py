"""TensorBoard over the curves of one model or of all: one at a time, found again by whoever comes later."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from dreambooth.config.folders import written_whole
from dreambooth.config.store import ConfigError
from dreambooth.environment import child_variables, environment_python
from dreambooth.jobs.library import Library
from dreambooth.jobs.processes import command_line, end_process, wait_for_command_line
from dreambooth.jobs.readiness import require_environment
from dreambooth.locks import file_lock

ADDRESS = "127.0.0.1"
END_SECONDS = 5.0
TOLD_SECONDS = 5.0
CONNECT_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Board:
    """What ``.tensorboard/board.json`` remembers."""

    pid: int
    port: int
    url: str
    model: str  # whose curves it shows; empty: those of all
    process: str  # its command line, by which it is known again

    def is_running(self) -> bool:
        """Whether the process is still this one."""
        return command_line(self.pid) == self.process

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            with socket.create_connection((ADDRESS, self.port), timeout=CONNECT_SECONDS):
                return True
        except OSError:
            return False


def start_board(library: Library, model: str) -> dict[str, Any]:
    """Show the curves of a model, or of all without a name; one that shows others is ended first."""
    logs = library.folder(model).logging if model else library.path
    if model:
        library.load(model)
    with _alone(library):
        board = _read(library)
        if board is not None and board.is_running():
            if board.model == model:
                return _tell(library, board)
            _end(library, board)
        return _tell(library, _start(library, model, logs))


def stop_board(library: Library) -> dict[str, Any]:
    """End it if it runs."""
    with _alone(library):
        if board := _read(library):
            _end(library, board)
    return _tell(library, None)


def find_board(library: Library) -> dict[str, Any]:
    """Whether it runs, whether it answers already, and where; of one that died, its last words."""
    return _tell(library, _read(library))


def _start(library: Library, model: str, logs: Path) -> Board:
    require_environment()
    python, port = environment_python(), _find_free_port()
    command = [str(python), "-m", "tensorboard.main", "--logdir", str(logs.resolve())]
    command += ["--host", ADDRESS, "--port", str(port)]
    detached: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        detached = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}  # type: ignore[attr-defined]
    _file(library, "log").parent.mkdir(parents=True, exist_ok=True)
    with _file(library, "log").open("wb") as log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=child_variables(), **detached
        )
    Thread(target=child.wait, daemon=True).start()  # else it stays in the system's table when it has ended
    try:
        process = wait_for_command_line(child.pid, TOLD_SECONDS)
    except OSError as error:
        child.kill()  # which nobody could find again
        raise ConfigError(f"TensorBoard was not started: {error}") from error
    url = f"http://{ADDRESS}:{port}/"
    board = Board(pid=child.pid, port=port, url=url, model=model, process=process)
    with written_whole(_file(library, "json")) as file:
        json.dump(asdict(board), file, indent=2)
    return board


def _end(library: Library, board: Board) -> None:
    if not end_process(board.pid, board.process, END_SECONDS):
        raise ConfigError(f"TensorBoard (process {board.pid}) does not end; end it yourself")
    _file(library, "json").unlink(missing_ok=True)


def _tell(library: Library, board: Board | None) -> dict[str, Any]:
    if board is not None and board.is_running():
        return {"running": True, "ready": board.is_ready(), "url": board.url, "model": board.model}
    return {"running": False, "message": _last_words(library) if board else ""}


def _last_words(library: Library) -> str:
    try:
        lines = _file(library, "log").read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        lines = []
    said = [line.strip() for line in lines if line.strip()] or ["nothing"]
    return f"TensorBoard ended, and said last: {said[-1]}"


def _read(library: Library) -> Board | None:
    try:
        return Board(**json.loads(_file(library, "json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # there is none, or what is there is no longer understood
        return None


def _file(library: Library, ending: str) -> Path:
    return library.path / ".tensorboard" / f"board.{ending}"


def _alone(library: Library) -> AbstractContextManager[None]:
    """Nobody else starts or ends it meanwhile."""
    return file_lock(_file(library, "lock"), waiting=lambda: None)


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port
