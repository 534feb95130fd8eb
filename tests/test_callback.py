"""Who is told of the end of a job: an address that whoever started the server named, and nobody else."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dreambooth.api.job_ids import find_job
from dreambooth.callback import (
    CALLBACK_URL,
    CallbackError,
    describe_end,
    find_fault,
    main,
    name_callback,
    post,
)
from dreambooth.config.store import ConfigError
from dreambooth.jobs.asking import prepare_with_config
from dreambooth.jobs.start import prepare_run
from dreambooth.toybox import WEIGHTS_FILE
from dreambooth.worker import work
from tests.conftest import MODEL, do


@dataclass
class Listener:
    """Notes what is posted, and answers with these statuses, the last of them for ever."""

    statuses: list[int] = field(default_factory=lambda: [200])
    heard: list[tuple[str, dict]] = field(default_factory=list)
    url: str = ""
    has_heard: threading.Event = field(default_factory=threading.Event)

    def take(self, path: str, body: bytes) -> int:
        """Note it; returns the status of the answer."""
        self.heard.append((path, json.loads(body)))
        self.has_heard.set()
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def listening(*statuses: int) -> Iterator[Listener]:
    listener = Listener(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = listener.take(self.path, self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            if status in (302, 307):
                self.send_header("location", f"{listener.url}/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        listener.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield listener
        server.shutdown()
        thread.join()


@pytest.fixture
def refused_run(library):
    """A check of a model without concepts, which is refused."""
    run = prepare_with_config(library, MODEL, "check")
    assert do(run)["outcome"] == "refused"
    return run


def test_end_is_told_with_the_id_of_the_job(library, refused_run):
    told = describe_end(refused_run)
    assert (told["kind"], told["model"], told["outcome"], told["result"]) == ("check", MODEL, "refused", None)
    assert "concept" in told["message"]
    assert find_job(library, told["job"]) == refused_run


def test_job_that_makes_a_model_tells_its_name(library):
    run = prepare_run(library, library.folder("dog"), "create", {"source": str(WEIGHTS_FILE)})
    do(run)
    told = describe_end(run)
    assert (told["model"], told["outcome"], told["result"]["model"]) == ("dog", "done", "dog")


def test_job_that_has_not_ended_is_not_told(library):
    assert describe_end(prepare_with_config(library, MODEL, "check")) is None


def test_worker_has_the_address_told_once(library, monkeypatch):
    with listening(200) as listener:
        monkeypatch.setenv(CALLBACK_URL, f"{listener.url}/done?token=secret")
        work(prepare_with_config(library, MODEL, "check"), threading.Event())
        assert listener.has_heard.wait(60)
    ((path, told),) = listener.heard
    assert (path, told["outcome"]) == ("/done?token=secret", "refused")


def test_without_an_address_nobody_is_told(library, monkeypatch):
    monkeypatch.delenv(CALLBACK_URL, raising=False)
    run = prepare_with_config(library, MODEL, "check")
    work(run, threading.Event())
    assert not run.log_file.exists()  # which whoever tells it would write to


def test_address_is_tried_three_times():
    with listening(500, 503, 200) as listener:
        post(listener.url, {"outcome": "done"}, pauses_seconds=(0, 0))
    assert [told for _, told in listener.heard] == [{"outcome": "done"}] * 3


def test_address_that_never_answers_well_is_given_up():
    with listening(500) as listener, pytest.raises(CallbackError, match="500"):
        post(listener.url, {}, pauses_seconds=(0, 0))
    assert len(listener.heard) == 3


@pytest.mark.parametrize("status", [302, 307])
def test_redirects_are_not_followed(status):
    with listening(status) as listener, pytest.raises(CallbackError, match=str(status)):
        post(listener.url, {}, pauses_seconds=())
    assert [path for path, _ in listener.heard] == ["/"]


def test_failure_is_told_and_keeps_the_address_to_itself(refused_run, monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv(CALLBACK_URL, f"http://127.0.0.1:{port}/secret")
    monkeypatch.setattr("dreambooth.callback.time.sleep", lambda _: None)
    main(refused_run.path)
    told = capsys.readouterr().out
    assert ("was not told" in told, "secret" in told) == (True, False)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a/b",
        "example.org",
        "http://",
        "http://a:b/",
        "https://a b/",
        "http://[",
        "http://ä/",
    ],
)
def test_only_addresses_of_the_web_are_told(url):
    assert find_fault(url)
    with pytest.raises(ConfigError, match="--callback-url"):
        name_callback(url)
    with pytest.raises(CallbackError, match="no address"):
        post(url, {})


def test_no_file_of_a_run_holds_the_address(refused_run, monkeypatch):
    with listening(200) as listener:
        monkeypatch.setenv(CALLBACK_URL, f"{listener.url}/very-secret")
        main(refused_run.path)
    assert len(listener.heard) == 1
    contents = [path.read_bytes() for path in refused_run.path.rglob("*") if path.is_file()]
    assert not any(b"very-secret" in content for content in contents)
