"""Results appear in the webui's own folder, and go from there with the result."""

import errno
import os
from pathlib import Path

import pytest

from dreambooth.events import read_events
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import ResultFolders, prepare_training
from tests.conftest import MODEL, do
from tests.training.conftest import with_settings

LORA = {"adapter": "lora", "lora__rank": 2}


@pytest.fixture
def webui(tmp_path) -> ResultFolders:
    """The folders of a webui, which need not be there yet."""
    return ResultFolders(tmp_path / "webui" / "Stable-diffusion", tmp_path / "webui" / "Lora")


@pytest.fixture
def train(library: Library, webui, config):
    """Trains the model with settings, in the webui; returns the run and its end."""

    def begin_and_do(**settings):
        record = library.load(MODEL)
        run = prepare_training(library, MODEL, record, with_settings(config, **settings), webui)
        return run, do(run)

    return begin_and_do


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.safetensors")}


def test_a_lora_is_in_the_lora_folder_and_takes_no_second_room(train, webui, folder):
    run, end = train(**LORA)
    shown = webui.loras / "toy_4.safetensors"
    assert end["result"]["webui"] == str(shown)
    assert shown.samefile(folder.checkpoints / "toy_4.safetensors")
    assert (webui.loras / "toy_4.json").exists()
    told = [event["webui"] for event in read_events(run) if event["event"] == "checkpoint"]
    assert told == [str(shown)]


def test_a_full_model_is_in_the_checkpoint_folder(train, webui):
    train()
    assert names(webui.checkpoints) == {"toy_4.safetensors"}
    assert not webui.loras.exists()


def test_what_is_not_kept_goes_from_the_webui_too(train, webui):
    train(**LORA, saving__save_every_steps=1, saving__keep_last=2)
    assert names(webui.loras) == {"toy_3.safetensors", "toy_4.safetensors"}
    assert {path.stem for path in webui.loras.glob("*.json")} == {"toy_3", "toy_4"}


def test_somebody_elses_file_stays_as_it_is(train, webui):
    webui.loras.mkdir(parents=True)
    (webui.loras / "toy_4.safetensors").write_text("mine")
    _, end = train(**LORA)
    assert (webui.loras / "toy_4.safetensors").read_text() == "mine"
    assert end["result"]["webui"] == str(webui.loras / "toy_4-1.safetensors")


def test_nothing_appears_there_unless_it_is_wanted(train, webui):
    _, end = train(**LORA, saving__to_webui=False)
    assert "webui" not in end["result"]
    assert not webui.loras.exists()


def test_a_disk_without_links_gets_a_copy(train, webui, folder, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(os, "link", refuse)
    train(**LORA)
    shown, kept = webui.loras / "toy_4.safetensors", folder.checkpoints / "toy_4.safetensors"
    assert shown.read_bytes() == kept.read_bytes()
    assert not shown.samefile(kept)


def test_a_folder_that_cannot_be_written_ends_no_training(train, webui):
    webui.loras.parent.mkdir(parents=True)
    webui.loras.write_text("a file in the place of the folder")
    run, end = train(**LORA)
    assert end["outcome"] == "done"
    warnings = [event["message"] for event in read_events(run) if event["event"] == "warning"]
    assert len(warnings) == 1
    assert "could not be written" in warnings[0]
