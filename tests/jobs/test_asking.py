"""What a form, filled in on a page or by a command, asks of its job."""

from pathlib import Path

import pytest

from dreambooth.cli import build_parser
from dreambooth.config.forms.create import CreateForm, ImportForm, InspectForm
from dreambooth.config.forms.export import ExportForm
from dreambooth.config.forms.sample import GridForm, SampleForm
from dreambooth.form_arguments import read_form
from dreambooth.jobs import asking
from dreambooth.jobs.runs import read_job
from dreambooth.tool_commands import CONVERT, LORA_TOOLS, MERGE
from tests.conftest import MODEL

OUTPUT = {"to": "/out.safetensors", "dtype": "keep", "overwrite": False}
WISHES = {"vae": None, "use_ema": False, "predicts": None, "zero_terminal_snr": None}
RANKS = {"rank": 0, "conv_rank": 0, "rank_method": "fixed", "share": 1.0}


def lora(path, strength=1.0, text_strength=None):
    return {"path": path, "strength": strength, "text_strength": text_strength}


@pytest.mark.parametrize(
    ("line", "tool", "asked"),
    [
        (
            "convert /a --ema --predicts epsilon --no-zero-terminal-snr --prune --to /out.safetensors",
            CONVERT,
            {
                **WISHES,
                **OUTPUT,
                "source": "/a",
                "prune": True,
                "use_ema": True,
                "predicts": "epsilon",
                "zero_terminal_snr": False,
            },
        ),
        (
            "merge /a /b --to /out.safetensors --overwrite",
            MERGE,
            {
                **OUTPUT,
                "overwrite": True,
                "primary": "/a",
                "secondary": "/b",
                "tertiary": None,
                "vae": None,
                "method": "weighted_sum",
                "multiplier": 0.3,
                "discard": "",
            },
        ),
        (
            "lora merge /a=0.5 /b=1,0 --rank 4 --to /out.safetensors",
            LORA_TOOLS["merge"],
            {**RANKS, **OUTPUT, "rank": 4, "loras": [lora("/a", 0.5), lora("/b", 1, 0)]},
        ),
        (
            "lora bake /a /b --to /out.safetensors",
            LORA_TOOLS["bake"],
            {**OUTPUT, "checkpoint": "/a", "loras": [lora("/b")]},
        ),
        (
            "lora extract /a /b --to /out.safetensors",
            LORA_TOOLS["extract"],
            {**RANKS, **OUTPUT, "rank": 32, "base": "/a", "tuned": "/b", "min_difference": 1e-3},
        ),
        (
            "lora resize /a --rank 4 --to /out.safetensors",
            LORA_TOOLS["resize"],
            {**RANKS, **OUTPUT, "rank": 4, "lora": "/a"},
        ),
        (
            "lora convert /a --base /b --to /out.safetensors",
            LORA_TOOLS["convert"],
            {**OUTPUT, "lora": "/a", "base": "/b", "layout": "kohya"},
        ),
    ],
)
def test_command_for_finished_files_asks_what_its_words_say(line, tool, asked):
    assert tool.values(build_parser().parse_args(line.split())) == asked


def test_paths_are_whole_whoever_asks(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    values = MERGE.values(build_parser().parse_args(["merge", "a", "b", "c", "--to", "out.ckpt"]))
    assert (values["tertiary"], values["to"]) == (str(tmp_path / "c"), str(tmp_path / "out.ckpt"))


@pytest.mark.parametrize(
    ("words", "place"),
    [(["--source", "/a.ckpt"], {"source": "/a.ckpt"}), (["--hub", "owner/model"], {"hub": "owner/model"})],
)
def test_model_is_made_of_one_source(library, words, place):
    form = read_form(CreateForm, build_parser().parse_args(["create", "dog", *words, "--vae", "/v.pt"]))
    asked = read_job(asking.prepare_create(library, form))
    assert {name: asked.pop(name) for name in ("job", "model_dir", "models_dir")} == {
        "job": "create",
        "model_dir": "../../dog",
        "models_dir": "../..",
    }
    assert asked == {**WISHES, **place, "vae": "/v.pt"}


def test_looking_at_a_source_asks_the_same_and_has_no_model(library):
    asked = read_job(asking.prepare_inspect(library, InspectForm(source="/a.ckpt", use_ema=True)))
    assert asked == {
        **WISHES,
        "job": "inspect",
        "models_dir": "../..",
        "source": "/a.ckpt",
        "use_ema": True,
    }


def test_imported_model_has_the_name_of_its_folder_or_another(library):
    runs = [
        asking.prepare_import(library, ImportForm(source="/old/dog")),
        asking.prepare_import(library, ImportForm(source="/old/dog", name="cat")),
    ]
    assert [Path(read_job(run)["model_dir"]).name for run in runs] == ["dog", "cat"]
    assert read_job(runs[0]).keys() == {"job", "models_dir", "model_dir", "source"}


def test_drawing_is_asked_with_the_settings_of_the_model(library, tmp_path):
    run = asking.prepare_sample(library, MODEL, SampleForm(prompt="a dog", to="/elsewhere"), tmp_path)
    asked = read_job(run)
    assert (asked["prompt"], asked["to"], asked["weights"]) == ("a dog", str(tmp_path), "")
    assert (asked["steps"], asked["sampler"], asked["adapter_weight"]) == (20, "ddim", 1.0)
    assert asked["config"]["data"]["resolution"] == 64
    grid = read_job(
        asking.prepare_sample(library, MODEL, GridForm(saves=("",), prompts=("a", "b")), tmp_path)
    )
    assert (grid["saves"], grid["prompts"]) == ([""], ["a", "b"])
    assert not {"prompt", "weights"} & grid.keys()


def test_export_is_asked_where_to_write(library, tmp_path):
    form = ExportForm(format="lora", overwrite=True)
    asked = read_job(asking.prepare_export(library, MODEL, form, tmp_path / "x.safetensors"))
    assert {name: asked[name] for name in ("to", "format", "dtype", "overwrite")} == {
        "to": str(tmp_path / "x.safetensors"),
        "format": "lora",
        "dtype": "fp16",
        "overwrite": True,
    }
