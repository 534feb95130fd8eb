"""Every field of every form is described, and forms refuse what a job could not do, all at once."""

import pytest

from dreambooth.config.forms.create import CreateForm, ImportForm, InspectForm
from dreambooth.config.forms.export import ExportForm
from dreambooth.config.forms.files import LoraFile
from dreambooth.config.forms.filling import fill
from dreambooth.config.forms.sample import GridForm, SampleForm
from dreambooth.config.forms.tools import TOOL_FORMS
from dreambooth.config.option import describe_settings, find_fault
from dreambooth.config.samples import SampleConfig
from dreambooth.config.store import ConfigError

FORMS = [CreateForm, InspectForm, ImportForm, SampleForm, GridForm, ExportForm, *TOOL_FORMS.values()]
FIELDS = {
    f"{form.__name__}.{setting.name}": setting
    for form in [*FORMS, LoraFile]
    for setting in describe_settings(form)  # a row of a form, too
}


def field_of(form, name):
    return next(setting for setting in describe_settings(form) if setting.name == name)


@pytest.fixture
def files(tmp_path):
    """Some files that are there; what is in them is the job's business."""
    paths = [tmp_path / f"{name}.safetensors" for name in "abc"]
    for path in paths:
        path.write_bytes(b"")
    return [str(path) for path in paths]


@pytest.fixture
def refused():
    """The lines that a form refuses values with."""

    def lines_of(form, **values):
        with pytest.raises(ConfigError) as caught:
            fill(form, values)
        return str(caught.value).splitlines()

    return lines_of


@pytest.mark.parametrize("name", FIELDS)
def test_field_is_described_and_its_default_is_allowed(name):
    setting = FIELDS[name]
    assert setting.description.label
    assert setting.description.help.endswith(".")
    assert find_fault(setting, setting.default) is None
    if setting.kind in ("int", "float"):
        low, high = setting.description.low, setting.description.high
        assert find_fault(setting, low) is find_fault(setting, high) is None
        assert "below the least value" in find_fault(setting, low - 1)
        assert "above the greatest value" in find_fault(setting, high + 1)


def test_fields_of_one_form_have_names_of_their_own():
    for form in FORMS:
        names = [setting.name for setting in describe_settings(form)]
        assert len(names) == len(set(names))


def test_sampler_is_the_one_that_settings_have():
    assert field_of(SampleForm, "sampler").choices == field_of(SampleConfig, "sampler").choices


def test_what_may_be_left_unsaid_is_none_and_nothing_else_of_another_kind():
    predicts = field_of(CreateForm, "predicts")
    assert (predicts.kind, predicts.optional, predicts.default) == ("choice", True, None)
    assert find_fault(predicts, "noise") == "choose one of epsilon, v_prediction"
    assert find_fault(field_of(CreateForm, "zero_terminal_snr"), "yes") == "'yes' is not a bool"
    assert "not a str" in find_fault(field_of(CreateForm, "source"), None)


def test_description_tells_roles_and_rows_where_there_are_any():
    loras = field_of(TOOL_FORMS["lora_bake"], "loras").to_json()
    assert (loras["kind"], loras["required"]) == ("rows", True)
    assert [(row["name"], row.get("role")) for row in loras["rows"]] == [
        ("path", "file"),
        ("strength", None),
        ("text_strength", None),
    ]
    assert "role" not in field_of(SampleForm, "steps").to_json()


def test_form_is_filled_by_name(files):
    form = fill(CreateForm, {"name": "dog", "source": files[0], "zero_terminal_snr": False})
    assert (form.name, form.source, form.zero_terminal_snr, form.use_ema) == ("dog", files[0], False, False)


def test_rows_are_filled_too(files):
    values = {
        "checkpoint": files[0],
        "loras": [{"path": files[1]}, {"path": files[2], "strength": 0.5}],
        "to": "x",
    }
    assert fill(TOOL_FORMS["lora_bake"], values).loras == (
        LoraFile(path=files[1]),
        LoraFile(path=files[2], strength=0.5),
    )


