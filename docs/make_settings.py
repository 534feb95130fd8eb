"""Writes docs/settings.md from the settings themselves: ``python -m docs.make_settings``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import get_type_hints

from dreambooth.config.concept import Concept
from dreambooth.config.option import Setting, describe_settings
from dreambooth.config.settings import TrainConfig

PAGE_FILE = Path(__file__).parent / "settings.md"
HEADER = """# Settings

Made by `python -m docs.make_settings` from the sections in `dreambooth/config`; change it there.

`--set NAME=VALUE` after `train`, `check`, `classes` or `settings` changes a setting of a model, and it stays
changed. The defaults are those for a model of 512 px: `create` sets `data.resolution`, and for small models
`data.bucket_step_px`, to fit the source. Settings that contradict each other are refused.
"""
CONCEPT_NOTE = "On the command line `instance_prompt` is `--instance-prompt`, and so on."


def limits_of(setting: Setting) -> str:
    """What a setting may be."""
    if setting.choices:
        return ", ".join(f"`{choice}`" for choice in setting.choices)
    low, high = setting.description.low, setting.description.high
    if low is None or high is None:
        return {"bool": "`true`, `false`", "str": "text"}[setting.kind]
    return f"{low:.12g} … {high:.12g}{', whole' if setting.kind == 'int' else ''}"


def default_of(setting: Setting) -> str:
    """The default as a person would type it."""
    typed = str(setting.default)
    return f"`{typed.lower() if setting.kind == 'bool' else typed}`" if typed else "empty"


def build_table(section: type, prefix: str = "") -> str:
    """A row for each setting of the section itself."""
    rows = [
        f"| `{prefix}{each.name}` | {default_of(each)} | {limits_of(each)} | {each.description.help} |"
        for each in describe_settings(section)
        if "." not in each.name
    ]
    return "\n".join(["| Name | Default | Limits | What it does |", "|---|---|---|---|", *rows, ""])


def build_page() -> str:
    """The whole page."""
    parts = [HEADER, "## The run\n", build_table(TrainConfig)]
    for name, section in get_type_hints(TrainConfig).items():
        if dataclasses.is_dataclass(section):
            parts += [f"## `{name}`\n", f"{section.__doc__}\n", build_table(section, f"{name}.")]
    return "\n".join([*parts, "## Concepts\n", f"{Concept.__doc__} {CONCEPT_NOTE}\n", build_table(Concept)])


if __name__ == "__main__":
    PAGE_FILE.write_text(build_page(), encoding="utf-8", newline="\n")
