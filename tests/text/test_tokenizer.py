"""Our tokenizer in plain Python, and that of transformers, by which models read."""

import random

import pytest

from dreambooth.models.tokenizer import clip_tokenizer
from dreambooth.text.chunks import TokenCount
from dreambooth.text.reading import LITERAL, Reading, drawn_reading
from dreambooth.text.tokenizer import count_tokens, tokenize
from dreambooth.toybox.world import full_caption

TEXTS = [
    "",
    " ",
    "a photo of a robot",
    "A Photo, of  a\n\tROBOT!!! (it's 1girl's 2nd)",
    "don't we'll I'm they've he'd you're '' 'sup !!'s",
    "saber_(fate/stay night), 4k, f/2.8, 85mm, #art @artist :) <3",
    "naïve café übergroß ÇELİK ΣΟΦΟΣ résumé e\u0301",
    "ロボットの写真、高画質　猫",
    "робот на траве ١٢٣ ½ ² Ⅷ",
    "🤖🏽 👨‍👩‍👧 ❤️ →",
    "masterpiece,best quality,(((solo))),[[lowres]],{blue}",
    "<lora:name:0.8> trailing <|endoftext|> and <|startoftext|>!",
    "zwx sks xjy ohwx supercalifragilisticexpialidocious",
    "\u00a0\u2003\u200b\x0b\x85\u2028 x",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "https://example.org/a?b=c&d=%20",
]


def theirs(text):
    return clip_tokenizer()(text, add_special_tokens=False, verbose=False).input_ids


@pytest.mark.parametrize("text", TEXTS)
def test_texts_have_the_tokens_of_transformers(text):
    assert tokenize(text) == theirs(text)


def test_random_texts_have_the_tokens_of_transformers():
    rng = random.Random(0)
    letters = "abcdefgh tuvwxyz ABC 0123 ,.;:!?()[]{}'\"-_/\\éßñøα字の한🙂\u0301\n"
    texts = ["".join(rng.choices(letters, k=rng.randrange(80))) for _ in range(500)]
    assert [tokenize(text) for text in texts] == theirs(texts)


def test_captions_have_the_tokens_of_transformers():
    colours, scenes = ("red", "green", "blue"), ("grass", "snow", "night")
    texts = [full_caption("robot", colour, scene) for colour in colours for scene in scenes]
    assert [tokenize(text) for text in texts] == theirs(texts)


@pytest.mark.parametrize(
    ("prompt", "reading", "count"),
    [
        ("robot " * 80, LITERAL, TokenCount(total=80, read=75)),
        ("robot " * 80, Reading(max_tokens=150), TokenCount(total=80, read=80)),
        ("a (red:1.3) robot", LITERAL, TokenCount(total=9, read=9)),
        ("a (red:1.3) robot", drawn_reading(), TokenCount(total=3, read=3)),
        ("a BREAK b", Reading(weighted=True), TokenCount(total=2, read=1)),
    ],
)
def test_tokens_are_counted_as_they_are_read(prompt, reading, count):
    assert count_tokens(prompt, reading) == count
