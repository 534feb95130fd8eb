"""The commands for finished files: their arguments, and the jobs that they give."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambooth.commands import run_tool
from dreambooth.console import Console
from dreambooth.jobs.library import Library
from dreambooth.source_arguments import add_source_arguments, source_values

METHODS = ("weighted_sum", "add_difference")
DTYPES = ("keep", "fp32", "fp16", "bf16")
RANK_METHODS = ("fixed", "sv_ratio", "sv_fro", "sv_cumulative")
LAYOUTS = ("kohya", "diffusers")


@dataclass(frozen=True)
class Tool:
    """A command for finished files."""

    told: str
    add_arguments: Callable[[ArgumentParser], None]
    values: Callable[[Namespace], dict[str, Any]]  # what its job is asked
    describe: Callable[[dict[str, Any]], str]  # its result in words


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


def _add_output(parser: ArgumentParser, told: str = "the file to write") -> None:
    parser.add_argument("--to", type=Path, required=True, help=told)
    parser.add_argument("--dtype", choices=DTYPES, default="keep", help="precision of the weights")
    parser.add_argument("--overwrite", action="store_true", help="the file may be there already")


def merge_values(asked: Namespace) -> dict[str, Any]:
    """What the job ``merge`` is asked."""
    return {
        "primary": _absolute(asked.primary),
        "secondary": _absolute(asked.secondary),
        "tertiary": _absolute(asked.tertiary),
        "vae": _absolute(asked.vae),
        "method": asked.method,
        "multiplier": asked.multiplier,
        "discard": asked.discard,
        **_output(asked),
    }


def add_convert(parser: ArgumentParser) -> None:
    """What ``convert`` takes."""
    parser.add_argument("source", type=Path, help="a checkpoint, or a folder in diffusers layout")
    add_source_arguments(parser)
    parser.add_argument("--prune", action="store_true", help="leave out EMA weights and all but weights")
    _add_output(parser, told="a .safetensors or .ckpt file, or a new folder for diffusers layout")


def convert_values(asked: Namespace) -> dict[str, Any]:
    """What the job ``convert`` is asked."""
    told = {"source": _absolute(asked.source), "prune": asked.prune}
    return {**told, **source_values(asked), **_output(asked)}


def add_lora_merge(parser: ArgumentParser) -> None:
    """What ``lora merge`` takes."""
    _add_loras(parser)
    _add_ranks(parser, default=0, told="cut to this rank; 0: none is lost, and ranks add up")
    _add_output(parser)


def lora_merge_values(asked: Namespace) -> dict[str, Any]:
    """What the job ``lora_merge`` is asked."""
    return {"loras": _loras(asked), **_ranks(asked), **_output(asked)}


def add_lora_bake(parser: ArgumentParser) -> None:
    """What ``lora bake`` takes."""
    parser.add_argument("checkpoint", type=Path, help="a checkpoint, or a folder in diffusers layout")
    _add_loras(parser)
    _add_output(parser)


def lora_bake_values(asked: Namespace) -> dict[str, Any]:
    """What the job ``lora_bake`` is asked."""
    return {"checkpoint": _absolute(asked.checkpoint), "loras": _loras(asked), **_output(asked)}


def add_lora_extract(parser: ArgumentParser) -> None:
    """What ``lora extract`` takes."""
    parser.add_argument("base", type=Path, help="what the other checkpoint was made from")
    parser.add_argument("tuned", type=Path, help="what the LoRA is to make of it")
    _add_ranks(parser, default=32, told="default 32")
    parser.add_argument(
        "--min-difference",
        type=float,
        default=1e-3,
        help="leave out a text encoder whose weights differ by no more than this (default 0.001)",
    )
    _add_output(parser)


def lora_extract_values(asked: Namespace) -> dict[str, Any]:
    """What the job ``lora_extract`` is asked."""
    return {
        "base": _absolute(asked.base),
        "tuned": _absolute(asked.tuned),
        "min_difference": asked.min_difference,
        **_ranks(asked),
        **_output(asked),
    }


def add_lora_resize(parser: ArgumentParser) -> None:
    """What ``lora resize`` takes."""
    parser.add_argument("lora", type=Path, help="a LoRA file")
    _add_ranks(parser, default=None, told="the new rank; with --rank-method the largest")
    _add_output(parser)


def lora_resize_values(asked: Namespace) -> dict[str, Any]:
    """What the job ``lora_resize`` is asked."""
    return {"lora": _absolute(asked.lora), **_ranks(asked), **_output(asked)}


def add_lora_convert(parser: ArgumentParser) -> None:
    """What ``lora convert`` takes."""
    parser.add_argument("lora", type=Path, help="a LoRA file")
    parser.add_argument(
        "--layout",
        choices=LAYOUTS,
        default="kohya",
        help="whose names: kohya's, which webuis read (the default), or those of diffusers and PEFT",
    )
    parser.add_argument(
        "--base", type=Path, help="a checkpoint of the kind that it is for; needed for unusual models only"
    )
    _add_output(parser)


def lora_convert_values(asked: Namespace) -> dict[str, Any]:
    """What the job ``lora_convert`` is asked."""
    return {
        "lora": _absolute(asked.lora),
        "base": _absolute(asked.base),
        "layout": asked.layout,
        **_output(asked),
    }


def _add_loras(parser: ArgumentParser) -> None:
    parser.add_argument(
        "loras",
        metavar="LORA[=STRENGTH[,TEXT]]",
        nargs="+",
        help="a LoRA file, and how much of it: of the U-Net, of text encoders; 1 when nothing is said",
    )


def parse_lora(word: str) -> dict[str, Any]:
    """A LoRA file with its strengths; what follows the last ``=`` belongs to the name unless it is numbers.

    >>> parse_lora("a.safetensors=0.8,0.5")["strength"]
    0.8
    """
    path, _, numbers = word.rpartition("=")
    try:
        strengths = [float(number) for number in numbers.split(",")] if path else []
    except ValueError:
        strengths = []
    if not 1 <= len(strengths) <= 2:
        path, strengths = word, [1.0]
    return {
        "path": _absolute(Path(path)),
        "strength": strengths[0],
        "text_strength": strengths[1] if len(strengths) > 1 else None,
    }


def _loras(asked: Namespace) -> list[dict[str, Any]]:
    return [parse_lora(word) for word in asked.loras]


def _add_ranks(parser: ArgumentParser, *, default: int | None, told: str) -> None:
    parser.add_argument("--rank", type=int, default=default, required=default is None, help=told)
    parser.add_argument(
        "--conv-rank",
        type=int,
        default=0,
        help="rank of convolutions; 0: as the others, not extracted at all",
    )
    parser.add_argument(
        "--rank-method",
        choices=RANK_METHODS,
        default="fixed",
        help="keep fewer ranks where they say little: those of 1 / SHARE of the largest singular value at "
        "least (sv_ratio), or as many as make up SHARE of the norm (sv_fro) or of the sum (sv_cumulative)",
    )
    parser.add_argument("--share", type=float, default=1.0, help="for --rank-method")


def _ranks(asked: Namespace) -> dict[str, Any]:
    names = ("rank", "conv_rank", "rank_method", "share")
    return {name: getattr(asked, name) for name in names}


def _output(asked: Namespace) -> dict[str, Any]:
    return {"to": _absolute(asked.to), "dtype": asked.dtype, "overwrite": asked.overwrite}


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())


def describe_checkpoint(result: dict[str, Any]) -> str:
    """A new checkpoint in words."""
    moved = ", ".join(f"{part} by {share:.2%}" for part, share in result["moved"].items())
    told = "{path}: {bytes} bytes, {changed} of {tensors} tensors changed".format_map(result)
    return f"{told}\nmoved: {moved}" if moved else told


def describe_lora(result: dict[str, Any]) -> str:
    """A new LoRA file in words."""
    low, high = result["ranks"]
    told = "{path}: {bytes} bytes, {modules} modules".format_map(result)
    told += f", rank {high}" if low == high else f", ranks {low} to {high}"
    told += f", {result['kept']:.2%} of the norm kept"
    if result.get("outside"):
        told += f"; {result['outside']:.2%} lies in layers that are not in the file"
    return told


def describe_conversion(result: dict[str, Any]) -> str:
    """A LoRA file in other names, in words."""
    return "{path}: {bytes} bytes, {modules} modules".format_map(result)


def describe_model(result: dict[str, Any]) -> str:
    """A converted model in words."""
    return "{path}: {family}, {predicts}, {bytes} bytes".format_map(result)


CONVERT = Tool("give a model another form", add_convert, convert_values, describe_model)
MERGE = Tool("make one checkpoint of two or three", add_merge, merge_values, describe_checkpoint)
LORA_TOOLS = {
    "merge": Tool("make one LoRA of several", add_lora_merge, lora_merge_values, describe_lora),
    "bake": Tool("make LoRAs part of a checkpoint", add_lora_bake, lora_bake_values, describe_checkpoint),
    "extract": Tool(
        "the difference of two checkpoints as a LoRA", add_lora_extract, lora_extract_values, describe_lora
    ),
    "resize": Tool("lower the rank of a LoRA", add_lora_resize, lora_resize_values, describe_lora),
    "convert": Tool(
        "give a LoRA the names of another program",
        add_lora_convert,
        lora_convert_values,
        describe_conversion,
    ),
}


def convert(library: Library, asked: Namespace, console: Console) -> int:
    """Convert a model."""
    return run_tool(library, "convert", CONVERT.values(asked), console, CONVERT.describe)


def merge(library: Library, asked: Namespace, console: Console) -> int:
    """Merge checkpoints."""
    return run_tool(library, "merge", MERGE.values(asked), console, MERGE.describe)


def lora(library: Library, asked: Namespace, console: Console) -> int:
    """One of the tools for LoRA files."""
    tool = LORA_TOOLS[asked.action]
    return run_tool(library, f"lora_{asked.action}", tool.values(asked), console, tool.describe)
