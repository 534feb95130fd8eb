"""A run with all that varies switched on, stopped and gone on with: the same weights, bit for bit."""

import shutil
from dataclasses import replace

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.config.settings import TrainConfig
from dreambooth.events import ask, read_events
from dreambooth.jobs.library import Library
from tests.conftest import MODEL, do, draw_photos, weights_hash
from tests.training.conftest import with_fields, with_settings

EVERYTHING = {
    "duration__max_steps": 7,
    "data__batch_size": 2,
    "parts__text_encoder_fraction": 0.5,
    "captions__shuffle_tags": True,
    "captions__tag_dropout_probability": 0.3,
    "captions__dropout_probability": 0.2,
    "captions__wildcards": True,
    "captions__prompt_weights": True,
    "augment__flip_probability": 0.5,
    "augment__crop": "jitter",
    "augment__colour_probability": 0.5,
    "augment__variants": 2,
    "noise__offset_noise": 0.1,
    "noise__pyramid_discount": 0.2,
    "noise__input_perturbation": 0.1,
    "loss__kind": "huber",
    "loss__min_snr_gamma": 5,
    "preservation__kind": "output_preservation",
    "validation__every_steps": 2,
    "schedule__name": "cosine",
    "ema__enabled": True,
    "ema__decay": 0.9,
}
ADAPTERS = {
    "full": {"optimizer__name": "adamw_8bit", "optimizer__unet_lr": 1e-4},
    "lora": {
        "adapter": "lora",
        "lora__rank": 2,
        "lora__dropout": 0.2,
        "lora__unet_lr": 1.0,
        "lora__text_encoder_lr": 1.0,
        "optimizer__name": "prodigy",
    },
}


@pytest.fixture
def varied(config, photos) -> TrainConfig:
    """Pictures with multipliers beside real ones that preserve; a picture is held out."""
    (photos / "multiply.txt").write_text("1.5", encoding="utf-8")
    (photos / "0.txt").write_text("a {red|blue} robot, (snow:1.2), at night, alone", encoding="utf-8")
    more = draw_photos(photos / "more", 2, size=(120, 72))
    (more / "cond_dropout.txt").write_text("0.5", encoding="utf-8")
    kept = draw_photos(photos / "preservation", 4)
    (kept / "multiply.txt").write_text("0.5", encoding="utf-8")
    config = with_fields(config, instance_token="sks", class_token="robot")
    return with_settings(replace(config, validation=replace(config.validation, fraction=0.2)), **EVERYTHING)


@pytest.mark.parametrize("settings", ADAPTERS.values(), ids=ADAPTERS)
def test_stopped_run_goes_on_to_the_same_weights(begin, folder, varied, library, tmp_path, settings):
    config = with_settings(varied, **settings)
    other = Library(shutil.copytree(library.path, tmp_path / "other"))
    run = begin(config)
    ask(run, "stop_after_epoch")
    end = do(run)
    assert end["outcome"] == "stopped"
    assert 0 < end["result"]["step"] < 7
    assert do(run)["outcome"] == "done"
    undisturbed = RunFolder(other.folder(MODEL).runs / run.path.name)
    undisturbed.path.mkdir(parents=True)
    shutil.copy(run.config_file, undisturbed.config_file)
    assert do(undisturbed)["outcome"] == "done"
    assert weights_hash(other.folder(MODEL)) == weights_hash(folder)
    assert losses(run) == losses(undisturbed)
    assert validated(run) == validated(undisturbed)


def losses(run: RunFolder) -> dict[int, float]:
    return {event["step"]: event["loss"] for event in read_events(run) if event["event"] == "step"}


def validated(run: RunFolder) -> dict[int, float]:
    return {event["step"]: event["loss"] for event in read_events(run) if event["event"] == "validation"}
