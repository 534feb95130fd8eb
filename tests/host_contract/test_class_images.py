"""Class images by the webui's txt2img: as our own in name and record, and refused in words."""

import sys
from dataclasses import replace

import pytest
from PIL import Image

from dreambooth.config.store import config_to_json
from dreambooth.data.class_plan import plan_class_images
from dreambooth.events import ask, read_events
from dreambooth.jobs.start import prepare_run, start_worker
from tests.conftest import MODEL, do
from tests.host_contract.stand_in import eventually, lending, stand_in
from tests.training.conftest import with_fields, with_settings

in_each = pytest.mark.parametrize("webui", ["A1111", "Forge", "SD.Next"], indirect=True)


@pytest.fixture
def webui(request, tmp_path, library):
    """A webui with a model of the user's loaded, and lending; A1111 if the test names no other."""
    flavour = getattr(request, "param", "A1111")
    with stand_in(flavour, tmp_path / "webui") as webui:
        webui.shared.opts.sd_model_checkpoint = "a other.safetensors"
        webui.generate()
        with lending(library.path, flavour):
            yield webui


@pytest.fixture
def config(config):
    """Two class images for each of three pictures."""
    config = with_fields(config, num_class_images_per=2, class_negative_prompt="bad", class_infer_steps=3)
    return with_settings(config, data__class_images_by="webui", samples__sampler="euler_a")


def lacking(config, folder) -> int:
    (plan,) = plan_class_images(config, [folder.classifiers(0)])
    return len(plan.missing)


@pytest.mark.usefixtures("webui")
@in_each
def test_webui_draws_what_is_missing_with_our_names_and_its_record(perform, config, folder):
    end = perform("classes", config)
    assert (end["outcome"], end["result"]["concepts"][0]["generated"]) == ("done", 6)
    pictures = sorted(folder.classifiers(0).glob("*.png"))
    assert (len(pictures), lacking(config, folder)) == (6, 0)
    assert all(path.with_suffix(".txt").read_text() == "a photo of a robot" for path in pictures)
    seed = int(pictures[0].stem.removeprefix("class_"))
    with Image.open(pictures[0]) as picture:
        assert picture.size == (64, 64)
        prompts, _, numbers = picture.text["parameters"].rpartition("\n")
    assert prompts == "a photo of a robot\nNegative prompt: bad"
    assert numbers.startswith(f"Steps: 3, Sampler: Euler a, CFG scale: 7.5, Seed: {seed}, Size: 64x64")
    assert "Model: toybox" in numbers


@in_each
def test_webui_is_as_before_and_draws_on_with_its_own_checkpoint(webui, perform, config):
    history = (webui.path / "params.txt").read_text()
    assert perform("classes", config)["outcome"] == "done"
    eventually(webui.is_queue_free)
    assert webui.shared.opts.sd_model_checkpoint == "a other.safetensors"
    assert (webui.path / "params.txt").read_text() == history
    assert "Model: a other" in webui.generate().info


def test_training_has_its_class_images_drawn_and_then_the_device(webui, begin, config):
    run = begin(config)
    assert do(run)["outcome"] == "done"
    told = [event["event"] for event in read_events(run)]
    assert told.count("class_image") == 6
    assert told.index("waiting") > max(index for index, kind in enumerate(told) if kind == "class_image")
    eventually(webui.is_queue_free)


@pytest.mark.usefixtures("webui")
def test_picture_that_was_thrown_away_is_drawn_again_alone(perform, config, folder):
    perform("classes", config)
    gone = sorted(folder.classifiers(0).glob("*.png"))[2]
    before = gone.read_bytes()
    gone.unlink()
    assert perform("classes", config)["result"]["concepts"][0]["generated"] == 1
    assert gone.read_bytes() == before


@pytest.mark.parametrize("flag", ["interrupted", "skipped"])
def test_interrupt_stops_and_keeps_what_is_whole(webui, perform, config, folder, monkeypatch, flag):
    draw = webui.processing.process_images

    def draw_until_interrupted(p):
        if len(list(folder.classifiers(0).glob("*.png"))) == 2:
            setattr(webui.state, flag, True)
        return draw(p)

    monkeypatch.setattr(webui.processing, "process_images", draw_until_interrupted)
    assert perform("classes", config)["outcome"] == "stopped"
    assert lacking(config, folder) == 4


def test_stop_is_heard_while_the_webui_is_busy(webui, library, config):
    asked = {"config": config_to_json(config)}
    run = prepare_run(library, library.folder(MODEL), "classes", asked)
    with webui.call_queue.queue_lock:
        worker = start_worker(run)
        eventually(lambda: any(event["event"] == "progress" for event in read_events(run)))
        ask(run, "stop")
        worker.wait()
    assert read_events(run)[-1]["outcome"] == "stopped"
    eventually(webui.is_queue_free)
    assert not library.folder(MODEL).classifiers(0).exists()


def test_webui_without_the_source_is_refused_in_words(webui, perform, config):
    (webui.path / "models" / "Stable-diffusion" / "toybox.safetensors").unlink()
    webui.sd_models.list_models()
    end = perform("classes", config)
    assert end["outcome"] == "refused"
    assert end["message"] == (
        f"data.class_images_by: {webui.flavour} has no checkpoint toybox.safetensors in its list; "
        "or set data.class_images_by=trainer"
    )


def test_file_of_that_name_with_another_content_is_not_the_source(webui, perform, config):
    (checkpoint,) = (info for info in webui.sd_models.checkpoints_list.values() if "toybox" in info.name)
    checkpoint.sha256 = "0" * 64
    assert "has no checkpoint" in perform("classes", config)["message"]


def test_error_of_the_webui_is_told(webui, perform, config, monkeypatch):
    def fail(_):
        raise ValueError("out of paint")

    monkeypatch.setattr(webui.processing, "process_images", fail)
    end = perform("classes", config)
    assert end["outcome"] == "refused"
    assert "could not draw: ValueError: out of paint" in end["message"]
    eventually(webui.is_queue_free)


def test_without_a_webui_it_is_refused_in_words(perform, config):
    end = perform("classes", config)
    assert end["outcome"] == "refused"
    assert "no webui that works with" in end["message"]
    assert "data.class_images_by=trainer" in end["message"]


def test_enough_class_images_need_no_webui(perform, config):
    one = replace(config.concepts[0], num_class_images_per=0)
    assert perform("classes", replace(config, concepts=(one,)))["outcome"] == "done"


@pytest.mark.parametrize("webui", ["Forge"], indirect=True)
def test_forge_draws_on_its_own_thread_and_tells_errors_all_the_same(webui, perform, config, monkeypatch):
    perform("classes", config)
    assert set(sys.modules["modules_forge.main_thread"].done) == {"draws"}
    config = with_fields(config, num_class_images_per=3)
    monkeypatch.setattr(webui.processing, "process_images", lambda _: 1 / 0)
    assert "ZeroDivisionError" in perform("classes", config)["message"]
