"""Whole trainings, from the settings to the files."""

import shutil
import threading
from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from dreambooth.config.folders import RunFolder
from dreambooth.data.cache import TensorCache
from dreambooth.events import EventReader, ask, read_events
from dreambooth.jobs.follow import follow
from dreambooth.jobs.library import Library
from dreambooth.jobs.trainings import find_unfinished_training
from tests.conftest import MODEL, do, draw_photos, weights_hash
from tests.training.conftest import with_fields, with_settings

LORA = {"adapter": "lora", "lora__rank": 2, "lora__unet_lr": 1e-3}


def kinds(run: RunFolder) -> list[str]:
    return [event["event"] for event in read_events(run)]


@pytest.fixture
def stopped(begin):
    """A LoRA training that was stopped after its first epoch."""

    def train_one_epoch(config) -> RunFolder:
        run = begin(with_settings(config, **LORA))
        ask(run, "stop_after_epoch")
        assert do(run)["outcome"] == "stopped"
        return run

    return train_one_epoch


def ask_at_first_step(run: RunFolder, request: str) -> None:
    """Ask something as soon as the run has told of its first step."""

    def watch() -> None:
        for event in follow(EventReader(run), lambda: True):
            if event["event"] == "step":
                ask(run, request)
                return

    threading.Thread(target=watch, daemon=True).start()


def test_training_counts_itself_into_the_model_and_leaves_its_files(begin, library, folder, config):
    run = begin(with_settings(config, parts__text_encoder_fraction=0.5))
    before = weights_hash(folder)
    end = do(run)
    assert (end["outcome"], end["result"]["step"], end["result"]["num_steps"]) == ("done", 4, 4)
    record = library.load(MODEL)
    assert (record.lifetime_steps, record.lifetime_epochs, record.last_run) == (4, 1, run.path.name)
    assert weights_hash(folder) != before
    assert {path.name for path in folder.checkpoints.iterdir()} == {"toy_4.safetensors", "toy_4.json"}
    assert list(folder.logging.glob("*/events.out.tfevents.*"))
    assert not run.state.exists()


def test_events_tell_the_story_in_order(begin, with_classes):
    run = begin(with_settings(with_classes, **LORA, duration__max_steps=2))
    do(run)
    told = [kind for kind in kinds(run) if kind != "progress"]
    assert told == ["work", "start", "step", "step", "state", "checkpoint", "summary", "end"]
    step = next(event for event in read_events(run) if event["event"] == "step")
    numbers = ("loss", "instance_loss", "prior_loss", "grad_norm", "memory_bytes", "images_per_second")
    assert all(step[name] > 0 for name in numbers)
    assert step["ram_bytes"] > 1e8  # of the whole process, which has loaded torch
    assert (step["lifetime_step"], step["concept_losses"].keys()) == (1, {"0"})
    assert step["lr"] == {"unet": 1e-3}


def test_second_training_goes_on_counting(begin, library, folder, config):
    for _ in range(2):
        assert do(begin(with_settings(config, **LORA, duration__max_steps=2)))["outcome"] == "done"
    assert library.load(MODEL).lifetime_steps == 4
    names = {path.name for path in folder.checkpoints.glob("*.safetensors")}
    assert names == {"toy_2.safetensors", "toy_4.safetensors"}


@pytest.mark.parametrize("start", ["continue", "fresh"])
def test_adapter_is_continued_or_begun_afresh(begin, folder, config, start):
    config = with_settings(config, **LORA, duration__max_steps=1)
    do(begin(config))
    first = load_file(folder.adapter_file)
    do(begin(with_settings(config, lora__start=start, lora__unet_lr=0)))
    second = load_file(folder.adapter_file)
    name = "lora_unet_mid_block_attentions_0_proj_in.lora_up.weight"
    assert torch.equal(first[name], second[name]) is (start == "continue")
    assert second[name].any().item() is (start == "continue")


def test_adapter_of_another_rank_cannot_be_continued(begin, config):
    do(begin(with_settings(config, **LORA, duration__max_steps=1)))
    end = do(begin(with_settings(config, **{**LORA, "lora__rank": 3})))
    assert end["outcome"] == "refused"
    assert "lora.start=fresh" in end["message"]


def test_full_training_puts_the_adapter_aside(begin, library, folder, config):
    do(begin(with_settings(config, **LORA, duration__max_steps=1)))
    do(begin(with_settings(config, adapter="none", duration__max_steps=1)))
    assert not folder.adapter_file.exists()
    assert len(list(folder.backups.glob("adapter-*"))) == 1
    assert library.load(MODEL).adapter == ""


