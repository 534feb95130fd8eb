"""Loads scripts/*.py of every extension: at the start, and again whenever the page is reloaded."""

import sys

from flavour import FLAVOUR

from modules import errors, extensions, paths, script_callbacks, script_loading

_current = [paths.script_path]


class Script:
    """What adds something to the host's own tabs; we have none."""


def basedir() -> str:
    """The folder of the extension whose script is being loaded."""
    return _current[-1]


def load_scripts() -> None:
    """Forget all callbacks, then run every script; sys.path is put back by putting another list there."""
    script_callbacks.clear_callbacks()
    files = extensions.list_files("scripts", ".py")
    if FLAVOUR == "Forge":  # where every extension stays on the path for good
        for file in files:
            if file.basedir not in sys.path:
                sys.path = [file.basedir, *sys.path]
    kept = sys.path
    for file in files:
        try:
            sys.path = [file.basedir, *sys.path]
            _current.append(file.basedir)
            script_loading.load_module(file.path)
        except Exception:
            errors.report(f"Error loading script: {file.filename}", exc_info=True)
        finally:
            sys.path = kept
            _current.pop()
