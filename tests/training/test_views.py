"""What every save draws, and drift."""

import pytest
from PIL import Image

from dreambooth.training.views import drift_of, planned_views
from tests.training.conftest import with_fields, with_settings


@pytest.fixture
def subject(config):
    return with_fields(
        config, instance_prompt="a photo of sks dog, [filewords]", class_prompt="a photo of a dog"
    )


def told(config, prompts=("a photo of sks dog, on grass",), captions=("on grass",)):
    return [(view.kind, view.preview.wish.prompt) for view in planned_views(config, prompts, captions)]


def test_subject_overfitting_and_the_class_alone(subject):
    assert told(subject) == [
        ("subject", "a photo of sks dog, on grass"),
        ("overfitting", "a photo of sks dog, seen from behind"),
        ("ordinary", "a photo of a dog"),
        ("ordinary", "a photo of a dog"),
    ]


def test_ordinary_pictures_have_seeds_of_their_own(subject):
    views = [view for view in planned_views(subject, ["x"], [""]) if view.kind == "ordinary"]
    assert len({view.preview.wish.seed for view in views}) == 2


def test_overfitting_prompt_can_be_another_or_none(subject):
    other = with_settings(subject, samples__overfitting_prompt="{prompt} under water")
    assert ("overfitting", "a photo of sks dog under water") in told(other)
    none = with_settings(subject, samples__overfitting_prompt="")
    assert [kind for kind, _ in told(none)] == ["subject", "ordinary", "ordinary"]


def test_captions_alone_have_the_sanity_prompt_for_a_class(subject):
    captions = with_settings(
        with_fields(subject, instance_prompt="[filewords]", class_prompt=""), method="finetune"
    )
    assert told(captions)[1] == ("overfitting", "a photo of sks dog, on grass, seen from behind")
    assert [kind for kind, _ in told(captions)] == ["subject", "overfitting"]
    sane = with_settings(captions, samples__sanity_prompt="a cat")
    assert told(sane)[2:] == [("ordinary", "a cat"), ("ordinary", "a cat")]


def test_the_same_picture_has_one_key_and_another_prompt_another(subject):
    first, again = planned_views(subject, ["x"], [""]), planned_views(subject, ["x"], [""])
    assert [view.key for view in first] == [view.key for view in again]
    assert len({view.key for view in first}) == 4


def plain(level: int) -> Image.Image:
    return Image.new("RGB", (64, 64), (level, level, level))


@pytest.mark.parametrize(
    ("now", "drift"),
    [((0, 100), 0.0), ((100, 0), 1.0), ((50, 100), 0.25), ((200, 250), 1.75)],
)
def test_drift_is_measured_by_what_lies_between_two_pictures(now, drift):
    assert drift_of([plain(0), plain(100)], [plain(level) for level in now]) == pytest.approx(drift)


def test_one_picture_alone_has_no_measure():
    assert drift_of([plain(0)], [plain(9)]) is None


def test_pictures_without_a_difference_drift_wholly_or_not_at_all():
    assert drift_of([plain(5), plain(5)], [plain(5), plain(5)]) == 0
    assert drift_of([plain(5), plain(5)], [plain(5), plain(9)]) == 1
