"""Drawing: by a job, or by the training that is under way."""

import json
from pathlib import Path

import pytest

from dreambooth.actions import generate
from dreambooth.config.forms.sample import GridForm, SampleForm
from dreambooth.config.store import ConfigError
from dreambooth.events import take_drawing
from dreambooth.locks import file_lock
from dreambooth.tasks.wanted import Wanted, read_wanted
from tests.actions.workshop import asked_of, workplace
from tests.conftest import MODEL


@pytest.fixture
def pictures(library):
    """What the job that draws pictures of one prompt is asked."""

    def prepare(**form):
        return asked_of(generate.prepare_pictures(workplace(library), MODEL, SampleForm(**form)))

    return prepare


@pytest.fixture
def refused(library):
    def message(action, **values):
        with pytest.raises(ConfigError) as caught:
            action(workplace(library), values)
        return str(caught.value)

    return message


@pytest.fixture
def saved(folder):
    """A saved step of the model."""
    folder.checkpoints.mkdir()
    (folder.checkpoints / "toy_00000004.safetensors").write_bytes(b"")
    return "checkpoints/toy_00000004.safetensors"


def test_pictures_are_drawn_into_a_folder_of_their_own_with_the_model(pictures, folder, tmp_path):
    asked = pictures(prompt="a dog", steps=3)
    assert (asked["prompt"], asked["steps"], asked["weights"]) == ("a dog", 3, "")
    assert Path(asked["to"]).parent == (folder.samples / "generated").resolve()
    assert pictures(prompt="a dog", to=str(tmp_path))["to"] == str(tmp_path)


def test_saved_step_draws_when_it_is_one(pictures, refused, saved, folder):
    assert pictures(prompt="a", weights=saved)["weights"] == saved
    (folder.path / "other.safetensors").write_bytes(b"")
    for wrong in ("checkpoints/none.safetensors", "other.safetensors", "checkpoints", "/etc/passwd"):
        told = refused(generate.draw, name=MODEL, prompt="a", weights=wrong)
        assert told == f"weights: toy has no saved step {wrong}"


def test_grid_is_drawn_of_saved_steps_and_prompts(library, refused, saved, folder):
    form = GridForm(saves=("", saved), prompts=("a", "b"), seed=5)
    asked = asked_of(generate.prepare_grid(workplace(library), MODEL, form))
    assert (asked["saves"], asked["prompts"], asked["seed"]) == (["", saved], ["a", "b"], 5)
    assert Path(asked["to"]).parent == (folder.samples / "generated").resolve()
    wrong = {"saves": ["", "x", saved, "y"], "prompts": ["a"]}
    assert refused(generate.grid, name=MODEL, **wrong).splitlines() == [
        "saves: toy has no saved step x",
        "saves: toy has no saved step y",
    ]


def test_training_under_way_draws_after_its_step(library, begin, config, refused, saved, folder):
    run, place = begin(config), workplace(library)
    form = {"prompt": "a dog", "count": 2}
    with file_lock(run.lock_file, waiting=lambda: None):  # as its worker would hold it
        told = generate.draw(place, {"name": MODEL, **form})
        assert told == {"asked": "draw", "run": f"{MODEL}/runs/{run.path.name}"}
        assert "not drawn yet" in refused(generate.draw, name=MODEL, **form)
        wanted = json.loads(take_drawing(run))
        assert "adapter_weight: " in refused(generate.draw, name=MODEL, **{**form, "adapter_weight": 0.5})
        assert "to: " in refused(generate.draw, name=MODEL, **{**form, "to": "/pictures"})
        assert generate.find_drawer(folder, SampleForm(**form, weights=saved)) is None
    assert generate.find_drawer(folder, SampleForm(**form)) is None
    assert (wanted["prompt"], wanted["count"], wanted["sampler"]) == ("a dog", 2, "ddim")
    assert not {"to", "weights", "adapter_weight"} & wanted.keys()


def test_what_a_training_is_asked_is_what_it_reads(library, begin, config):
    run = begin(config)
    with file_lock(run.lock_file, waiting=lambda: None):
        generate.draw(workplace(library), {"name": MODEL, "prompt": "a dog", "seed": 7})
    assert read_wanted(json.loads(take_drawing(run))) == Wanted(prompt="a dog", seed=7)


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ({}, "prompt: must be given"),
        ({"prompt": "a", "width": 5000}, "width: 5000 is above the greatest value 2048"),
        ({"prompt": "a", "adapter_weight": 0.5}, "adapter_weight: toy has no LoRA to weigh; set 1"),
        ({"prompt": "a", "to": "pictures"}, "to: write the whole path of the folder"),
        ({"prompt": "\ud800"}, "prompt: holds half a character, which cannot be written"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_a_job_is_started(refused, folder, form, line):
    assert refused(generate.draw, name=MODEL, **form) == line
    assert not folder.runs.exists()


def test_model_that_is_not_there_draws_nothing(refused):
    assert "there is no model dog" in refused(generate.draw, name="dog", prompt="a")
