"""Concepts change places, and travel as JSON."""

import json

import pytest

from dreambooth.actions.concepts import duplicate, export_json, import_json, move, remove
from dreambooth.config.store import ConfigError
from tests.actions.dataset.conftest import NAME

OLD = {
    "instance_data_dir": "",
    "class_data_dir": "",
    "instance_prompt": "photo of sks dog",
    "class_prompt": "photo of dog",
    "save_sample_prompt": "",
    "save_sample_template": "template.txt",
    "instance_token": "sks",
    "class_token": "dog",
    "num_class_images_per": 3,
    "class_guidance_scale": 7.5,
    "is_valid": True,
}


def test_copy_moves_and_goes_again(place):
    told = duplicate(place, {"name": NAME, "index": 0, "revision": 0})
    assert (told["revision"], len(told["concepts"])) == (1, 2)
    place.library.folder(NAME).classifiers(0).mkdir()
    move(place, {"name": NAME, "index": 0, "to": 1})
    assert place.library.folder(NAME).classifiers(1).is_dir()
    assert len(remove(place, {"name": NAME, "index": 1, "revision": 1})["concepts"]) == 1


@pytest.mark.parametrize("action", [duplicate, remove])
def test_stale_page_is_refused(place, action):
    with pytest.raises(ConfigError, match="changed elsewhere meanwhile"):
        action(place, {"name": NAME, "index": 0, "revision": 5})


@pytest.mark.parametrize("wrap", [lambda each: each, lambda each: {"concepts": each}])
def test_what_is_exported_can_be_imported(place, wrap):
    concepts = export_json(place, {"name": NAME})["concepts"]
    told = import_json(place, {"text": json.dumps(wrap(concepts))})
    assert told == {"concepts": concepts, "report": []}


@pytest.mark.parametrize(
    "wrap", [lambda each: [each], lambda each: {"concepts_list": [each]}, lambda each: each]
)
def test_list_of_the_old_extension_is_read_with_a_report(place, photos, wrap):
    old = {**OLD, "instance_data_dir": str(photos)}
    told = import_json(place, {"text": json.dumps(wrap(old))})
    (concept,) = told["concepts"]
    assert (concept["instance_prompt"], concept["num_class_images_per"]) == ("photo of sks dog", 3)
    assert len(told["report"]) == 1
    assert "save_sample_template is not taken over" in told["report"][0]


def test_folder_of_another_machine_is_told(place):
    told = import_json(place, {"text": json.dumps([{**OLD, "instance_data_dir": "C:\\dogs"}])})
    assert "concepts.0.instance_data_dir: is not a folder on this machine" in told["report"]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("3", "must be a list of concepts"),
        ("[]", "must be a list of concepts"),
        ('[{"repeats": 0}]', "concepts.0.repeats: 0 is below"),
        ('[{}, {"repeats": "x"}]', "concepts.1.repeats: 'x' is not an int"),
        ("[3]", "there is no concept in it"),
        (json.dumps([OLD]), "has no folder of pictures, so it was not trained"),
    ],
)
def test_text_without_concepts_is_refused(place, text, refusal):
    with pytest.raises(ConfigError, match=refusal):
        import_json(place, {"text": text})
