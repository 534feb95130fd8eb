"""The live line tells what the training itself would do, without torch and without waiting."""

import json
import re
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from dreambooth.actions.plan_line import ACTIONS
from dreambooth.actions.plan_memory import plan_memory
from dreambooth.actions.table import answer
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import changed
from dreambooth.jobs.machine import Machine
from dreambooth.jobs.shapes import read_shapes
from tests.actions.workshop import workplace
from tests.conftest import MODEL, draw_photos
from tests.training.conftest import with_fields, with_settings


@pytest.fixture
def ask(library):
    """Asks as the page does, until everything is counted."""

    def ask_action(config: TrainConfig | None = None, **values) -> dict:
        if config is not None:
            library.save_config(MODEL, config)
        asked = {"action": "settings.plan", "values": {"name": MODEL, **values}}
        for _ in range(100):
            told = json.loads(json.dumps(answer(workplace(library), ACTIONS, asked)))
            if told.get("result", {}).get("complete", True):
                return told
            time.sleep(0.1)
        raise TimeoutError

    return ask_action


def on_cpu(config: TrainConfig, **settings) -> TrainConfig:
    return with_settings(config, precision__device="cpu", **settings)


def test_plan_is_that_of_the_check(ask, perform, with_classes):
    config = on_cpu(with_classes, duration__max_steps=0, duration__num_epochs=7, data__batch_size=2)
    told, check = ask(config)["result"], perform("check", config)["result"]
    assert (told["num_images"], told["repeats"]) == (3, 1)
    for name in ("num_steps", "num_epochs", "steps_per_epoch", "device"):
        assert told[name] == check[name]
    assert told["memory_bytes"] == check["estimated_memory_bytes"]
    assert told["class_images"] == [{"concept": 0, **check["concepts"][0]["class_images"]}]


def test_plan_in_words(ask, config):
    config = on_cpu(with_fields(config, repeats=3), duration__max_steps=0, duration__num_epochs=10)
    words = ask(config)["result"]["words"]
    assert words.startswith("3 images × 3 repeats → 90 steps, 10 epochs, time: known after the first steps")
    assert re.search(r", about [\d.]+ GB of [\d.]+ GB$", words)


def test_class_images_that_lack_are_told(ask, config):
    told = ask(on_cpu(with_fields(config, num_class_images_per=2)))["result"]
    assert told["class_images"] == [{"concept": 0, "have": 0, "need": 6, "will_generate": 6}]
    assert "6 class images to draw first" in told["words"]


def test_concepts_with_other_repeats_are_added_up(ask, config):
    (concept,) = config.concepts
    config = replace(config, concepts=(concept, replace(concept, repeats=4)))
    told = ask(on_cpu(config, duration__max_steps=0, duration__num_epochs=2))["result"]
    assert (told["num_images"], told["repeats"], told["num_steps"]) == (6, None, 30)
    assert "6 images, shown 15 times an epoch → 30 steps" in told["words"]


def test_a_form_that_is_not_saved_has_a_plan_too(ask, library, config):
    told = ask(on_cpu(config), values={"duration.max_steps": 12})["result"]
    assert told["num_steps"] == 12
    assert library.load(MODEL).config.duration.max_steps == 4


def test_pictures_that_come_and_go_are_counted(ask, config, photos):
    assert ask(on_cpu(config))["result"]["num_images"] == 3
    draw_photos(photos, 5)
    assert ask()["result"]["num_images"] == 5
    (photos / "0.png").unlink()
    assert ask()["result"]["num_images"] == 4


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"instance_data_dir": ""}, "name the folder with your pictures"),
        ({"instance_data_dir": "/nowhere"}, "/nowhere is not a folder"),
        ({"instance_data_dir": "a\0b"}, "is not a folder"),
        ({"instance_data_dir": "x" * 5000}, "is not a folder"),
    ],
)
def test_what_lacks_is_said_beside_the_memory(ask, config, fields, words):
    told = ask(on_cpu(with_fields(config, **fields)))["result"]
    assert words in told["words"]
    assert told["num_images"] is told["num_steps"] is told["seconds"] is None
    assert told["memory_bytes"] > 0


def test_a_folder_without_pictures_is_said(ask, config, tmp_path):
    (tmp_path / "empty").mkdir()
    told = ask(on_cpu(with_fields(config, instance_data_dir=str(tmp_path / "empty"))))["result"]
    assert "no usable picture" in told["words"]


def test_time_follows_from_an_earlier_training(ask, begin, config):
    config = on_cpu(config, adapter="lora", duration__max_steps=1000)
    run = begin(config)
    events = [{"event": "step", "time": 1e9 + 0.5 * step} for step in range(20)]
    run.events_file.write_text("".join(json.dumps(event) + "\n" for event in events))
    told = ask(config)["result"]
    assert told["seconds"] == pytest.approx(500)
    assert "about 8 min" in told["words"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lora.rank": 0}, "lora.rank: 0 is below"),
        ({"lora.block_ranks": "in=x", "adapter": "lora"}, "lora.block_ranks"),
        ({"size": 1}, "there is no such setting"),
    ],
)
def test_faults_are_refused(ask, config, values, message):
    assert message in ask(on_cpu(config), values=values)["refused"]


def test_memory_that_is_there_needs_no_advice(folder):
    plan = plan_memory(TrainConfig(), read_shapes(folder), Machine("cuda", 24 * 2**30))
    assert (plan.fits, plan.advice) == (True, ())


def test_nobody_can_tell_whether_it_fits_into_unknown_memory(folder):
    assert plan_memory(TrainConfig(), read_shapes(folder), Machine("cuda", None)).fits is None


def test_advice_leads_to_what_fits_and_no_further(folder):
    config = changed(TrainConfig(), {"data.batch_size": "4", "ema.enabled": "true"})
    shapes = read_shapes(folder)
    needed = plan_memory(config, shapes, Machine("cuda", None)).needed
    some = plan_memory(config, shapes, Machine("cuda", needed // 2))
    assert some.fits is False
    assert some.advice[0].startswith("data.batch_size=1, data.gradient_accumulation_steps=4: about ")
    few = plan_memory(config, shapes, Machine("cuda", needed // 8))
    assert few.advice[: len(some.advice)] == some.advice
    assert len(few.advice) > len(some.advice)


def test_what_cannot_fit_is_said_in_the_end(folder):
    advice = plan_memory(TrainConfig(), read_shapes(folder), Machine("cuda", 1000)).advice
    assert "adapter=lora" in "".join(advice)
    assert advice[-1].startswith("even so it does not fit")


def test_nothing_heavy_is_imported():
    code = (
        "import sys, dreambooth.actions.plan_line, dreambooth.actions.settings, dreambooth.actions.presets\n"
        "print(sorted({'torch', 'diffusers', 'transformers', 'peft', 'psutil'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_plan_has_the_curves_of_the_learning_rates_and_what_is_doubtful_in_them(ask, config):
    config = on_cpu(config, duration__max_steps=10, schedule__name="linear", optimizer__name="prodigy")
    told = ask(config)["result"]
    (unet,) = told["rates"]["curves"]
    assert (unet["label"], unet["steps"][-1], unet["rates"][-1]) == ("U-Net", 10, 0)
    assert told["rates"]["times_estimate"]
    assert "prodigy finds the rate by itself" in told["advice"][0]


def test_curve_that_makes_no_sense_is_not_drawn(ask, config):
    assert ask(on_cpu(config, schedule__name="piecewise"))["result"]["rates"] is None
