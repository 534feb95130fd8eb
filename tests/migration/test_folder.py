"""A model folder of the old extension, read."""

import json

import pytest

from dreambooth.config.folders import ModelFolder
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, ModelRecord, save_record
from dreambooth.migration.files import plan_files
from dreambooth.migration.folder import OldFolder, is_old_config


@pytest.fixture
def old(tmp_path):
    """An empty folder with settings."""
    path = tmp_path / "dreambooth" / "robot"
    path.mkdir(parents=True)
    (path / "db_config.json").write_text('{"model_name": "robot"}')
    return OldFolder(path)


def test_settings_of_ours_are_no_old_ones(tmp_path):
    folder = ModelFolder(tmp_path)
    save_record(folder.config_file, ModelRecord(config=TrainConfig()))
    assert not is_old_config(folder.config_file)
    with pytest.raises(ConfigError, match="is a model of this trainer already"):
        OldFolder(tmp_path).read_settings()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}'])
def test_file_that_holds_no_settings_is_refused(old, text):
    old.config_file.write_text(text)
    with pytest.raises(ConfigError, match="is damaged, or no settings file"):
        old.read_settings()


def test_folder_without_settings_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match=r"holds no db_config.json; .* `create NAME --source PATH`"):
        OldFolder(tmp_path).read_settings()


def test_weights_lie_in_the_folder_or_where_several_models_shared_them(old):
    shared = old.path.parent.parent / "diffusers" / "toy" / "working"
    for folder in (shared, old.path / "working"):
        with pytest.raises(ConfigError, match="holds no weights in working/"):
            old.find_weights()
        folder.mkdir(parents=True)
        (folder / "model_index.json").touch()
        # As it was stored on another machine.
        assert old.find_weights("C:\\webui\\models\\diffusers\\toy\\working") == folder
    assert old.find_weights() == old.path / "working"


def test_weights_that_are_nowhere_are_missed_with_what_there_is_instead(old):
    with pytest.raises(ConfigError, match="make a model from a checkpoint of it"):
        old.find_weights()
    (old.path / "checkpoints" / "checkpoint-600").mkdir(parents=True)
    with pytest.raises(
        ConfigError, match="checkpoints/checkpoint-600 is a state for going on, which only the"
    ):
        old.find_weights()
    with pytest.raises(ConfigError, match="shared with other models in /nowhere/working, which is not there"):
        old.find_weights("/nowhere/working")


def test_everything_in_a_folder_is_copied_or_left_for_a_reason(old):
    for name in ("classifiers_0", "classifiers_3", "samples", "logging", "cache", "loras", "working", "hats"):
        (old.path / name).mkdir()
    (old.path / "samples" / "x.png").write_bytes(bytes(100))
    plan = plan_files(old, [3])
    assert {copy.source.name: copy.place for copy in plan.copies} == {
        "db_config.json": "backups/db_config.sd_dreambooth_extension.json",
        "classifiers_3": "classifiers_0",
        "samples": "samples/imported",
        "logging": "logging",
    }
    assert {left.name for left in plan.left} == {"classifiers_0", "cache", "loras", "hats"}
    assert plan.num_bytes == 100 + old.config_file.stat().st_size


def test_settings_may_begin_with_the_mark_of_windows(old):
    old.config_file.write_text(json.dumps({"model_name": "robot"}), encoding="utf-8-sig")
    assert old.read_settings() == {"model_name": "robot"}
