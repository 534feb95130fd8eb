"""Class images looked through and rejected."""

import time
from dataclasses import replace

import pytest

from dreambooth.actions.classes import list_classes, make, reject
from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ConfigError
from dreambooth.events import find_end
from dreambooth.jobs.runs import read_job
from tests.actions.dataset.conftest import NAME


@pytest.fixture
def generated(place, draw):
    """The folder of two generated class images with their captions."""
    folder = place.library.folder(NAME).classifiers(0)
    folder.mkdir()
    for seed in (7, 8):
        path = draw("a.png", f"a photo of a dog {seed}")
        path.with_suffix(".txt").rename(folder / f"class_{seed:010d}.txt")
        path.rename(folder / f"class_{seed:010d}.png")
    return folder


def test_class_images_are_listed_with_prompt_and_seed(place, generated, draw, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    draw("a.png").rename(own / "a brown dog.png")
    config = place.library.load(NAME).config
    concept = replace(config.concepts[0], class_data_dir=str(own))
    place.library.save_config(NAME, replace(config, concepts=(concept,)))
    told = list_classes(place, {"name": NAME, "index": 0})["pictures"]
    assert [(each["prompt"], each["seed"], each["is_own"]) for each in told] == [
        ("a brown dog", None, True),
        ("a photo of a dog 7", 7, False),
        ("a photo of a dog 8", 8, False),
    ]
    assert told[1]["path"] == str(generated / "class_0000000007.png")


def test_without_class_images_the_list_is_empty(place):
    assert list_classes(place, {"name": NAME, "index": 0}) == {"pictures": []}


def test_rejected_picture_leaves_a_mark_and_is_kept(place, generated):
    path = generated / "class_0000000007.png"
    told = reject(place, {"name": NAME, "index": 0, "paths": [str(path)]})
    assert told["rejected"] == 1
    assert sorted(each.name for each in generated.iterdir()) == [
        "class_0000000007.rejected",
        "class_0000000008.png",
        "class_0000000008.txt",
    ]
    backup = place.library.folder(NAME).backups / "rejected" / "classifiers_0"
    assert sorted(each.name for each in backup.iterdir()) == ["class_0000000007.png", "class_0000000007.txt"]
    assert len(list_classes(place, {"name": NAME, "index": 0})["pictures"]) == 1


@pytest.mark.parametrize(
    "name", ["class_0000000009.png", "../classifiers_0/class_0000000008.png", "other.png"]
)
def test_other_files_are_not_rejected_and_nothing_else_is(place, generated, name):
    (generated / "other.png").touch()
    paths = [str(generated / "class_0000000007.png"), f"{generated}/{name}"]
    with pytest.raises(ConfigError, match="is none of the class images"):
        reject(place, {"name": NAME, "index": 0, "paths": paths})
    assert (generated / "class_0000000007.png").exists()


def test_making_class_images_is_a_job_with_the_models_settings(place):
    config = place.library.load(NAME).config
    concept = replace(config.concepts[0], num_class_images_per=1)
    place.library.save_config(NAME, replace(config, concepts=(concept,)))
    run = RunFolder(place.library.path / make(place, {"name": NAME})["run"])
    assert read_job(run)["job"] == "classes"
    until = time.monotonic() + 200
    while find_end(run) is None and time.monotonic() < until:
        time.sleep(0.2)
    assert "no usable picture" in find_end(run)["message"]
