"""What a training would do."""

import base64
import io

import pytest
from PIL import Image

from dreambooth.actions import plan
from dreambooth.actions.epoch import describe_epoch, plan_epoch
from dreambooth.config.store import ConfigError
from tests.actions.workshop import workplace
from tests.conftest import MODEL, draw_photos
from tests.training.conftest import with_fields, with_settings


def wait_for(place):
    while (told := plan.dry_run(place, {"name": MODEL})) == {"pending": True}:
        pass
    return told


def test_epoch_is_told_by_size_with_its_smaller_batches(folder, photos, config):
    draw_photos(photos / "wide", 2, size=(96, 48))
    config = with_settings(config, data__batch_size=2, duration__max_steps=0, duration__num_epochs=5)
    told = describe_epoch(plan_epoch(config, folder))
    assert (told["num_images"], told["steps_per_epoch"], told["num_steps"], told["num_epochs"]) == (
        5,
        3,
        15,
        5,
    )
    assert (told["num_batches"], told["num_smaller_batches"]) == (3, 1)
    wide, square = sorted(told["buckets"], key=lambda bucket: -bucket["width"])
    assert (square["images"], square["batches"], square["smaller_batches"]) == (3, 2, 1)
    assert (wide["images"], wide["batches"], wide["smaller_batches"]) == (2, 1, 0)
    assert (wide["width"], wide["height"]) == (88, 40)


def test_repeats_and_class_images_are_shown(folder, with_classes):
    told = describe_epoch(plan_epoch(with_fields(with_classes, repeats=4), folder))
    (bucket,) = told["buckets"]
    assert (bucket["images"], bucket["shown"], bucket["class_images_shown"]) == (3, 12, 12)
    assert told["num_smaller_batches"] == 0
    assert told["class_images"] == [{"concept": 0, "have": 6, "need": 6, "will_generate": 0}]


def test_settings_that_contradict_each_other_have_no_epoch(folder, config):
    with pytest.raises(ConfigError, match=r"concepts\.0\.instance_data_dir: /none is not a folder"):
        plan_epoch(with_fields(config, instance_data_dir="/none"), folder)


def test_dry_run_sees_settings_and_pictures_as_they_are(library, photos, config):
    place = workplace(library)
    library.save_config(MODEL, config)
    assert wait_for(place)["num_images"] == 3
    draw_photos(photos, 5)
    assert wait_for(place)["num_images"] == 5
    library.save_config(MODEL, with_fields(config, repeats=2))
    assert wait_for(place)["num_shown"] == 10


def test_sizes_are_shown_as_a_picture(library, config):
    place = workplace(library)
    library.save_config(MODEL, config)
    while (told := plan.picture(place, {"name": MODEL})) == {"pending": True}:
        pass
    content = base64.b64decode(told["data"].removeprefix("data:image/png;base64,"))
    assert Image.open(io.BytesIO(content)).size == (told["width"], told["height"])


def test_what_went_wrong_is_tried_anew(library, config, tmp_path):
    place = workplace(library)
    empty = tmp_path / "empty"
    empty.mkdir()
    library.save_config(MODEL, with_fields(config, instance_data_dir=str(empty)))
    with pytest.raises(ConfigError, match="no usable picture"):
        wait_for(place)
    draw_photos(empty, 2)
    assert wait_for(place)["num_images"] == 2


def test_settings_that_contradict_each_other_are_not_checked_by_a_job(library, folder):
    with pytest.raises(ConfigError, match="concepts: add at least one concept"):
        plan.check(workplace(library), {"name": MODEL})
    assert not folder.runs.exists()
