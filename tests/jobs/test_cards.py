"""What training and export leave beside their results."""

import json

import pytest

from dreambooth.events import ask
from tests.conftest import do
from tests.training.conftest import with_fields, with_settings

LORA = {"adapter": "lora", "lora__rank": 2}


def names(folder) -> set[str]:
    return {path.name for path in folder.checkpoints.iterdir()}


@pytest.mark.parametrize(("adapter", "weight"), [("none", None), ("lora", 1.0)])
def test_result_of_a_training_has_its_card(begin, folder, config, adapter, weight):
    config = with_fields(config, instance_token="sks", class_token="robot")
    assert do(begin(with_settings(config, adapter=adapter, lora__rank=2)))["outcome"] == "done"
    assert names(folder) == {"toy_4.safetensors", "toy_4.json"}
    card = json.loads((folder.checkpoints / "toy_4.json").read_text())
    assert (card["sd version"], card["activation text"], card.get("preferred weight")) == (
        "SD1",
        "sks robot",
        weight,
    )
    assert "toybox.safetensors" in card["description"]
    assert card["notes"].startswith("4 steps")


def test_preview_is_the_picture_of_the_results_own_step(begin, folder, config):
    config = with_settings(config, **LORA, saving__save_every_steps=2, samples__sample_every_steps=2)
    assert do(begin(with_settings(config, samples__sample_at_end=True)))["outcome"] == "done"
    for steps in (2, 4):
        preview = (folder.checkpoints / f"toy_{steps}.preview.png").read_bytes()
        assert preview == (folder.samples / f"sample_{steps}-0.png").read_bytes()


def test_result_between_two_samples_shows_the_one_before(begin, folder, config):
    config = with_settings(config, **LORA, saving__save_every_steps=3, samples__sample_every_steps=2)
    assert do(begin(with_settings(config, saving__at_end="nothing")))["outcome"] == "done"
    preview = (folder.checkpoints / "toy_3.preview.png").read_bytes()
    assert preview == (folder.samples / "sample_2-0.png").read_bytes()


def test_run_that_goes_on_knows_its_previews(begin, folder, config):
    run = begin(with_settings(config, **LORA, samples__sample_every_steps=1, saving__at_end="nothing"))
    ask(run, "stop_after_epoch")
    assert do(run)["outcome"] == "stopped"
    last = (folder.samples / "sample_3-0.png").read_bytes()
    asked = json.loads(run.config_file.read_text())
    asked["config"]["samples"]["sample_every_steps"] = 0
    asked["config"]["saving"]["at_end"] = "result"
    run.config_file.write_text(json.dumps(asked))
    assert do(run)["outcome"] == "done"
    assert (folder.checkpoints / "toy_4.preview.png").read_bytes() == last


def test_old_results_go_with_what_lies_beside_them(begin, folder, config):
    config = with_settings(config, **LORA, saving__save_every_steps=1, samples__sample_every_steps=1)
    assert do(begin(with_settings(config, saving__keep_last=1)))["outcome"] == "done"
    assert names(folder) == {"toy_4.safetensors", "toy_4.json", "toy_4.preview.png"}


def test_exported_file_has_its_card_and_the_newest_preview(begin, perform, folder, config, tmp_path):
    do(begin(with_settings(config, **LORA, samples__sample_at_end=True)))
    for form, name in (("lora", "robot.lora"), ("checkpoint", "robot")):
        path = tmp_path / "out" / f"{name}.safetensors"
        assert perform("export", to=str(path), format=form, dtype="fp16")["outcome"] == "done"
        card = json.loads((tmp_path / "out" / f"{name}.json").read_text())
        assert ("preferred weight" in card) is (form == "lora")
        preview = (tmp_path / "out" / f"{name}.preview.png").read_bytes()
        assert preview == (folder.samples / "sample_4-0.png").read_bytes()


def test_exported_model_without_samples_has_a_card_alone(perform, tmp_path):
    perform("export", to=str(tmp_path / "out" / "x.ckpt"), format="checkpoint", dtype="fp16")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"x.ckpt", "x.json"}


def test_files_are_copied_with_all_that_lies_beside_them(begin, folder, config, tmp_path):
    place = tmp_path / "webui" / "Lora"
    place.mkdir(parents=True)
    config = with_settings(config, **LORA, saving__name="my robot", saving__copy_to=str(place))
    assert do(begin(with_settings(config, samples__sample_at_end=True)))["outcome"] == "done"
    assert {path.name for path in place.iterdir()} == {
        "my robot_4.safetensors",
        "my robot_4.json",
        "my robot_4.preview.png",
    }
    for copy in place.iterdir():
        assert copy.read_bytes() == (folder.checkpoints / copy.name).read_bytes()


def test_a_card_of_ones_own_is_not_copied_over(begin, config, tmp_path):
    (tmp_path / "toy_4.json").write_text("mine")
    do(begin(with_settings(config, **LORA, saving__copy_to=str(tmp_path))))
    assert (tmp_path / "toy_4.json").read_text() == "mine"


def test_copies_stay_where_old_results_go(begin, config, tmp_path):
    place = tmp_path / "copies"
    place.mkdir()
    config = with_settings(config, **LORA, saving__save_every_steps=2, saving__keep_last=1)
    do(begin(with_settings(config, saving__copy_to=str(place))))
    assert {path.name for path in place.glob("*.safetensors")} == {"toy_2.safetensors", "toy_4.safetensors"}


def test_a_folder_that_is_not_there_and_a_name_that_no_file_has_are_refused(begin, config, tmp_path):
    config = with_settings(config, saving__name="a/b", saving__copy_to=str(tmp_path / "nowhere"))
    message = do(begin(config))["message"]
    assert "saving.name: a name cannot contain /" in message
    assert f"saving.copy_to: {tmp_path / 'nowhere'} is not a folder" in message
