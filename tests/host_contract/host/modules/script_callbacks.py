"""What extensions asked to be told; an exception in one is reported, and the others are still called."""

import inspect
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from flavour import FLAVOUR

from modules import errors

_callbacks: dict[str, list[tuple[str, Callable[..., Any]]]] = defaultdict(list)


def clear_callbacks() -> None:
    """Before scripts are loaded, again."""
    _callbacks.clear()


def _call_all(kind: str, *arguments: Any, **named: Any) -> list[Any]:
    answers = []
    for script, callback in list(_callbacks[kind]):
        try:
            answers.append(callback(*arguments, **named))
        except Exception:
            errors.report(f"Error executing callback {kind} for {script}", exc_info=True)
    return answers


def _registrar(kind: str) -> Callable[..., None]:
    def register_named(callback: Callable[..., Any], *, name: str | None = None) -> None:  # noqa: ARG001
        _callbacks[kind].append((inspect.stack()[1].filename, callback))

    def register(callback: Callable[..., Any]) -> None:  # SD.Next knows no names
        _callbacks[kind].append((inspect.stack()[1].filename, callback))

    return register if FLAVOUR == "SD.Next" else register_named


on_app_started = _registrar("app_started")
on_ui_tabs = _registrar("ui_tabs")
on_ui_settings = _registrar("ui_settings")
on_before_ui = _registrar("before_ui")
on_before_component = _registrar("before_component")
on_after_component = _registrar("after_component")
on_model_loaded = _registrar("model_loaded")
on_script_unloaded = _registrar("script_unloaded")
on_before_reload = _registrar("on_reload")
if FLAVOUR == "SD.Next":
    on_after_ui = _registrar("after_ui")
on_image_saved = _registrar("image_saved")


def app_started_callback(demo, app) -> None:
    _call_all("app_started", demo, app)


def ui_tabs_callback() -> list[Any]:
    return [tab for tabs in _call_all("ui_tabs") for tab in tabs or []]


def ui_settings_callback() -> None:
    _call_all("ui_settings")


def before_ui_callback() -> None:
    _call_all("before_ui")


def model_loaded_callback(sd_model) -> None:
    _call_all("model_loaded", sd_model)


def script_unloaded_callback() -> None:
    _call_all("script_unloaded")


def app_reload_callback() -> None:
    _call_all("on_reload")
