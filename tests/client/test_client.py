"""What a client makes of answers, refusals, and connections that break."""

import inspect
import json
import shutil
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from dreambooth.client import (
    Client,
    Conflict,
    DreamboothError,
    JobFailed,
    LoginNeeded,
    NotFound,
    Refused,
    Unreachable,
)
from dreambooth.config.forms.tools import TOOL_FORMS
from dreambooth.toybox import WEIGHTS_FILE
from tests.actions.workshop import workplace
from tests.conftest import MODEL
from tests.http_server import gate_with, serve_api, serve_app


def test_refusal_names_the_fields(client):
    with pytest.raises(Refused) as refusal:
        client.change_settings(MODEL, {"lora.rank": 0, "optimizer.beta1": 7})
    assert refusal.value.status == 422
    assert {name.split(".")[-1] for name in refusal.value.problems} == {"rank", "beta1"}


def test_unknown_model_is_not_found(client):
    with pytest.raises(NotFound, match="nobody"):
        client.model("nobody")


def test_settings_that_changed_meanwhile_are_a_conflict(client):
    seen = client.settings(MODEL)["revision"]
    client.change_settings(MODEL, {"lora.rank": 4})
    with pytest.raises(Conflict):
        client.change_settings(MODEL, {"lora.rank": 8}, revision=seen)
    assert client.settings(MODEL)["values"]["lora.rank"] == 4


def test_concepts_are_added_changed_and_removed(client):
    client.add_concept(MODEL, instance_prompt="one")
    client.change_concept(MODEL, 0, instance_prompt="another")
    assert [each["instance_prompt"] for each in client.concepts(MODEL)] == ["another"]
    client.remove_concept(MODEL, 0)
    assert client.concepts(MODEL) == []


def test_picture_that_is_none_is_told_and_the_others_arrive(client, photos):
    (photos / "broken.png").write_bytes(b"no picture")
    client.add_concept(MODEL)
    told = client.upload(MODEL, 0, photos)
    assert told["copied"] == 6
    assert [each["name"] for each in told["refused"]] == ["broken.png"]


def test_server_tells_of_itself(client, library):
    assert client.host()["models_folder"] == str(library.path)
    assert "toybox" in client.sources()[0]["label"].lower()
    assert "lora.rank" in client.settings_schema()["properties"]
    assert client.action("settings.load", name=MODEL)["revision"] == 0


def test_every_tool_is_known_and_refuses_an_empty_form(client):
    for tool in TOOL_FORMS:
        with pytest.raises(Refused) as refusal:
            client.tool(tool)
        assert "to" in refusal.value.problems


def test_job_that_is_refused_says_why(client, tmp_path):
    source = tmp_path / "broken.safetensors"
    source.write_bytes(b"no checkpoint")
    with pytest.raises(JobFailed, match=r"broken\.safetensors") as failure:
        client.wait(client.create("other", source=str(source)))
    assert failure.value.outcome == "refused"


def test_waiting_can_have_an_end_of_its_own(client):
    job = client.create("other", source=str(WEIGHTS_FILE))
    with pytest.raises(TimeoutError, match=r"create"):
        client.wait(job, timeout=0)
    assert client.wait(job)["model"] == "other"


@pytest.mark.parametrize(("user", "password"), [("", ""), ("ann", "wrong"), ("bob", "secret")])
def test_stranger_is_told_to_log_in(library, user, password):
    with serve_api(workplace(library), gate_with({"ann": "secret"})) as url, pytest.raises(LoginNeeded):
        Client(url, user, password).models()


def test_password_lets_in(library):
    with serve_api(workplace(library), gate_with({"ann": "secret"})) as url:
        assert Client(url, "ann", "secret").models()[0]["name"] == MODEL


def test_nobody_there_is_unreachable():
    with pytest.raises(Unreachable, match="does not answer"):
        Client("http://127.0.0.1:9").models()


def test_address_is_one_of_the_web():
    with pytest.raises(ValueError, match="http"):
        Client("file:///etc/passwd")


def test_password_does_not_follow_a_redirect():
    asked = []

    def redirect(request: Request) -> Response:
        asked.append(request.url.path)
        return RedirectResponse("/elsewhere")

    routes = [Route("/dreambooth/v1/models", redirect), Route("/elsewhere", redirect)]
    with serve_app(Starlette(routes=routes)) as url, pytest.raises(DreamboothError, match="307"):
        Client(url, "ann", "secret").models()
    assert asked == ["/dreambooth/v1/models"]


def test_answer_of_another_server_is_told_by_its_status():
    page = PlainTextResponse("<html>no such page</html>", status_code=404)
    app = Starlette(routes=[Route("/dreambooth/v1/models", lambda _: page)])
    with serve_app(app) as url, pytest.raises(NotFound, match="404 Not Found"):
        Client(url).models()


class Stumbling:
    """A server whose stream of events breaks in the middle of one, time and again."""

    def __init__(self, num_events: int) -> None:
        self.events = [{"event": "step", "step": step} for step in range(1, num_events)] + [{"event": "end"}]
        self.heard_after: list[str] = []

    def stream(self, request: Request) -> Response:
        told_id = request.headers.get("last-event-id", "")
        self.heard_after.append(told_id)
        return StreamingResponse(self._tell(int(told_id or 0)), media_type="text/event-stream")

    def _tell(self, after: int):
        yield b": still here\n\n"
        for number, event in list(enumerate(self.events, 1))[after : after + 2]:
            yield f"id: {number}\nevent: x\ndata: {json.dumps(event)}\n\n"
        if after + 2 < len(self.events):
            yield b"id: 99\ndata: {"


def test_events_go_on_where_the_connection_broke():
    server = Stumbling(6)
    with serve_app(Starlette(routes=[Route("/dreambooth/v1/jobs/j/events", server.stream)])) as url:
        events = list(Client(url).events("j"))
    assert [event.get("step") for event in events] == [1, 2, 3, 4, 5, None]
    assert server.heard_after == ["", "2", "4"]


def test_events_that_never_end_are_given_up(monkeypatch):
    monkeypatch.setattr("dreambooth.client.time.sleep", lambda _: None)
    silent = JSONResponse({})
    app = Starlette(routes=[Route("/dreambooth/v1/jobs/j/events", lambda _: silent)])
    with serve_app(app) as url, pytest.raises(Unreachable, match="ended before the job did"):
        list(Client(url).events("j"))


def test_client_can_be_copied_anywhere(tmp_path, url):
    copied = shutil.copy(inspect.getfile(Client), tmp_path / "elsewhere.py")
    spec = spec_from_file_location("elsewhere", copied)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.Client(url).models()[0]["name"] == MODEL
