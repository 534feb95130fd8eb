"""How soon a step is seen in a real browser: ``python -m benchmarks.page_latency`` (needs Chromium).

A training is told by this program as a worker would tell it; the page is that of ``ui``. Ends with 1 when the
median step is seen later than after a second, or a reloaded page is not whole after two.
"""

from __future__ import annotations

import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

from benchmarks.page import tell_step
from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ModelRecord, save_record
from dreambooth.events import EventWriter
from dreambooth.jobs.library import Library
from dreambooth.locks import file_lock

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
BEFORE, NUM_STEPS, TOTAL = 200, 20, 1000
SEEN_SECONDS, RELOAD_SECONDS = 1.0, 2.0


@contextmanager
def serving(models_dir: Path) -> Iterator[str]:
    """Our own server over a folder of models; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "dreambooth", "--models-dir", str(models_dir), "ui", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while server.poll() is None:
            try:
                urlopen(f"http://127.0.0.1:{port}", timeout=5).close()
                break
            except URLError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def begin_training(library: Library) -> RunFolder:
    """A model and a run of it that has taken some steps."""
    folder = library.folder("toy")
    folder.path.mkdir(parents=True)
    save_record(folder.config_file, ModelRecord(family="sd1"))
    run = RunFolder(folder.runs / "20260101-000000-000-train")
    run.path.mkdir(parents=True)
    run.config_file.write_text('{"job": "train", "model_dir": "../..", "models_dir": "../../.."}')
    events = EventWriter(run)
    events.write("work", job="train", pid=1)
    events.write("start", step=0, num_steps=TOTAL, device="cpu")
    for step in range(1, BEFORE + 1):
        take_step(run, step)
    return run


def take_step(run: RunFolder, step: int) -> None:
    """One more line of events."""
    with run.events_file.open("a") as file:
        tell_step(file.write, step, TOTAL)


def wait_for_step(page: Page, step: int) -> None:
    """Until Output tells of the step."""
    told = "(step) => document.querySelector('.db-status')?.textContent.includes(`step ${step} of`)"
    page.wait_for_function(told, arg=step, polling=20)


def measure(page: Page, url: str, run: RunFolder) -> tuple[list[float], float]:
    """Seconds from telling a step to seeing it, and of a reload."""
    page.goto(url)
    wait_for_step(page, BEFORE)
    seconds = []
    for step in range(BEFORE + 1, BEFORE + NUM_STEPS + 1):
        began = time.perf_counter()
        take_step(run, step)
        wait_for_step(page, step)
        seconds.append(time.perf_counter() - began)
    began = time.perf_counter()
    page.reload()
    wait_for_step(page, BEFORE + NUM_STEPS)
    return seconds, time.perf_counter() - began


def main() -> None:
    """See above."""
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        library = Library(Path(folder) / "models")
        run = begin_training(library)
        with file_lock(run.lock_file, waiting=lambda: None), serving(library.path) as url:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            seconds, reload_seconds = measure(browser.new_page(), url, run)
            browser.close()
    median = statistics.median(seconds)
    print(f"a step is seen after {median:.2f} s (median of {NUM_STEPS}; slowest {max(seconds):.2f} s)")
    print(f"a reloaded page shows the run after {reload_seconds:.2f} s")
    sys.exit(median > SEEN_SECONDS or reload_seconds > RELOAD_SECONDS)


if __name__ == "__main__":
    main()
