"""Rules between settings: every contradiction, found before anything is loaded, and nothing repaired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from dreambooth.config.accelerate_file import accelerate_file_problems, read_accelerate_file
from dreambooth.config.blocks import parse_blocks
from dreambooth.config.concept import Concept
from dreambooth.config.folders import DATASET_LISTS, find_name_fault, is_dataset, is_file, is_folder
from dreambooth.config.objective_rules import loss_problems, noise_problems
from dreambooth.config.optimizer_rules import optimizer_problems, rate_problems, schedule_problems
from dreambooth.config.picture_rules import size_problems, variation_problems
from dreambooth.config.preservation_rules import preservation_problems
from dreambooth.config.problem import Problem
from dreambooth.config.settings import TrainConfig

NO_DATASET = f"is not a folder, nor a list of pictures ({', '.join(DATASET_LISTS)})"


def _concept_problems(concept: Concept, place: str) -> Iterator[Problem]:
    if not concept.instance_data_dir:
        yield Problem(f"{place}.instance_data_dir", "name the folder with your pictures")
    elif not is_dataset(concept.instance_data_dir):
        yield Problem(f"{place}.instance_data_dir", f"{concept.instance_data_dir} {NO_DATASET}")
    if concept.class_data_dir and not is_folder(concept.class_data_dir):
        yield Problem(f"{place}.class_data_dir", f"{concept.class_data_dir} is not a folder")
    if concept.class_data_dir and concept.class_data_dir == concept.instance_data_dir:
        yield Problem(f"{place}.class_data_dir", "is the same folder as the instance images")


def _preservation_problems(concept: Concept, place: str) -> Iterator[Problem]:
    folder = concept.preservation_data_dir
    if folder and not is_dataset(folder):
        yield Problem(f"{place}.preservation_data_dir", f"{folder} {NO_DATASET}")
    if folder and folder in (concept.instance_data_dir, concept.class_data_dir):
        yield Problem(
            f"{place}.preservation_data_dir", "holds other pictures than the instance and class folders"
        )


def concept_problems(config: TrainConfig) -> Iterator[Problem]:
    """What each concept lacks by itself."""
    if not config.concepts:
        yield Problem("concepts", "add at least one concept")
    for index, concept in enumerate(config.concepts):
        yield from _concept_problems(concept, f"concepts.{index}")
        yield from _preservation_problems(concept, f"concepts.{index}")


def _dreambooth_problems(concept: Concept, place: str) -> Iterator[Problem]:
    if not concept.instance_prompt.strip():
        yield Problem(f"{place}.instance_prompt", "dreambooth needs a prompt, e.g. a photo of sks dog")
    if concept.num_class_images_per and not concept.class_prompt.strip():
        yield Problem(f"{place}.class_prompt", "class images need a prompt, e.g. a photo of a dog")
    token = concept.instance_token.strip().lower()
    if concept.num_class_images_per and token and token in concept.class_prompt.lower().split():
        yield Problem(
            f"{place}.class_prompt", f"must not contain the instance token {concept.instance_token}"
        )
    prompts_equal = concept.class_prompt.strip() == concept.instance_prompt.strip() != "[filewords]"
    if concept.num_class_images_per and prompts_equal:
        yield Problem(
            f"{place}.class_prompt", "is the instance prompt; without a difference nothing is preserved"
        )


def _finetune_problems(concept: Concept, place: str) -> Iterator[Problem]:
    if concept.num_class_images_per:
        yield Problem(
            f"{place}.num_class_images_per", "finetune uses no class images; set 0 or choose dreambooth"
        )
    if concept.instance_token:
        yield Problem(f"{place}.instance_token", "finetune uses captions only; clear it or choose hybrid")
    if concept.instance_prompt.strip() != "[filewords]":
        yield Problem(
            f"{place}.instance_prompt", "finetune takes captions alone: set [filewords], or choose dreambooth"
        )


def _hybrid_problems(concept: Concept, place: str) -> Iterator[Problem]:
    if not concept.instance_token.strip():
        yield Problem(f"{place}.instance_token", "hybrid links the captions to a token; name one, e.g. sks")
    if "[filewords]" not in concept.instance_prompt:
        yield Problem(
            f"{place}.instance_prompt", "hybrid takes captions: keep [filewords], or choose dreambooth"
        )
    yield from _dreambooth_problems(concept, place)


_METHOD_PROBLEMS: dict[str, Callable[[Concept, str], Iterator[Problem]]] = {
    "dreambooth": _dreambooth_problems,
    "finetune": _finetune_problems,
    "hybrid": _hybrid_problems,
}


def method_problems(config: TrainConfig) -> Iterator[Problem]:
    """What contradicts the chosen method."""
    for index, concept in enumerate(config.concepts):
        yield from _METHOD_PROBLEMS[config.method](concept, f"concepts.{index}")


def training_problems(config: TrainConfig) -> Iterator[Problem]:
    """Settings of the training itself that contradict each other."""
    if not config.parts.train_unet and config.parts.text_encoder_fraction == 0:
        yield Problem("parts.train_unet", "choose at least one part to train")
    if not config.parts.train_unet and 0 < config.parts.text_encoder_fraction < 1:
        yield Problem("parts.text_encoder_fraction", "the text encoder learns alone: set it to 1")
    if config.precision.attention == "xformers" and config.precision.device == "cpu":
        yield Problem("precision.attention", "xformers needs CUDA; choose sdpa")


def average_problems(config: TrainConfig) -> Iterator[Problem]:
    """What contradicts the average; without one its settings wait."""
    ema = config.ema
    if not ema.enabled:
        return
    if not config.parts.train_unet and not ema.text_encoders:
        yield Problem(
            "ema.enabled", "averages the U-Net, which is not trained; set ema.text_encoders, or train it"
        )
    if ema.text_encoders and config.parts.text_encoder_fraction == 0:
        yield Problem("ema.text_encoders", "no text encoder is trained: set parts.text_encoder_fraction")
    if ema.placement == "beside" and ema.text_encoders:
        yield Problem("ema.text_encoders", "choose ema.placement main: beside it only the U-Net's has room")


def caption_problems(config: TrainConfig) -> Iterator[Problem]:
    """Signs in captions that could not be told apart, and captions that nobody would read."""
    captions = config.captions
    if not captions.tag_separator.strip():
        yield Problem("captions.tag_separator", "name what stands between tags, e.g. a comma")
    elif captions.tag_separator in captions.secondary_separator:
        yield Problem("captions.secondary_separator", "must not hold the tag separator: try ;;;")
    if captions.keep_tags_separator and captions.keep_tags_separator == captions.secondary_separator:
        yield Problem("captions.secondary_separator", "is the separator of kept tags: choose another sign")
    if captions.dropout_every_epochs == 1:
        yield Problem(
            "captions.dropout_every_epochs", "1 leaves no epoch with captions: choose 2 or more, or 0"
        )


def adapter_problems(config: TrainConfig) -> Iterator[Problem]:
    """What contradicts the chosen kind of adapter; without one its settings wait."""
    if config.adapter == "none":
        return
    lora = config.lora
    if config.adapter != "lora" and lora.dropout:
        yield Problem("lora.dropout", f"a {config.adapter} has none; set 0, or use lora.rank_dropout")
    if config.adapter != "lora" and lora.loraplus_ratio != 1:
        yield Problem("lora.loraplus_ratio", f"a {config.adapter} has no second matrix; set 1")
    if config.adapter == "lokr" and lora.lokr_factor == 0:
        yield Problem("lora.lokr_factor", "choose a number from 1, or -1")
    if lora.conv_alpha and not lora.conv_rank:
        yield Problem(
            "lora.conv_alpha", "scales the convolutions, which do not learn: set lora.conv_rank too"
        )
    if lora.start_file and lora.start != "fresh":
        yield Problem("lora.start_file", "is what a fresh adapter begins with: set lora.start=fresh")
    elif lora.start_file and not is_file(lora.start_file):
        yield Problem("lora.start_file", f"{lora.start_file} is not a file")
    for setting, low, high in (("block_ranks", 0, 512), ("block_lr_factors", 0, 1000)):
        yield from _block_problems(f"lora.{setting}", getattr(lora, setting), low, high)
        if getattr(lora, setting).strip() and not config.parts.train_unet:
            yield Problem(f"lora.{setting}", "names blocks of the U-Net, which is not trained")


def _block_problems(setting: str, text: str, low: float, high: float) -> Iterator[Problem]:
    try:
        values = parse_blocks(text)
    except ValueError as error:
        yield Problem(setting, str(error))
        return
    for item in values:
        if not low <= item.value <= high:
            yield Problem(setting, f"{item.value:g} is not between {low:g} and {high:g}")
        if setting.endswith("ranks") and item.value != int(item.value):
            yield Problem(setting, f"a rank is a whole number, and {item.value:g} is not")


def validation_problems(config: TrainConfig) -> Iterator[Problem]:
    """A folder that is not there, or whose pictures are trained."""
    folder = config.validation.data_dir
    if folder and not is_dataset(folder):
        yield Problem("validation.data_dir", f"{folder} {NO_DATASET}")
    if folder and any(folder == concept.instance_data_dir for concept in config.concepts):
        yield Problem(
            "validation.data_dir", "is a folder that is trained: name another, or set validation.fraction"
        )


def placement_problems(config: TrainConfig) -> Iterator[Problem]:
    """Where no second set of weights fits."""
    if config.ema.placement == "beside" and config.adapter != "none":
        yield Problem("ema.placement", "an adapter's file holds one set of weights: choose main")


def saving_problems(config: TrainConfig) -> Iterator[Problem]:
    """A name that no file can have, a folder that is not there, and saves that would all stay."""
    if config.saving.name and (fault := find_name_fault(config.saving.name)):
        yield Problem("saving.name", fault)
    if config.saving.copy_to and not is_folder(config.saving.copy_to):
        yield Problem("saving.copy_to", f"{config.saving.copy_to} is not a folder")
    if config.saving.keep_best and not config.saving.keep_last:
        yield Problem("saving.keep_best", "all saves are kept already: set saving.keep_last too")
    if config.saving.keep_best and not (config.validation.fraction or config.validation.data_dir):
        yield Problem("saving.keep_best", "nothing tells which is best: set validation.fraction or data_dir")


def machine_problems(config: TrainConfig) -> Iterator[Problem]:
    """Processes that cannot be shared among the machines, or cannot meet."""
    machines = config.machines
    if machines.num_processes % machines.num_machines:
        yield Problem("machines.num_processes", f"must be a multiple of the {machines.num_machines} machines")
    if machines.num_machines > 1 and not machines.main_address.strip():
        yield Problem("machines.main_address", "several machines need the address of the first")
    if machines.num_processes > 1 and config.precision.device == "mps":
        yield Problem("machines.num_processes", "there is one mps device: set 1, or precision.device=cpu")
    if machines.accelerate_config and machines.num_processes == 1:
        yield Problem(
            "machines.accelerate_config", "is for several processes: set machines.num_processes too"
        )
    elif machines.accelerate_config:
        try:
            told = read_accelerate_file(Path(machines.accelerate_config))
        except ValueError as error:
            yield Problem("machines.accelerate_config", str(error))
            return
        yield from (Problem(*problem) for problem in accelerate_file_problems(told, config))


def find_problems(config: TrainConfig) -> list[Problem]:
    """Every contradiction in the settings."""
    checks = (
        concept_problems,
        method_problems,
        size_problems,
        variation_problems,
        training_problems,
        average_problems,
        placement_problems,
        caption_problems,
        adapter_problems,
        rate_problems,
        optimizer_problems,
        schedule_problems,
        saving_problems,
        loss_problems,
        noise_problems,
        preservation_problems,
        validation_problems,
        machine_problems,
    )
    return [problem for check in checks for problem in check(config)]
