"""Models as the page asks for them."""

import json
import os
import shutil
import sys
import time

import pytest

from dreambooth.actions.models import show_folder
from dreambooth.actions.workplace import Workplace
from dreambooth.config.store import ConfigError
from dreambooth.events import find_end
from dreambooth.jobs.runs import is_alive, read_job
from dreambooth.locks import file_lock
from tests.actions.workshop import FolderHost
from tests.conftest import MODEL, do
from tests.jobs.told_runs import ToldRun
from tests.training.conftest import with_settings


def test_list_tells_the_model_that_was_trained_last_first(perform_action, library, folder):
    for name in ("another", "zebra"):
        shutil.copytree(folder.path, library.path / name)
    trained = ToldRun(library, "zebra").begin().steps(1, 2).end()
    library.folder("zebra").samples.mkdir()
    (library.folder("zebra").samples / "sample_2-0.png").touch()
    models = perform_action("models.list")["result"]["models"]
    assert [model["name"] for model in models] == ["zebra", "another", MODEL]
    assert models[0]["last_trained"] == trained.run.events_file.stat().st_mtime
    assert models[0]["thumbnail"] == str(library.folder("zebra").samples / "sample_2-0.png")
    assert (models[2]["family"], models[2]["last_trained"], models[2]["thumbnail"]) == ("sd1", None, None)
    assert json.dumps(models)


def test_damaged_and_old_models_are_listed_as_what_they_are(perform_action, library):
    for name, text in (
        ("broken", "{"),
        ("foreign", '{"format_version": 99}'),
        ("old", '{"model_name": "x"}'),
    ):
        (library.path / name).mkdir()
        library.folder(name).config_file.write_text(text)
    told = {model["name"]: model for model in perform_action("models.list")["result"]["models"]}
    assert "cannot be read" in told["broken"]["fault"]
    assert "not of this trainer" in told["foreign"]["fault"]
    assert (told["old"]["is_old"], told["old"]["fault"]) == (True, None)
    assert (told[MODEL]["is_old"], told[MODEL]["fault"]) == (False, None)


def test_record_that_changes_is_read_again(perform_action, folder):
    assert perform_action("models.card", name=MODEL)["result"]["fault"] is None
    folder.config_file.unlink()
    folder.config_file.write_text("{ ")
    assert "cannot be read" in perform_action("models.card", name=MODEL)["result"]["fault"]


def test_card_tells_runs_saves_and_disk_use(perform_action, begin, config, folder):
    run = begin(with_settings(config, adapter="lora", lora__rank=2, duration__max_steps=2))
    do(run)
    card = perform_action("models.card", name=MODEL)["result"]
    (told,) = card["runs"]
    assert (told["job"], told["outcome"], told["step"], told["num_steps"]) == ("train", "done", 2, 2)
    assert (told["run"], told["is_alive"]) == (f"{MODEL}/runs/{run.path.name}", False)
    (save,) = card["saves"]
    assert (save["path"], save["step"], save["is_lora"]) == ("checkpoints/toy_2.safetensors", 2, True)
    assert save["bytes"] == (folder.path / save["path"]).stat().st_size
    assert card["disk_use"]["checkpoints"] > save["bytes"]
    assert (card["lifetime_steps"], card["adapter"], card["resumable"], card["alive"]) == (
        2,
        "lora",
        None,
        None,
    )
    assert card["bytes"] == sum(card["disk_use"].values())


def test_card_tells_of_an_interrupted_and_of_a_living_training(perform_action, library):
    told = ToldRun(library, MODEL).begin().steps(1, 30)
    card = perform_action("models.card", name=MODEL)["result"]
    assert card["resumable"] == {"run": told.place, "step": 30, "num_steps": 100, "is_paused": False}
    with file_lock(told.run.lock_file, waiting=lambda: None):
        card = perform_action("models.card", name=MODEL)["result"]
    assert (card["resumable"], card["alive"], card["runs"][0]["is_alive"]) == (None, told.place, True)


