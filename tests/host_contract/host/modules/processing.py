"""A generation without a model: a plain picture for each seed, with its parameters, step by step."""

import hashlib
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, PngImagePlugin

from modules import sd_models, shared
from modules.infotext_utils import quote


@dataclass
class StableDiffusionProcessingTxt2Img:
    """What is asked."""

    sd_model: Any = None
    outpath_samples: str | None = None
    prompt: str = ""
    negative_prompt: str = ""
    seed: int = -1
    steps: int = 20
    cfg_scale: float = 7.0
    width: int = 512
    height: int = 512
    batch_size: int = 1
    n_iter: int = 1
    sampler_name: str = "Euler a"
    do_not_save_samples: bool = True
    do_not_save_grid: bool = True
    tiling: bool | None = None
    override_settings: dict[str, Any] = field(default_factory=dict)
    scripts: Any = None
    script_args: Any = ()

    def close(self) -> None:
        self.sd_model = None


@dataclass
class Processed:
    """What came of it."""

    images: list[Any]
    seed: int
    infotexts: list[str]
    info: str = ""


def create_infotext(p: StableDiffusionProcessingTxt2Img, seed: int, checkpoint: Any) -> str:
    """The text under a picture, as PNG Info shows it."""
    parameters = {
        "Steps": p.steps,
        "Sampler": p.sampler_name,
        "CFG scale": p.cfg_scale,
        "Seed": seed,
        "Size": f"{p.width}x{p.height}",
        "Model hash": checkpoint.shorthash,
        "Model": checkpoint.model_name,
    }
    line = ", ".join(f"{name}: {quote(value)}" for name, value in parameters.items())
    negative = f"\nNegative prompt: {p.negative_prompt}" if p.negative_prompt else ""
    return f"{p.prompt}{negative}\n{line}"


def process_images(p: StableDiffusionProcessingTxt2Img) -> Processed:
    """Draw with other settings for the moment; a checkpoint that is not in the list is passed over."""
    if sd_models.checkpoint_aliases.get(p.override_settings.get("sd_model_checkpoint", "")) is None:
        p.override_settings.pop("sd_model_checkpoint", None)
    before = {name: shared.opts.data.get(name) for name in p.override_settings}
    try:
        for name, value in p.override_settings.items():
            shared.opts.set(name, value, run_callbacks=False)
        return _draw(p)
    finally:
        for name, value in before.items():
            setattr(shared.opts, name, value)


def _draw(p: StableDiffusionProcessingTxt2Img) -> Processed:
    """Draw ``n_iter`` batches; Interrupt ends it after the step that is being taken."""
    model = sd_models.model_for_generation()
    if not getattr(shared.cmd_opts, "no_prompt_history", False):
        (Path(shared.data_path) / "params.txt").write_text(p.prompt, encoding="utf-8")
    state, first = shared.state, p.seed if p.seed >= 0 else random.randrange(2**32)
    state.job_count = p.n_iter if state.job_count == -1 else state.job_count
    images, infotexts = [], []
    for number in range(p.n_iter * p.batch_size):
        if number % p.batch_size == 0:
            state.sampling_steps, state.sampling_step = p.steps, 0
        for step in range(p.steps):
            if state.interrupted or state.skipped:
                break
            state.sampling_step = step + 1
        if state.interrupted:
            break
        seed = first + number
        digest = hashlib.sha256(f"{p.prompt}{seed}{model.sd_checkpoint_info.name}".encode()).digest()
        images.append(Image.new("RGB", (p.width, p.height), tuple(digest[:3])))
        infotexts.append(create_infotext(p, seed, model.sd_checkpoint_info))
        images[-1].info["parameters"] = infotexts[-1]
        state.nextjob()
        if p.outpath_samples and not p.do_not_save_samples:
            _save(images[-1], Path(p.outpath_samples) / f"{number:05}-{seed}.png")
    return Processed(images, first, infotexts, infotexts[0] if infotexts else "")


def _save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    words = PngImagePlugin.PngInfo()
    words.add_text("parameters", image.info["parameters"])
    image.save(path, pnginfo=words)
