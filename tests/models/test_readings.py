"""How every family reads captions: long ones, weights, layers."""

import pytest
import torch

from dreambooth.models.clip_text import emphasised
from dreambooth.models.create import create_working, read_source
from dreambooth.models.load import load_model
from dreambooth.models.tokenizer import clip_tokenizer
from dreambooth.text.reading import LITERAL, Reading, drawn_reading
from tests.models.conditions import told
from tests.models.tiny import FAMILIES, write_tiny

WEIGHTED = drawn_reading()
LONG = "a red robot and a green fish on grass " * 12  # 96 tokens, without a comma


@pytest.fixture(scope="module", params=["sd1", "sd2", "sdxl"])
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    source = write_tiny(folder / "tiny.safetensors", FAMILIES[request.param])
    create_working(read_source(source), folder / "working")
    loaded = load_model(folder / "working")
    for part in loaded.text_parts:
        for weight in loaded.parts[part].text_model.final_layer_norm.parameters():
            torch.nn.init.normal_(weight, 0.5)  # as they are in trained models; else states have no mean
    return loaded


@pytest.fixture
def is_sdxl(model):
    return model.architecture.family == "sdxl"


def encoder_of(model):
    """The first text encoder."""
    return model.parts[model.text_parts[0]]


def layer_of(model, tokens, skip=1):
    """What the first text encoder makes of rows of tokens, stated once more."""
    answer = encoder_of(model)(tokens, output_hidden_states=True)
    if model.architecture.family == "sdxl":
        return answer.hidden_states[-2]
    return encoder_of(model).text_model.final_layer_norm(answer.hidden_states[-skip])


def rows_of(model, *texts):
    """Tokens of single chunks."""
    pad = model.architecture.text_encoders[0].pad_token
    return clip_tokenizer(pad)(list(texts), padding="max_length", return_tensors="pt").input_ids


def first_states(model, states):
    """The part that comes from the first text encoder."""
    return states.hidden[..., : encoder_of(model).config.hidden_size]


@torch.no_grad()
def test_plain_captions_are_the_same_in_every_reading(model):
    captions = ["a photo of a robot", "", "fish, " * 30]
    literal = model.encode_captions(captions, LITERAL)
    for reading in (WEIGHTED, Reading(max_tokens=225), Reading(weighted=True)):
        assert torch.equal(model.encode_captions(captions, reading).hidden, literal.hidden)


@torch.no_grad()
def test_the_first_75_tokens_are_read_as_ever(model):
    tokens = clip_tokenizer(model.architecture.text_encoders[0].pad_token)(
        ["fish, " * 50], truncation=True, return_tensors="pt"
    ).input_ids
    assert tokens.shape == (1, 77)
    states = first_states(model, model.encode_captions(["fish, " * 50]))
    torch.testing.assert_close(states, layer_of(model, tokens), rtol=0, atol=1e-6)


@torch.no_grad()
def test_long_captions_are_read_chunk_by_chunk(model):
    states = model.encode_captions([LONG], Reading(max_tokens=225))
    words = LONG.split()
    expected = layer_of(model, rows_of(model, " ".join(words[:75]), " ".join(words[75:])))
    assert states.hidden.shape[1] == 154
    torch.testing.assert_close(first_states(model, states)[0], expected.flatten(0, 1), rtol=0, atol=1e-5)


@torch.no_grad()
def test_break_is_a_chunk_of_its_own(model):
    states = model.encode_captions(["a robot BREAK on grass"], WEIGHTED)
    expected = layer_of(model, rows_of(model, "a robot", "on grass"))
    torch.testing.assert_close(first_states(model, states)[0], expected.flatten(0, 1), rtol=0, atol=1e-5)