def test_full_checkpoints_are_told_from_adapters(perform_action, folder):
    folder.checkpoints.mkdir()
    for name in ("toy_5.safetensors", "toy_50.ckpt", "mine.safetensors", "toy_5.json"):
        (folder.checkpoints / name).write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    (folder.checkpoints / "toy_5.preview.png").touch()
    saves = perform_action("models.card", name=MODEL)["result"]["saves"]
    assert [(save["step"], save["is_lora"]) for save in saves] == [(50, False), (5, False)]
    assert saves[1]["preview"] == str(folder.checkpoints / "toy_5.preview.png")


def test_models_are_renamed_and_deleted(perform_action, library):
    assert perform_action("models.rename", name=MODEL, new_name="dog") == {"result": {"name": "dog"}}
    assert "has to be typed" in perform_action("models.delete", name="dog", confirmation="")["refused"]
    assert perform_action("models.delete", name="dog", confirmation="dog")["result"]["bytes"] > 0
    assert library.names() == []
    assert "no model dog" in perform_action("models.card", name="dog")["refused"]


@pytest.mark.parametrize(
    "weights", ["", "../x.safetensors", "/etc/passwd", "checkpoints/none.safetensors", "db_config.json"]
)
def test_weights_that_are_none_of_the_models_are_refused(perform_action, folder, weights):
    (folder.path.parent / "x.safetensors").touch()
    answer = perform_action("models.restore", name=MODEL, weights=weights)
    assert "is no checkpoint or LoRA file" in answer["refused"]


def test_import_is_a_job_about_the_named_folder(perform_action, library, tmp_path):
    assert "source: " in perform_action("models.import", source=str(tmp_path / "no"))["refused"]
    assert "is taken" in perform_action("models.import", source=str(tmp_path), name=MODEL)["refused"]
    place = perform_action("models.import", source=str(tmp_path), name="new")["result"]["run"]
    run = library.find_run(place)
    assert (place.split("/")[0], read_job(run)["source"]) == (".jobs", str(tmp_path))
    while is_alive(run):
        time.sleep(0.1)
    assert "is no model of the old extension" in find_end(run)["message"]


def test_folder_is_opened_only_where_somebody_sees_it(place, monkeypatch, tmp_path):
    with pytest.raises(ConfigError, match=r"another machine than this page: .*toy"):
        show_folder(place, {"name": MODEL})
    here = Workplace(place.library, FolderHost(tmp_path, is_here=True))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if sys.platform == "linux":
        with pytest.raises(ConfigError, match=r"no desktop here that could show the folder: .*toy"):
            show_folder(here, {"name": MODEL})


@pytest.mark.skipif(sys.platform != "linux", reason="xdg-open is of Linux")
def test_desktop_is_asked_to_show_the_folder(place, monkeypatch, tmp_path, folder):
    opener = tmp_path / "xdg-open"
    opener.write_text('#!/bin/sh\ncd "${0%/*}" && printf %s "$1" > opening && mv opening opened')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":0")
    show_folder(Workplace(place.library, FolderHost(tmp_path, is_here=True)), {"name": MODEL})
    while not (tmp_path / "opened").exists():
        time.sleep(0.05)
    assert (tmp_path / "opened").read_text() == str(folder.path)


def test_old_model_is_told_before_it_is_imported(perform_action, library, tmp_path):
    old = tmp_path / "dog"
    (old / "working").mkdir(parents=True)
    assert "source: " in perform_action("models.inspect_old", source=str(tmp_path / "no"))["refused"]
    assert perform_action("models.inspect_old", source="")["refused"] == "source: must be given"
    assert "holds no db_config.json" in perform_action("models.inspect_old", source=str(old))["refused"]
    (old / "db_config.json").write_text('{"model_name": "dog", "src": "v1-5.ckpt", "revision": 600}')
    assert "holds no weights" in perform_action("models.inspect_old", source=str(old))["refused"]
    (old / "working" / "model_index.json").touch()
    told = perform_action("models.inspect_old", source=str(old))["result"]
    assert (told["name"], told["source"], told["is_lora"]) == ("dog", "v1-5.ckpt", False)
    assert library.names() == [MODEL]
