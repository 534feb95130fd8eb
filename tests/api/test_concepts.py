"""Concepts over HTTP, and the pictures that are sent for them."""

import io
from http.client import HTTPConnection

import pytest
from PIL import Image

from dreambooth.api.limits import MOST_FILES

CONCEPTS = "/v1/models/toy/concepts"


def picture(colour: str = "red") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def with_concept(client, tmp_path):
    """A concept with a folder of its own."""
    (tmp_path / "mine").mkdir()
    client.post(CONCEPTS, json={"instance_data_dir": str(tmp_path / "mine"), "instance_prompt": "a dog"})
    return tmp_path / "mine"


def send(client, *files: tuple[str, bytes]):
    return client.post(f"{CONCEPTS}/0/images", files=[("files", each) for each in files])


def test_concepts_come_change_and_go(client):
    added = client.post(CONCEPTS, json={"instance_prompt": "a dog"})
    assert (added.status_code, added.json()["index"]) == (201, 0)
    client.patch(f"{CONCEPTS}/0", json={"repeats": 3})
    concept = client.get(f"{CONCEPTS}/0").json()["concept"]
    assert (concept["instance_prompt"], concept["repeats"]) == ("a dog", 3)
    assert client.delete(f"{CONCEPTS}/0").json()["concepts"] == []
    assert client.get(f"{CONCEPTS}/0").status_code == 404


def test_change_by_who_has_not_seen_the_last_one_is_refused(client):
    revision = client.post(CONCEPTS, json={}).json()["revision"]
    client.patch(f"{CONCEPTS}/0", json={"repeats": 2, "revision": revision})
    assert client.patch(f"{CONCEPTS}/0", json={"repeats": 3, "revision": revision}).status_code == 409
    assert client.delete(f"{CONCEPTS}/0?revision={revision}").status_code == 409


@pytest.mark.parametrize("index", ["1", "-1", "x", "0x0", "٣", "1" * 30])
def test_there_is_no_other_concept(client, index):
    client.post(CONCEPTS, json={})
    assert client.get(f"{CONCEPTS}/{index}").status_code == 404


def test_pictures_and_captions_arrive_together(client, with_concept):
    answer = send(client, ("dog.png", picture()), ("dog.txt", b"a dog"))
    assert answer.json() == {"folder": str(with_concept), "copied": 2, "refused": []}
    assert (with_concept / "dog.txt").read_text() == "a dog"
    assert client.get("/v1/models/toy/prompts").json()["concepts"][0]["prompts"][0]["instance"] == "a dog"


def test_a_concept_without_a_folder_gets_one_with_the_model(client, library):
    client.post(CONCEPTS, json={})
    folder = send(client, ("dog.png", picture())).json()["folder"]
    assert folder == str(library.folder("toy").path.absolute() / "instance_0")
    assert client.get(f"{CONCEPTS}/0").json()["concept"]["instance_data_dir"] == folder


def test_nothing_is_written_over(client, with_concept):
    send(client, ("dog.png", picture("red")))
    send(client, ("dog.png", picture("blue")))
    assert len(list(with_concept.iterdir())) == 2


def test_what_is_no_picture_is_refused(client, with_concept):
    answer = send(client, ("dog.png", b"no picture"), ("run.sh", b"#!/bin/sh"))
    assert answer.status_code == 422
    assert list(with_concept.iterdir()) == []


@pytest.mark.usefixtures("with_concept")
def test_some_that_are_no_pictures_do_not_stop_the_others(client):
    told = send(client, ("dog.png", picture()), ("run.sh", b"#!/bin/sh")).json()
    assert (told["copied"], [each["name"] for each in told["refused"]]) == (1, ["run.sh"])


@pytest.mark.parametrize(
    "name",
    [
        "../../out.png",
        "/tmp/out.png",
        "..\\..\\out.png",
        "C:\\out.png",
        "a/../../out.png",
        "..png",
        ".png",
        "con.png",
    ],
)
def test_names_of_files_lead_nowhere_else(client, with_concept, name):
    before = {path for path in with_concept.parent.rglob("*") if with_concept not in path.parents}
    assert send(client, (name, picture())).status_code in (200, 422)
    assert {path for path in with_concept.parent.rglob("*") if with_concept not in path.parents} == before
    assert all(path.suffix == ".png" for path in with_concept.iterdir())


def test_too_many_files_are_refused(client, with_concept):
    answer = send(client, *[("a.txt", b"")] * (MOST_FILES + 1))
    assert answer.status_code == 400
    assert list(with_concept.iterdir()) == []


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=x"])
@pytest.mark.usefixtures("with_concept")
def test_what_is_no_multipart_form_is_refused(client, boundary):
    told = {"content-type": f"multipart/form-data{boundary}"}
    answer = client.post(f"{CONCEPTS}/0/images", content=b"nothing", headers=told)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["message"]


@pytest.mark.usefixtures("with_concept")
def test_files_come_in_their_field(client):
    answer = client.post(f"{CONCEPTS}/0/images", files={"pictures": ("a.png", picture())})
    assert answer.json()["error"]["problems"][0]["field"] == "pictures"
    assert client.post(f"{CONCEPTS}/0/images", files={"files": (None, b"text")}).status_code == 422


@pytest.mark.usefixtures("with_concept")
def test_an_upload_that_says_it_is_too_large_is_refused_unread(client):
    connection = HTTPConnection(client.base_url.host, client.base_url.port, timeout=30)
    connection.putrequest("POST", f"/dreambooth{CONCEPTS}/0/images")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(1 << 40))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
