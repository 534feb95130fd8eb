"""A model that is read as predicting what it does not predict."""

from dataclasses import replace

import pytest

from dreambooth.config.loss import LossConfig
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run, prepare_training
from dreambooth.toybox import WEIGHTS_FILE
from tests.conftest import MODEL, do


@pytest.fixture
def misread(tmp_path):
    """The toybox, which predicts the noise, read as predicting the velocity."""
    library = Library(tmp_path / "misread")
    asked = {"source": str(WEIGHTS_FILE), "predicts": "v_prediction"}
    assert do(prepare_run(library, library.folder(MODEL), "create", asked))["outcome"] == "done"
    return library


def train(library, config):
    library.save_config(MODEL, config)
    return do(prepare_training(library, MODEL, library.load(MODEL), config))


def test_training_stops_before_its_first_step(misread, config):
    end = train(misread, config)
    assert end["outcome"] == "refused"
    assert "looks like an epsilon model read as v-prediction" in end["message"]
    assert "--predicts epsilon" in end["message"]


def test_who_means_it_can_go_on(misread, config):
    assert train(misread, replace(config, loss=LossConfig(check_prediction=False)))["outcome"] == "done"


def test_intact_model_is_trained(library, config):
    assert train(library, config)["outcome"] == "done"
