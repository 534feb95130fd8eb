"""The stand-in of a webui with the packages that the real one pins, and extensions in folders of any name."""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from dreambooth.environment.place import ROOT, environment_folder, variables_without_paths
from tests.browser.gradios import python_with
from tests.browser.servers import Server, serve

GRADIO_OF = {"A1111": "3.41.2", "Forge": "4.40.0", "SD.Next": "3.41.2"}
NAMES = {"A1111": "AUTOMATIC1111", "Forge": "Forge", "SD.Next": "SD.Next"}  # as their pages say them
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


def write_script(host: HostFolder, extension: str, text: str) -> Path:
    """Another extension with one script; returns its folder."""
    script = host.extensions / extension / "scripts" / "main.py"
    script.parent.mkdir(parents=True)
    script.write_text(text, encoding="utf-8")
    return script.parents[1]


def put_checkpoints(folder: Path) -> None:
    """Two checkpoints, and two files that no model can be made from."""
    (folder / "mine").mkdir(parents=True)
    for name in ("one.safetensors", "mine/two.ckpt", "three.gguf", "one.vae.safetensors"):
        (folder / name).write_text(name)


@dataclass(frozen=True)
class RunningHost:
    """A webui that has called all that wanted to be called when it starts."""

    folder: HostFolder
    server: Server
    first_snapshot: dict[str, Any]  # when its page was started first

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.server.url

    def log(self) -> str:
        """What it and its extensions have printed."""
        return self.server.log()

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

    def ask(self, action: str, **values: Any) -> dict[str, Any]:
        """Ask an action as our page does."""
        asked = json.dumps({"action": action, "values": values})
        return json.loads(self.post("/run/dreambooth_call", {"data": [asked]})["data"][0])

    def components(self) -> list[dict[str, Any]]:
        """Everything on the page, with its properties."""
        return [{"type": each["type"], **each["props"]} for each in self.get("/config")["components"]]

    def tabs(self) -> list[str]:
        """The labels of the tabs at the top."""
        known = {each["id"]: each for each in self.get("/config")["components"]}
        found = [each for each in known.values() if each["type"] == "tabitem"]
        return [
            each["props"]["label"] for each in found if str(each["props"].get("elem_id")).startswith("tab_")
        ]

    def reload(self) -> None:
        """Press Reload UI, and wait for the new page."""
        before = self.get("/stand_in")["starts"]
        self.post("/run/reload_ui", {"data": []})
        _wait(lambda: self.get("/stand_in")["starts"] > before, self.server)


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
    known = {name: value for name, value in variables_without_paths().items() if "PYTEST" not in name}
    python = python_with(GRADIO_OF[host.flavour])
    with serve(python, host.path, arguments, variables={**known, **own, **(variables or {})}) as server:
        _wait(host.snapshot_file.exists, server)
        yield RunningHost(host, server, json.loads(host.snapshot_file.read_text(encoding="utf-8")))


def _wait(is_done: Callable[[], bool], server: Server) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        with suppress(OSError):  # between two pages nobody answers
            if is_done():
                return
        time.sleep(0.1)
    raise AssertionError(f"the host does not get ready and said:\n{server.log()[-4000:]}")
