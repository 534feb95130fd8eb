"""The stand-in of a webui inside this process, for what needs no page."""

import importlib
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dreambooth.host.lender import Lender
from dreambooth.lending.hosts import living_hosts
from dreambooth.toybox import WEIGHTS_FILE
from tests.host_contract.hosts import make_host

MODULES = (
    "shared",
    "call_queue",
    "sd_models",
    "processing",
    "devices",
    "sd_unet",
    "lowvram",
    "sd_vae",
    "sd_samplers",
    "sd_hijack",
    "paths",
    "paths_internal",
    "script_callbacks",
)
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class StandIn:
    """A webui with two checkpoints, of which ``toybox`` is the source of our models."""

    flavour: str
    path: Path

    def __getattr__(self, name: str) -> Any:
        """One of its modules."""
        if name not in MODULES:
            raise AttributeError(name)
        return sys.modules[f"modules.{name}"]

    @property
    def state(self) -> Any:
        """What it is doing."""
        return self.shared.state

    def model(self) -> Any:
        """The model that it holds, without loading one; None for none."""
        model = self.sd_models.model_data.sd_model
        return model if isinstance(model, self.sd_models.Model) else None

    def generate(self, **asked: Any) -> Any:
        """Draw a picture, as soon as the queue is free."""
        with self.call_queue.queue_lock:
            self.state.begin("txt2img")
            try:
                return self.processing.process_images(
                    self.processing.StableDiffusionProcessingTxt2Img(steps=1, width=8, height=8, **asked)
                )
            finally:
                self.state.end()

    def is_queue_free(self) -> bool:
        """Whether a generation would begin at once."""
        is_free = self.call_queue.queue_lock.acquire(blocking=False)
        if is_free:
            self.call_queue.queue_lock.release()
        return is_free


def eventually(is_so: Callable[[], object]) -> None:
    """Wait until it is so."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end, "it never became so"
        time.sleep(0.02)


@contextmanager
def in_background(call: Callable[[], object]) -> Iterator[threading.Thread]:
    """Something that may have to wait; it must be over when the context is."""
    thread = threading.Thread(target=call)
    thread.start()
    yield thread
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


@contextmanager
def stand_in(flavour: str, folder: Path) -> Iterator[StandIn]:
    """Its modules are those of this process as long as the context lasts."""
    with pytest.MonkeyPatch.context() as patch:
        host = make_host(flavour, folder)
        checkpoints = host.path / "models" / "Stable-diffusion"
        checkpoints.mkdir(parents=True)
        shutil.copy(WEIGHTS_FILE, checkpoints / "toybox.safetensors")
        (checkpoints / "a other.safetensors").write_bytes(b"other")
        patch.setenv("STAND_IN_HOST", flavour)
        patch.setattr(sys, "argv", ["webui.py"])
        patch.syspath_prepend(str(host.path))
        for name in MODULES:
            importlib.import_module(f"modules.{name}")
        if flavour == "Forge":
            main_thread = importlib.import_module("modules_forge.main_thread")
            threading.Thread(target=main_thread.loop, daemon=True, name="draws").start()
        webui = StandIn(flavour, host.path)
        webui.sd_models.list_models()
        try:
            yield webui
        finally:
            ours = [
                name for name in sys.modules if name.split(".")[0] in ("modules", "modules_forge", "flavour")
            ]
            for name in ours:
                del sys.modules[name]


@contextmanager
def lending(models_dir: Path, name: str) -> Iterator[Lender]:
    """A lender that workers find."""
    lender = Lender(models_dir, name)
    lender.start()
    try:
        eventually(lambda: living_hosts(models_dir))
        yield lender
    finally:
        lender.stop()
