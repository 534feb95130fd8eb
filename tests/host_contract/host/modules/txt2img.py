"""What the host's Generate does."""

import json
from typing import Any

from modules import processing, shared


def txt2img(task: str, *values: Any) -> tuple[list[Any], str, str]:
    """Pictures, their parameters as JSON, and the text under them."""
    prompt, negative, steps, cfg_scale, seed, width, height = values
    p = processing.StableDiffusionProcessingTxt2Img(
        sd_model=shared.sd_model,
        prompt=prompt,
        negative_prompt=negative,
        steps=int(steps),
        cfg_scale=cfg_scale,
        seed=int(seed),
        width=int(width),
        height=int(height),
    )
    done = processing.process_images(p)
    return done.images, json.dumps({"infotexts": done.infotexts, "task": task}), done.info
