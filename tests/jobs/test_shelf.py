"""Models that are renamed, copied and deleted."""

import json
import shutil
from dataclasses import replace

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.config.store import ConfigError
from dreambooth.jobs.disk_use import disk_use, folder_bytes
from dreambooth.jobs.shelf import TRASH, delete_model, prepare_duplicate, rename_model
from dreambooth.jobs.start import prepare_run
from dreambooth.jobs.trainings import find_unfinished_training
from dreambooth.locks import file_lock
from tests.conftest import MODEL, do, weights_hash
from tests.jobs.told_runs import ToldRun


@pytest.fixture
def busy(library, folder):
    """A job about the model waits for its turn."""
    run = prepare_run(library, folder, "sample", {})
    with file_lock(run.lock_file, waiting=lambda: None):
        yield


def test_renamed_model_keeps_everything(library, folder):
    before = weights_hash(folder)
    rename_model(library, MODEL, "other")
    assert library.names() == ["other"]
    assert weights_hash(library.folder("other")) == before


@pytest.fixture
def with_own_pictures(library, folder, config):
    """The first concept's pictures lie with the model, those of the second elsewhere."""
    (folder.path / "instance_0").mkdir()
    own = replace(config.concepts[0], instance_data_dir=str(folder.path / "instance_0"))
    library.save_config(MODEL, replace(config, concepts=(own, config.concepts[0])))


def instance_folders(library, name):
    return [concept.instance_data_dir for concept in library.load(name).config.concepts]


@pytest.mark.usefixtures("with_own_pictures")
def test_pictures_that_lie_with_a_renamed_model_are_found(library, photos):
    rename_model(library, MODEL, "other")
    assert instance_folders(library, "other") == [str(library.path / "other" / "instance_0"), str(photos)]


@pytest.mark.usefixtures("with_own_pictures")
def test_copy_learns_from_its_own_copies_of_pictures(library, photos):
    assert do(prepare_duplicate(library, MODEL, "copy"))["outcome"] == "done"
    assert instance_folders(library, "copy") == [str(library.path / "copy" / "instance_0"), str(photos)]
    assert instance_folders(library, MODEL) == [str(library.path / MODEL / "instance_0"), str(photos)]


@pytest.mark.parametrize(
    ("new_name", "message"),
    [("a/b", "cannot be a model's name"), ("..", "cannot be"), (".jobs", "cannot be"), (MODEL, "is taken")],
)
def test_name_that_cannot_be_is_refused(library, new_name, message):
    for act in (rename_model, prepare_duplicate):
        with pytest.raises(ConfigError, match=message):
            act(library, MODEL, new_name)
    assert library.names() == [MODEL]


def test_name_of_a_model_that_is_being_made_is_refused(library):
    run = prepare_run(library, library.folder("new"), "create", {})
    with file_lock(run.lock_file, waiting=lambda: None), pytest.raises(ConfigError, match="just being made"):
        rename_model(library, MODEL, "new")


@pytest.mark.usefixtures("busy")
def test_model_with_a_job_stays_as_it_is(library):
    with pytest.raises(ConfigError, match="stop it first"):
        rename_model(library, MODEL, "other")
    with pytest.raises(ConfigError, match="stop it first"):
        delete_model(library, MODEL, MODEL)
    with pytest.raises(ConfigError, match="stop it first"):
        prepare_duplicate(library, MODEL, "other")
    assert library.names() == [MODEL]


def test_deleted_model_is_gone_with_all_its_bytes(library, folder):
    num_bytes = folder_bytes(folder.path)
    assert delete_model(library, MODEL, MODEL) == num_bytes > 1e6
    assert library.names() == []
    assert not folder.path.exists()
    assert not list(library.path.glob(f"{TRASH}*"))


def test_nothing_is_deleted_without_its_name(library):
    with pytest.raises(ConfigError, match="has to be typed"):
        delete_model(library, MODEL, "Toy")
    assert library.names() == [MODEL]


def test_what_a_killed_deletion_left_is_no_model_and_goes_with_the_next(library):
    left = library.path / f"{TRASH}1"
    shutil.copytree(library.path / MODEL, left)
    assert library.names() == [MODEL]
    delete_model(library, MODEL, MODEL)
    assert not left.exists()


def test_disk_use_is_told_by_part(folder):
    for name in ("classifiers_0/a.png", "classifiers_1/b.png", "samples/c.png"):
        (folder.path / name).parent.mkdir()
        (folder.path / name).write_bytes(b"x" * 10)
    used = disk_use(folder)
    assert (used["classifiers"], used["samples"], used["checkpoints"]) == (20, 10, 0)
    assert sum(used.values()) == folder_bytes(folder.path)


def test_copy_is_a_model_of_its_own(library, folder):
    done = ToldRun(library, MODEL).begin().end()
    interrupted = ToldRun(library, MODEL).begin(5)
    interrupted.run.state.mkdir()
    run = prepare_duplicate(library, MODEL, "copy")
    end = do(run)
    copy = library.folder("copy")
    assert (end["outcome"], end["result"]["model"]) == ("done", "copy")
    assert weights_hash(copy) == weights_hash(folder)
    assert [path.name for path in copy.runs.iterdir()] == [done.run.path.name]
    assert find_unfinished_training(copy) is None
    assert find_unfinished_training(folder).path == interrupted.run.path
    one = next(copy.working.glob("unet/*.safetensors"))
    assert not one.samefile(folder.working / "unet" / one.name)


def test_copy_under_a_name_that_was_taken_meanwhile_is_refused(library):
    run = prepare_duplicate(library, MODEL, "copy")
    library.folder("copy").path.mkdir()
    assert do(run)["outcome"] == "refused"


def test_copy_that_fails_leaves_nothing(library, monkeypatch):
    run = prepare_duplicate(library, MODEL, "copy")
    monkeypatch.setattr(shutil, "copy2", lambda *_: (_ for _ in ()).throw(OSError(28, "disk full", "copy")))
    assert do(run)["message"] == "disk full: copy"
    assert not [path.name for path in library.path.iterdir() if "copy" in path.name]


def test_copied_run_finds_its_model(library):
    done = ToldRun(library, MODEL).begin().end()
    do(prepare_duplicate(library, MODEL, "copy"))
    copied = RunFolder(library.folder("copy").runs / done.run.path.name)
    assert json.loads(copied.config_file.read_text())["model_dir"] == "../.."
