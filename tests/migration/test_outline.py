"""An old model in a line."""

import json

import pytest

from dreambooth.config.store import ConfigError
from dreambooth.migration.outline import OldModel, outline_old_model
from tests.migration.old_settings import latest_generation, old_concept


@pytest.fixture
def old(tmp_path):
    """Writes an old model's settings beside weights; returns its folder."""

    def write(**changes):
        folder = tmp_path / "robot"
        (folder / "working").mkdir(parents=True)
        (folder / "working" / "model_index.json").touch()
        values = latest_generation(str(tmp_path), **changes)
        (folder / "db_config.json").write_text(json.dumps(values))
        return folder

    return write


def test_old_model_is_told_in_a_line(old):
    concepts = [old_concept(instance_data_dir=place) for place in ("/a", "/b")]
    folder = old(src="/models/v1-5.ckpt", revision=600, concepts_list=concepts)
    assert outline_old_model(folder) == OldModel(
        name="robot", source="/models/v1-5.ckpt", lifetime_steps=150, is_lora=False, num_concepts=2
    )


def test_lora_is_told(old):
    assert outline_old_model(old(use_lora=True)).is_lora


def test_folder_without_weights_is_refused(old):
    folder = old()
    (folder / "working" / "model_index.json").unlink()
    with pytest.raises(ConfigError, match="holds no weights in working/"):
        outline_old_model(folder)
