"""No control without effect: every setting is named by a test here, or by one elsewhere named here."""

import importlib.util
from pathlib import Path

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig

HERE = Path(__file__).parent
TESTS = HERE.parent.parent

DRAWN = "test_webui_draws_what_is_missing_with_our_names_and_its_record"
SECOND_RATE = "training/test_groups.py::test_the_second_text_encoder_may_have_a_rate_of_its_own"

# Settings that are proven in another folder: name → file and test.
ELSEWHERE = {
    "saving.name": "jobs/test_cards.py::test_files_are_copied_with_all_that_lies_beside_them",
    "saving.copy_to": "jobs/test_cards.py::test_files_are_copied_with_all_that_lies_beside_them",
    "saving.to_webui": "jobs/test_webui_folder.py::test_nothing_appears_there_unless_it_is_wanted",
    "data.class_images_by": "host_contract/test_class_images.py::" + DRAWN,
    "loss.check_prediction": "jobs/test_misread.py::test_who_means_it_can_go_on",
    "noise.zero_terminal_snr": "jobs/test_zero_terminal_snr.py::test_model_and_its_files_tell_it",
    "ema.placement": "jobs/test_average.py::test_beside_the_weights_it_can_be_chosen",
    "lora.start_file": "jobs/test_adapters.py::test_a_fresh_adapter_may_begin_with_a_file",
    "lora.text_encoder_2_lr": SECOND_RATE,
    "optimizer.text_encoder_2_lr": SECOND_RATE,
}


def proven_here() -> set[str]:
    """What the files of this folder say that they prove, each in its ``PROVEN``."""
    proven: set[str] = set()
    for path in sorted(HERE.glob("test_*.py")):
        if path != Path(__file__):
            spec = importlib.util.spec_from_file_location(f"proven_{path.stem}", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            proven |= set(module.PROVEN)
    return proven


def test_every_setting_has_a_case():
    described = {setting.name for setting in describe_settings(TrainConfig)}
    described |= {f"concept.{setting.name}" for setting in describe_settings(Concept)}
    assert proven_here() | set(ELSEWHERE) == described


@pytest.mark.parametrize("name", ELSEWHERE)
def test_case_elsewhere_is_there(name):
    file, _, test = ELSEWHERE[name].partition("::")
    assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8")
