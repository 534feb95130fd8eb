"""What a training would do."""

from dataclasses import replace

import pytest

from dreambooth.actions import plan
from dreambooth.actions.epoch import describe_epoch
from dreambooth.config.store import ConfigError
from tests.actions.workshop import workplace
from tests.conftest import MODEL, draw_photos
from tests.training.conftest import with_fields, with_settings


def wait_for(place, **values):
    while (told := plan.dry_run(place, values)) == {"pending": True}:
        values.pop("again", None)
    return told


def test_epoch_is_told_by_size_with_its_smaller_batches(folder, photos, config):
    draw_photos(photos / "wide", 2, size=(96, 48))
    config = with_settings(config, data__batch_size=2, duration__max_steps=0, duration__num_epochs=5)
    told = describe_epoch(config, folder)
    assert (told["num_images"], told["steps_per_epoch"], told["num_steps"], told["num_epochs"]) == (
        5,
        3,
        15,
        5,
    )
    assert (told["num_batches"], told["num_smaller_batches"]) == (3, 1)
    told = {bucket["size"]: bucket for bucket in told["buckets"]}
    square, wide = told["64×64"], told["88×40"]
    assert (square["images"], square["batches"], square["smaller_batches"]) == (3, 2, 1)
    assert (wide["images"], wide["batches"], wide["smaller_batches"], wide["steps"]) == (2, 1, 0, 1)
    assert (wide["width"], wide["height"]) == (88, 40)


def test_repeats_and_class_images_are_shown(folder, with_classes):
    told = describe_epoch(with_fields(with_classes, repeats=4), folder)
    (bucket,) = told["buckets"]
    assert (bucket["images"], bucket["shown"], bucket["class_images_shown"]) == (3, 12, 12)
    assert told["num_smaller_batches"] == 0
    assert told["class_images"] == [{"concept": 0, "have": 6, "need": 6, "will_generate": 0}]


def test_settings_that_contradict_each_other_have_no_epoch(folder, config):
    with pytest.raises(ConfigError, match=r"concepts\.0\.instance_data_dir: /none is not a folder"):
        describe_epoch(with_fields(config, instance_data_dir="/none"), folder)


def test_dry_run_is_kept_until_settings_change_or_it_is_asked_again(library, photos, config):
    place = workplace(library)
    library.save_config(MODEL, config)
    assert wait_for(place, name=MODEL)["num_images"] == 3
    draw_photos(photos, 5)
    assert wait_for(place, name=MODEL)["num_images"] == 3
    assert wait_for(place, name=MODEL, again=True)["num_images"] == 5
    draw_photos(photos, 6)
    library.save_config(MODEL, replace(config, seed=1))
    assert wait_for(place, name=MODEL)["num_images"] == 6


def test_what_went_wrong_is_tried_anew(library, config, tmp_path):
    place = workplace(library)
    empty = tmp_path / "empty"
    empty.mkdir()
    library.save_config(MODEL, with_fields(config, instance_data_dir=str(empty)))
    with pytest.raises(ConfigError, match="no usable picture"):
        wait_for(place, name=MODEL)
    draw_photos(empty, 2)
    assert wait_for(place, name=MODEL)["num_images"] == 2
