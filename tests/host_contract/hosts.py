"""The stand-in of a webui, with the packages that the real one pins; extensions lie in folders of any name."""

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from dreambooth.environment.place import ROOT, environment_folder, variables_without_paths
from tests.browser.gradios import python_with
from tests.browser.servers import Server, serve

GRADIO_OF = {"A1111": "3.41.2", "Forge": "4.40.0", "SD.Next": "3.41.2"}
OURS = ("dreambooth", "scripts", "javascript", "style.css", "install.py", "preload.py")
NOT_COPIED = shutil.ignore_patterns("__pycache__")
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class HostFolder:
    """A webui on disk."""

    flavour: str
    path: Path

    @property
    def extensions(self) -> Path:
        """Where extensions lie, each in a folder of any name."""
        return self.path / "extensions"

    @property
    def snapshot_file(self) -> Path:
        """What of the process others could notice, written whenever a page was started."""
        return self.path / "snapshot.json"

    def add_us(self, name: str) -> Path:
        """This extension as a link."""
        place = self.extensions / name
        place.symlink_to(ROOT, target_is_directory=True)
        return place

    def add_copy_of_us(self, name: str) -> Path:
        """This extension as somebody downloads it."""
        place = self.extensions / name
        for each in (ROOT / part for part in OURS):
            if each.is_dir():
                shutil.copytree(each, place / each.name, ignore=NOT_COPIED)
            elif each.exists():
                shutil.copy2(each, place)
        return place


def make_host(flavour: str, folder: Path) -> HostFolder:
    """A fresh webui without extensions."""
    shutil.copytree(Path(__file__).parent / "host", folder, ignore=NOT_COPIED)
    (folder / "extensions").mkdir()
    return HostFolder(flavour, folder)


@dataclass(frozen=True)
class RunningHost:
    """A webui that has called all that wanted to be called when it starts."""

    folder: HostFolder
    server: Server

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.server.url

    def log(self) -> str:
        """What it and its extensions have printed."""
        return (self.folder.path / "server.log").read_text(encoding="utf-8", errors="replace")

    def snapshot(self) -> dict[str, Any]:
        """What of the process others could notice, when its page was started last."""
        return json.loads(self.folder.snapshot_file.read_text(encoding="utf-8"))

    def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        """The JSON that a path answers with."""
        with urlopen(Request(self.url + path, headers=headers or {}), timeout=30) as answer:
            return json.load(answer)

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        """The JSON that a path answers with when it is given some."""
        told = {"Content-Type": "application/json", **(headers or {})}
        request = Request(self.url + path, json.dumps(body).encode(), told)
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def reload(self) -> None:
        """Press Reload UI, and wait for the new page."""
        before = self.get("/stand_in")["starts"]
        self.post("/run/reload_ui", {"data": []})
        _wait(lambda: self.get("/stand_in")["starts"] > before, self)


@contextmanager
def run_host(
    host: HostFolder, *options: str, variables: dict[str, str] | None = None
) -> Iterator[RunningHost]:
    """Start it as its users do: nothing of ours is on the path of its Python."""
    own = {
        "STAND_IN_HOST": host.flavour,
        "STAND_IN_SNAPSHOT": str(host.snapshot_file),
        "DREAMBOOTH_ENV": str(environment_folder()),
        "GRADIO_TEMP_DIR": str(host.path / "uploads"),
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    arguments: Sequence[str] = ("webui.py", *options, "--port")
    everything = {**variables_without_paths(), **own, **(variables or {})}
    python = python_with(GRADIO_OF[host.flavour])
    with serve(python, host.path, arguments, variables=everything) as server:
        running = RunningHost(host, server)
        _wait(host.snapshot_file.exists, running)
        yield running


def _wait(is_done: Any, running: RunningHost) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and running.server.process.poll() is None:
        with suppress(OSError):  # between two pages nobody answers
            if is_done():
                return
        time.sleep(0.1)
    raise AssertionError(f"the host does not get ready and said:\n{running.log()[-4000:]}")