@torch.no_grad()
def test_weights_multiply_states_and_leave_their_mean(model):
    states = first_states(model, model.encode_captions(["a (red:1.5) robot"], WEIGHTED))
    plain = layer_of(model, rows_of(model, "a red robot"))
    weights = torch.ones(77)
    weights[2] = 1.5
    expected = plain * weights[:, None]
    expected *= plain.mean() / expected.mean()
    torch.testing.assert_close(states, expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(states.mean(), plain.mean())


@torch.no_grad()
def test_a_weight_of_one_changes_nothing(model):
    states = model.encode_captions(["a (red:1.0) robot", "a ([red]) robot"], WEIGHTED)
    plain = model.encode_captions(["a red robot"] * 2)
    torch.testing.assert_close(states.hidden, plain.hidden)


def test_states_without_a_mean_are_not_scaled():
    hidden = torch.tensor([[[1.0, -1], [2, -2]]], requires_grad=True)
    states = emphasised(hidden, torch.tensor([[1.0, 1.5]]))
    assert states.tolist() == [[[1, -1], [3, -3]]]
    states.sum().backward()
    assert hidden.grad.tolist() == [[[1, 1], [1.5, 1.5]]]


@torch.no_grad()
def test_a_caption_means_the_same_in_any_company(model):
    """Shorter captions are repeated, which the U-Net's attention does not notice."""
    captions = ["a robot", LONG, "a BREAK b BREAK c"]
    together = model.encode_captions(captions, WEIGHTED)
    assert together.hidden.shape[1] == 77 * 6
    latents = torch.randn(1, 4, 8, 8).expand(3, -1, -1, -1)
    answers = model.predict(latents, torch.tensor([500] * 3), told(together))
    for place, caption in enumerate(captions):
        alone = told(model.encode_captions([caption], WEIGHTED))
        expected = model.predict(latents[:1], torch.tensor([500]), alone)
        torch.testing.assert_close(answers[place : place + 1], expected, rtol=0, atol=1e-4)


@torch.no_grad()
def test_join_takes_captions_of_different_lengths(model):
    apart = [model.encode_captions([caption], WEIGHTED) for caption in ("a robot", LONG)]
    together = model.encode_captions(["a robot", LONG], WEIGHTED)
    torch.testing.assert_close(model.join_states(apart).hidden, together.hidden, rtol=0, atol=1e-5)


@torch.no_grad()
def test_clip_skip_reads_an_earlier_layer(model, is_sdxl):
    states = first_states(model, model.encode_captions(["a robot"], Reading(clip_skip=2)))
    expected = layer_of(model, rows_of(model, "a robot"), skip=2)
    torch.testing.assert_close(states, expected, rtol=0, atol=1e-6)
    is_the_same = torch.equal(states, first_states(model, model.encode_captions(["a robot"])))
    assert is_the_same == is_sdxl


@torch.no_grad()
def test_summaries_are_those_of_first_chunks(model, is_sdxl):
    states = model.encode_captions([LONG, "(fish:1.3) BREAK robot"], WEIGHTED)
    first = model.encode_captions([" ".join(LONG.split()[:75]), "fish"])
    if is_sdxl:
        torch.testing.assert_close(states.pooled, first.pooled)
    else:
        assert states.pooled is first.pooled is None


@torch.no_grad()
def test_strict_parts_stand_between_ends_of_their_own(model):
    strict = Reading(strict=True)
    states = first_states(model, model.encode_captions(["red, fish"], strict))
    tokens = clip_tokenizer()
    start, end = tokens.bos_token_id, tokens.eos_token_id
    red, fish = tokens("red fish", add_special_tokens=False).input_ids
    pad = rows_of(model, "").tolist()[0][-1]
    row = [start, red, end, start, fish, end]
    expected = layer_of(model, torch.tensor([row + [pad] * (77 - len(row))]))
    torch.testing.assert_close(states, expected, rtol=0, atol=1e-6)


def test_gradients_flow_through_weights_and_chunks(model):
    encoder = encoder_of(model)
    encoder.zero_grad()
    states = model.encode_captions(["a (red:1.5) robot BREAK (fish:0.5)", "a robot"], WEIGHTED)
    first_states(model, states).square().mean().backward()
    grads = encoder.text_model.embeddings.token_embedding.weight.grad
    (fish,) = clip_tokenizer()("fish", add_special_tokens=False).input_ids
    assert grads[fish].abs().sum() > 0
    encoder.zero_grad()


@torch.no_grad()
def test_weights_keep_half_precision(model):
    encoder = encoder_of(model)
    exact = first_states(model, model.encode_captions(["a (red:1.5) robot"], WEIGHTED))
    encoder.to(torch.bfloat16)
    half = first_states(model, model.encode_captions(["a (red:1.5) robot"], WEIGHTED))
    encoder.to(torch.float32)
    torch.testing.assert_close(half.float(), exact, rtol=0.05, atol=0.1)
