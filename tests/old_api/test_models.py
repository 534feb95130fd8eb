"""Models and pictures for them, as programs of the old extension asked for them."""

import base64
import shutil
from pathlib import Path

import pytest

from dreambooth.toybox import WEIGHTS_FILE
from tests.conftest import MODEL


def to_base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode("ascii")


def test_models_are_listed_after_an_empty_name(program):
    assert program.get("models").json == ["", MODEL]


@pytest.mark.parametrize("name", ["toy.safetensors", "toy.safetensors [15012c538f]", "path"])
def test_model_is_made_before_the_answer_comes(program, place, name):
    source = place.host.checkpoint_folder() / "toy.safetensors"
    source.parent.mkdir(parents=True)
    shutil.copy(WEIGHTS_FILE, source)
    assert program.get("checkpoints").json == ["toy.safetensors"]
    told = str(source) if name == "path" else name
    answer = program.post("createModel", new_model_name="dog", new_model_src=told, is_512="true")
    assert (answer.status, answer.json) == (200, "Model dog has been created.")
    assert place.library.load("dog").family == "sd1"


@pytest.mark.parametrize(
    ("asked", "advice"),
    [
        ({"new_model_src": "/nowhere"}, "/nowhere is not there"),
        ({"create_from_hub": "True"}, "new_model_url: must be given"),
        ({"new_model_src": str(WEIGHTS_FILE), "new_model_token": "hf_secret"}, "HF_TOKEN"),
        ({"new_model_src": str(WEIGHTS_FILE), "new_model_shared_src": "shared"}, "leave it out"),
    ],
)
def test_what_cannot_be_made_is_refused(program, place, asked, advice):
    answer = program.post("createModel", new_model_name="dog", **asked)
    assert (answer.status, advice in answer.json["message"]) == (422, True)
    assert place.library.names() == [MODEL]


def test_model_is_deleted_and_no_other(program, place, made_models):
    shutil.copytree(made_models / MODEL, place.library.path / "other")
    assert program.form("DELETE", "model", model_name="other").json == "Model other has been deleted."
    assert place.library.names() == [MODEL]


def test_loras_of_the_host_are_listed(program, place):
    folder = place.host.lora_folder()
    folder.mkdir(parents=True)
    for name in ("one.safetensors", "notes.txt"):
        (folder / name).touch()
    assert program.get("models_lora", model_name=MODEL).json == ["", "one.safetensors"]


def test_pictures_are_put_into_a_folder_of_the_model_and_become_a_concept(program, library, photos, folder):
    images = [
        {"data": to_base64(photos / "0.png"), "name": "a dog.png", "txt": "a dog in snow"},
        {"data": f"data:image/png;base64,{to_base64(photos / '1.png')}", "name": "../../b.png"},
        {"data": base64.b64encode(b"no picture").decode(), "name": "c.png", "txt": "nothing"},
    ]
    told = program.post("upload", {"imageList": images}, model_name=MODEL, instance_name="rex").json
    assert (told["Status"], [each["name"] for each in told["refused"]]) == ("Saved 2 images.", ["c.png"])
    place = Path(told["Image dir"])
    assert place.is_relative_to(folder.path.absolute())
    assert {path.name for path in place.iterdir()} == {"a dog.png", "a dog.txt", "b.png"}
    assert [each["instance_data_dir"] for each in told["Concepts"]] == [str(place)]
    assert library.load(MODEL).config.concepts[0].instance_prompt == "[filewords]"


def test_upload_may_leave_the_concepts_alone(program, library, photos):
    images = {"imageList": [{"data": to_base64(photos / "0.png"), "name": "a.png", "txt": ""}]}
    program.post("upload", images, model_name=MODEL, instance_name="rex", create_concept=False)
    assert library.load(MODEL).config.concepts == ()


@pytest.mark.parametrize("instance", ["../elsewhere", "a/b", "..", "C:"])
def test_upload_stays_below_the_model(program, photos, folder, instance):
    before = sorted(folder.path.parent.iterdir())
    images = {"imageList": [{"data": to_base64(photos / "0.png"), "name": "a.png", "txt": ""}]}
    assert program.post("upload", images, model_name=MODEL, instance_name=instance).status == 422
    assert sorted(folder.path.parent.iterdir()) == before


@pytest.mark.parametrize("images", [[], "x", [{"data": "%%%", "name": "a.png"}], [{"name": "a.png"}]])
def test_upload_of_no_pictures_is_refused(program, images):
    answer = program.post("upload", {"imageList": images}, model_name=MODEL, instance_name="rex")
    assert (answer.status, answer.json["message"].startswith("imageList")) == (422, True)


def test_addresses_are_not_fetched(program, folder):
    images = {"imageList": [{"data": "http://127.0.0.1:9/a.png", "name": "a.png", "txt": ""}]}
    answer = program.post("upload_url", images, model_name=MODEL, instance_name="rex")
    assert (answer.status, "/dreambooth/upload" in answer.json["message"]) == (410, True)
    assert not (folder.path / "instance_rex").exists()
