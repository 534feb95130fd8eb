"""The whole job with Stable Diffusion 2: made, trained, exported."""

from dataclasses import replace

import pytest

from dreambooth.adapters.lora_file import read_lora
from dreambooth.config.lora import LoraConfig
from dreambooth.config.optimizer import OptimizerConfig
from dreambooth.config.parts import PartsConfig
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run, prepare_training
from dreambooth.models.names import SD2_TEXT as TEXT
from dreambooth.models.single_file import read_checkpoint
from tests.conftest import do
from tests.models.tiny import SD2 as TINY
from tests.models.tiny import write_tiny

MODEL = "two"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "tiny.safetensors"
    return write_tiny(path, TINY)


@pytest.fixture
def create(tmp_path, source):
    """Makes the model and returns its library; ``predicts`` overrules the file."""

    def create_model(predicts=None) -> Library:
        library = Library(tmp_path / "models of two")
        asked = {"source": str(source), "predicts": predicts}
        assert do(prepare_run(library, library.folder(MODEL), "create", asked))["outcome"] == "done"
        return library

    return create_model


def train(library, config):
    library.save_config(MODEL, config)
    return do(prepare_training(library, MODEL, library.load(MODEL), config))


def test_file_tells_what_the_model_predicts(create):
    assert create().load(MODEL).predicts == "v_prediction"


def test_user_overrules_the_file(create):
    record = create(predicts="epsilon").load(MODEL)
    assert (record.family, record.predicts, record.native_resolution) == ("sd2", "epsilon", 64)


def test_full_training_moves_both_parts_and_exports_what_it_did_not_use(create, config, source, tmp_path):
    library = create()
    learning = OptimizerConfig(unet_lr=1e-3, text_encoder_lr=1e-3)
    both = replace(config, optimizer=learning, parts=PartsConfig(text_encoder_fraction=1))
    assert train(library, both)["outcome"] == "done"
    to = tmp_path / "out.safetensors"
    asked = {"to": str(to), "format": "checkpoint", "dtype": "fp32"}
    assert do(prepare_run(library, library.folder(MODEL), "export", asked))["outcome"] == "done"
    before, after = read_checkpoint(source), read_checkpoint(to)
    assert after.shapes == before.shapes
    moved = {name for name in before.shapes if not after.tensors[name].equal(before.tensors[name])}
    assert f"{TEXT}transformer.resblocks.1.attn.in_proj_weight" in moved
    assert "model.diffusion_model.middle_block.1.proj_in.weight" in moved
    kept = (f"{TEXT}transformer.resblocks.3.", f"{TEXT}text_projection", "first_stage_model.")
    assert not any(name.startswith(kept) for name in moved)


def test_lora_has_the_layers_that_are_used_and_says_what_it_is_for(create, config):
    library = create()
    assert (
        train(
            library,
            replace(
                config, adapter="lora", lora=LoraConfig(rank=2), parts=PartsConfig(text_encoder_fraction=1)
            ),
        )["outcome"]
        == "done"
    )
    lora = read_lora(library.folder(MODEL).adapter_file)
    layers = {name.partition(".")[0] for name in lora.shapes if name.startswith("lora_te_")}
    assert len(layers) == 6 * TINY.text_encoders[0].layers
    assert (lora.metadata["ss_base_model_version"], lora.metadata["ss_v2"]) == ("sd_v2_v", "True")
    assert lora.metadata["modelspec.architecture"] == "stable-diffusion-v2-768-v/lora"
