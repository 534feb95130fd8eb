"""A subject or dataset, and its prompts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dreambooth.config.entry import entry
from dreambooth.config.option import option, since

FILEWORDS = "[filewords]"  # in a prompt: the caption of each picture


@dataclass(frozen=True, kw_only=True)
class Concept:
    """One subject or dataset with its prompts; the names are those of the old extension."""

    title: ClassVar[str] = "Concept"

    instance_data_dir: str = entry(
        option(
            "",
            "Instance folder",
            "Your pictures, a folder with all its sub-folders; or a list of pictures or folders (.json, "
            ".jsonl), or a dataset of kohya's (.toml).",
        ),
        "pictures",
    )
    instance_prompt: str = option(
        FILEWORDS,
        "Instance prompt",
        "What to call your pictures; [filewords] stands for each picture's caption.",
    )
    instance_token: str = option("", "Instance token", "A rare word that will mean your subject, e.g. sks.")
    class_token: str = option("", "Class token", "The ordinary word for what your subject is, e.g. dog.")
    class_data_dir: str = entry(
        option(
            "",
            "Class folder",
            "Your own pictures of ordinary things of the class; generated ones are kept with the model.",
        ),
        "pictures",
    )
    class_prompt: str = option(
        FILEWORDS,
        "Class prompt",
        "What class pictures are called and drawn from, without the token; {red|blue} makes some of each.",
    )
    class_negative_prompt: str = option(
        "", "Class negative prompt", "What generated class pictures should avoid."
    )
    num_class_images_per: int = option(
        0, "Class images per instance image", "0: no prior preservation.", low=0, high=1000
    )
    class_guidance_scale: float = option(
        7.5, "Class guidance scale", "Classifier-free guidance while generating class images.", low=1, high=30
    )
    class_infer_steps: int = option(40, "Class steps", "Sampler steps of a class image.", low=1, high=500)
    repeats: int = option(
        1, "Repeats", "How often an epoch shows each of these pictures.", low=1, high=10_000
    )
    resolution: int = since(
        "0.2",
        option(
            0,
            "Resolution of this concept",
            "0: that of the run. Two concepts on one folder, e.g. with 512 and 768, teach a model both.",
            low=0,
            high=4096,
        ),
    )
    preservation_data_dir: str = entry(
        since(
            "0.2",
            option(
                "",
                "Preservation folder",
                "Real pictures of other things with captions of their own, which keep the model as it is: a "
                "few hundred of what it draws well. Better than generated class images, which hold it to its "
                "own faults. A folder named preservation among the instance pictures is one, too.",
            ),
        ),
        "pictures",
    )
    preservation_multiply: float = since(
        "0.2",
        option(
            0.1,
            "Preservation multiplier",
            "How often an epoch shows each of them: of 1000 pictures, 0.025 draws 25 for every epoch, others "
            "each time. Try as many as half of your own pictures; more where ordinary things change. A "
            "multiply.txt of the folder goes first.",
            low=0.0001,
            high=100,
        ),
    )
    save_sample_prompt: str = option(
        "",
        "Sample prompt",
        "What previews show; empty: the instance prompt, [filewords] from the first picture.",
    )
    save_sample_negative_prompt: str = option("", "Sample negative prompt", "What previews should avoid.")
    n_save_sample: int = option(1, "Samples", "Previews of this concept each time.", low=0, high=100)
    sample_seed: int = option(
        -1, "Sample seed", "-1: a fixed one drawn from the run's seed.", low=-1, high=2**32
    )
    save_guidance_scale: float = option(
        7.5, "Sample guidance scale", "Classifier-free guidance.", low=1, high=30
    )
    save_infer_steps: int = option(20, "Sample steps", "Sampler steps of a preview.", low=1, high=500)
