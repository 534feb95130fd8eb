"""How requests are read, and how they are refused: the same for every endpoint."""

import pytest

from dreambooth.api.gate import Refusal
from dreambooth.api.limits import MOST_JSON_BYTES
from tests.api.server import client_of

RENAME = "/v1/models/toy/rename"


def error_of(answer) -> dict:
    assert answer.headers["content-type"] == "application/json"
    return answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"new_name": NaN}', 400),
        (b'{"new_name": "\\ud800"}', 400),
        (b'{"new_name": "\xff"}', 400),
        (b"[" * 100_000, 400),
        (b'{"new_name": ' + b"1" * 5000 + b"}", 400),
        (b"[]", 422),
        (b'{"new_name": 5}', 422),
        (b'{"other": "x"}', 422),
        (b"x" * (MOST_JSON_BYTES + 1), 413),
    ],
)
def test_bad_bodies_are_refused_in_words(client, body, status):
    answer = client.post(RENAME, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert error_of(answer)["message"]


def test_a_body_without_a_length_is_cut_off_where_it_is_too_large(client):
    endless = (b" " * (1 << 20) for _ in range(64))
    answer = client.post(RENAME, content=endless, headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_every_fault_is_told_with_its_field(client):
    answer = client.post("/v1/models", json={"name": 3, "colour": "red"})
    assert answer.status_code == 422
    assert {each["field"] for each in error_of(answer)["problems"]} == {"name", "colour"}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_what_a_foreign_page_can_send_without_asking_is_no_json(client, kind):
    answer = client.post(RENAME, content=b'{"new_name": "x"}', headers={"content-type": kind})
    assert answer.status_code == 415


def test_json_may_say_how_it_is_encoded(client):
    told = {"content-type": "Application/JSON; charset=utf-8"}
    assert client.post(RENAME, content=b'{"new_name": "other"}', headers=told).status_code == 200


def test_what_is_not_there_is_told_in_json(client):
    assert error_of(client.get("/v2/models"))["problems"] == []
    assert client.get("/v1/models/nobody").status_code == 404


def test_a_method_that_means_nothing_is_refused_with_those_that_do(client):
    answer = client.put("/v1/models", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")


def test_options_tells_the_methods(client):
    answer = client.options("/v1/models/toy")
    assert (answer.status_code, answer.headers["allow"]) == (204, "DELETE, GET, HEAD, OPTIONS")


def test_head_is_get_without_a_body(client):
    head, got = client.head("/v1/models/toy/settings"), client.get("/v1/models/toy/settings")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content))


def test_head_of_a_stream_ends(client):
    assert client.head("/v1/jobs/nothing/events").status_code == 404


@pytest.mark.parametrize(
    "query", ["limit=x", "limit=0", "limit=1.5", "limit=1&limit=2", "colour=red", "limit="]
)
def test_bad_parameters_are_refused(client, query):
    assert client.get(f"/v1/jobs?{query}").status_code == 422


def test_a_model_may_have_the_name_of_a_path(client):
    assert client.post(RENAME, json={"new_name": "import"}).status_code == 200
    assert client.get("/v1/models/import").json()["name"] == "import"


def test_names_in_addresses_are_quoted(client):
    assert client.post(RENAME, json={"new_name": "my dög #1 50%"}).status_code == 200
    assert client.get("/v1/models/my%20d%C3%B6g%20%231%2050%25").json()["name"] == "my dög #1 50%"


def test_who_is_refused_learns_nothing_of_what_there_is(place):
    with client_of(place, Refusal(401, "who are you?", {"www-authenticate": "Basic"})) as client:
        for method, path in [
            ("GET", "/v1/models"),
            ("PUT", "/no"),
            ("OPTIONS", "/v1/models"),
            ("POST", RENAME),
        ]:
            answer = client.request(method, path)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Basic")


def test_an_action_that_breaks_is_told_as_an_error_of_the_server(client, library):
    library.folder("toy").config_file.with_name(".db_config.json.lock").mkdir()
    answer = client.patch("/v1/models/toy/settings", json={"revision": 0, "values": {"seed": 1}})
    assert answer.status_code == 500
    assert "IsADirectoryError" in error_of(answer)["message"]
