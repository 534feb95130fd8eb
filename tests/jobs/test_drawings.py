"""Pictures that are asked of a training while it goes on."""

import shutil

import pytest
from PIL import Image

from dreambooth.events import ask, read_events
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_training
from tests.conftest import MODEL, do, weights_hash
from tests.training.conftest import with_settings

SETTINGS = {
    "adapter": "lora",
    "lora__rank": 2,
    "lora__unet_lr": 1e-3,
    "lora__dropout": 0.3,
    "duration__max_steps": 2,
}
DRAWING = {
    "prompt": "a photo of a sks robot",
    "negative_prompt": "bad",
    "count": 2,
    "seed": 7,
    "steps": 2,
    "guidance_scale": 5,
    "sampler": "euler_a",
    "width": 96,
    "height": 0,
}


@pytest.fixture
def train_and_draw(begin, config):
    """Trains with a request to draw; returns how it ended and what it told."""

    def train(values, **settings):
        run = begin(with_settings(config, **{**SETTINGS, **settings}))
        if isinstance(values, dict):
            ask(run, "draw", values)
        else:
            run.requests.mkdir()
            (run.requests / "draw").write_bytes(values)
        return do(run), read_events(run)

    return train


def drawn(events):
    return [event for event in events if event["event"] == "sample"]


def test_what_is_asked_for_is_drawn_and_told(train_and_draw, folder):
    _, events = train_and_draw(DRAWING)
    first, second = drawn(events)
    first.pop("time")
    path, prompt = "samples/drawn_1-7-0.png", "a photo of a sks robot"
    told = {"step": 1, "path": path, "prompt": prompt, "seed": 7, "asked": True}
    assert first == {"event": "sample", **told}
    assert (second["path"], second["seed"]) == ("samples/drawn_1-7-1.png", 8)
    picture = Image.open(folder.path / path)
    assert picture.size == (96, 64)
    assert (
        "Negative prompt: bad\nSteps: 2, Sampler: Euler a, CFG scale: 5, Seed: 7"
        in picture.text["parameters"]
    )


def test_pictures_that_were_drawn_before_stay(train_and_draw, folder):
    (folder.samples).mkdir()
    (folder.samples / "drawn_1-7-0.png").touch()
    _, events = train_and_draw(DRAWING)
    assert [event["path"] for event in drawn(events)] == [f"samples/drawn_1-7-{n}.png" for n in (1, 2)]


def test_drawing_does_not_move_the_training(begin, config, library, folder, tmp_path):
    config = with_settings(config, **SETTINGS, ema__enabled=True)
    other = Library(shutil.copytree(library.path, tmp_path / "other"))
    undisturbed = prepare_training(other, MODEL, other.load(MODEL), config)
    run = begin(config)
    ask(run, "draw", DRAWING)
    assert do(run)["outcome"] == do(undisturbed)["outcome"] == "done"
    assert len(drawn(read_events(run))) == 2
    assert weights_hash(folder) == weights_hash(other.folder(MODEL))


def test_card_of_a_resumed_training_does_not_show_what_was_asked_for(begin, config, folder):
    run = begin(with_settings(config, **{**SETTINGS, "duration__max_steps": 4}))
    ask(run, "draw", DRAWING)
    ask(run, "stop_after_epoch")
    assert do(run)["outcome"] == "stopped"
    assert do(run)["outcome"] == "done"
    assert len(drawn(read_events(run))) == 2
    assert not (folder.checkpoints / "toy_4.preview.png").exists()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe{", "not JSON"),
        (b"[1]", "no JSON object"),
        (b'{"prompt": "\\ud800"}', "prompt must be a text"),
        ({}, "say what the pictures are to show"),
        ({"prompt": 5}, "prompt must be a text"),
        ({"prompt": "x", "count": True}, "count must be a number from 1 to 1000"),
        ({"prompt": "x", "steps": 2.5}, "steps must be a number from 1 to 500"),
        ({"prompt": "x", "seed": -1}, "seed must be a number from 0"),
        (b'{"prompt": "x", "guidance_scale": NaN}', "guidance_scale must be a number"),
        ({"prompt": "x", "sampler": "magic"}, "choose one of ddim"),
        ({"prompt": "x", "sampler": []}, "sampler must be a text"),
        ({"prompt": "x", "width": 65}, "multiples of 8"),
        ({"prompt": "x", "colour": "red"}, "colour: there is no such thing"),
    ],
)
def test_what_cannot_be_drawn_is_a_warning_and_the_training_goes_on(train_and_draw, values, told):
    end, events = train_and_draw(values, duration__max_steps=1)
    (warning,) = [event["message"] for event in events if event["event"] == "warning"]
    assert told in warning
    assert drawn(events) == []
    assert (end["outcome"], end["result"]["step"]) == ("done", 1)
