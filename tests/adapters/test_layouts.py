"""Files in kohya's layout and in diffusers', of every family, as diffusers reads them and as we do."""

import logging

import diffusers
import pytest
import torch
from diffusers import DiffusionPipeline
from peft.tuners.tuners_utils import BaseTunerLayer

from dreambooth.adapters.errors import AdapterError
from dreambooth.adapters.kohya_names import known_modules, kohya_modules
from dreambooth.adapters.lora import add_lora, attach_lora, lora_weights
from dreambooth.adapters.lora_file import save_lora
from dreambooth.adapters.peft_layout import save_diffusers_lora
from dreambooth.adapters.reading import read_adapter
from dreambooth.config.lora import LoraConfig
from dreambooth.models.create import create_working, read_source
from dreambooth.models.load import load_model
from dreambooth.models.single_file import read_checkpoint, write_checkpoint
from tests.adapters.conftest import move_lora
from tests.adapters.test_lora import draw
from tests.models.tiny import FAMILIES, write_tiny

LORA = {"rank": 4, "alpha": 2.0}
LOCON = {**LORA, "conv_rank": 2, "conv_alpha": 3.0}
BLOCKS = {**LOCON, "block_ranks": "mid=3"}


@pytest.fixture(scope="module", params=["sd1", "sd2", "sdxl"])
def working(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    create_working(
        read_source(write_tiny(folder / "x.safetensors", FAMILIES[request.param])), folder / "working"
    )
    return folder / "working"


def train(working, settings):
    """A model with a moved adapter on all parts."""
    model = load_model(working)
    add_lora(model, "lora", LoraConfig(**settings), list(model.parts), seed=0)
    move_lora(model)
    return model


@pytest.fixture(scope="module")
def trained(working):
    """A LoCon of several ranks, also among the blocks."""
    return train(working, BLOCKS)


@pytest.fixture
def pipeline(working):
    return DiffusionPipeline.from_pretrained(working, dtype=torch.float32, local_files_only=True)


@torch.no_grad()
def outputs(parts, architecture):
    """What U-Net and text encoders make of fixed inputs, in whatever model they are."""
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(2, 4, 8, 8, generator=generator)
    states = torch.randn(2, 77, architecture.context_width, generator=generator)
    added = {
        "text_embeds": torch.randn(2, architecture.text_encoders[-1].width, generator=generator),
        "time_ids": torch.full((2, 6), 64.0),
    }
    tokens = torch.arange(77)[None]
    told = {"added_cond_kwargs": added} if architecture.vector_width else {}
    drawn = parts["unet"](latents, torch.tensor([100, 700]), states, **told).sample
    return [drawn, *(parts[part](tokens).last_hidden_state for part in architecture.texts)]


def check_reading(pipeline, path, trained, caplog):
    """Read by diffusers, all of the file is there, no key is unexpected, and the outputs are ours."""
    diffusers.utils.logging.enable_propagation()
    with caplog.at_level(logging.WARNING):
        pipeline.load_lora_weights(path.parent, weight_name=path.name)
    assert not [record for record in caplog.records if "key" in record.getMessage()]
    architecture = trained.architecture
    parts = {part: getattr(pipeline, part) for part in trained.parts}
    adapted = [m for part in parts.values() for m in part.modules() if isinstance(m, BaseTunerLayer)]
    assert len(adapted) == len(lora_weights(trained)) // 3
    for theirs, ours in zip(outputs(parts, architecture), outputs(trained.parts, architecture), strict=True):
        torch.testing.assert_close(theirs, ours, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("settings", [LORA, LOCON], ids=["lora", "locon"])
def test_diffusers_reads_kohyas_layout(pipeline, working, tmp_path, caplog, settings):
    trained = train(working, settings)
    save_lora(tmp_path / "x.safetensors", trained, {}, torch.float32)
    check_reading(pipeline, tmp_path / "x.safetensors", trained, caplog)


def test_diffusers_reads_its_own_layout(pipeline, trained, tmp_path, caplog):
    path = tmp_path / "x.safetensors"
    save_diffusers_lora(path, trained.architecture, lora_weights(trained), torch.float32)
    check_reading(pipeline, path, trained, caplog)


@pytest.mark.parametrize("is_kohya", [True, False])
def test_we_read_either_layout_exactly(working, trained, tmp_path, is_kohya):
    path = tmp_path / "x.safetensors"
    if is_kohya:
        save_lora(path, trained, {}, torch.float32)
    else:
        save_diffusers_lora(path, trained.architecture, lora_weights(trained), torch.float32)
    model = load_model(working)
    attach_lora(model, read_adapter(path, model.architecture))
    assert torch.equal(draw(model), draw(trained))


def test_linear_layers_written_as_convolutions_are_read(working, trained, tmp_path):
    weights = {
        name: tensor[:, :, None, None] if tensor.ndim == 2 and name.startswith("lora_unet") else tensor
        for name, tensor in lora_weights(trained).items()
    }
    write_checkpoint(tmp_path / "x.safetensors", weights, {})
    model = load_model(working)
    attach_lora(model, read_adapter(tmp_path / "x.safetensors", model.architecture))
    assert torch.equal(draw(model), draw(trained))


def test_we_read_the_other_names_of_the_unet(trained, tmp_path):
    ours = lora_weights(trained)
    swapped = {}
    for name, tensor in ours.items():
        swapped[_other_spelling(name, trained.architecture)] = tensor
    assert swapped.keys() != ours.keys()
    write_checkpoint(tmp_path / "x.safetensors", swapped, {})
    read = read_adapter(tmp_path / "x.safetensors", trained.architecture)
    assert read.keys() == ours.keys()
    assert all(torch.equal(read[name], tensor) for name, tensor in ours.items())


def _other_spelling(key, architecture):
    """The same layer in diffusers' names where we write original ones, and the reverse."""
    module, _, suffix = key.partition(".")
    place = kohya_modules(architecture)[module]
    names = [name for name, other in known_modules(architecture).items() if other == place and name != module]
    return f"{names[0] if names else module}.{suffix}"


def test_we_read_what_older_versions_of_diffusers_wrote(trained, tmp_path):
    save_diffusers_lora(
        tmp_path / "x.safetensors", trained.architecture, lora_weights(trained), torch.float32
    )
    before = read_checkpoint(tmp_path / "x.safetensors")
    old = {
        name.replace(".lora_A.", ".lora.down.").replace(".lora_B.", ".lora.up."): tensor
        for name, tensor in before.tensors.items()
    }
    write_checkpoint(tmp_path / "old.safetensors", old, before.metadata)
    read = read_adapter(tmp_path / "old.safetensors", trained.architecture)
    assert all(torch.equal(read[name], tensor) for name, tensor in lora_weights(trained).items())


def test_an_adapter_of_another_family_is_refused(trained, tmp_path):
    path = tmp_path / "x.safetensors"
    save_lora(path, trained, {}, torch.float32)
    other = FAMILIES["sd1" if trained.architecture.family == "sdxl" else "sdxl"]
    with pytest.raises(AdapterError, match="no adapter for this kind of model"):
        read_adapter(path, other)


@pytest.mark.parametrize(("kind", "settings"), [("loha", {}), ("lokr", {}), ("lora", {"dora": True})])
def test_what_diffusers_cannot_hold_is_refused(model, tmp_path, kind, settings):
    add_lora(model, kind, LoraConfig(rank=2, **settings), ["unet"], seed=0)
    path = tmp_path / "x.safetensors"
    with pytest.raises(AdapterError, match="use kohya's"):
        save_diffusers_lora(path, model.architecture, lora_weights(model), torch.float32)
    assert not path.exists()
