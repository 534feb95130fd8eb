"""Where things lie, from two options that are read before all others; safe to import at any time."""

import argparse
import os
from pathlib import Path


def normalized_filepath(path: str) -> str:
    """A path that does not depend on the working directory."""
    return str(Path(path).absolute())


modules_path = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120 - text, as the hosts have it
script_path = str(Path(modules_path).parent)

_early = argparse.ArgumentParser(add_help=False)
_early.add_argument("--data-dir", type=normalized_filepath, default=script_path)
_early.add_argument("--models-dir", type=normalized_filepath)
_known = _early.parse_known_args()[0]

data_path = _known.data_dir
models_path = _known.models_dir or str(Path(data_path) / "models")
extensions_dir = str(Path(data_path) / "extensions")
extensions_builtin_dir = str(Path(script_path) / "extensions-builtin")
