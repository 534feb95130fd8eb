"""Pictures of saved steps, single ones and in grids, with adapters as strong as one likes."""

import numpy as np
import pytest
from PIL import Image

from dreambooth.config.folders import RunFolder
from dreambooth.config.store import config_to_json
from dreambooth.events import ask, read_events
from dreambooth.jobs.start import prepare_run
from tests.conftest import do, weights_hash
from tests.jobs.test_other_jobs import SAMPLE
from tests.models.tiny import SD1, write_tiny

LORA = {"adapter": "lora", "lora__rank": 2, "lora__unet_lr": 0.03, "lora__dora": True}
FULL = {"optimizer__unet_lr": 1e-3, "saving__dtype": "fp32"}
PROMPT = "a photo of a sks robot"


@pytest.fixture
def draw(perform, tmp_path):
    """Draws one picture; returns its pixels."""

    def draw_one(**asked):
        end = perform("sample", **SAMPLE, prompt=PROMPT, to=str(tmp_path / "out"), **asked)
        assert end["outcome"] == "done", end
        return np.asarray(Image.open(end["result"]["pictures"][0])).astype(float)

    return draw_one


@pytest.fixture
def refusal(perform, tmp_path):
    """Asks for a picture that is refused; returns why."""

    def refused(**asked):
        end = perform("sample", **{**SAMPLE, "prompt": PROMPT, "to": str(tmp_path / "out"), **asked})
        assert end["outcome"] == "refused"
        assert not (tmp_path / "out").exists()
        return end["message"]

    return refused


@pytest.mark.parametrize("settings", [LORA, FULL], ids=["adapter", "checkpoint"])
def test_every_saved_step_draws_as_the_model_did_then(train, draw, folder, settings):
    before = draw()
    train(**settings)
    now, last, earlier = (
        draw(weights=w) for w in ("", "checkpoints/toy_4.safetensors", "checkpoints/toy_2.safetensors")
    )
    assert np.abs(now - last).max() <= 2  # a LoRA file is in half precision
    assert np.abs(now - earlier).max() > 8
    assert np.abs(before - earlier).max() > 8
    assert not (folder.cache / "saved_step").exists()


def test_drawing_a_saved_step_leaves_the_model_alone(train, draw, folder):
    train(**FULL)
    before = weights_hash(folder)
    draw(weights="checkpoints/toy_2.safetensors")
    assert weights_hash(folder) == before


def test_adapter_weight_goes_from_the_model_without_it_through_it_and_beyond(train, draw):
    before = draw()
    train(**LORA)
    without, half, whole, more = (draw(adapter_weight=strength) for strength in (0, 0.5, 1.0, 1.5))
    assert np.array_equal(without, before)
    assert np.array_equal(whole, draw())
    distances = [np.abs(picture - before).mean() for picture in (half, whole, more)]
    assert 0 < distances[0] < distances[1] < distances[2]


@pytest.fixture
def grid(train, perform, tmp_path):
    """The result of a grid of two saves and two prompts with two seeds."""
    train(**FULL)
    prompts = [PROMPT, "a red robot in a place of which there is very much to tell"]
    asked = {"saves": ["checkpoints/toy_2.safetensors", ""], "prompts": prompts, "to": str(tmp_path / "grid")}
    return perform("sample", **{**SAMPLE, **asked, "count": 2})["result"]


def test_grid_draws_every_combination_with_the_same_seeds(grid, draw):
    assert [path.rpartition("/")[2] for path in grid["pictures"]] == [
        f"{row}-{column}-000000000{seed}.png"
        for row in ("toy_2", "now")
        for column in (0, 1)
        for seed in (3, 4)
    ]
    drawn = np.asarray(Image.open(grid["pictures"][0])).astype(float)
    assert (
        np.abs(drawn - draw(weights="checkpoints/toy_2.safetensors")).max() <= 2
    )  # another batch rounds otherwise


def test_grid_is_one_picture_with_room_for_labels(grid):
    picture = Image.open(grid["grid"])
    assert picture.text["parameters"].startswith(PROMPT)
    assert picture.width > 4 * 224
    assert picture.height > 2 * 224


def test_events_of_a_grid_tell_what_each_picture_is(grid, folder):
    (path,) = folder.runs.glob("*-sample")
    told = [event for event in read_events(RunFolder(path)) if event["event"] == "sample"]
    assert [event["path"] for event in told] == grid["pictures"]
    assert {event["weights"] for event in told} == {"checkpoints/toy_2.safetensors", ""}
    assert {event["seed"] for event in told} == {3, 4}
    assert len({event["prompt"] for event in told}) == 2


def test_pictures_of_one_prompt_make_no_grid(perform, tmp_path):
    assert perform("sample", **SAMPLE, prompt="x", to=str(tmp_path))["result"]["grid"] is None


@pytest.mark.parametrize(
    "weights",
    [
        "working/unet/diffusion_pytorch_model.safetensors",
        "../toy/db_config.json",
        "checkpoints/../db_config.json",
        "/etc/passwd",
        "checkpoints",
    ],
)
def test_file_that_is_no_saved_step_is_refused(refusal, weights):
    assert "no saved step" in refusal(weights=weights)


def test_saved_step_that_is_gone_is_refused(refusal):
    assert "any more" in refusal(weights="checkpoints/toy_9.safetensors")


def test_checkpoint_of_another_model_is_refused(refusal, folder):
    folder.checkpoints.mkdir()
    write_tiny(folder.checkpoints / "other.safetensors", SD1)
    assert "another kind of model" in refusal(weights="checkpoints/other.safetensors")


def test_adapter_weight_without_an_adapter_is_refused(refusal):
    assert "nothing to work on" in refusal(adapter_weight=0.5)


def test_every_prompt_of_a_grid_is_looked_at(refusal):
    assert "prompt must be a text" in refusal(prompts=["a", 5])


def test_sampling_is_stopped_between_pictures(library, folder, config, tmp_path):
    asked = {
        **SAMPLE,
        "count": 3,
        "prompt": "x",
        "to": str(tmp_path / "out"),
        "config": config_to_json(config),
    }
    run = prepare_run(library, folder, "sample", asked)
    ask(run, "stop")
    end = do(run)
    assert (end["outcome"], end["message"]) == (
        "stopped",
        "stopped; the pictures that were drawn so far are kept",
    )
    assert len(list((tmp_path / "out").iterdir())) == 1
