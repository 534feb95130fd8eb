"""The CLIP tokenizer, built from the merge list that ships with us."""

from __future__ import annotations

from functools import cache

from transformers import CLIPTokenizer

from dreambooth.text.vocabulary import END_OF_TEXT, START_OF_TEXT, derive_vocabulary, load_merges


@cache
def clip_tokenizer(pad_token: str = END_OF_TEXT) -> CLIPTokenizer:
    """The tokenizer of every CLIP text encoder; SD 1.x pads with the end token, SD 2.x and bigG with "!"."""
    merges = load_merges()
    return CLIPTokenizer(
        vocab=derive_vocabulary(merges),
        merges=merges,  # type: ignore[arg-type]  # annotated list[str], but pairs are what it takes
        unk_token=END_OF_TEXT,
        bos_token=START_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=pad_token,
        model_max_length=77,
    )
