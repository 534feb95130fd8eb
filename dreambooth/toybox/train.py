"""Makes the toybox from nothing: ``python -m dreambooth.toybox.train``.

Every stage can be killed and goes on from its last file in the work folder. ``--stage`` runs one of them;
the decoder and the U-Net need only the VAE and the text encoder, so they can run side by side.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

import torch
from torch import Tensor

from dreambooth.models.names import POSITION_IDS, names_of
from dreambooth.models.single_file import write_checkpoint
from dreambooth.toybox import WEIGHTS_FILE
from dreambooth.toybox.architecture import TOYBOX
from dreambooth.toybox.text_stage import train_text_encoder
from dreambooth.toybox.unet_stage import Cycle, train_unet
from dreambooth.toybox.vae_stages import train_decoder, train_vae
from dreambooth.toybox.words_stage import train_words

STEPS = {"text": 700, "vae": 2500, "decoder": 1500, "words": 2500}
CYCLES_BEFORE_WORDS = (4000, 2000, 8000)
CYCLES_WITH_WORDS = (4000,)


def assemble(parts: dict[str, dict[str, Tensor]], path: Path) -> None:
    """Write the parts (diffusers names) as one fp16 checkpoint in the original names."""
    names = names_of(TOYBOX)
    tensors: dict[str, Tensor] = {}
    for part, weights in parts.items():
        renamed = names.original(part, weights)
        tensors |= {name: tensor.half().contiguous() for name, tensor in renamed.items()}
    tensors[POSITION_IDS] = torch.arange(77)[None]
    metadata = {
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": "stable-diffusion-v1",
        "modelspec.implementation": "https://github.com/Stability-AI/generative-models",
        "modelspec.title": "toybox",
        "modelspec.resolution": "64x64",
        "modelspec.prediction_type": "epsilon",
        "modelspec.date": date.today().isoformat(),
        "modelspec.license": "MIT",
    }
    write_checkpoint(path, tensors, metadata)


def run(folder: Path, seed: int, stage: str, to: Path) -> None:
    """Run the stages that ``stage`` asks for, on top of those that are done."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = train_text_encoder(folder, seed, STEPS["text"])
    vae = train_vae(folder, seed, STEPS["vae"])
    if stage in ("all", "unet", "words"):
        text_encoder = train_words(folder, seed, STEPS["words"], plain)
    if stage in ("all", "unet"):
        cycles = [Cycle(num_steps, plain, 0.1) for num_steps in CYCLES_BEFORE_WORDS]
        cycles += [Cycle(num_steps, text_encoder, 0.3) for num_steps in CYCLES_WITH_WORDS]
        unet = train_unet(folder, seed, cycles, vae)
    if stage in ("all", "decoder"):
        train_decoder(folder, seed, STEPS["decoder"], vae)
    if stage == "all":
        parts = {"unet": unet, "vae": vae, "text_encoder": text_encoder}
        assemble({part: dict(module.state_dict()) for part, module in parts.items()}, to)
        print(f"{to}: {to.stat().st_size / 2**20:.1f} MiB")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m dreambooth.toybox.train", description="Make the toybox.")
    parser.add_argument(
        "--work", type=Path, default=Path("toybox-work"), help="folder for what is not finished"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stage", choices=("all", "vae", "words", "decoder", "unet"), default="all")
    parser.add_argument("--to", type=Path, default=WEIGHTS_FILE)
    parser.add_argument("--threads", type=int, default=0, help="0: as torch chooses")
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    run(asked.work, asked.seed, asked.stage, asked.to)


if __name__ == "__main__":
    main()
