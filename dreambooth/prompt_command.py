"""The final text of every picture, on the command line: ``check NAME --prompts``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dreambooth.config.rules import find_problems
from dreambooth.config.store import ConfigError
from dreambooth.console import Console
from dreambooth.jobs.library import Library
from dreambooth.setting_commands import changed_config


def show_prompts(library: Library, asked: Namespace, console: Console) -> int:
    """A line for each picture."""
    from dreambooth.actions.final_prompts import final_prompts  # which needs Pillow

    config = changed_config(library, asked)
    if problems := find_problems(config):
        raise ConfigError("\n".join(map(str, problems)))
    told = final_prompts(config, library.folder(asked.name))
    return console.result(dict(told), _in_words(told))


def _in_words(told: Mapping[str, Any]) -> str:
    rows = told["prompts"]
    names = [Path(row["file"]).name if row["file"] else "(to be drawn)" for row in rows]
    width = max(map(len, names), default=0)
    lines = [
        f"{row['kind']:12} {name:{width}} {_tokens(row):>9}  {row['prompt']}"
        for row, name in zip(rows, names, strict=True)
    ]
    lines += [f"left out: {skipped['path']}: {skipped['reason']}" for skipped in told["skipped"]]
    lines += [f"warning: {text}" for text in told["warnings"]]
    return "\n".join(lines)


def _tokens(row: Mapping[str, Any]) -> str:
    """How many, and how many of them are read where that is less."""
    cut = row["read"] < row["tokens"]
    return f"{row['read']} of {row['tokens']}" if cut else str(row["tokens"])
