"""A model fetched from a hub: a small server that answers as the real one does."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from huggingface_hub import constants

from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run
from dreambooth.models.create import create_working, read_source
from dreambooth.models.errors import CheckpointError
from dreambooth.models.hub import fetch_model
from tests.conftest import do
from tests.models.tiny import SD1, write_tiny

MODEL = "someone/tiny"
COMMIT = "0" * 40


class Hub(BaseHTTPRequestHandler):
    """Serves the files of ``server.folder`` as the model ``someone/tiny``."""

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def answer(self, *, with_body):
        server = self.server
        if server.token and self.headers.get("Authorization") != f"Bearer {server.token}":
            return self.send(401, b"", {"X-Error-Code": "RepoNotFound"}, with_body=with_body)
        if self.path.startswith(f"/api/models/{MODEL}/tree/main"):
            paths = [str(path.relative_to(server.folder)) for path in server.folder.rglob("*.*")]
            told = [{"type": "file", "path": path, "size": 1, "oid": "0"} for path in paths]
            return self.send(200, json.dumps(told).encode(), {}, with_body=with_body)
        file = server.folder / self.path.removeprefix(f"/{MODEL}/resolve/main/")
        if not self.path.startswith(f"/{MODEL}/") or not file.is_file():
            code = "EntryNotFound" if self.path.startswith(f"/{MODEL}/") else "RepoNotFound"
            return self.send(404, b"", {"X-Error-Code": code}, with_body=with_body)
        return self.send_file(file, with_body=with_body)

    def send_file(self, file, *, with_body):
        content = file.read_bytes()
        told = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        if with_body:
            self.server.asked.append((str(file.relative_to(self.server.folder)), begin))
        self.send(206 if begin else 200, content[begin:], told, with_body=with_body)

    def send(self, status, content, headers, *, with_body):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body and self.server.limit is not None and len(content) > self.server.limit:
            self.wfile.write(content[: self.server.limit])
            self.server.limit = None
            self.close_connection = True  # in the middle of a file
        elif with_body:
            self.wfile.write(content)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("hub")
    source = write_tiny(place / "tiny.safetensors", SD1)
    create_working(read_source(source), place / "model")
    write_tiny(place / "model" / "tiny.safetensors", SD1)
    return place / "model"


@pytest.fixture
def hub(folder):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.folder, server.token, server.limit, server.asked = folder, "", None, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def fetch(hub, tmp_path, monkeypatch):
    """Fetches a model from the small server, in small bites."""
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{hub.server_port}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 100_000)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return lambda name: fetch_model(name, lambda _, __: None)


def test_only_what_is_needed_is_fetched(fetch, hub, folder):
    place = fetch(MODEL)
    fetched = {name for name, _ in hub.asked}
    assert "tokenizer/vocab.json" not in fetched
    assert "tiny.safetensors" not in fetched
    assert len(hub.asked) == len(fetched) == 8
    assert read_source(place).architecture == read_source(folder).architecture


def test_one_file_of_a_model(fetch, hub):
    assert read_source(fetch(f"{MODEL}/tiny.safetensors")).architecture == SD1
    assert [name for name, _ in hub.asked] == ["tiny.safetensors"]


def test_what_is_there_is_not_fetched_again(fetch, hub):
    assert fetch(f"{MODEL}/tiny.safetensors") == fetch(f"{MODEL}/tiny.safetensors")
    assert len(hub.asked) == 1


def test_interrupted_download_goes_on_where_it_was(fetch, hub):
    hub.limit = 300_000
    read_source(fetch(f"{MODEL}/tiny.safetensors"))
    assert [begin for _, begin in hub.asked] == [0, 300_000]


def test_token_opens_a_private_model(fetch, hub, monkeypatch):
    hub.token = "secret"
    with pytest.raises(CheckpointError, match="set HF_TOKEN to a token that may read it"):
        fetch(MODEL)
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert fetch(MODEL).is_dir()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("someone/other", "the hub has no model someone/other"),
        (f"{MODEL}/missing.safetensors", "has no file missing.safetensors"),
        ("tiny", "is no name on the hub"),
        ("some one/tiny", "is no name on the hub"),
    ],
)
def test_what_is_not_there_is_said(fetch, name, sentence):
    with pytest.raises(CheckpointError, match=sentence):
        fetch(name)


def test_hub_that_cannot_be_reached_is_said(fetch, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(CheckpointError, match="hub"):
        fetch(MODEL)


def test_model_is_made_of_what_was_fetched(fetch, tmp_path):
    library = Library(tmp_path / "models")
    end = do(prepare_run(library, library.folder("dog"), "create", {"hub": MODEL}))
    assert end["outcome"] == "done"
    assert library.load("dog").family == "sd1"
    assert fetch(MODEL).is_dir()
