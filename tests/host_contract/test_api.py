"""HTTP in a webui: there beside its own routes, protected, and there once after a reload."""

from urllib.error import HTTPError

import pytest


def test_models_of_the_webui_are_told(webui):
    assert webui.get("/dreambooth/v1/models") == {"models": []}
    assert webui.get("/dreambooth/v1/host")["is_local"]


def test_document_is_ours_alone(webui):
    assert webui.get("/dreambooth/openapi.json")["info"]["title"] == "Dreambooth trainer"
    assert not any(path.startswith("/dreambooth") for path in webui.get("/openapi.json")["paths"])


def test_errors_are_told_in_our_words(webui):
    with pytest.raises(HTTPError) as refused:
        webui.get("/dreambooth/v1/models/nobody")
    assert refused.value.code == 404
    assert b"there is no model nobody" in refused.value.read()


@pytest.mark.parametrize("header", [{"Host": "elsewhere.example"}, {"Origin": "http://elsewhere.example"}])
def test_foreign_pages_are_refused(webui, header):
    with pytest.raises(HTTPError) as refused:
        webui.get("/dreambooth/v1/models", header)
    assert refused.value.code == 403


def test_it_answers_after_a_reload(webui):
    webui.reload()
    assert webui.get("/dreambooth/v1/models") == {"models": []}
    assert [route for route in webui.snapshot()["routes"] if route.endswith(" /dreambooth")] == [
        "Mount /dreambooth"
    ]
