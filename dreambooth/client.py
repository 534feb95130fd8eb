"""A client of the dreambooth trainer over HTTP: one file, standard library only, to be copied anywhere.

    client = Client("http://127.0.0.1:7860")
    client.wait(client.create("dog", source="/models/v1-5-pruned-emaonly.safetensors"))
    client.add_concept("dog", instance_prompt="a photo of sks dog")
    client.upload("dog", 0, "pictures/my_dog")
    job = client.train("dog")
    for event in client.events(job):
        print(event["event"], event.get("step", ""))
    print(client.wait(client.export("dog", to="my_dog.safetensors"))["path"])

What starts a job returns its id, which ``wait`` and ``events`` take. Settings and fields of forms have the
names that the server knows: see ``docs/http-api.md`` and ``/dreambooth/openapi.json``.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
UNDER_WAY = ("running", "waiting", "paused")
AS_IT_SHOULD = ("done", "stopped", "discarded")
POLL_SECONDS = 0.5
RECONNECTS = 10  # in a row, without a word from the server between
Json = dict[str, Any]


class DreamboothError(Exception):
    """What was asked could not be done; ``problems`` says by field what to do instead."""

    def __init__(self, message: str, status: int = 0, problems: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.problems = dict(problems or {})


class Unreachable(DreamboothError):
    """The server does not answer."""


class LoginNeeded(DreamboothError):
    """No login, a wrong one, or a server that lets nobody in (401, 403)."""


class NotFound(DreamboothError):
    """There is no such model, job or file (404)."""


class Conflict(DreamboothError):
    """It cannot be done now: the settings were changed meanwhile, or a job is in the way (409)."""


class Refused(DreamboothError):
    """It cannot be done as asked (any other 4xx)."""


class JobFailed(DreamboothError):
    """A job that did not end as it should: ``outcome`` is ``refused``, ``failed`` or ``lost``."""

    def __init__(self, outcome: str, message: str) -> None:
        super().__init__(f"{outcome}: {message}")
        self.outcome = outcome


BY_STATUS = {401: LoginNeeded, 403: LoginNeeded, 404: NotFound, 409: Conflict} | dict.fromkeys(
    (502, 503, 504), Unreachable
)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Redirects are errors: a password or a cookie is for the server that was named, and no other."""

    def redirect_request(self, *_: object) -> None:
        return None


