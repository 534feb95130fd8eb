"""No control without effect: how captions are read, in training and in what is drawn beside it."""

import json

import pytest
import torch
from PIL import Image

from dreambooth.adapters.lora_file import read_lora
from dreambooth.config.store import ConfigError
from dreambooth.data.batches import find_step
from dreambooth.tasks.cards import build_card
from dreambooth.training.class_images import ClassJob, generate_class_images
from dreambooth.training.conditions import batch_conditions
from dreambooth.training.device import choose_device
from dreambooth.training.groups import refuse_what_is_not_there
from dreambooth.training.rows import plain_rows
from dreambooth.training.samples import planned_previews
from tests.conftest import do
from tests.models.tiny import SD1, SDXL
from tests.training.conftest import learnt_hash, train_steps, with_fields, with_settings

PROVEN = {"captions.max_tokens", "captions.prompt_weights", "captions.clip_skip", "captions.strict_tokens"}
CAPTION = "a (red:1.4) robot, " + "on green grass, " * 45


@pytest.fixture
def told(make_learner, config):
    """The states that the U-Net is told of a long and weighted caption."""

    def tell(**settings) -> torch.Tensor:
        asked = with_settings(with_fields(config, instance_prompt=CAPTION), **settings)
        learner, dataset = make_learner(asked)
        (batch, *_) = find_step(dataset, asked, 0)
        return states_of(learner, batch)

    return tell


def states_of(learner, batch):
    with torch.no_grad():
        return batch_conditions(learner, batch, plain_rows(batch), step=0, number=0).text.hidden


@pytest.mark.parametrize(("max_tokens", "length"), [("75", 77), ("150", 154), ("225", 231), ("300", 231)])
def test_as_many_tokens_are_read_as_are_allowed(told, max_tokens, length):
    assert told(captions__max_tokens=max_tokens).shape[1] == length


@pytest.mark.parametrize(
    ("name", "value"),
    [("prompt_weights", True), ("clip_skip", 2), ("strict_tokens", True)],
)
def test_setting_changes_what_the_unet_is_told(told, name, value):
    before, after = told(), told(**{f"captions__{name}": value})
    assert before.shape == after.shape
    assert not torch.allclose(before, after)


def test_a_text_encoder_learns_through_long_and_weighted_captions(make_learner, config):
    reading = {"captions__max_tokens": "225", "captions__prompt_weights": True, "captions__clip_skip": 2}
    asked = with_settings(
        with_fields(config, instance_prompt=CAPTION), parts__text_encoder_fraction=1, **reading
    )
    learner, dataset = make_learner(asked)
    before = learnt_hash(learner)
    (report,) = train_steps(learner, dataset, 1)
    assert report.is_finite
    assert learnt_hash(learner) != before


def test_previews_are_drawn_with_the_clip_skip_of_the_training(config):
    asked = with_settings(config, captions__clip_skip=2, samples__sanity_prompt="a fish")
    assert [preview.look.clip_skip for preview in planned_previews(asked, ["a robot"])] == [2, 2]


def draw_class_image(model, config, folder):
    job = ClassJob(concept_index=0, folder=folder, prompts=["a robot (on grass)"])
    (path,) = generate_class_images(model, choose_device(config.precision), config, job, "toy")
    return path


def test_class_images_are_drawn_with_the_clip_skip_of_the_training(random_model, config, tmp_path):
    first = draw_class_image(random_model, config, tmp_path / "1")
    second = draw_class_image(random_model, with_settings(config, captions__clip_skip=2), tmp_path / "2")
    assert first.read_bytes() != second.read_bytes()


@pytest.mark.parametrize(
    ("template", "weighted", "drawn"),
    [
        ("a robot [filewords]", False, r"a robot \(on grass\)"),  # a literal caption's own brackets
        ("a (robot:1) [filewords]", False, "a robot (on grass)"),
        ("a robot [filewords]", True, "a robot (on grass)"),
    ],
)
def test_brackets_of_literal_captions_are_drawn(random_model, config, tmp_path, template, weighted, drawn):
    asked = with_settings(with_fields(config, class_prompt=template), captions__prompt_weights=weighted)
    path = draw_class_image(random_model, asked, tmp_path / "classes")
    assert path.with_suffix(".txt").read_text() == "a robot (on grass)"
    assert Image.open(path).text["parameters"].startswith(drawn + "\n")


def test_a_lora_and_its_card_tell_how_captions_were_read(begin, folder, config):
    asked = with_settings(
        config, adapter="lora", duration__max_steps=1, captions__clip_skip=2, captions__max_tokens="150"
    )
    do(begin(asked))
    file = next(folder.checkpoints.glob("*.safetensors"))
    metadata = read_lora(file).metadata
    assert (metadata["ss_clip_skip"], metadata["ss_max_token_length"]) == ("2", "150")
    assert json.loads(file.with_suffix(".json").read_text())["notes"].endswith("; draw with Clip skip 2")


def test_a_card_says_nothing_of_what_is_usual(config):
    assert "skip" not in build_card(config, "sd1", "a model", 1, is_adapter=True)["notes"]


@pytest.mark.parametrize(
    ("architecture", "skip", "advice"),
    [
        (SDXL, 2, "SDXL always reads the layer before the last; set 1"),
        (SD1, 4, "3 layers; 4 is too many"),
    ],
)
def test_layers_that_are_not_there_are_refused(config, architecture, skip, advice):
    with pytest.raises(ConfigError, match=advice):
        refuse_what_is_not_there(with_settings(config, captions__clip_skip=skip), architecture)
