"""Which words a picture is trained with. Pure functions; tests/data/test_prompts.py has a table of examples.

========== =================================================== ==========================================
method     instance image                                      class image
========== =================================================== ==========================================
dreambooth instance prompt, ``[filewords]`` filled in          class prompt; where it has ``[filewords]``:
hybrid     the same, and the instance token linked to it       filled in, named after the class alone
finetune   the caption alone                                   none (the caption alone)
========== =================================================== ==========================================

A class prompt may hold choices: of ``a photo of a {red|blue} dog``, class images are made by turns.

A token is found as a whole word, whatever its case, and may hold spaces and brackets. Runs of white space
become one space, and commas around nothing go with the token that is taken out. Nothing else is touched.
"""

from __future__ import annotations

import re

from dreambooth.config.concept import FILEWORDS, Concept
from dreambooth.config.settings import Method
from dreambooth.data.choices import readings, without_choices


def instance_caption(concept: Concept, caption: str, method: Method) -> str:
    """What an instance image is trained with."""
    if method == "finetune":
        return _collapse(caption)
    prompt = _collapse(concept.instance_prompt.replace(FILEWORDS, caption))
    return link_token(prompt, concept.instance_token, concept.class_token) if method == "hybrid" else prompt


def class_captions(concept: Concept, caption: str, method: Method) -> tuple[str, ...]:
    """What class images for an instance image with this caption are generated from: one for each choice."""
    if method == "finetune":
        return (_collapse(caption),)
    return tuple(_name_class(concept, prompt, caption) for prompt in readings(concept.class_prompt))


def class_caption(concept: Concept, caption: str, method: Method) -> str:
    """What a class image with this caption is trained with.

    A caption that belongs to one of the choices is used as it is, and the result, taken as a caption, gives
    itself again: it is what is saved beside a generated image. Any other picture is trained with the class
    prompt that names none of the choices.
    """
    captions = class_captions(concept, caption, method)
    if len(captions) == 1:
        return captions[0]
    if caption in captions:
        return caption
    return _name_class(concept, without_choices(concept.class_prompt), caption)


def _name_class(concept: Concept, prompt: str, caption: str) -> str:
    """The class prompt, ``[filewords]`` filled in.

    Of a prompt with ``[filewords]`` the instance token is taken out. A class token that is missing then takes
    the place of the instance token in the caption, or goes in front of the caption.
    """
    if FILEWORDS not in prompt:
        return _collapse(prompt)
    token, class_token = _collapse(concept.instance_token), _collapse(concept.class_token)
    template = replace_word(_collapse(prompt), token, "")
    words = _filewords_in(template, _collapse(caption))
    ordinary = replace_word(words, token, "")
    if class_token and not find_word(template.replace(FILEWORDS, ordinary), class_token):
        is_named = find_word(words, token) is not None
        ordinary = replace_word(words, token, class_token) if is_named else _join(class_token, words)
    return _collapse(template.replace(FILEWORDS, ordinary))


def sample_prompt(concept: Concept, caption: str, method: Method) -> str:
    """What a preview shows: the concept's sample prompt, else the prompt of an instance image."""
    if concept.save_sample_prompt.strip():
        return _collapse(concept.save_sample_prompt.replace(FILEWORDS, caption))
    return instance_caption(concept, caption, method)


def swap_token(prompt: str, instance_token: str, class_token: str) -> str:
    """A prompt that names the subject, as one that names its class; without the token it stays as it is.

    >>> swap_token("a photo of a sks dog", "sks", "dog")
    'a photo of a dog'
    >>> swap_token("a photo of sks", "sks", "dog")
    'a photo of dog'
    """
    token, class_token = _collapse(instance_token), _collapse(class_token)
    if not find_word(prompt, token):
        return prompt
    without = replace_word(prompt, token, "")
    is_class_left = find_word(without, class_token) and not find_word(token, class_token)
    if is_class_left and not re.search(r"[(\[]\s*[:)\]]", without):  # brackets around nothing
        return re.sub(r"([(\[]) ", r"\1", without)
    return replace_word(prompt, token, class_token)


def link_token(text: str, instance_token: str, class_token: str) -> str:
    """``text`` with the instance token: as it is when it has it, else before the class word, else in front.

    >>> link_token("a dog on grass", "sks", "dog")
    'a sks dog on grass'
    >>> link_token("lying on grass", "sks", "dog")
    'sks dog, lying on grass'
    """
    token, class_token = _collapse(instance_token), _collapse(class_token)
    if not token or find_word(text, token):
        return text
    is_class_in_token = find_word(token, class_token) is not None
    word = find_word(text, class_token)
    if word is None:
        return _join(token if is_class_in_token or not class_token else f"{token} {class_token}", text)
    subject = token if is_class_in_token else f"{token} {word[0]}"
    return text[: word.start()] + subject + text[word.end() :]


def find_word(text: str, word: str) -> re.Match[str] | None:
    """Where ``word`` first stands in ``text`` as a whole word; None for an empty word.

    Parts of a word do not count, nor do parts of a hyphenated one ("hot-dog" has no "dog"). Any white space
    is the same, and brackets match with and without the backslash of the webui's prompt syntax.
    """
    return _word_pattern(word).search(text) if word else None


def replace_word(text: str, word: str, instead: str) -> str:
    """``text`` with ``instead`` where ``word`` first stood and nothing where it did again, commas tidied."""
    while find_word(text, word):
        before, *after = _word_pattern(word).split(text)
        text = _collapse(before + instead + "".join(after))
        text = re.sub(r"(\s*,)+(?=\s*,)|\s+(?=,)", "", text).strip(" ,")  # commas and spaces before a comma
        instead = ""
    return text


def _word_pattern(word: str) -> re.Pattern[str]:
    plain = re.sub(r"\\([()\[\]{}])", r"\1", word)
    pieces = (_piece_pattern(piece) for piece in re.split(r"(\s+|[()\[\]{}])", plain) if piece)
    return re.compile(rf"(?<!\w)(?<!\w-){''.join(pieces)}(?!-?\w)", re.IGNORECASE)


def _piece_pattern(piece: str) -> str:
    if piece.isspace():
        return r"\s+"
    return r"\\?" + re.escape(piece) if piece in "()[]{}" else re.escape(piece)


def _filewords_in(template: str, caption: str) -> str:
    """What ``[filewords]`` stands for: the caption, or the middle of it when it is the template filled in."""
    before, _, after = template.partition(FILEWORDS)
    if caption == (before + after).strip():
        return ""
    is_filled = caption.startswith(before) and caption.endswith(after) and len(caption) >= len(before + after)
    return caption[len(before) : len(caption) - len(after)] if is_filled else caption


def _join(first: str, rest: str) -> str:
    return f"{first}, {rest}" if rest else first


def _collapse(text: str) -> str:
    return " ".join(text.split())
