"""The final text of every picture, as ``check NAME --prompts`` tells it."""

import json
from argparse import Namespace

import pytest

from dreambooth.actions.final_prompts import final_prompts
from dreambooth.config.store import ConfigError
from dreambooth.console import Console
from dreambooth.prompt_command import show_prompts
from tests.conftest import MODEL, draw_photos
from tests.training.conftest import with_fields, with_settings


@pytest.fixture
def show(library, config, capsys):
    """What the command prints."""

    def ask(*, as_json=False, config=config):
        library.save_config(MODEL, config)
        asked = Namespace(name=MODEL, set=[], prompts=True)
        assert show_prompts(library, asked, Console(as_json)) == 0
        return capsys.readouterr().out

    return ask


def test_every_picture_has_a_line(show):
    lines = show().splitlines()
    assert len(lines) == 3
    assert lines[0].split() == ["instance", "0.png", "6", "a", "photo", "of", "a", "sks", "robot"]


def test_class_and_preservation_pictures_are_told(folder, with_classes, tmp_path):
    draw_photos(tmp_path / "world", 1)
    asked = with_fields(with_classes, preservation_data_dir=str(tmp_path / "world"), num_class_images_per=3)
    rows = final_prompts(asked, folder)["prompts"]
    assert [row["kind"] for row in rows] == ["instance"] * 3 + ["preservation"] + ["class"] * 9
    assert [row["file"] for row in rows].count(None) == 3  # six are there, three are still to be drawn
    assert {row["prompt"] for row in rows if row["file"] is None} == {"a photo of a robot"}


def test_programs_get_tokens_and_what_is_read(show, config):
    long = with_fields(config, instance_prompt="robot " * 80)
    told = json.loads(show(as_json=True, config=long))
    assert {(row["tokens"], row["read"]) for row in told["prompts"]} == {(80, 75)}
    assert told["warnings"][0].endswith("75 are used; captions.max_tokens=150 reads more")
    assert "75 of 80" in show(config=long)


def test_weights_that_are_not_read_are_told(show, config):
    weighted = with_fields(config, instance_prompt="a (red:1.3) robot")
    assert "warning: concept 0: the brackets of the instance prompt" in show(config=weighted)
    assert "warning" not in show(config=with_settings(weighted, captions__prompt_weights=True))


def test_without_pictures_there_are_no_prompts(folder, config, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no usable picture"):
        final_prompts(with_fields(config, instance_data_dir=str(tmp_path / "empty")), folder)
