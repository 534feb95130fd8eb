"""The documentation and the code agree: settings, command lines, and links that lead somewhere."""

import re
import shlex
from pathlib import Path

import pytest

from docs.make_settings import PAGE_FILE, build_page
from dreambooth.cli import COMMANDS, build_parser
from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + [
    *(ROOT / "docs").glob("*.md")
]
COMMAND_LINE = re.compile(r"python -m dreambooth +([^\n`#]*[^\n`# ])")
CHANGED_SETTING = re.compile(r"\b([a-z]+\.[a-z0-9_]+)=")
LINK = re.compile(r"\]\(([^)#:]+)[^):]*\)")


def find_in_pages(pattern: re.Pattern[str]) -> list[str]:
    text = "\n".join(page.read_text(encoding="utf-8").replace("\\\n", " ") for page in PAGES)
    return sorted(set(pattern.findall(text)))


def test_settings_page_is_up_to_date():
    assert PAGE_FILE.read_text(encoding="utf-8") == build_page(), "run python -m docs.make_settings"


@pytest.mark.parametrize("line", find_in_pages(COMMAND_LINE))
def test_documented_command_line_is_understood(line):
    assert build_parser().parse_args(shlex.split(line)).command


@pytest.mark.parametrize("command", [*COMMANDS, "doctor", "python"])
def test_readme_names_every_command(command):
    assert f"`{command}`" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_documented_settings_exist():
    names = {setting.name for setting in describe_settings(TrainConfig)}
    assert set(find_in_pages(CHANGED_SETTING)) <= names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
