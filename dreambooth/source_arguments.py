"""What may be said of the source that a model is read from: arguments, and what jobs are asked."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from pathlib import Path
from typing import Any


def add_source_arguments(parser: ArgumentParser) -> None:
    """What overrules the source itself."""
    parser.add_argument("--vae", type=Path, help="a VAE file to use in place of the source's own")
    parser.add_argument("--ema", action="store_true", help="take the averaged weights that the file holds")
    parser.add_argument(
        "--predicts", choices=("epsilon", "v_prediction"), help="what the model predicts; found out otherwise"
    )
    parser.add_argument(
        "--zero-terminal-snr",
        action=BooleanOptionalAction,
        default=None,
        help="the last timestep of the model is pure noise; found out otherwise",
    )


def source_values(asked: Namespace) -> dict[str, Any]:
    """The same as jobs are asked it."""
    return {
        "vae": str(asked.vae.resolve()) if asked.vae else None,
        "use_ema": asked.ema,
        "predicts": asked.predicts,
        "zero_terminal_snr": asked.zero_terminal_snr,
    }
