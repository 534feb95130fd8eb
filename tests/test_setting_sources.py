"""Many settings at once on the command line: methods, presets, other models, files."""

import json
import shutil
from dataclasses import replace

import pytest

from dreambooth.cli import main
from dreambooth.config.concept import Concept
from tests.conftest import MODEL


@pytest.fixture
def settings(library, capsys):
    """``settings`` of the model with these options: the exit code, and what was said."""

    def call(*options) -> tuple[int, str]:
        code = main(["--models-dir", str(library.path), "settings", MODEL, *map(str, options)])
        return code, "".join(capsys.readouterr())

    return call


def config_of(library):
    return library.load(MODEL).config


def test_method_is_chosen_with_what_it_implies(settings, library):
    concept = Concept(instance_prompt="a photo of a sks dog", instance_token="sks")
    library.change_config(MODEL, lambda config: replace(config, concepts=(concept,)))
    code, told = settings("--method", "finetune")
    assert code == 0
    assert "concept 0: instance_prompt is now '[filewords]'" in told
    assert (config_of(library).method, config_of(library).concepts[0].instance_token) == ("finetune", "")


def test_preset_is_applied_and_kept_under_another_name(settings, library):
    assert settings("--preset", "LoRA, usual", "--set", "lora.rank=4", "--save-preset", "mine")[0] == 0
    assert (config_of(library).adapter, config_of(library).lora.rank) == ("lora", 4)
    assert settings("--preset", "Full model, 24 GB")[0] == 0
    assert settings("--preset", "mine")[0] == 0
    assert (config_of(library).adapter, config_of(library).lora.rank) == ("lora", 4)


def test_settings_of_another_model_are_copied_without_its_concepts(settings, library):
    shutil.copytree(library.folder(MODEL).path, library.path / "other")
    concept = Concept(instance_prompt="another")
    library.change_config("other", lambda config: replace(config, seed=9, concepts=(concept,)))
    before = config_of(library).concepts
    assert settings("--copy-from", "other")[0] == 0
    assert (config_of(library).seed, config_of(library).concepts) == (9, before)


def test_settings_go_to_a_file_and_come_back(settings, library, tmp_path):
    assert settings("--set", "seed=7", "--save", tmp_path / "mine.json")[0] == 0
    assert settings("--set", "seed=8")[0] == 0
    assert settings("--load", tmp_path / "mine.json")[0] == 0
    assert config_of(library).seed == 7


def test_file_of_kohyas_form_is_taken_and_what_became_of_it_told(settings, library, tmp_path):
    file = tmp_path / "form.json"
    file.write_text(json.dumps({"network_dim": 4, "train_batch_size": 3, "unheard_of": 1}), encoding="utf-8")
    _, told = settings("--load", file)
    assert config_of(library).data.batch_size == 3
    assert "unheard_of = 1: is no option that is known here" in told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--preset", "none"], "there is no preset none"),
        (["--copy-from", "nobody"], "there is no model"),
        (["--load", "nowhere.json"], "nowhere.json cannot be read"),
    ],
)
def test_what_is_not_there_is_refused(settings, options, message):
    code, told = settings(*options)
    assert code == 2
    assert message in told


def test_nobodys_settings_cannot_be_changed(library, capsys):
    assert main(["--models-dir", str(library.path), "settings", "--preset", "LoRA, usual"]) == 2
    assert "name the model that --preset is about" in "".join(capsys.readouterr())