def test_average_is_what_is_handed_out(begin, folder, config):
    config = with_settings(
        config, ema__enabled=True, ema__decay=0.999999, saving__dtype="fp32", duration__max_steps=2
    )
    run = begin(config)
    ask(run, "save")
    assert do(run)["outcome"] == "done"
    checkpoint = load_file(folder.checkpoints / "toy_2.safetensors")["model.diffusion_model.out.2.weight"]
    working = load_file(folder.working / "unet/diffusion_pytorch_model.safetensors")["conv_out.weight"]
    assert torch.equal(checkpoint, working)


def test_stopped_training_is_in_the_model_and_goes_on_to_the_same_end(
    begin, library, folder, config, tmp_path
):
    config = with_settings(
        config, parts__text_encoder_fraction=0.5, ema__enabled=True, optimizer__name="adamw_8bit"
    )
    other = Library(shutil.copytree(library.path, tmp_path / "other"))
    run = begin(config)
    ask(run, "stop_after_epoch")
    end = do(run)
    assert (end["outcome"], end["result"]["step"], library.load(MODEL).lifetime_steps) == ("stopped", 3, 3)
    assert do(run)["result"]["step"] == 4
    other_run = RunFolder(other.folder(MODEL).runs / run.path.name)
    shutil.copytree(run.path, other_run.path, ignore=shutil.ignore_patterns("events.jsonl", "*.sha256"))
    assert do(other_run)["outcome"] == "done"
    assert weights_hash(other.folder(MODEL)) == weights_hash(folder)
    assert library.load(MODEL).lifetime_steps == other.load(MODEL).lifetime_steps == 4


def test_model_moved_between_stop_and_resume(stopped, library, config, tmp_path):
    run = stopped(config)
    moved = Library(library.path.rename(tmp_path / "elsewhere"))
    again = find_unfinished_training(moved.folder(MODEL))
    assert again.path.name == run.path.name
    assert do(again)["outcome"] == "done"


def test_save_and_sample_are_done_at_once_when_asked(begin, folder, config):
    run = begin(with_settings(config, **LORA, duration__max_steps=2))
    ask(run, "save")
    ask(run, "sample")
    assert do(run)["outcome"] == "done"
    assert (folder.checkpoints / "toy_1.safetensors").exists()
    assert [path.name for path in folder.samples.glob("sample_*")] == ["sample_1-0.png"]
    assert kinds(run).count("state") == 2


def test_discarded_training_leaves_the_model_as_it_was(begin, library, folder, config):
    run = begin(with_settings(config, duration__max_steps=1000))
    before, record = weights_hash(folder), library.load(MODEL)
    ask_at_first_step(run, "discard")
    assert do(run)["outcome"] == "discarded"
    assert weights_hash(folder) == before
    assert library.load(MODEL) == record
    assert not run.state.exists()
    assert find_unfinished_training(folder) is None


def test_training_stops_after_the_step_at_which_it_is_asked_to(begin, library, config):
    run = begin(with_settings(config, **LORA, duration__max_steps=1000))
    ask_at_first_step(run, "stop")
    end = do(run)
    assert end["outcome"] == "stopped"
    assert 1 <= end["result"]["step"] == library.load(MODEL).lifetime_steps < 100
    assert run.state.exists()


def test_training_may_be_discarded_before_its_first_step(begin, folder, config):
    run = begin(config)
    ask(run, "discard")
    assert do(run)["outcome"] == "discarded"
    assert find_unfinished_training(folder) is None


def test_training_that_was_stopped_before_its_first_step_begins_again(begin, folder, with_classes):
    run = begin(with_settings(with_classes, **LORA))
    ask(run, "stop")
    end = do(run)
    assert end["outcome"] == "stopped"
    assert "before the first step" in end["message"]
    (run.requests / "stop").unlink()
    assert find_unfinished_training(folder).path == run.path
    assert do(run)["result"]["step"] == 4


def test_resuming_is_refused_when_the_model_was_trained_on(stopped, begin, folder, config):
    run = stopped(config)
    do(begin(with_settings(config, **LORA, duration__max_steps=1)))
    after = weights_hash(folder)
    end = do(run)
    assert end["outcome"] == "refused"
    assert "trained on since" in end["message"]
    assert weights_hash(folder) == after


@pytest.mark.parametrize("change", ["caption", "picture", "one more"])
def test_resuming_is_refused_when_pictures_have_changed(stopped, config, photos, change):
    run = stopped(with_fields(config, instance_prompt="[filewords]"))
    if change == "caption":
        (photos / "0.txt").write_text("something else")
    elif change == "picture":
        shutil.copy(photos / "1.png", photos / "0.png")
    else:
        draw_photos(photos, 4)
    end = do(run)
    assert end["outcome"] == "refused"
    assert "pictures or captions have changed" in end["message"]


