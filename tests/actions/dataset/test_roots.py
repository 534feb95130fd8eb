"""The page with lists of pictures, and with folders whose files speak."""

import json
from dataclasses import asdict, replace

import pytest

from dreambooth.actions.concept_prompts import prompts
from dreambooth.actions.concept_summary import summary
from dreambooth.actions.dataset import change_caption, list_pictures, tags
from dreambooth.actions.dataset_bulk import bulk
from dreambooth.actions.dataset_files import crop, duplicates
from dreambooth.actions.places import Reach
from dreambooth.config.store import ConfigError
from tests.actions.dataset.conftest import NAME


@pytest.fixture
def manifest(draw, tmp_path):
    """A list beside the folder: one picture with words and options, one without, one that is preserved."""
    draw("a.png", colour="green")
    draw("b.png", "a boat", colour="blue")
    file = tmp_path / "list.json"
    entries = [
        {"image": "photos/a.png", "caption": "a sks dog, red", "multiply": 2.5},
        {"image": "photos/b.png"},
    ]
    file.write_text(json.dumps(entries))
    return file


@pytest.fixture
def in_list(manifest):
    """What requests about the list say."""
    return {"name": NAME, "folder": str(manifest)}


def test_list_is_shown_with_options_and_with_what_cannot_be_changed(until_complete, in_list):
    first, second = until_complete(list_pictures, in_list)["pictures"]
    assert (first["caption"], first["options"], first["width"]) == ("a sks dog, red", ["×2.5"], 64)
    assert (first["caption_from"], first["fixed"]) == (
        "list.json",
        "its caption comes from list.json; change it there",
    )
    assert (second["caption"], second["fixed"]) == ("a boat", None)


def test_caption_that_a_list_says_is_changed_there(place, in_list, photos):
    with pytest.raises(ConfigError, match=r"its caption comes from list.json; change it there"):
        change_caption(
            place, {**in_list, "path": str(photos / "a.png"), "caption": "x", "before": "a sks dog, red"}
        )
    change_caption(place, {**in_list, "path": str(photos / "b.png"), "caption": "a ship", "before": "a boat"})
    assert (photos / "b.txt").read_text() == "a ship"


def test_all_captions_of_a_list_are_changed_only_where_all_can_be(until_complete, in_list, photos):
    rule = {"kind": "add_tag", "text": "new"}
    with pytest.raises(ConfigError, match="change it there"):
        until_complete(bulk, {**in_list, "change": rule})
    until_complete(bulk, {**in_list, "change": rule, "paths": [str(photos / "b.png")]})
    assert (photos / "b.txt").read_text() == "a boat, new"


def test_caption_stays_in_the_file_that_it_is_in(place, draw, photos):
    path = draw("c.png")
    path.with_suffix(".caption").write_text("a cat")
    values = {"name": NAME, "folder": str(photos), "path": str(path), "caption": "a lion", "before": "a cat"}
    assert change_caption(place, values)["caption"] == "a lion"
    assert path.with_suffix(".caption").read_text() == "a lion"
    path.with_suffix(".yaml").write_text("tags: [old]")
    values |= {"caption": "x", "before": "a lion, old"}
    with pytest.raises(ConfigError, match=r"comes from c.yaml and c.caption"):
        change_caption(place, values)


def test_tags_twins_and_copies_of_a_list(until_complete, in_list, tmp_path):
    assert until_complete(tags, in_list)["images"] == 2
    assert until_complete(duplicates, in_list)["complete"]
    told = until_complete(crop, {**in_list, "to": str(tmp_path / "copies"), "dry_run": False})
    assert told["written"] == 2
    assert (tmp_path / "copies" / "a.txt").read_text() == "a sks dog, red"


def test_pictures_of_a_list_are_within_reach_and_others_are_not(place, in_list, photos, tmp_path):
    reach = Reach(place, in_list)
    assert reach.picture(str(photos / "a.png"))
    with pytest.raises(ConfigError, match="in none of the folders"):
        reach.picture(str(tmp_path / "secret.png"))


def test_concept_counts_what_is_preserved_apart(place, until_complete, draw, photos):
    draw("a.png", "a dog")
    draw("preservation/b.png", "a car", colour="blue")
    (photos / "preservation" / "multiply.txt").write_text("2")
    concept = place.library.load(NAME).config.concepts[0]
    told = until_complete(summary, {"name": NAME, "index": 0, "concept": asdict(concept)})
    assert (told["images"], told["preservation"], told["captions"]) == (1, 1, 1)
    words = until_complete(prompts, {"name": NAME, "concepts": [asdict(concept)]})["concepts"][0]["prompts"]
    assert [each["instance"] for each in words] == ["a photo of sks dog", "a car"]


def test_concept_may_name_a_list(place, until_complete, manifest):
    concept = replace(place.library.load(NAME).config.concepts[0], instance_data_dir=str(manifest))
    told = until_complete(summary, {"name": NAME, "index": 0, "concept": asdict(concept)})
    assert (told["images"], told["captions"], told["sizes"]) == (2, 2, {"64x64": 2})


def test_list_that_makes_no_sense_is_told(place, manifest):
    manifest.write_text("[1]")
    with pytest.raises(ConfigError, match="names neither folders and lists nor pictures"):
        list_pictures(place, {"name": NAME, "folder": str(manifest)})
