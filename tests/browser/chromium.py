"""The Chromium of this machine, driven by Playwright; it reaches nothing but this machine."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.browser.cache import Unavailable

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Gradio's pages ask for fonts elsewhere; every test sees them as on a machine without network.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def find_chromium() -> str:
    """The file to run: that of DREAMBOOTH_CHROMIUM, or a known name on the path; raises Unavailable."""
    found = os.environ.get("DREAMBOOTH_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        raise Unavailable("Chromium is missing; install it, or name its file in DREAMBOOTH_CHROMIUM")
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser with a profile of its own; in a window, and slowly, when DREAMBOOTH_SHOW_BROWSER is set."""
    is_shown = bool(os.environ.get("DREAMBOOTH_SHOW_BROWSER"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            headless=not is_shown,
            slow_mo=300 if is_shown else 0,
            args=list(FLAGS),
        )
        yield browser
        browser.close()
