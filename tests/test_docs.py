"""The documentation and the code agree: settings, command lines, and links that lead somewhere."""

import re
import shlex
from pathlib import Path

import pytest
from starlette.routing import Match, Route

from docs import make_http_api
from docs.make_settings import PAGE_FILE, build_page
from dreambooth.api.table import find_endpoints
from dreambooth.cli import COMMANDS, build_parser
from dreambooth.client import Client
from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + [
    *(ROOT / "docs").glob("*.md")
]
COMMAND_LINE = re.compile(r"python -m dreambooth +([^\n`#]*[^\n`# ])")
CHANGED_SETTING = re.compile(r"\b([a-z]+\.[a-z0-9_]+)=")
LINK = re.compile(r"\]\(([^)#:]+)[^):]*\)")


CALLED_METHOD = re.compile(r"\bclient\.(\w+)\(")
ASKED_PATH = re.compile(r"^    curl (?:-\S+ )*\$api(/\S+)", re.MULTILINE)
HTTP_PAGE = make_http_api.PAGE_FILE.read_text(encoding="utf-8")


def find_in_pages(pattern: re.Pattern[str]) -> list[str]:
    text = "\n".join(page.read_text(encoding="utf-8").replace("\\\n", " ") for page in PAGES)
    return sorted(set(pattern.findall(text)))


def test_settings_page_is_up_to_date():
    assert PAGE_FILE.read_text(encoding="utf-8") == build_page(), "run python -m docs.make_settings"


def test_http_endpoints_are_up_to_date():
    assert make_http_api.build_page(HTTP_PAGE) == HTTP_PAGE, "run python -m docs.make_http_api"


@pytest.mark.parametrize("method", sorted(set(CALLED_METHOD.findall(HTTP_PAGE))))
def test_documented_method_of_the_client_exists(method):
    assert callable(getattr(Client, method))


@pytest.mark.parametrize("path", sorted(set(ASKED_PATH.findall(HTTP_PAGE))))
def test_documented_request_meets_an_endpoint(path):
    routes = [Route(each.path, str) for each in find_endpoints()]
    scope = {"type": "http", "method": "GET", "path": f"/v1{path}"}
    assert any(route.matches(scope)[0] is Match.FULL for route in routes)


def test_every_old_endpoint_is_told_of():
    old = [endpoint.path for endpoint in find_endpoints() if endpoint.deprecated]
    assert [path for path in old if f"`{path}`" not in HTTP_PAGE] == []


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
