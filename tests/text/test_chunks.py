import random

import pytest

from dreambooth.text.chunks import Alphabet, Token, TokenCount, framed, split_into_chunks
from dreambooth.text.reading import Reading, drawn_reading

ALPHABET = Alphabet(start=1000, end=1001, pad=0, comma=999)
WEIGHTED = drawn_reading()


def tokenize(text):
    """Numbers are tokens, and commas."""
    return [999 if word == "," else int(word) for word in text.replace(",", " , ").split()]


def split(prompt, reading=WEIGHTED):
    return split_into_chunks(prompt, reading, tokenize, ALPHABET)


def numbers(chunks):
    return [[token.number for token in chunk] for chunk in chunks.read]


def counted(start, stop):
    return " ".join(map(str, range(start, stop)))


def test_an_empty_prompt_is_one_empty_chunk():
    assert numbers(split("")) == [[]]
    assert split("").count == TokenCount(total=0, read=0)


def test_a_chunk_has_start_end_and_padding():
    frame = framed([Token(5, 1.3)], ALPHABET)
    assert [token.number for token in frame] == [1000, 5, 1001, *[0] * 74]
    assert [token.weight for token in frame[:3]] == [1, 1.3, 1]


def test_75_tokens_are_one_chunk_and_76_are_two():
    assert list(map(len, numbers(split(counted(0, 75))))) == [75]
    assert list(map(len, numbers(split(counted(0, 76))))) == [75, 1]


def test_a_chunk_ends_at_a_comma_that_is_near():
    first, second = numbers(split(f"{counted(0, 60)}, {counted(100, 130)}"))
    assert (first[-1], len(first), second) == (999, 61, list(range(100, 130)))


def test_a_comma_that_is_far_or_comes_next_does_not_end_a_chunk():
    far, _ = numbers(split(f"{counted(0, 54)}, {counted(100, 130)}"))
    near, _ = numbers(split(f"{counted(0, 55)}, {counted(100, 130)}"))
    assert (len(far), len(near)) == (75, 56)
    full, rest = numbers(split(f"{counted(0, 70)}, {counted(100, 104)}, 200"))
    assert (len(full), rest) == (75, [999, 200])


def test_break_goes_on_in_a_new_chunk():
    assert numbers(split("1 2 BREAK 3")) == [[1, 2], [3]]
    assert numbers(split("BREAK 1")) == [[], [1]]
    assert numbers(split("1 BREAK")) == [[1]]


def test_tokens_have_the_weights_of_their_words():
    (chunk,) = split("1 (2:1.5) [3]").read
    assert [round(token.weight, 4) for token in chunk] == [1, 1.5, 0.9091]


def test_literal_prompts_are_read_as_they_stand():
    assert split("12 BREAK 3".replace("BREAK", "4"), Reading()).read == [[Token(12), Token(4), Token(3)]]
    with pytest.raises(ValueError, match="BREAK"):
        split("1 BREAK 2", Reading())


def test_the_last_chunk_that_is_read_is_filled_to_its_end():
    """So that the first 75 tokens are read where no more are, whatever commas stand in them."""
    prompt = f"{counted(0, 60)}, {counted(100, 240)}"
    (cut,) = numbers(split(prompt, Reading()))
    assert (len(cut), cut[60], split(prompt, Reading()).count) == (75, 999, TokenCount(total=201, read=75))
    first, last = numbers(split(prompt, Reading(max_tokens=150)))
    assert (len(first), len(last)) == (61, 75)


def test_strict_parts_have_an_end_and_a_start_between_them():
    assert numbers(split("1 2, 3; 4", Reading(strict=True))) == [[1, 2, 1001, 1000, 3, 1001, 1000, 4]]
    assert numbers(split(", 1, , (2), BREAK 3, ", Reading(strict=True, weighted=True, max_tokens=150))) == [
        [1, 1001, 1000, 2],
        [3],
    ]


def test_nothing_is_lost_and_nothing_is_too_long():
    rng = random.Random(0)
    for _ in range(200):
        words = [rng.choice(["1", "2", ",", "(3)", "(4:1.2)", "BREAK"]) for _ in range(rng.randrange(300))]
        chunks = split(" ".join(words), Reading(weighted=True, max_tokens=75 * 300))
        assert all(len(chunk) <= 75 for chunk in chunks.read)
        read = [number for chunk in numbers(chunks) for number in chunk]
        plain = {"(3)": "3", "(4:1.2)": "4", "BREAK": ""}
        assert read == tokenize(" ".join(plain.get(word, word) for word in words))
