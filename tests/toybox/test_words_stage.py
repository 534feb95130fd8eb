"""Words that the world does not know leave a trace of their own."""

import pytest
import torch

from dreambooth.toybox.architecture import build_text_encoder
from dreambooth.toybox.text_stage import tokenise
from dreambooth.toybox.words_stage import used_directions, word_directions


@pytest.fixture(scope="module")
def text_encoder():
    torch.manual_seed(0)
    return build_text_encoder().eval()


def test_directions_of_words_have_nothing_in_common_with_what_captions_use(text_encoder):
    used, words = used_directions(text_encoder), word_directions(text_encoder)
    assert torch.allclose(used.T @ used, torch.eye(used.shape[1]), atol=1e-4)
    assert (words @ used).abs().max() < 1e-4
    assert torch.allclose(words.norm(dim=1), torch.ones(len(words)), atol=1e-4)


@torch.no_grad()
def test_unknown_word_moves_the_states_of_the_shipped_toybox_about_as_much_as_a_colour(toybox):
    encoder = toybox.parts["text_encoder"]
    plain, sks, other, red = encoder(
        tokenise([f"a photo of a {words}" for words in ("robot", "sks robot", "dog robot", "red robot")])
    ).last_hidden_state[:, 10:]
    by_colour = (red - plain).norm()
    assert 0.5 < (sks - plain).norm() / by_colour < 1.5
    assert (sks - other).norm() / by_colour > 0.5
