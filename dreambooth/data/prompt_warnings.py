"""What to tell of prompts before they are trained: which are cut, and which say less than they seem to."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import get_args, get_type_hints

from dreambooth.config.captions import CaptionsConfig
from dreambooth.config.concept import FILEWORDS, Concept
from dreambooth.config.settings import TrainConfig
from dreambooth.data.caption_reading import caption_reading
from dreambooth.data.concepts import num_class_images
from dreambooth.text.reading import Reading
from dreambooth.text.tokenizer import count_tokens
from dreambooth.text.weights import find_unread, is_marked

SHOWN = 60  # characters of a prompt
LENGTHS = [int(length) for length in get_args(get_type_hints(CaptionsConfig)["max_tokens"])]


def prompt_warnings(config: TrainConfig, prompts: Collection[str]) -> Iterator[str]:
    """What to tell of the prompts of pictures, class images' too."""
    reading = caption_reading(config.captions)
    counts = {prompt: count_tokens(prompt, reading) for prompt in prompts if _may_be_cut(prompt, reading)}
    cut = {prompt: count for prompt, count in counts.items() if count.read < count.total}
    if cut:
        longest = max(cut, key=lambda prompt: cut[prompt].total)
        count = cut[longest]
        enough = next((length for length in LENGTHS if length >= count.total), LENGTHS[-1])
        advice = f"; captions.max_tokens={enough} reads more" if enough > reading.max_tokens else ""
        how_many = "a prompt is" if len(cut) == 1 else f"{len(cut)} prompts are"
        yield (
            f"{how_many} longer than is read: of the {count.total} tokens of {_start_of(longest)} "
            f"{count.read} are used{advice}"
        )
    unread = (prompt for prompt in prompts if reading.weighted and find_unread(prompt))
    if prompt := next(unread, None):
        yield (
            f"{find_unread(prompt)} in {_start_of(prompt)} changes a prompt while a webui draws; it is read "
            "as plain words here"
        )


def _may_be_cut(prompt: str, reading: Reading) -> bool:
    """Whether it is worth counting: a token has a byte at least."""
    return reading.weighted or len(prompt.encode()) > reading.max_tokens


def template_warnings(config: TrainConfig, concept: Concept) -> Iterator[str]:
    """What to tell of the prompts of a concept before captions are filled in."""
    has_classes = num_class_images(concept, 1, config.method) > 0
    drawn = {
        "sample prompt": concept.save_sample_prompt,
        "sample negative prompt": concept.save_sample_negative_prompt,
        "class prompt": concept.class_prompt if has_classes else "",
        "class negative prompt": concept.class_negative_prompt if has_classes else "",
    }
    for name, prompt in drawn.items():
        if found := find_unread(_without_captions(prompt)):
            yield f"{found} in the {name} changes a prompt while a webui draws; here it is plain words"
    if config.captions.prompt_weights:
        return
    if is_marked(_without_captions(concept.instance_prompt)):
        yield (
            "the brackets of the instance prompt are taken literally; captions.prompt_weights=true has them "
            "weight words"
        )
    if is_marked(_without_captions(drawn["class prompt"])):
        yield (
            "class images are drawn with the weights of the class prompt, and trained on as it is written; "
            "captions.prompt_weights=true weights words there, too"
        )


def _without_captions(prompt: str) -> str:
    return prompt.replace(FILEWORDS, " ")


def _start_of(prompt: str) -> str:
    return repr(prompt) if len(prompt) <= SHOWN else f"{prompt[:SHOWN]!r} …"
