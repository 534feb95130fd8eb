"""What people give by mistake or out of malice: refused in one sentence, and nothing is left behind."""

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from dreambooth.models.create import create_working, read_source
from dreambooth.models.single_file import CheckpointError, write_checkpoint
from dreambooth.models.streaming import Planned, write_safetensors
from tests.models.random_checkpoint import METADATA

ROOT = Path(__file__).resolve().parents[2]
ATTENTION = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight"
FLUX = "double_blocks.0.img_attn.qkv.weight"
DISK_BYTES = 30 * 2**20
SD3 = "joint_blocks.0.x_block.attn.qkv.weight"


def refused(source: Path, sentence: str) -> None:
    """Creating from the file is refused, and leaves nothing beside it."""
    model = source.parent / "model"
    with pytest.raises(CheckpointError, match=sentence):
        create_working(read_source(source), model / "working")
    assert not model.exists() or [*model.iterdir()] == []


@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
@pytest.mark.parametrize("share", [0.0001, 0.5, 0.999])
def test_truncated_checkpoint_is_refused(tensors, tmp_path, suffix, share):
    path = tmp_path / f"x{suffix}"
    write_checkpoint(path, tensors, METADATA)
    with path.open("rb+") as file:
        file.truncate(int(path.stat().st_size * share))
    refused(path, "damaged or incomplete")


@pytest.mark.parametrize(("written_as", "named"), [(".safetensors", "x.ckpt"), (".ckpt", "x.safetensors")])
def test_wrong_extension_does_no_harm(tensors, tmp_path, written_as, named):
    write_checkpoint(tmp_path / f"y{written_as}", tensors, METADATA)
    (tmp_path / f"y{written_as}").rename(tmp_path / named)
    created = create_working(read_source(tmp_path / named), tmp_path / "working")
    assert created.num_weights > 1_000_000


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"], "a LoRA file, not a full model"),
        (["lora_te1_text_model_encoder_layers_0_mlp_fc1.hada_w1_a"], "a LoRA file, not a full model"),
        (["oft_unet_down_blocks_0_attentions_0_proj_in.oft_blocks"], "a LoRA file, not a full model"),
        (["encoder.conv_in.weight", "decoder.conv_in.weight"], "a VAE alone"),
        (["first_stage_model.encoder.conv_in.weight"], "no U-Net"),
        ([FLUX], "FLUX, which is not supported"),
        ([f"model.diffusion_model.{FLUX}", "vae.encoder.conv_in.weight"], "FLUX, which is not supported"),
        (
            ["transformer_blocks.0.attn.norm_added_k.weight", "x_embedder.weight"],
            "FLUX or Stable Diffusion 3",
        ),
        ([f"model.diffusion_model.{SD3}", "text_encoders.clip_l.x"], "Stable Diffusion 3, which is not"),
        ([SD3, "x_embedder.proj.weight"], "Stable Diffusion 3, which is not supported"),
    ],
)
def test_other_models_are_refused_by_their_name(tmp_path, names, what):
    save_file({name: torch.zeros(2, 2) for name in names}, tmp_path / "x.safetensors")
    refused(tmp_path / "x.safetensors", what)


class CreatesFile:
    """When it is unpickled, a file appears."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("suffix", [".ckpt", ".pt", ".safetensors"])
@pytest.mark.parametrize("form", ["zip", "old", "bare"])
def test_code_in_a_checkpoint_is_not_run(tensors, tmp_path, suffix, form):
    path, trace = tmp_path / f"x{suffix}", tmp_path / "trace"
    content = {"state_dict": {**dict(list(tensors.items())[:3]), "evil": CreatesFile(trace)}}
    if form == "bare":
        path.write_bytes(pickle.dumps({"evil": CreatesFile(trace)}, protocol=2))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=form == "zip")
    refused(path, r"wants to run code \(\w+\.mkdir\) and is not opened")
    assert not trace.exists()
    pickle.loads(pickle.dumps(CreatesFile(trace)))
    assert trace.exists()  # whoever runs it


@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn])
def test_weights_that_are_no_numbers_are_refused_by_their_name(tensors, tmp_path, suffix, dtype):
    bad = tensors[ATTENTION].clone()
    bad[0, 0] = torch.nan
    changed = {**tensors, ATTENTION: bad.to(dtype)}
    path = tmp_path / f"x{suffix}"
    save_file(changed, path) if suffix == ".safetensors" else torch.save(changed, path)
    refused(path, "holds NaN")


LITTLE_SPACE = """
import resource, sys
from pathlib import Path
from dreambooth.models.create import create_working, read_source
from dreambooth.models.single_file import CheckpointError

resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
try:
    create_working(read_source(Path(sys.argv[1])), Path(sys.argv[2]))
except CheckpointError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_write_that_the_system_stops_leaves_nothing(source, tmp_path):
    asked = [sys.executable, "-c", LITTLE_SPACE, str(source), str(tmp_path / "model" / "working")]
    answer = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "cannot be written" in answer.stdout
    assert [*(tmp_path / "model").iterdir()] == []


@pytest.fixture
def tiny_disk(tmp_path):
    """A small file system that can be filled up."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system needs more rights than this process has")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_full_disk_is_told_before_anything_is_written(source, tiny_disk):
    with pytest.raises(CheckpointError, match=r"GiB free and .* GiB are needed"):
        create_working(read_source(source), tiny_disk / "working")
    assert [*tiny_disk.iterdir()] == []


def test_disk_that_fills_up_while_it_is_written_leaves_nothing(tiny_disk):
    def make() -> torch.Tensor:
        # Another program takes the room after it was counted.
        with (tiny_disk / "other").open("wb") as other, pytest.raises(OSError, match="No space left"):
            other.write(bytes(2 * DISK_BYTES))
        return torch.zeros(1_000_000)

    planned = {"a": Planned(torch.float32, (1_000_000,), make)}
    with pytest.raises(CheckpointError, match="cannot be written: No space left on device"):
        write_safetensors(tiny_disk / "x.safetensors", planned, {})
    assert [path.name for path in tiny_disk.iterdir()] == ["other"]


def test_target_that_cannot_be_written_is_refused(source, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="cannot be made"):
        create_working(read_source(source), tmp_path / "file" / "model" / "working")


@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
def test_result_that_cannot_be_written_is_refused(tmp_path, suffix):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="cannot be written"):
        write_checkpoint(tmp_path / "file" / f"x{suffix}", {"a": torch.zeros(1)}, {})


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="a place that nobody can write to is needed")
def test_place_that_nobody_can_write_to_is_refused(source):
    with pytest.raises(CheckpointError, match=r"cannot be made|GiB are needed"):
        create_working(read_source(source), Path("/proc/self/working"))
