"""Options of the webui's command line that are ours."""

from __future__ import annotations

from argparse import ArgumentError, ArgumentParser
from contextlib import suppress

OPTIONS = {
    "--dreambooth-models-path": "folder of the Dreambooth models (default: dreambooth in the models folder)",
    "--dreambooth-env": (
        "folder of the training environments (default: .venv in the extension's folder; a relative name "
        "counts from there)"
    ),
}


def preload(parser: ArgumentParser) -> None:
    """Add them."""
    for option, told in OPTIONS.items():
        with suppress(ArgumentError):  # of another copy of us, which was first
            parser.add_argument(option, type=str, default=None, metavar="FOLDER", help=told)
