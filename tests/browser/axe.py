"""axe-core in the page: what hinders people who cannot see it, or cannot use a mouse."""

import base64
import hashlib
import shutil
import tarfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from dreambooth.locks import file_lock
from tests.browser.cache import Unavailable, cache_folder, run_or_say

VERSION = "4.14.1"
INTEGRITY = "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
SERIOUS = ("serious", "critical")
ASK = """async (within) => {
  const quickly = {resultTypes: ["violations"], preload: false, iframes: false};
  return (await axe.run(within, quickly)).violations;
}"""


def fetch_axe() -> str:
    """The script; fetched from npm at the first call on a machine, and the very file that we know."""
    archive = cache_folder() / f"axe-core-{VERSION}.tgz"
    with file_lock(archive.with_suffix(".lock"), waiting=lambda: None):
        if not archive.exists():
            _pack(archive)
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != INTEGRITY:
        raise AssertionError(
            f"{archive} is not axe-core {VERSION}: delete it. Expected {INTEGRITY}, found {found}"
        )
    with tarfile.open(archive) as packed:
        script = packed.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()


def _pack(archive: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is missing, from which axe-core comes; install Node.js")
    command = [npm, "pack", f"axe-core@{VERSION}", "--pack-destination", str(archive.parent)]
    run_or_say(command, f"axe-core {VERSION} cannot be fetched (network?)")


def find_hindrances(script: str, page: Page, within: str) -> list[str]:
    """A line for each serious or critical finding inside the element, as it is shown now."""
    if page.evaluate("!window.axe"):
        page.evaluate(script)
    violations = page.evaluate(ASK, within)
    return [line for violation in violations if violation["impact"] in SERIOUS for line in _lines(violation)]


def _lines(violation: dict[str, Any]) -> list[str]:
    """What is wrong, where in the page, and what axe would do about it."""
    told = f"{violation['impact']} {violation['id']}: {violation['help']}"
    return [f"{told}\n    {node['html'][:200]}\n    {_advice(node)}" for node in violation["nodes"]]


def _advice(node: dict[str, Any]) -> str:
    return " ".join(node["failureSummary"].split())
