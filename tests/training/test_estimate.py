import pytest

from dreambooth.config.weights import count_weights
from dreambooth.training.estimate import shapes_of
from tests.training.conftest import with_settings

TEXT = {"parts__text_encoder_fraction": 1}
CASES = {
    "full": TEXT,
    "text encoder": {**TEXT, "parts__train_unet": False},
    "lora": {**TEXT, "adapter": "lora", "lora__rank": 3, "lora__text_encoder_rank": 5},
    "locon": {
        "adapter": "lora",
        "lora__conv_rank": 2,
        "lora__block_ranks": "in=0, mid=7",
        "lora__dora": True,
    },
    "loha": {"adapter": "loha", "lora__conv_rank": 2},
    "lokr": {**TEXT, "adapter": "lokr", "lora__lokr_factor": 4, "lora__rank": 200},
}


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_as_many_weights_are_counted_as_learn(make_learner, random_model, config, settings):
    config = with_settings(config, **settings)
    learner, _ = make_learner(config)
    counts = count_weights(config, shapes_of(random_model))
    assert counts.learning == sum(weight.numel() for weight in learner.learning)
