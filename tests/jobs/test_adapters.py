"""Whole trainings of adapters: every kind, what their files tell, and going on from them."""

import hashlib
import json

import pytest
import torch
from safetensors.torch import load_file

from dreambooth.adapters.lora import attach_lora
from dreambooth.adapters.lora_file import read_lora
from dreambooth.adapters.reading import read_adapter
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run, prepare_training
from dreambooth.models.load import load_model
from dreambooth.toybox import WEIGHTS_FILE
from tests.adapters.test_lora import draw
from tests.conftest import MODEL, do
from tests.models.tiny import FAMILIES, write_tiny
from tests.training.conftest import with_fields, with_settings

LORA = {"adapter": "lora", "lora__rank": 2, "lora__unet_lr": 1e-3, "duration__max_steps": 1}


@pytest.fixture
def export(library, tmp_path):
    """Exports in a format, and gives the path."""

    def write(form, dtype="fp32"):
        path = tmp_path / f"{form}.safetensors"
        asked = {"to": str(path), "format": form, "dtype": dtype}
        end = do(prepare_run(library, library.folder(MODEL), "export", asked))
        assert end["outcome"] == "done"
        return path

    return write


@pytest.mark.parametrize(
    "settings",
    [
        {"adapter": "loha", "lora__conv_rank": 1},
        {"adapter": "lokr", "lora__lokr_factor": 4},
        {"adapter": "lora", "lora__dora": True, "lora__conv_rank": 1},
    ],
    ids=["loha", "lokr", "dora"],
)
def test_every_kind_is_trained_continued_and_merged(begin, library, export, folder, config, settings):
    config = with_settings(config, **{**LORA, **settings})
    assert do(begin(config))["outcome"] == "done"
    assert library.load(MODEL).adapter == settings["adapter"]
    first = load_file(folder.adapter_file)
    assert do(begin(with_settings(config, lora__unet_lr=0)))["outcome"] == "done"
    assert all(torch.equal(tensor, first[name]) for name, tensor in load_file(folder.adapter_file).items())
    beside, merged = load_model(folder.working), export("checkpoint")
    attach_lora(beside, first)
    assert (
        do(prepare_run(library, library.folder("merged"), "create", {"source": str(merged)}))["outcome"]
        == "done"
    )
    torch.testing.assert_close(
        draw(load_model(library.folder("merged").working)), draw(beside), rtol=0, atol=1e-5
    )


def test_another_kind_cannot_be_continued(begin, config):
    do(begin(with_settings(config, **LORA)))
    end = do(begin(with_settings(config, **{**LORA, "adapter": "loha"})))
    assert end["outcome"] == "refused"
    assert "a LoRA of rank 2 and alpha 16 there and a LoHa of rank 2 and alpha 16 here" in end["message"]


@pytest.mark.parametrize("form", ["lora", "lora_diffusers"])
def test_a_fresh_adapter_may_begin_with_a_file(begin, export, folder, config, form):
    config = with_settings(config, **LORA)
    do(begin(config))
    path, first = export(form), load_file(folder.adapter_file)
    config = with_settings(config, lora__start="fresh", lora__start_file=path, lora__unet_lr=0)
    assert do(begin(config))["outcome"] == "done"
    assert all(torch.equal(tensor, first[name]) for name, tensor in load_file(folder.adapter_file).items())
    end = do(begin(with_settings(config, lora__rank=3)))
    assert end["outcome"] == "refused"
    assert "as they are in lora.start_file" in end["message"]


