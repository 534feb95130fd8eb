"""The OpenAPI document is drawn from the endpoints, and says what they do."""

import re

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from dreambooth.actions.table import find_actions
from dreambooth.api.app import build_api
from dreambooth.api.mounting import PREFIX, mount_api, unmount_api
from dreambooth.api.openapi import describe_api
from dreambooth.api.table import find_endpoints
from dreambooth.config.forms.tools import TOOL_FORMS
from tests.api.server import OpenGate

ENDPOINTS = find_endpoints()


@pytest.fixture(scope="module")
def document() -> dict:
    return describe_api(ENDPOINTS)


def test_every_endpoint_is_described_once(document):
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert told == {(each.method, each.path) for each in ENDPOINTS}
    assert len(told) == len(ENDPOINTS)


def test_every_operation_has_its_own_name_and_a_sentence(document):
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)
    assert all(each["summary"].endswith(".") for each in operations)


def test_all_names_in_paths_are_parameters(document):
    for path, methods in document["paths"].items():
        for operation in methods.values():
            told = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert told == set(re.findall(r"{(\w+)}", path))


def test_what_changes_something_wants_a_body_that_no_foreign_page_can_send():
    for endpoint in (each for each in ENDPOINTS if not each.deprecated):
        takes_nothing = endpoint.body is None and not endpoint.files
        assert takes_nothing == (endpoint.method in ("GET", "DELETE"))


def test_every_tool_and_every_action_can_be_asked():
    paths = {each.path for each in ENDPOINTS}
    assert {f"/v1/tools/{job}" for job in TOOL_FORMS} <= paths
    actions = next(each for each in ENDPOINTS if each.path == "/v1/actions/{action}")
    assert actions.names["action"]["enum"] == list(find_actions())
    assert all(f"`{name}`: " in actions.details for name in find_actions())


def test_the_document_is_served(client, document):
    assert client.get("/openapi.json").json() == document


def test_mounting_again_replaces_what_was_mounted(place):
    app = Starlette()
    before = list(app.router.routes)
    for _ in range(3):
        mount_api(app, build_api(place, OpenGate()))
    ours = [route for route in app.router.routes if isinstance(route, Mount) and route.path == PREFIX]
    assert len(ours) == 1
    unmount_api(app)
    assert app.router.routes == before
