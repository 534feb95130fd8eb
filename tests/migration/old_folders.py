"""Model folders as the three generations of the old extension left them, with weights as small as ours."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from tests.conftest import draw_photos
from tests.migration.old_settings import first_generation, latest_generation, second_generation

OLD_ATTENTION = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
SAFETY = {"safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"]}


def tree_hash(folder: Path) -> str:
    """Differs when a name or a bit of the folder does."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


def _copy_working(ours: Path, working: Path) -> None:
    shutil.copytree(ours, working, ignore=shutil.ignore_patterns("extra.safetensors"))


def _old_spelling(name: str) -> str:
    for new, old in OLD_ATTENTION.items():
        name = re.sub(rf"(mid_block\.attentions\.0\.){re.escape(new)}\.", rf"\1{old}.", name)
    return name


def _to_bin(working: Path) -> None:
    """Pickled weights in fp32, the VAE's attention under its old names."""
    for path in working.glob("*/*.safetensors"):
        weights = {name: tensor.float() for name, tensor in load_file(path).items()}
        if path.parent.name == "vae":
            weights = {_old_spelling(name): tensor for name, tensor in weights.items()}
        stem = "pytorch_model" if path.parent.name == "text_encoder" else "diffusion_pytorch_model"
        torch.save(weights, path.with_name(f"{stem}.bin"))
        path.unlink()


def make_first(ours: Path, place: Path, photos: Path, **changes: Any) -> Path:
    """Of 2022: pickled weights, a safety checker, samples and a snapshot."""
    _copy_working(ours, place / "working")
    _to_bin(place / "working")
    index = json.loads((place / "working" / "model_index.json").read_text())
    (place / "working" / "model_index.json").write_text(json.dumps({**index, **SAFETY}))
    for name in ("safety_checker", "feature_extractor"):
        (place / "working" / name).mkdir()
        (place / "working" / name / "config.json").write_text("{}")
    draw_photos(place / "samples", 2)
    (place / "checkpoints" / "checkpoint-600").mkdir(parents=True)
    _write_config(place, first_generation(str(photos), **changes))
    return place


def make_second(ours: Path, place: Path, photos: Path, **changes: Any) -> Path:
    """Of early 2023: a LoRA whose weights were shared with other models."""
    shared = place.parent.parent / "diffusers" / "toy" / "working"
    _copy_working(ours, shared)
    (place / "loras").mkdir(parents=True)
    (place / "working").mkdir()
    for name in ("robot_120.pt", "robot_120_txt.pt"):
        torch.save([torch.zeros(4, 2)], place / "loras" / name)
    _write_config(place, second_generation(str(photos), shared_diffusers_path=str(shared), **changes))
    return place


def make_latest(ours: Path, place: Path, photos: Path, **changes: Any) -> Path:
    """Of late 2023: pickled weights from the creation beside trained ones, an average, class images, logs."""
    working = place / "working"
    _copy_working(ours, working)
    trained = working / "unet" / "diffusion_pytorch_model.safetensors"
    weights = load_file(trained)
    torch.save(weights, trained.with_suffix(".bin"))
    save_file({name: tensor + 1 for name, tensor in weights.items()}, trained, {"format": "pt"})
    shutil.copytree(working / "unet", working / "ema_unet")
    draw_photos(place / "classifiers_0", 6)
    draw_photos(place / "classifiers_5", 1)
    (place / "logging" / "dreambooth").mkdir(parents=True)
    (place / "logging" / "dreambooth" / "events.out.tfevents.1").write_bytes(b"curves")
    (place / "backups").mkdir()
    (place / "backups" / "db_config_0.json").write_text("{}")
    (place / "robot.yaml").touch()
    _write_config(place, latest_generation(str(photos), **changes))
    return place


def _write_config(place: Path, values: dict[str, Any]) -> None:
    (place / "db_config.json").write_text(json.dumps(values, indent=4))


MakeOld = Callable[..., Path]
MAKERS: dict[str, MakeOld] = {"first": make_first, "second": make_second, "latest": make_latest}
