"""Writes docs/settings.md from the settings themselves: ``python -m docs.make_settings``."""

from __future__ import annotations

from pathlib import Path

from dreambooth.config.option import Setting
from dreambooth.config.sections import GENERAL, Section, describe_concept, describe_sections

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


def help_of(setting: Setting) -> str:
    """What a setting does, and what each of its choices means."""
    choices = [f"`{choice}`: {words}" for choice, words in setting.description.choices_help.items()]
    return "<br>".join([setting.description.help, *choices])


def build_table(section: Section) -> str:
    """A row for each setting."""
    rows = [
        f"| `{each.name}` | {default_of(each)} | {limits_of(each)} | {help_of(each)} | "
        f"{each.description.since} |"
        for each in section.settings
    ]
    return "\n".join(
        ["| Name | Default | Limits | What it does | Since |", "|---|---|---|---|---|", *rows, ""]
    )


def build_page() -> str:
    """The whole page."""
    parts = [HEADER]
    for section in describe_sections():
        name = "" if section.name == GENERAL else f": `{section.name}`"
        parts += [f"## {section.title}{name}\n", f"{section.help}\n", build_table(section)]
    concept = describe_concept()
    return "\n".join([*parts, "## Concepts\n", f"{concept.help} {CONCEPT_NOTE}\n", build_table(concept)])


if __name__ == "__main__":
    PAGE_FILE.write_text(build_page(), encoding="utf-8", newline="\n")
