"""A method is chosen together with what it implies."""

from dataclasses import replace

import pytest

from dreambooth.actions.methods import choose
from dreambooth.actions.workplace import Workplace
from dreambooth.config.concept import Concept
from dreambooth.config.store import ConfigError
from tests.actions.small_model import make_place


@pytest.fixture
def place(tmp_path) -> Workplace:
    place = make_place(tmp_path, dog="sd1")
    concept = Concept(instance_prompt="a photo of a sks dog", instance_token="sks", num_class_images_per=5)
    place.library.change_config("dog", lambda config: replace(config, concepts=(Concept(), concept)))
    return place


def test_concepts_follow_and_what_changed_is_told(place):
    told = choose(place, {"name": "dog", "revision": 1, "method": "finetune"})
    config = place.library.load("dog").config
    assert config.method == "finetune"
    assert config.concepts[1].instance_prompt == "[filewords]"
    assert [(each["concept"], each["field"], each["before"]) for each in told["implied"]] == [
        (1, "instance_prompt", "a photo of a sks dog"),
        (1, "instance_token", "sks"),
        (1, "num_class_images_per", 5),
    ]


def test_who_did_not_see_the_last_change_is_refused(place):
    with pytest.raises(ConfigError, match="changed elsewhere"):
        choose(place, {"name": "dog", "revision": 0, "method": "hybrid"})


def test_method_that_is_none_is_refused(place):
    with pytest.raises(ConfigError, match="choose one of dreambooth, finetune, hybrid"):
        choose(place, {"name": "dog", "revision": 1, "method": "magic"})