def test_a_file_tells_what_it_was_trained_with(begin, folder, with_classes, tmp_path):
    (tmp_path / "photos" / "2.txt").write_text("A photo of a sks robot, Grass")
    config = with_fields(with_classes, instance_prompt="[filewords]", repeats=2)
    config = with_settings(config, **LORA, lora__rank_dropout=0.1, lora__conv_rank=1)
    assert do(begin(config))["outcome"] == "done"
    told = read_lora(folder.checkpoints / "toy_1.safetensors").metadata
    expected = {
        "ss_sd_model_name": "toybox.safetensors",
        "ss_new_sd_model_hash": hashlib.sha256(WEIGHTS_FILE.read_bytes()).hexdigest(),
        "ss_output_name": "toy_1",
        "ss_steps": "1",
        "ss_max_train_steps": "1",
        "ss_unet_lr": "0.001",
        "ss_text_encoder_lr": "None",
        "ss_num_train_images": "6",
        "ss_num_reg_images": "6",
        "ss_resolution": "(64, 64)",
        "ss_mixed_precision": "no",
        "ss_network_dim": "2",
    }
    assert {name: told[name] for name in expected} == expected
    assert json.loads(told["ss_dataset_dirs"]) == {"photos": {"n_repeats": 2, "img_count": 3}}
    assert json.loads(told["ss_tag_frequency"])["photos"]["grass"] == 1
    args = json.loads(told["ss_network_args"])
    assert args == {"rank_dropout": "0.1", "conv_dim": "1", "conv_alpha": "8.0"}
    assert sum(b["count"] for b in json.loads(told["ss_bucket_info"])["buckets"].values()) == 6
    assert not any(str(tmp_path) in value for value in told.values())


def test_what_a_file_tells_goes_along_when_it_is_exported(begin, library, export, folder, config):
    do(begin(with_settings(config, **LORA)))
    kept, told = read_lora(folder.adapter_file).metadata, read_lora(export("lora", "fp16")).metadata
    assert told["ss_output_name"] == "lora"
    changing = ("ss_output_name", "modelspec.title", "modelspec.date", "sshs_model_hash", "sshs_legacy_hash")
    assert {k: v for k, v in told.items() if k not in changing} == {
        k: v for k, v in kept.items() if k not in changing
    }
    library.save_config(MODEL, with_settings(config, saving__metadata=False))
    private = read_lora(export("lora")).metadata
    assert {name for name in private if name.startswith("ss_")} == {
        "ss_v2",
        "ss_base_model_version",
        "ss_network_module",
        "ss_network_dim",
        "ss_network_alpha",
        "ss_network_args",
    }


def test_an_sdxl_learns_a_lora_with_both_text_encoders(config, tmp_path):
    library = Library(tmp_path / "models")
    source = write_tiny(tmp_path / "tiny.safetensors", FAMILIES["sdxl"])
    do(prepare_run(library, library.folder("xl"), "create", {"source": str(source)}))
    settings = {"parts__text_encoder_fraction": 1, "lora__text_encoder_2_lr": 1e-5, "lora__conv_rank": 1}
    config = with_settings(config, **{**LORA, **settings})
    library.save_config("xl", config)
    assert do(prepare_training(library, "xl", library.load("xl"), config))["outcome"] == "done"
    saved = read_lora(library.folder("xl").adapter_file)
    starts = {"_".join(name.split("_")[:2]) for name in saved.shapes}
    assert starts == {"lora_unet", "lora_te1", "lora_te2"}
    assert "lora_unet_middle_block_1_proj_in.lora_up.weight" in saved.shapes
    assert saved.metadata["ss_base_model_version"] == "sdxl_base_v1-0"
    assert saved.metadata["ss_text_encoder_lr"] == "[5e-05, 1e-05]"
    read = read_adapter(library.folder("xl").adapter_file, FAMILIES["sdxl"])
    assert all(torch.equal(read[name], tensor) for name, tensor in saved.tensors.items())
    untouched = {name for name in read if name.endswith("lora_up.weight") and not read[name].any()}
    assert all(
        name.startswith("lora_te1_text_model_encoder_layers_2_") for name in untouched
    )  # nobody reads it


def test_file_of_a_dora_is_not_scaled_and_the_models_own_stays_as_trained(begin, folder, config):
    settings = with_settings(config, **{**LORA, "lora__dora": True, "lora__alpha": 1.0})
    assert do(begin(settings))["outcome"] == "done"
    own, handed_out = (
        read_lora(file).tensors for file in (folder.adapter_file, folder.checkpoints / "toy_1.safetensors")
    )
    assert {tensor.item() for name, tensor in own.items() if name.endswith(".alpha")} == {1.0}
    assert {tensor.item() for name, tensor in handed_out.items() if name.endswith(".alpha")} == {2.0}
    first, second = (load_model(folder.working) for _ in range(2))
    attach_lora(first, own)
    attach_lora(second, handed_out)
    torch.testing.assert_close(draw(first), draw(second), atol=1e-2, rtol=0)