def test_refused_training_does_not_hide_the_one_that_can_go_on(stopped, begin, folder, config):
    run = stopped(config)
    assert do(begin(with_fields(config, instance_prompt="")))["outcome"] == "refused"
    assert find_unfinished_training(folder).path == run.path


def test_damaged_state_is_refused(stopped, config):
    run = stopped(config)
    (file,) = run.state.glob("*/weights.safetensors")
    file.write_bytes(file.read_bytes()[:1000])
    end = do(run)
    assert end["outcome"] == "refused"
    assert "start a new run without --resume" in end["message"]


def test_latents_that_are_no_numbers_end_the_run_at_its_last_good_state(begin, library, folder, config):
    run = begin(with_settings(config, **LORA, saving__state_every_steps=1))
    ask(run, "stop_after_epoch")
    do(run)
    good = weights_hash(folder)
    for file in (folder.cache / "latents").glob("*/*.safetensors"):
        damaged = {name: torch.full_like(tensor, torch.nan) for name, tensor in load_file(file).items()}
        TensorCache(folder.cache / "latents").put(file.stem, damaged)
    run = begin(with_settings(config, **LORA, saving__state_every_steps=1))
    end = do(run)
    assert end["outcome"] == "failed"
    assert "not a number in 3 steps in a row" in end["message"]
    assert library.load(MODEL).lifetime_steps == 3
    assert weights_hash(folder) == good


def test_settings_that_contradict_are_refused_before_anything_is_loaded(begin, config):
    run = begin(with_fields(config, instance_data_dir="/nowhere", instance_prompt=""))
    end = do(run)
    assert end["outcome"] == "refused"
    assert len(end["message"].split("\n")) == 2
    assert kinds(run) == ["work", "end"]


def test_folder_without_pictures_is_refused(begin, config, tmp_path):
    (tmp_path / "empty").mkdir()
    end = do(begin(with_fields(config, instance_data_dir=str(tmp_path / "empty"))))
    assert end["outcome"] == "refused"
    assert "no usable picture" in end["message"]


def test_prompt_of_four_hundred_words_trains_with_a_warning(begin, config):
    long = " ".join(f"word{number}" for number in range(400))
    run = begin(with_settings(with_fields(config, instance_prompt=long), **LORA, duration__max_steps=1))
    assert do(run)["outcome"] == "done"
    assert any("longer than is read" in e.get("message", "") for e in read_events(run))


def test_class_images_are_generated_before_the_first_step(begin, folder, config):
    config = with_fields(config, num_class_images_per=1)
    run = begin(with_settings(config, **LORA, duration__max_steps=1))
    assert do(run)["outcome"] == "done"
    assert kinds(run).count("class_image") == len(list(folder.classifiers(0).glob("*.png"))) == 3
    assert kinds(run).index("class_image") < kinds(run).index("start")


def test_settings_that_change_during_a_training_stay_changed(begin, library, config):
    run = begin(with_settings(config, **LORA, duration__max_steps=1))
    before = library.load(MODEL).revision
    library.save_config(MODEL, replace(config, seed=77))
    do(run)
    record = library.load(MODEL)
    assert (record.config.seed, record.revision, record.lifetime_steps) == (77, before + 1, 1)


def test_training_ends_with_a_picture_that_sums_it_up(begin, folder, config):
    config = with_settings(config, **LORA, samples__sample_at_end=True)
    widths = []
    for request in ("stop_after_epoch", None):
        run = begin(config)
        if request:
            ask(run, request)
        do(run)
        (told,) = [event["path"] for event in read_events(run) if event["event"] == "summary"]
        assert told == f"samples/summary_{run.path.name}.png"
        widths.append(Image.open(folder.path / told).width)
    assert widths[0] < widths[1]  # the one that was stopped has no samples to show beside its graphs


def test_discarded_training_has_no_summary(begin, folder, config):
    run = begin(with_settings(config, **LORA))
    ask_at_first_step(run, "discard")
    do(run)
    assert not list(folder.samples.glob("summary_*"))


def test_run_that_is_over_is_not_done_again(begin, folder, config):
    run = begin(with_settings(config, **LORA, duration__max_steps=1))
    do(run)
    before, count = weights_hash(folder), len(read_events(run))
    assert do(run)["outcome"] == "done"
    assert (weights_hash(folder), len(read_events(run))) == (before, count)
