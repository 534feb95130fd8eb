"""What tests of saved steps share."""

import pytest

from tests.conftest import do
from tests.training.conftest import with_settings


@pytest.fixture
def train(begin, config):
    """Trains, and saves after every second step of four."""

    def train_and_save(**settings):
        settings = {**settings, "saving__save_every_steps": 2, "optimizer__name": "adamw"}
        assert do(begin(with_settings(config, **settings)))["outcome"] == "done"

    return train_and_save
