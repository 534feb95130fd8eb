"""A script becomes a module that nobody can import: it is called like its file, and is not in sys.modules."""

import importlib.util
from pathlib import Path
from types import ModuleType

from modules import errors


def load_module(path: str) -> ModuleType:
    """Run a file, whatever it raises."""
    spec = importlib.util.spec_from_file_location(Path(path).name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def preload_extensions(folder: str, parser) -> None:
    """Let every extension add its options."""
    for script in sorted(Path(folder).glob("*/preload.py")):
        try:
            module = load_module(str(script))
            if hasattr(module, "preload"):
                module.preload(parser)
        except Exception:
            errors.report(f"Error running preload() for {script}", exc_info=True)
