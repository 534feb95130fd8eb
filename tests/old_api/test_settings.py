"""Settings and concepts, asked for and changed in the words of the old extension."""

import json

import pytest

from tests.conftest import MODEL
from tests.migration.old_settings import latest_generation, old_concept


def test_settings_are_told_by_old_names(program, folder):
    told = program.get("model_config", model_name=MODEL).json
    assert (told["model_name"], told["model_dir"]) == (MODEL, str(folder.path))
    assert (told["train_batch_size"], told["use_lora"], told["concepts_list"]) == (1, False, [])


def test_whole_settings_are_taken_over(program, library, photos):
    config = {**latest_generation(str(photos)), "model_name": MODEL, "model_dir": "/somewhere/else"}
    answer = program.post("model_config", config)
    assert answer.status == 200
    saved = library.load(MODEL).config
    assert saved.concepts[0].instance_data_dir == str(photos)
    assert saved.duration.num_epochs == config["num_train_epochs"] == answer.json["num_train_epochs"]


def test_settings_that_come_back_as_they_went_change_nothing(program, library):
    told = program.get("model_config", model_name=MODEL).json
    assert program.post("model_config", told).json == told
    assert library.load(MODEL).revision == 0


def test_some_settings_are_changed(program, library):
    changes = json.dumps({"num_train_epochs": 7, "use_lora": True, "lora_unet_rank": 6})
    told = program.post("model_params", model_name=MODEL, params=changes).json
    config = library.load(MODEL).config
    assert (config.duration.num_epochs, config.adapter, config.lora.rank) == (7, "lora", 6)
    assert told["num_train_epochs"] == 7


def test_what_has_no_meaning_here_is_told(program):
    told = program.post("model_params", model_name=MODEL, params='{"freeze_spectral_norm": true}').json
    assert told["not_taken_over"][0].startswith("freeze_spectral_norm = True")


def test_value_of_no_use_is_refused_where_old_programs_look(program, library):
    answer = program.post("model_params", model_name=MODEL, params='{"optimizer": "AdanIP Dadaptation"}')
    assert (answer.status, library.load(MODEL).revision) == (422, 0)
    assert answer.json["message"].startswith("optimizer: AdanIP Dadaptation is not")
    assert answer.json["error"]["problems"][0]["field"] == "optimizer"


def test_unknown_model_is_not_found(program):
    answer = program.get("model_config", model_name="nobody")
    assert (answer.status, "nobody" in answer.json["message"]) == (404, True)


def test_concepts_are_replaced(program, library, photos):
    concept = old_concept(instance_data_dir=str(photos))
    told = program.post("concepts", {"model_name": MODEL, "concepts": [concept]}).json
    assert told == program.get("concepts", model_name=MODEL).json
    assert (told[0]["is_valid"], library.load(MODEL).config.concepts[0].instance_token) == (True, "sks")


def test_concepts_may_come_in_a_form(program, photos):
    concepts = json.dumps([old_concept(instance_data_dir=str(photos))])
    told = program.form("POST", "concepts", model_name=MODEL, concepts=concepts).json
    assert told[0]["instance_data_dir"] == str(photos)


MULTIPART = "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (MULTIPART, b'--x\r\ncontent-disposition: form-data; name="model_name"\r\n\r\ntoy\r\n--x--\r\n', 422),
        (MULTIPART, b"--x\r\nno form--x--\r\n", 400),
        ("multipart/form-data", b"{}", 400),
        ("application/json", b"{", 400),
        ("application/json", b"[1]", 422),
        ("text/plain", b"model_name=toy", 415),
        ("application/x-www-form-urlencoded", b"model_name=" + bytes(2 << 20), 413),
    ],
)
def test_bodies_that_cannot_be_used_are_refused(program, library, kind, body, status):
    assert program.send("POST", "concept", body, kind).status == status
    assert library.load(MODEL).config.concepts == ()


def test_concept_of_a_folder_is_added_once(program, photos, tmp_path):
    for folder in (photos, tmp_path, photos):
        fields = {"instance_dir": str(folder), "instance_token": "sks", "class_token": "robot"}
        told = program.form("POST", "concept", model_name=MODEL, **fields).json
    assert [each["instance_data_dir"] for each in told] == [str(photos), str(tmp_path)]
    assert {each["instance_prompt"] for each in told} == {"[filewords]"}


def test_concept_without_a_folder_is_refused(program, library):
    assert program.post("concept", {"model_name": MODEL, "concept": old_concept()}).status == 422
    assert library.load(MODEL).config.concepts == ()
