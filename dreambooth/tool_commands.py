"""The commands for finished files: their arguments, and the jobs that they give."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from dreambooth.commands import run_tool
from dreambooth.console import Console
from dreambooth.jobs.library import Library

METHODS = ("weighted_sum", "add_difference")
DTYPES = ("keep", "fp32", "fp16", "bf16")


def add_merge(parser: ArgumentParser) -> None:
    """What ``merge`` takes."""
    parser.epilog = (
        "weighted_sum: (1 - M) x A + M x B. add_difference: A + M x (B - C), C being what B was made from."
    )
    parser.add_argument("primary", metavar="A", type=Path, help="a checkpoint; the result is one of its kind")
    parser.add_argument("secondary", metavar="B", type=Path, help="a checkpoint to mix in")
    parser.add_argument("tertiary", metavar="C", type=Path, nargs="?", help="what B was made from")
    parser.add_argument("--method", choices=METHODS, default="weighted_sum")
    parser.add_argument("--multiplier", metavar="M", type=float, default=0.3, help="default 0.3")
    parser.add_argument("--vae", type=Path, help="a VAE file to use in place of A's")
    parser.add_argument(
        "--discard", metavar="PATTERN", default="", help="leave out tensors whose name this pattern finds"
    )
    _add_output(parser)


def _add_output(parser: ArgumentParser) -> None:
    parser.add_argument("--to", type=Path, required=True, help="the file to write")
    parser.add_argument("--dtype", choices=DTYPES, default="keep", help="precision of the weights")
    parser.add_argument("--overwrite", action="store_true", help="the file may be there already")


def merge(library: Library, asked: Namespace, console: Console) -> int:
    """Merge two or three checkpoints."""
    values = {
        "primary": _absolute(asked.primary),
        "secondary": _absolute(asked.secondary),
        "tertiary": _absolute(asked.tertiary),
        "vae": _absolute(asked.vae),
        "method": asked.method,
        "multiplier": asked.multiplier,
        "discard": asked.discard,
        **_output(asked),
    }
    return run_tool(library, "merge", values, console, describe_checkpoint)


def _output(asked: Namespace) -> dict[str, Any]:
    return {"to": _absolute(asked.to), "dtype": asked.dtype, "overwrite": asked.overwrite}


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())


def describe_checkpoint(result: dict[str, Any]) -> str:
    """A new checkpoint in words."""
    moved = ", ".join(f"{part} by {share:.2%}" for part, share in result["moved"].items())
    told = "{path}: {bytes} bytes, {changed} of {tensors} tensors changed".format_map(result)
    return f"{told}\nmoved: {moved}" if moved else told
