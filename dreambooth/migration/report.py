"""What is told of a migration: each old setting once, in one of four lists."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dreambooth.config.option import Value


@dataclass(frozen=True)
class Mapped:
    """An old setting that lives on in settings of ours."""

    key: str
    value: Any
    becomes: Mapping[str, Value]


@dataclass(frozen=True)
class Remembered:
    """A fact, and where it is kept."""

    key: str
    value: Any
    told: str


@dataclass(frozen=True)
class Meaningless:
    """An old setting that changes nothing here, and why; ``is_lost`` when its user may miss it."""

    key: str
    value: Any
    reason: str
    is_lost: bool


@dataclass(frozen=True)
class Trouble:
    """A value that could not be used, and what somebody should look at."""

    key: str
    value: Any
    reason: str


@dataclass
class Report:
    """The four lists."""

    mapped: list[Mapped] = field(default_factory=list)
    kept: list[Remembered] = field(default_factory=list)
    without_meaning: list[Meaningless] = field(default_factory=list)
    problems: list[Trouble] = field(default_factory=list)

    def to_json(self) -> dict[str, list[dict[str, Any]]]:
        """As plain values."""
        return dataclasses.asdict(self)


def describe_report(told: Mapping[str, Any]) -> str:
    """The report, as JSON has it, in words: what needs somebody's eye in full, the rest counted."""
    lines = [f"{len(told['mapped'])} settings taken over, {len(told['kept'])} facts kept"]
    for entry in filter(_is_renamed, told["mapped"]):
        becomes = ", ".join(f"{name}={value}" for name, value in entry["becomes"].items())
        lines.append(f"    {entry['key']} = {entry['value']!r}: {becomes}")
    num_same = len(told["mapped"]) - sum(map(_is_renamed, told["mapped"]))
    lines.append(f"    {num_same} under their old names, unchanged")
    lost = [entry for entry in told["without_meaning"] if entry["is_lost"]]
    lines.append(
        f"{len(told['without_meaning']) - len(lost)} settings have no meaning here, and none is lost"
    )
    for title, entries in (("not taken over:", lost), ("to look at:", told["problems"])):
        if entries:
            lines.append(title)
            lines += [f"    {entry['key']} = {entry['value']!r}: {entry['reason']}" for entry in entries]
    return "\n".join(lines)


def _is_renamed(entry: Mapping[str, Any]) -> bool:
    """Whether an old setting has another name or value now; the fields of a concept mostly have the same."""
    unchanged = {entry["key"].rpartition(".")[2]: entry["value"]}
    return bool(entry["becomes"] != unchanged)
