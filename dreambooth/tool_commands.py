"""The commands for finished files: how their forms look on the command line, and the jobs that they give."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambooth.config.forms.files import LoraFile, OutputForm
from dreambooth.config.forms.tools import TOOL_FORMS
from dreambooth.console import Console
from dreambooth.form_arguments import Shape, add_form, read_form
from dreambooth.jobs.asking import asked_by
from dreambooth.jobs.library import Library
from dreambooth.running import run_tool

EMA_FLAG = {"use_ema": "--ema"}
LORA_WORD = {"loras": "LORA[=STRENGTH[,TEXT]]"}


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A command for finished files."""

    told: str
    form: type[OutputForm]
    shape: Shape
    describe: Callable[[dict[str, Any]], str]  # its result in words

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What the command takes."""
        add_form(parser, self.form, self.shape)

    def values(self, asked: Namespace) -> dict[str, Any]:
        """What its job is asked."""
        return asked_by(read_form(self.form, asked, read_lora))


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
        "path": str(Path(path).resolve()),
        "strength": strengths[0],
        "text_strength": strengths[1] if len(strengths) > 1 else None,
    }


def read_lora(word: str) -> LoraFile:
    """The same as a row of a form."""
    return LoraFile(**parse_lora(word))


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


CONVERT = Tool(
    told="give a model another form",
    form=TOOL_FORMS["convert"],
    shape=Shape(positional=("source",), flags=EMA_FLAG),
    describe=describe_model,
)
MERGE = Tool(
    told="make one checkpoint of two or three",
    form=TOOL_FORMS["merge"],
    shape=Shape(
        positional=("primary", "secondary", "tertiary"),
        metavars={
            "primary": "A",
            "secondary": "B",
            "tertiary": "C",
            "multiplier": "M",
            "discard": "PATTERN",
        },
    ),
    describe=describe_checkpoint,
)
LORA_TOOLS = {
    "merge": Tool(
        told="make one LoRA of several",
        form=TOOL_FORMS["lora_merge"],
        shape=Shape(positional=("loras",), metavars=LORA_WORD),
        describe=describe_lora,
    ),
    "bake": Tool(
        told="make LoRAs part of a checkpoint",
        form=TOOL_FORMS["lora_bake"],
        shape=Shape(positional=("checkpoint", "loras"), metavars=LORA_WORD),
        describe=describe_checkpoint,
    ),
    "extract": Tool(
        told="the difference of two checkpoints as a LoRA",
        form=TOOL_FORMS["lora_extract"],
        shape=Shape(positional=("base", "tuned")),
        describe=describe_lora,
    ),
    "resize": Tool(
        told="lower the rank of a LoRA",
        form=TOOL_FORMS["lora_resize"],
        shape=Shape(positional=("lora",)),
        describe=describe_lora,
    ),
    "convert": Tool(
        told="give a LoRA the names of another program",
        form=TOOL_FORMS["lora_convert"],
        shape=Shape(positional=("lora",)),
        describe=describe_conversion,
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
