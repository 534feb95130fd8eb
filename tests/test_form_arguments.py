"""A form on the command line: which arguments it has, and what they say of themselves."""

from argparse import ArgumentParser

import pytest

from dreambooth.config.forms.create import CreateForm
from dreambooth.config.forms.export import ExportForm
from dreambooth.config.forms.lora_tools import LoraResizeForm
from dreambooth.config.forms.sample import SampleForm
from dreambooth.config.option import describe_settings
from dreambooth.form_arguments import Shape, add_form, as_help, read_form


@pytest.fixture
def parse():
    """The form that words on a command line fill in."""

    def parse_words(form, shape, *words):
        parser = ArgumentParser()
        add_form(parser, form, shape)
        return read_form(form, parser.parse_args(words))

    return parse_words


def test_fields_that_are_not_given_have_their_defaults(parse):
    assert parse(SampleForm, Shape(), "--prompt", "a dog") == SampleForm(prompt="a dog")


def test_values_have_the_kind_of_their_field(parse):
    form = parse(SampleForm, Shape(), "--prompt", "a", "--steps", "5", "--guidance-scale", "3")
    assert (form.steps, form.guidance_scale) == (5, 3.0)


@pytest.mark.parametrize(
    ("form", "shape", "words"),
    [
        (SampleForm, Shape(), []),
        (SampleForm, Shape(), ["--prompt", "a", "--sampler", "best"]),
        (SampleForm, Shape(required=("to",)), ["--prompt", "a"]),
        (CreateForm, Shape(positional=("name",), one_of=("source", "hub")), ["dog"]),
        (
            CreateForm,
            Shape(positional=("name",), one_of=("source", "hub")),
            ["dog", "--source", "a", "--hub", "b/c"],
        ),
        (ExportForm, Shape(left_out=("overwrite",)), ["--overwrite"]),
        (LoraResizeForm, Shape(), ["--lora", "a", "--to", "b"]),
    ],
)
def test_what_is_missing_or_too_much_is_wrong_usage(parse, form, shape, words):
    with pytest.raises(SystemExit):
        parse(form, shape, *words)


def test_help_is_that_of_the_form_in_the_manner_of_a_command_line():
    told = {setting.name: as_help(setting) for setting in describe_settings(SampleForm)}
    assert told["steps"] == "sampler steps of a picture (default 20)"
    assert told["guidance_scale"].endswith("1: without (default 7.5)")
    assert told["width"] == "0: the model's own"
    assert {setting.name: as_help(setting) for setting in describe_settings(CreateForm)}[
        "vae"
    ] == "a VAE file to use in place of the source's own"


def test_a_path_that_must_be_given_is_not_said_to_have_a_default():
    parser = ArgumentParser()
    add_form(parser, SampleForm, Shape(required=("to",)))
    assert "folder for the pictures\n" in parser.format_help()
    assert "empty: with the model" not in parser.format_help()
