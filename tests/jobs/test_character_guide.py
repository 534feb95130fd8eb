"""A well-known guide to drawn characters, followed from its first line to its last on the toybox."""

import threading
import time
from dataclasses import replace
from random import Random

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from dreambooth.config.concept import Concept
from dreambooth.config.folders import RunFolder
from dreambooth.config.presets import PRESETS, with_preset
from dreambooth.config.rules import find_problems
from dreambooth.config.settings import TrainConfig
from dreambooth.data.generation_text import parse_generation_text, read_generation_text
from dreambooth.events import ask, read_events
from dreambooth.jobs.start import prepare_tool
from dreambooth.toybox import WEIGHTS_FILE
from dreambooth.toybox.pictures import draw_subject
from dreambooth.toybox.world import random_spec
from tests.conftest import do
from tests.training.conftest import with_settings

TOKEN = "star guardian neeko"
NEGATIVE = "multiple girls, (ugly:1.3), (((cropped))), [words], logo \\(brand\\)"
CLASS_IMAGES_PER_IMAGE = 10
TAGS = ("robot, red, in snow", "robot, solo, at night")
SMALL = {  # what a toybox and a processor want, and the guide does not speak of
    "data__resolution": 64,
    "data__bucket_step_px": 8,
    "data__batch_size": 2,
    "precision__mixed_precision": "bf16",
    "precision__device": "cpu",
    "data__cache_latents": False,
}


@pytest.fixture
def pictures(tmp_path):
    """Pictures of the character, each with its tags."""
    place = tmp_path / "neeko"
    place.mkdir()
    for number, tags in enumerate(TAGS):
        draw_subject(random_spec(Random(number), thing="robot")).save(place / f"{number}.png")
        (place / f"{number}.txt").write_text(tags, encoding="utf-8")
    return place


@pytest.fixture
def guided(pictures) -> TrainConfig:
    """The preset, and what the guide wants of the concept."""
    preset = next(each for each in PRESETS if each.name == "Character (tagged pictures)")
    config = with_preset(TrainConfig(concepts=(Concept(instance_data_dir=str(pictures)),)), preset)
    concept = replace(
        config.concepts[0],
        instance_token=TOKEN,
        instance_prompt=f"{TOKEN}, [filewords]",
        class_prompt="[filewords]",
        class_negative_prompt=NEGATIVE,
        class_infer_steps=2,
        num_class_images_per=CLASS_IMAGES_PER_IMAGE,
        save_sample_prompt=f"{TOKEN}, robot, red, in snow",
        save_sample_negative_prompt=NEGATIVE,
        save_infer_steps=2,
    )
    return with_settings(replace(config, concepts=(concept,)), **SMALL)


def stop_after(run: RunFolder, step: int) -> threading.Thread:
    """Press stop as soon as the run has told of a step."""

    def watch() -> None:
        while not any(event["event"] == "step" and event["step"] >= step for event in read_events(run)):
            time.sleep(0.02)
        ask(run, "stop")

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def train_until(run: RunFolder, step: int) -> dict:
    """Train as the guide does: far too many epochs, and a stop."""
    thread = stop_after(run, step)
    end = do(run)
    thread.join()
    return end


def told(run: RunFolder, kind: str) -> list[dict]:
    return [event for event in read_events(run) if event["event"] == kind]


def test_guide_is_followed_to_the_merged_model(guided, begin, folder, library, tmp_path):
    assert not find_problems(guided)
    assert guided.samples.sampler == "ddim"
    assert (guided.optimizer.name, guided.optimizer.unet_lr) == ("adamw_8bit", 1e-6)
    assert guided.parts.text_encoder_fraction == 0

    run = begin(guided)
    end = train_until(run, 12)
    assert end["outcome"] == "stopped"
    assert end["result"]["num_steps"] >= 1_000_000  # an epoch is a step here

    drawn = sorted((folder.classifiers(0)).glob("*.png"))
    assert len(drawn) == CLASS_IMAGES_PER_IMAGE * len(TAGS)
    captions = {path.with_suffix(".txt").read_text(encoding="utf-8") for path in drawn}
    assert captions == set(TAGS)  # the token is in none of them
    text = parse_generation_text(read_generation_text(drawn[0]))
    assert text["negative_prompt"] == NEGATIVE

    assert [event["step"] for event in told(run, "sample")] == [10]
    saved = [event["step"] for event in told(run, "checkpoint")]
    assert saved[0] == 10
    assert end["result"]["step"] == saved[-1]

    end = train_until(run, 20)  # you can always continue
    assert (end["outcome"], end["result"]["step"] >= 20) == ("stopped", True)
    assert [event["step"] for event in told(run, "sample")] == [10, 20]
    (board,) = folder.logging.iterdir()
    curves = EventAccumulator(str(board)).Reload()
    steps = [event.step for event in curves.Scalars("loss/total")]
    assert steps == list(range(1, end["result"]["step"] + 1))

    trained = folder.path / told(run, "checkpoint")[-1]["path"]
    other = tmp_path / "figurine.safetensors"
    save_file(another_model(), other)
    asked = {"primary": trained, "secondary": other, "tertiary": WEIGHTS_FILE}
    merged = do(
        prepare_tool(
            library,
            "merge",
            {
                **{role: str(path) for role, path in asked.items()},
                "method": "add_difference",
                "multiplier": 1.0,
                "discard": "",
                "to": str(tmp_path / "neeko_figurine.safetensors"),
                "dtype": "fp32",
                "overwrite": False,
            },
        )
    )
    assert merged["outcome"] == "done"
    assert_difference_was_added(load_file(merged["result"]["path"]), load_file(trained), load_file(other))
    assert Image.open(drawn[0]).size == (64, 64)


KEY = "model.diffusion_model.middle_block.1.proj_in.weight"


def another_model() -> dict[str, torch.Tensor]:
    """The toybox with one layer that somebody else has taught."""
    tensors = load_file(WEIGHTS_FILE)
    return {**tensors, KEY: tensors[KEY] + 0.5}


def assert_difference_was_added(merged, trained, other) -> None:
    source = load_file(WEIGHTS_FILE)
    assert not torch.equal(trained[KEY].float(), source[KEY].float())  # it has learnt
    expected = trained[KEY].float() + other[KEY].float() - source[KEY].float()
    torch.testing.assert_close(merged[KEY].float(), expected, rtol=0, atol=1e-3)
