"""Lends the webui's device to the trainer: one thread of the webui's process that hears of workers' needs.

It is there once for each process and lives through *Reload UI*, which loads scripts anew but not our package.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ConfigError
from dreambooth.host.drawing import draw_order
from dreambooth.host.interrupts import Interrupts
from dreambooth.host.lists import refresh_lists
from dreambooth.host.loaded import is_webui_there, loaded
from dreambooth.host.memory import model_kept_out
from dreambooth.host.progress import RunProgress, shown_job
from dreambooth.host.queue_hold import generation_held
from dreambooth.host.settings_section import HOLD_GENERATION, KEEP_HOST_MODEL
from dreambooth.host.webui import Webui
from dreambooth.jobs.control import cancel
from dreambooth.lending.hosts import HostFolder, announced
from dreambooth.lending.loan import Loan, find_loan, say_lent, take_back
from dreambooth.lending.orders import Answer, ReceivedOrder, answer_order, find_order
from dreambooth.lending.saved import take_saved

LOOK_SECONDS = 0.2

log = logging.getLogger(__name__)


_ModelAway = AbstractContextManager[Callable[[], None]]


class Lender:
    """Serves the workers of one models folder; ``name`` is what people call this webui."""

    def __init__(self, models_dir: Path, name: str) -> None:
        self.models_dir = models_dir
        self.name = name
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="dreambooth lends the device")
        self._answered = ""  # the number of the loan that needs nothing more

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Take the device back, and serve no more."""
        self._stopped.set()
        self._thread.join()

    def _serve(self) -> None:
        try:
            self._serve_announced()
        except OSError as error:  # no folder that we can write to, so no worker can be at work in it either
            log.error("dreambooth: nothing is lent, as %s cannot be used: %s", self.models_dir, error)

    def _serve_announced(self) -> None:
        with announced(self.models_dir, self.name) as folder:
            while not self._stopped.is_set():
                try:
                    if is_webui_there():
                        self._look(folder)
                except Exception:
                    log.exception("dreambooth: lending the device failed")
                self._stopped.wait(LOOK_SECONDS)

    def _look(self, folder: HostFolder) -> None:
        if saved := take_saved(folder):
            with generation_held():
                refresh_lists(saved)
        if order := find_order(folder):
            self._draw(folder, order)
        loan = find_loan(self.models_dir)
        if loan is not None and loan.number != self._answered:
            self._answered = loan.number
            self._lend_or_say_why(folder, loan)

    def _draw(self, folder: HostFolder, order: ReceivedOrder) -> None:
        try:
            with generation_held(), shown_job():
                answer = draw_order(order.order, lambda: find_order(folder) == order)
        except Exception as error:
            log.exception("dreambooth: class images could not be drawn")
            answer = Answer("failed", f"could not draw: {type(error).__name__}: {error}")
        answer_order(folder, order, answer)

    def _lend_or_say_why(self, folder: HostFolder, loan: Loan) -> None:
        """Whatever the webui raises, no worker waits for a device that never comes."""
        try:
            self._lend(folder, loan)
        except Exception as error:
            log.exception("dreambooth: lending the device failed")
            say_lent(folder, loan, f"the webui could not lend its device: {type(error).__name__}: {error}")

    def _lend(self, folder: HostFolder, loan: Loan) -> None:
        """Free the memory and hold the queue, as the webui's settings say."""
        options = loaded("shared").opts
        model = nullcontext(_nothing) if getattr(options, KEEP_HOST_MODEL, False) else model_kept_out()
        if getattr(options, HOLD_GENERATION, True):
            self._hold(folder, loan, model)
            return
        with generation_held(), model as keep_out:
            problem = _ServedRun(loan.run, keep_out).free_memory()
        say_lent(folder, loan, problem)

    def _hold(self, folder: HostFolder, loan: Loan, model: _ModelAway) -> None:
        """Hold the queue until the loan is over; a worker that was killed ends it too."""
        with generation_held() as hold_newest:
            if find_loan(self.models_dir) != loan:  # it gave up while pictures were finished
                return
            with shown_job(), model as keep_out:
                served = _ServedRun(loan.run, keep_out)
                say_lent(folder, loan, served.free_memory())
                try:
                    while find_loan(self.models_dir) == loan and not self._stopped.wait(LOOK_SECONDS):
                        if is_webui_there():
                            hold_newest()
                            served.look()
                            refresh_lists(take_saved(folder))
                finally:
                    take_back(folder)


def _nothing() -> None:
    """The model is kept."""


class _ServedRun:
    """The run that has the device: what the webui does for it meanwhile."""

    def __init__(self, run: RunFolder, keep_out: Callable[[], None]) -> None:
        self._run = run
        self._keep_out = keep_out
        self._progress = RunProgress(run)
        self._interrupts = Interrupts()
        self._is_stopping = False
        self._is_stuck = False  # the model cannot be unloaded
        self._is_broken = False  # the webui failed at something else

    def free_memory(self) -> str:
        """What went wrong, usually nothing; the worker begins all the same."""
        try:
            self._keep_out()
        except Exception as error:
            self._is_stuck = True
            log.exception("dreambooth: the webui's model could not be unloaded")
            return f"the webui keeps its model, which could not be unloaded: {type(error).__name__}: {error}"
        return ""

    def look(self) -> None:
        """Keep the memory free, hear Interrupt, and show how far the run is, until the webui fails at it."""
        if self._is_broken:
            return
        try:
            self._look()
        except Exception:
            self._is_broken = True
            log.exception("dreambooth: the run goes on, but the webui does not show it")

    def _look(self) -> None:
        if not self._is_stuck:
            self.free_memory()
        if not self._is_stopping and self._interrupts.is_asked():
            self._is_stopping = True
            with suppress(ConfigError):  # it is over already
                cancel(self._run)
            self._progress.say_stopping()
        self._progress.show()


_lenders: dict[str, Lender] = {}  # at most one: a process has one webui


def lend_device() -> Lender:
    """Lend from now on; called again, as by a reload, it is the same lender unless the folder is another."""
    webui = Webui()
    models_dir = webui.models_folder()
    lender = _lenders.get("webui")
    if lender is None or lender.models_dir != models_dir:
        if lender is not None:
            lender.stop()
        lender = _lenders["webui"] = Lender(models_dir, webui.name)
        lender.start()
    return lender
