"""What of the process and of the app somebody else could notice, written down as JSON."""

import json
import logging
import os
import signal
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

from fastapi import FastAPI

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD", "SIGBREAK")


def write_snapshot(app: FastAPI, ui_config: Path) -> None:
    """Into the file that STAND_IN_SNAPSHOT names, when it names one."""
    if path := os.environ.get("STAND_IN_SNAPSHOT"):
        text = json.dumps(_describe(app, ui_config), indent=1, sort_keys=True)
        beside = Path(f"{path}.partial")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)


def _describe(app: FastAPI, ui_config: Path) -> dict[str, Any]:
    return {
        "routes": sorted(f"{type(route).__name__} {getattr(route, 'path', '')}" for route in app.routes),
        "exception_handlers": sorted(map(str, app.exception_handlers)),
        "middleware": [str(layer.cls) for layer in app.user_middleware],
        "loggers": {"root": _describe_logger(logging.getLogger())} | _describe_loggers(),
        "logging": [str(logging.root.manager.disable), logging.getLoggerClass().__name__],
        "path": sys.path,
        "environment": dict(os.environ),
        "modules": sorted({name.split(".")[0] for name in sys.modules}),
        "signals": {name: _handler_of(name) for name in SIGNALS if hasattr(signal, name)},
        "warnings": [
            f"{kind} {category.__name__} {where}" for kind, _, category, where, _ in warnings.filters
        ],
        "hooks": [f"{hook.__module__}.{hook.__qualname__}" for hook in _hooks()],
        "folder": str(Path.cwd()),
        "ui_config": json.loads(ui_config.read_text(encoding="utf-8")),
    }


def _hooks() -> list[Any]:
    return [sys.excepthook, threading.excepthook, sys.displayhook, sys.unraisablehook]


def _describe_loggers() -> dict[str, Any]:
    found = logging.root.manager.loggerDict.items()
    return {name: _describe_logger(logger) for name, logger in found if isinstance(logger, logging.Logger)}


def _describe_logger(logger: logging.Logger) -> list[Any]:
    return [logger.level, logger.disabled, logger.propagate, sorted(map(str, logger.handlers))]


def _handler_of(name: str) -> str:
    handler = signal.getsignal(getattr(signal, name))
    return getattr(handler, "__qualname__", str(handler))
