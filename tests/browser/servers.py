"""A server in a process of its own, on a free port; it is stopped with all workers that it started."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import psutil

from dreambooth.environment.place import ROOT, child_variables, environment_folder

START_SECONDS = 90
# The command line as it is once the environment has been entered, since these Pythons have another.
COMMAND_LINE = ("-c", "import sys; from dreambooth.cli import main; sys.exit(main(sys.argv[1:]))")


@dataclass(frozen=True)
class Server:
    """A server that answers; ``folder`` holds all that belongs to it."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def models_dir(self) -> Path:
        """The models folder that the page works in."""
        return self.folder / "models"

    @property
    def upload_dir(self) -> Path:
        """Where Gradio puts files that the page hands over."""
        return self.folder / "uploads"

    def log(self) -> str:
        """What it has printed."""
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")


@contextmanager
def serve_page(python: Path, folder: Path, *options: str) -> Iterator[Server]:
    """Our own stand-alone server with that Python's Gradio."""
    places = ("--models-dir", str(folder / "models"), "--data-dir", str(folder / "data"))
    with serve(python, folder, (*COMMAND_LINE, "ui", *places, *options, "--port")) as server:
        yield server


@contextmanager
def serve(
    python: Path, folder: Path, arguments: Sequence[str], *, variables: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """What these arguments and a port start; raises AssertionError with its log when it does not answer.

    ``variables`` stand in the place of those that lead to this package.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = _find_free_port()
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [str(python), *arguments, str(port)],
            cwd=folder,
            env=_variables(folder) if variables is None else variables,
            stdout=log,
            stderr=log,
        )
    server = Server(f"http://127.0.0.1:{port}", folder, process)
    try:
        _wait_until_it_answers(server)
        yield server
    finally:
        process.terminate()
        process.wait(30)
        _stop_workers(folder)


def _variables(folder: Path) -> dict[str, str]:
    own = {
        "DREAMBOOTH_ENV": str(environment_folder()),
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "PYTHONPATH": str(ROOT),
    }
    return {**child_variables(), **own}


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_it_answers(server: Server) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        if _answers(server.url):
            return
        time.sleep(0.1)
    raise AssertionError(f"{server.process.args} does not answer and said:\n{server.log()[-4000:]}")


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):
            return True
    except HTTPError:
        return True
    except (URLError, OSError):
        return False


def _stop_workers(folder: Path) -> None:
    """Workers outlive who started them; those whose run lies in the folder belong to nobody else."""
    workers = [process for process in psutil.process_iter(["cmdline"]) if _works_in(process, folder)]
    for worker in workers:
        worker.terminate()
    _, still_there = psutil.wait_procs(workers, timeout=10)
    for worker in still_there:
        worker.kill()
    psutil.wait_procs(still_there, timeout=10)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    words = process.info["cmdline"] or []
    return "dreambooth.worker" in words and any(word.startswith(str(folder) + os.sep) for word in words)
