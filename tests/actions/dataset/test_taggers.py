"""What the page is told of models for captions."""

import pytest

from dreambooth.actions.taggers import list_taggers, run
from dreambooth.config.store import ConfigError
from tests.actions.dataset.conftest import NAME


def test_taggers_that_are_not_there_are_listed_with_advice(place, tmp_path):
    told = list_taggers(place, {})["taggers"]
    assert [(each["name"], each["is_there"]) for each in told] == [("wd14", False), ("blip", False)]
    assert str(tmp_path / "models" / "taggers" / "wd14") in told[0]["advice"]


def test_tagger_is_there_when_its_files_are(place, tmp_path):
    folder = tmp_path / "models" / "taggers" / "blip"
    folder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "vocab.txt"):
        (folder / name).touch()
    assert list_taggers(place, {})["taggers"][1]["is_there"]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({}, "BLIP .* cannot be used yet"),
        ({"mode": "shout"}, "mode: choose one of"),
        ({"threshold": 2}, "threshold: must be a number from 0 to 1"),
        ({"folder": "/nowhere/at/all"}, "does not exist"),
        ({"name": "cat"}, "there is no model cat"),
    ],
)
def test_job_that_cannot_be_is_refused(place, photos, tmp_path, changes, refusal):
    if "name" in changes:
        for name in ("config.json", "model.safetensors", "vocab.txt"):
            (tmp_path / "models" / "taggers" / "blip").mkdir(parents=True, exist_ok=True)
            (tmp_path / "models" / "taggers" / "blip" / name).touch()
    values = {"name": NAME, "folder": str(photos), "which": "blip", "mode": "missing", **changes}
    with pytest.raises(ConfigError, match=refusal):
        run(place, values)