def test_everything_that_is_wrong_is_told_in_a_line_each(refused):
    assert refused(SampleForm, prompt=" ", steps=0, sampler="best", stepps=2) == [
        "stepps: there is no such field",
        "prompt: must be given",
        "steps: 0 is below the least value 1",
        "sampler: choose one of ddim, euler, euler_a, dpmpp_2m, unipc",
    ]


def test_files_and_folders_must_be_there(refused, files, tmp_path):
    assert refused(TOOL_FORMS["merge"], primary="/none", secondary=str(tmp_path), to="x") == [
        "primary: /none is not a file",
        f"secondary: {tmp_path} is not a file",
    ]
    assert refused(ImportForm, source=files[0]) == [f"source: {files[0]} is not a folder"]
    long = "x" * 5000
    assert refused(InspectForm, source=long) == [f"source: {long!r} is not the name of a file"]


def test_faults_in_rows_are_told_by_their_number(refused, files):
    rows = [{"path": files[0]}, {"path": "/none"}, {"strength": 99}, {"path": files[0], "weight": 1}]
    assert refused(TOOL_FORMS["lora_merge"], loras=rows, to="x") == [
        "loras.1.path: /none is not a file",
        "loras.2.path: must be given",
        "loras.2.strength: 99 is above the greatest value 10",
        "loras.3.weight: there is no such field",
    ]
    assert refused(TOOL_FORMS["lora_merge"], loras=files, to="x")[0].endswith("is not a list of rows")
    assert refused(TOOL_FORMS["lora_merge"], loras=[], to="x") == ["loras: must be given"]


@pytest.mark.parametrize(
    ("job", "values", "line"),
    [
        ("merge", {"method": "add_difference"}, "tertiary: add_difference takes the model that"),
        ("merge", {"tertiary": "A"}, "tertiary: weighted_sum takes two models"),
        ("merge", {"discard": "("}, "discard: '(' is no regular expression"),
        ("lora_resize", {"rank": 4, "share": 0.5}, "share: has a meaning with sv_ratio"),
        ("lora_resize", {"rank": 4, "share": 0.5, "rank_method": "sv_ratio"}, "share: is 1 at least"),
        ("lora_resize", {"rank": 4, "share": 2, "rank_method": "sv_fro"}, "share: is more than 0"),
        ("lora_resize", {}, "rank: must be given"),
        ("lora_merge", {"conv_rank": 4}, "rank: without it nothing is cut"),
        ("lora_merge", {"loras": ["A"]}, "loras: merging takes two"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(refused, files, job, values, line):
    whole = {
        "merge": {"primary": files[0], "secondary": files[1]},
        "lora_resize": {"lora": files[0]},
        "lora_merge": {"loras": [{"path": files[0]}, {"path": files[1]}]},
    }
    asked = {name: files[2] if value == "A" else value for name, value in values.items()}
    asked = {name: [{"path": files[2]}] if value == ["A"] else value for name, value in asked.items()}
    lines = refused(TOOL_FORMS[job], **{**whole[job], "to": "x.safetensors", **asked})
    assert [told.startswith(line) for told in lines] == [True]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"name": "dog"}, "source: choose a checkpoint"),
        ({"name": "dog", "source": "A", "hub": "a/b"}, "hub: a model comes from one place"),
        ({"name": "a/b", "source": "A"}, "name: a name cannot contain /"),
        ({"source": "A"}, "name: must be given"),
    ],
)
def test_model_has_a_name_and_one_source(refused, files, values, line):
    asked = {name: files[0] if value == "A" else value for name, value in values.items()}
    assert [told.startswith(line) for told in refused(CreateForm, **asked)] == [True]


def test_grid_takes_saved_steps_and_prompts_that_say_something(refused):
    assert refused(GridForm, saves=["", ""], prompts=["a dog", " "]) == [
        "prompts: one of them is empty: leave it out",
        "saves: one of them is named twice: leave one out",
    ]
    assert refused(GridForm, saves=[], prompts="a dog") == [
        "saves: must be given",
        "prompts: 'a dog' is not a list of texts",
    ]
    assert fill(GridForm, {"saves": [""], "prompts": ["a dog"]}).saves == ("",)