class Client:
    """A server of the trainer: a webui with the extension, or the stand-alone one."""

    def __init__(
        self, url: str = "http://127.0.0.1:7860", user: str = "", password: str = "", timeout: float = 60
    ) -> None:
        """``user`` and ``password`` are those of ``--api-auth``; see ``login`` for a login of the page."""
        if not url.startswith(("http://", "https://")):
            raise ValueError("url: begins with http:// or https://")
        self.url = url.rstrip("/")
        self.timeout = timeout  # seconds until the server has said something
        self._headers: dict[str, str] = {}
        if user or password:
            pair = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
            self._headers["Authorization"] = f"Basic {pair}"
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()), _NoRedirects
        )

    def login(self, user: str, password: str) -> None:
        """Log in as on the page (``--gradio-auth``, ``--auth``); the cookie is kept in this object."""
        form = urlencode({"username": user, "password": password}).encode()
        try:
            with self._open(urllib.request.Request(f"{self.url}/login", form, method="POST")) as answer:
                _reading(answer.read)
        except Refused as error:
            raise LoginNeeded("the page knows no such user with this password", error.status) from None

    def models(self) -> list[Json]:
        """All models, the one that was trained last first."""
        return self._ask("GET", "models")["models"]

    def model(self, name: str) -> Json:
        """Everything that is known of a model."""
        return self._ask("GET", _path("models", name))

    def create(self, name: str, **form: object) -> str:
        """Make a model of ``source=``, a file or folder on the server, or of ``hub=``."""
        return self._start("models", {"name": name, **form})

    def delete(self, name: str) -> Json:
        """Delete a model with all its files."""
        return self._ask("DELETE", f"{_path('models', name)}?{urlencode({'confirmation': name})}")

    def saves(self, name: str) -> list[Json]:
        """The steps that were saved, the latest first."""
        return self._ask("GET", _path("models", name, "saves"))["saves"]

    def samples(self, name: str) -> list[Json]:
        """The previews of a model, the latest first; ``picture`` gives one of them by its ``file``."""
        return self._ask("GET", _path("models", name, "samples"))["samples"]

    def picture(self, name: str, file: str) -> bytes:
        """A picture in the folder of a model."""
        return self._fetch(f"{_path('models', name, 'images')}?{urlencode({'file': file})}")

    def settings_schema(self) -> Json:
        """Every setting with its default, limits and help, as JSON Schema."""
        return self._ask("GET", "settings/schema")

    def settings(self, name: str) -> Json:
        """``values`` by dotted name, their ``revision``, and the ``problems`` between them."""
        return self._ask("GET", _path("models", name, "settings"))

    def change_settings(self, name: str, values: Mapping[str, object], revision: int | None = None) -> Json:
        """Change settings by dotted name, such as ``{"lora.rank": 8}``; all of them or none.

        With the ``revision`` that you have seen it is refused (Conflict) when somebody changed them since.
        """
        seen = self.settings(name)["revision"] if revision is None else revision
        asked = {"revision": seen, "values": dict(values)}
        return self._ask("PATCH", _path("models", name, "settings"), asked)

    def concepts(self, name: str) -> list[Json]:
        """What a model is to learn."""
        return self._ask("GET", _path("models", name, "concepts"))["concepts"]

    def add_concept(self, name: str, **concept: object) -> Json:
        """Put a concept behind the last."""
        return self._ask("POST", _path("models", name, "concepts"), concept)

    def change_concept(self, name: str, index: int, **fields: object) -> Json:
        """Change fields of a concept."""
        return self._ask("PATCH", _path("models", name, "concepts", index), fields)

    def remove_concept(self, name: str, index: int) -> Json:
        """Take a concept away."""
        return self._ask("DELETE", _path("models", name, "concepts", index))

    def upload(self, name: str, index: int, folder: str | Path) -> Json:
        """Send the pictures of a folder and its sub-folders to a concept, each with its caption (.txt).

        ``copied`` counts the files that were taken; ``refused`` tells of the others, each with a ``reason``.
        """
        told: Json = {}
        copied, refused = 0, []
        for picture in sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in PICTURES):
            files = [path for path in (picture, picture.with_suffix(".txt")) if path.is_file()]
            try:
                told = self._send_files(_path("models", name, "concepts", index, "images"), files)
            except Refused as error:
                refused.append({"name": picture.name, "reason": error.message})
            else:
                copied, refused = copied + told["copied"], refused + told["refused"]
        return {**told, "copied": copied, "refused": refused}

    def plan(self, name: str) -> Json:
        """Steps, time, memory and disk of a training; waits until all pictures are read."""
        while not (told := self._ask("GET", _path("models", name, "plan")))["complete"]:
            time.sleep(POLL_SECONDS)
        return told

    def check(self, name: str) -> str:
        """Begin to find out what a training would take in time and memory."""
        return self._start(_path("models", name, "check"))

    def classes(self, name: str) -> str:
        """Begin to draw the class images that are missing."""
        return self._start(_path("models", name, "classes"))

    def train(self, name: str, *, resume: bool = False) -> str:
        """Begin to train, or with ``resume`` go on with the training that was interrupted."""
        return self._start(_path("models", name, "train"), {"resume": resume})

    def sample(self, name: str, prompt: str, **form: object) -> str:
        """Begin to draw pictures: ``count=``, ``seed=``, ``steps=``, …"""
        return self._start(_path("models", name, "samples"), {"prompt": prompt, **form})

    def export(self, name: str, **form: object) -> str:
        """Begin to write a model for use elsewhere: ``format=``, ``to=``, …"""
        return self._start(_path("models", name, "export"), form)

    def tool(self, tool: str, **form: object) -> str:
        """Begin the work of a tool for finished files, such as ``lora_merge``."""
        return self._start(_path("tools", tool), form)

    def jobs(self) -> list[Json]:
        """The last jobs, the latest first."""
        return self._ask("GET", "jobs")["jobs"]

    def job(self, job: str) -> Json:
        """How a job is now."""
        return self._ask("GET", _path("jobs", job))

    def cancel(self, job: str) -> Json:
        """Stop a job, at work or waiting; a training saves first and can be resumed."""
        return self._ask("POST", _path("jobs", job, "cancel"), {})

    def request(self, job: str, request: str) -> Json:
        """Ask a training to ``stop``, ``stop_after_epoch``, ``pause``, ``save``, ``sample`` or ``discard``.

        ``resume`` lets one go on that was paused.
        """
        return self._ask("POST", _path("jobs", job, "requests"), {"request": request})

    def change(self, name: str, values: Mapping[str, object], *, keep: bool = False) -> Json:
        """Change settings of the model's training under way, such as ``{"optimizer.unet_lr": 1e-6}``.

        With ``keep`` they become the model's own, too. What may change ``changeable`` tells.
        """
        return self._ask("POST", _path("models", name, "changes"), {"values": dict(values), "keep": keep})

    def changeable(self, name: str) -> Json:
        """Settings that may change while the model is trained, with the values that they have now."""
        return self._ask("GET", _path("models", name, "changes"))["values"]

    def judgement(self, name: str) -> Json | None:
        """Which saved step of the last training is good: ``words``, ``best`` and what was measured."""
        told: Json | None = self._ask("GET", _path("models", name, "saves"))["judgement"]
        return told

    def restore(self, name: str, weights: str) -> str:
        """Begin to make a saved step, by its ``path`` among the saves, the model again."""
        return self._start(_path("models", name, "restore"), {"weights": weights})

    def events(self, job: str) -> Iterator[Json]:
        """What a job has told from its beginning, then what it tells as it does, until its last ``end``.

        A connection that breaks is made again, and goes on after the last event that arrived.
        """
        last_id, last_kind, failures = "", "", 0
        while True:
            broken = Unreachable(f"{self.url}: the events ended before the job did")
            try:
                for told_id, event in self._listen(job, last_id):
                    last_id, last_kind, failures = told_id, event["event"], 0
                    yield event
                if last_kind == "end":  # and the server has no more to tell
                    return
            except Unreachable as error:
                broken = error
            failures += 1
            if failures > RECONNECTS:
                raise broken
            time.sleep(min(5.0, 0.1 * 2**failures))

    def wait(self, job: str, timeout: float | None = None) -> Json:
        """The ``result`` of a job, once it has ended; raises JobFailed when it did not end as it should.

        After ``timeout`` seconds raises TimeoutError; the job goes on. One that is paused has not ended.
        """
        last_moment = None if timeout is None else time.monotonic() + timeout
        while (told := self.job(job))["status"] in UNDER_WAY:
            if last_moment is not None and time.monotonic() > last_moment:
                raise TimeoutError(f"the job {job} has not ended yet: {told['words']}")
            time.sleep(POLL_SECONDS)
        if told["status"] not in AS_IT_SHOULD:
            raise JobFailed(told["status"], told.get("message") or "see the log of the job")
        return told.get("result") or {}

    def images(self, job: str) -> list[Json]:
        """The pictures that a job has drawn."""
        return self._ask("GET", _path("jobs", job, "images"))["images"]

    def image(self, job: str, file: str) -> bytes:
        """One of them, as it is on disk."""
        return self._fetch(_path("jobs", job, "images", file))

    def log(self, job: str) -> list[str]:
        """The last lines that the worker of a job printed."""
        return self._ask("GET", _path("jobs", job, "log"))["lines"]

    def sources(self) -> list[Json]:
        """Checkpoints on the server that models can be made from."""
        return self._ask("GET", "sources")["sources"]

    def host(self) -> Json:
        """Which webui it is, and its folders."""
        return self._ask("GET", "host")

    def doctor(self) -> Json:
        """What is there, what is missing and what to do."""
        while (told := self._ask("GET", "doctor")).get("pending"):
            time.sleep(POLL_SECONDS)
        return told

    def action(self, action: str, /, **values: object) -> Json:
        """Anything else that the page can do, such as ``models.restore``."""
        return self._ask("POST", _path("actions", action), {"values": values})["result"]

    def _start(self, path: str, values: Mapping[str, object] | None = None) -> str:
        return str(self._ask("POST", path, values or {})["job"])

    def _ask(self, method: str, path: str, values: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401
        body = None if values is None else json.dumps(values).encode()
        with self._open(self._request(method, path, body, "application/json")) as answer:
            return json.loads(_reading(answer.read))

    def _fetch(self, path: str) -> bytes:
        with self._open(self._request("GET", path)) as answer:
            return _reading(answer.read)

    def _send_files(self, path: str, files: Iterable[Path]) -> Json:
        boundary = uuid.uuid4().hex
        body = b"".join(_form_part(boundary, file) for file in files) + f"--{boundary}--\r\n".encode()
        request = self._request("POST", path, body, f"multipart/form-data; boundary={boundary}")
        with self._open(request) as answer:
            told: Json = json.loads(_reading(answer.read))
        return told

    def _listen(self, job: str, last_id: str) -> Iterator[tuple[str, Json]]:
        """Server-sent events after ``last_id``, each with its id, until the connection ends."""
        request = self._request("GET", _path("jobs", job, "events"))
        request.add_header("Accept", "text/event-stream")
        if last_id:
            request.add_header("Last-Event-ID", last_id)
        told_id, data = last_id, ""
        with self._open(request) as stream:
            while line := _reading(stream.readline).decode():
                field, _, value = line.strip().partition(":")
                if field == "id":
                    told_id = value.strip()
                elif field == "data":
                    data += value.strip()
                elif not field and not value and data:  # an empty line: the event is whole
                    yield told_id, json.loads(data)
                    data = ""

    def _request(
        self, method: str, path: str, body: bytes | None = None, kind: str = ""
    ) -> urllib.request.Request:
        request = urllib.request.Request(
            f"{self.url}/dreambooth/v1/{path}", body, self._headers, method=method
        )
        if body is not None:
            request.add_header("Content-Type", kind)
        return request

    def _open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        try:
            answer: http.client.HTTPResponse = self._opener.open(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise _to_error(error.code, _reading(error.read)) from None
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.url} does not answer: {getattr(error, 'reason', error)}") from error
        return answer


def _path(*parts: object) -> str:
    return "/".join(quote(str(part), safe="") for part in parts)


def _form_part(boundary: str, file: Path) -> bytes:
    name = re.sub(r'[\\"\r\n]', "_", file.name)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
    return f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + file.read_bytes() + b"\r\n"


def _reading(read: Callable[[], bytes]) -> bytes:
    """What a connection brings; one that breaks is a server that does not answer."""
    try:
        return read()
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"the connection broke: {error}") from error


def _to_error(status: int, body: bytes) -> DreamboothError:
    """What the server told of an error; of what is no answer of ours, the status alone."""
    kind = BY_STATUS.get(status, Refused if 400 <= status < 500 else DreamboothError)
    try:
        told = json.loads(body)["error"]
        problems = {each["field"]: each["advice"] for each in told.get("problems", [])}
        return kind(str(told["message"]), status, problems)
    except (ValueError, KeyError, TypeError, AttributeError):
        return kind(f"the server answered {status} {http.client.responses.get(status, '')}".strip(), status)
