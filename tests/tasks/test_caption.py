"""Captions written by a model that the user brought: the whole job."""

import pytest

from dreambooth.config.folders import ModelFolder
from dreambooth.config.store import ConfigError, ModelRecord, save_record
from dreambooth.data.caption_journal import find_last, undo
from dreambooth.events import ask, read_events
from dreambooth.jobs.library import Library
from dreambooth.jobs.taggers import find_taggers, prepare_captions
from tests.captioning.conftest import make_blip
from tests.conftest import do, draw_photos

NAME = "dog"


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Library:
    """A model that was never loaded, beside a tiny BLIP."""
    models = tmp_path_factory.mktemp("models")
    make_blip(models / "taggers" / "blip")
    folder = ModelFolder(models / "dreambooth" / NAME)
    save_record(folder.config_file, ModelRecord(family="sd1"))
    return Library(models / "dreambooth")


@pytest.fixture
def pictures(tmp_path):
    """Three pictures, of which one has no caption, and a file that is none."""
    folder = draw_photos(tmp_path / "pictures", 3)
    (folder / "1.txt").unlink()
    (folder / "z.png").write_text("no picture")
    return folder


@pytest.fixture
def write_captions(library, pictures):
    """The run that describes those pictures."""

    def prepare(mode):
        return prepare_captions(
            library, NAME, "blip", {"folder": str(pictures), "mode": mode, "threshold": 0.35}
        )

    return prepare


def read_captions(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.txt")}


def test_pictures_without_a_caption_are_described(write_captions, pictures):
    before, run = read_captions(pictures), write_captions("missing")
    end = do(run)
    assert (end["outcome"], end["result"]["pictures"], end["result"]["written"]) == ("done", 3, 1)
    after = read_captions(pictures)
    assert after.pop("1.txt").startswith("w")
    assert after == before
    events = read_events(run)
    (warning,) = [event["message"] for event in events if event["event"] == "warning"]
    assert warning.startswith("z.png is left out")
    told = [(event["done"], event["total"]) for event in events if event["event"] == "progress"]
    assert told == [(0, 1), (1, 1)]


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_captions_are_added_or_replaced_and_put_back(library, write_captions, pictures, mode):
    before = read_captions(pictures)
    do(write_captions(mode))
    after = read_captions(pictures)
    assert after["0.txt"].startswith(before["0.txt"]) is (mode == "append")
    assert after["0.txt"] != before["0.txt"]
    assert undo(find_last(library.folder(NAME).backups / "captions")).num_restored == 3
    assert read_captions(pictures) == before


def test_stop_leaves_what_was_written(write_captions, pictures):
    run = write_captions("replace")
    ask(run, "stop")
    assert do(run)["outcome"] == "stopped"
    assert "1.txt" not in read_captions(pictures)


def test_tagger_that_is_not_there_is_refused_with_advice(library):
    wd14, blip = find_taggers(library)
    assert (blip.advice, blip.folder) == ("", library.path.parent / "taggers" / "blip")
    assert f"put model.onnx and selected_tags.csv of a WD14 tagger into {wd14.folder}" in wd14.advice
    with pytest.raises(ConfigError, match=r"WD14 \(tags\) cannot be used yet: put model\.onnx"):
        prepare_captions(library, NAME, "wd14", {})
    with pytest.raises(ConfigError, match="which: choose one of wd14, blip"):
        prepare_captions(library, NAME, "clip", {})


def test_advice_names_what_lacks(tmp_path):
    library = Library(tmp_path / "dreambooth")
    folder = tmp_path / "taggers" / "blip"
    assert "put config.json, model.safetensors, tokenizer.json of a BLIP" in find_taggers(library)[1].advice
    make_blip(folder)
    (folder / "config.json").unlink()
    assert find_taggers(library)[1].advice.startswith("put config.json of a BLIP")
