"""What people, scripts and other programs rely on at the command line."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from dreambooth.cli import main
from dreambooth.config.option import describe_settings
from dreambooth.config.settings import TrainConfig
from dreambooth.console import Console, bar
from dreambooth.events import take_requests
from dreambooth.jobs.trainings import find_unfinished_training
from dreambooth.locks import file_lock
from dreambooth.toybox import WEIGHTS_FILE
from dreambooth.toybox.judge import JUDGE_FILE
from tests.conftest import MODEL
from tests.training.conftest import with_settings

ROOT = Path(__file__).resolve().parent.parent
LONG_PROMPT = " ".join(f"word{number}" for number in range(400))


@pytest.fixture
def call(library, capsys):
    """A command in this process: its exit code, its JSON lines and what it said to a person."""

    def call_main(*arguments: object) -> tuple[int, list[dict], str]:
        code = main(["--models-dir", str(library.path), *map(str, arguments)])
        out, err = capsys.readouterr()
        lines = [json.loads(line) for line in out.splitlines()] if "--json" in arguments else []
        return code, lines, out + err

    return call_main


@pytest.fixture
def start(library):
    """A command in a process of its own, to which Ctrl-C can be sent."""
    code = "import sys; from dreambooth.cli import main; sys.exit(main(sys.argv[1:]))"

    def start_process(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, "--models-dir", str(library.path), *map(str, arguments)]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    return start_process


@pytest.mark.parametrize(
    "words", ["", "fly", "train", "create toy", "ask toy dance", "export toy --to x --format zip"]
)
def test_wrong_usage_ends_with_code_2(words):
    with pytest.raises(SystemExit) as caught:
        main(words.split())
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train dog", "there is no model dog"),
        ("train toy --resume", "no interrupted training"),
        ("train toy --set lora.rnak=8 seed=x", "lora.rnak: there is no such setting"),
        ("train toy --set seed", "write it as key=value"),
        ("ask toy stop", "is not being trained now"),
        ("check ../toy", "cannot be a model's name"),
        ("concept toy set 0 --repeats 2", "there is no concept 0"),
        ("concept toy remove -1", "there is no concept -1"),
        ("concept toy add --repeats many", "'many' is not of the kind int"),
        ("settings --set seed=1", "name the model"),
    ],
)
def test_refusal_is_one_sentence_and_code_2(call, words, message):
    code, (*_, last), _ = call(*words.split(), "--json")
    assert (code, last["exit_code"], last["outcome"]) == (2, 2, "refused")
    assert message in last["message"]
    code, _, text = call(*words.split())
    assert code == 2
    assert message in text


def test_settings_are_listed_with_everything_that_is_known_of_them(call):
    code, (result,), _ = call("settings", "--json")
    assert code == 0
    assert [told["name"] for told in result["settings"]] == [s.name for s in describe_settings(TrainConfig)]
    assert result["settings"][0].keys() >= {
        "name",
        "default",
        "label",
        "help",
        "low",
        "high",
        "choices",
        "value",
    }
    assert "lora.rank = 16" in call("settings")[2]


def test_changed_settings_stay_changed(call, library):
    code, (result,), _ = call("settings", MODEL, "--set", "lora.rank=8", "seed=5", "--json")
    assert code == 0
    values = {told["name"]: told["value"] for told in result["settings"]}
    assert (values["lora.rank"], values["seed"], library.load(MODEL).config.seed) == (8, 5, 5)


def test_global_options_stand_before_or_after_the_command(library, capsys):
    models = ["--models-dir", str(library.path)]
    outputs = []
    for words in (
        [*models, "--json", "settings", MODEL],
        ["settings", MODEL, "--json", *models],
        [*models, "settings", "--json", MODEL],
    ):
        assert main(words) == 0
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] == outputs[2]


def test_concepts_are_added_changed_listed_and_removed(call, photos):
    call("concept", MODEL, "add", "--instance-data-dir", photos, "--instance-token", "sks")
    call("concept", MODEL, "add", "--class-prompt", "a dog")
    _, (result,), _ = call("concept", MODEL, "set", 1, "--repeats", 3, "--json")
    assert [(c["instance_token"], c["class_prompt"], c["repeats"]) for c in result["concepts"]] == [
        ("sks", "[filewords]", 1),
        ("", "a dog", 3),
    ]
    call("concept", MODEL, "remove", 0)
    _, (result,), _ = call("concept", MODEL, "list", "--json")
    assert [c["class_prompt"] for c in result["concepts"]] == ["a dog"]


def test_sizes_of_an_epoch_are_told_and_drawn(call, library, config, tmp_path):
    library.save_config(MODEL, config)
    code, _, text = call("buckets", MODEL, "--to", tmp_path / "sizes.png")
    assert code == 0
    assert "64x64" in text
    assert "3 showings in 3 steps" in text
    assert Image.open(tmp_path / "sizes.png").width > 500
    assert call("buckets", MODEL, "--json")[1][0]["num_images"] == 3
    code, _, text = call("buckets", MODEL, "--to", tmp_path / "sizes.txt")
    assert (code, "must end with .png" in text) == (2, True)


def test_relative_folders_are_kept_as_absolute_ones(call, library, photos, monkeypatch):
    monkeypatch.chdir(photos.parent)
    call("concept", MODEL, "add", "--instance-data-dir", photos.name)
    assert library.load(MODEL).config.concepts[0].instance_data_dir == str(photos)


def test_existing_model_is_not_made_again(call):
    code, lines, _ = call("create", MODEL, "--source", WEIGHTS_FILE, "--json")
    assert (code, lines[0]["event"], lines[-1]["outcome"]) == (2, "work", "refused")
    assert "there is a model toy already" in lines[-1]["message"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--ema",), "has no EMA weights to use"),
        (("--vae", JUDGE_FILE), "judge.safetensors is no VAE for this model"),
    ],
)
def test_what_create_is_asked_to_take_must_be_there(call, options, message):
    code, lines, _ = call("create", "new", "--source", WEIGHTS_FILE, *options, "--json")
    assert (code, lines[-1]["outcome"]) == (2, "refused")
    assert message in lines[-1]["message"]


def test_create_takes_the_word_of_the_user_for_what_a_model_predicts(call, library):
    assert call("create", "new", "--source", WEIGHTS_FILE, "--predicts", "v_prediction")[0] == 0
    assert library.load("new").predicts == "v_prediction"


def test_sample_with_a_very_long_prompt_writes_its_picture(call, tmp_path):
    code, lines, _ = call(
        *("sample", MODEL, "--prompt", LONG_PROMPT, "--to", tmp_path / "out", "--steps", 2, "--json")
    )
    assert (code, lines[-1]["outcome"]) == (0, "done")
    assert [str(path) for path in (tmp_path / "out").iterdir()] == lines[-1]["result"]["pictures"]


def test_training_under_way_takes_requests_and_no_second_one(call, begin, config):
    run = begin(config)
    with file_lock(run.lock_file, waiting=lambda: None):  # as its worker would hold it
        assert call("ask", MODEL, "save")[0] == 0
        code, _, text = call("train", MODEL)
    assert (code, take_requests(run)) == (2, ["save"])
    assert "is being trained" in text
    assert "is not being trained now" in call("ask", MODEL, "save")[2]


def test_ctrl_c_saves_and_resume_finishes(call, start, library, folder, config):
    library.save_config(MODEL, with_settings(config, adapter="lora", duration__max_steps=25))
    process = start("train", MODEL, "--json")
    for line in process.stdout:
        if json.loads(line)["event"] == "step":
            process.send_signal(signal.SIGINT)
            break
    rest, _ = process.communicate()
    last = json.loads(rest.splitlines()[-1])
    assert (process.returncode, last["outcome"], last["exit_code"]) == (130, "stopped", 130)
    stopped_at = last["result"]["step"]
    assert (find_unfinished_training(folder).state / "latest.json").exists()
    code, lines, _ = call("train", MODEL, "--resume", "--json")
    assert (code, lines[-1]["result"]["step"]) == (0, 25)
    assert [line["step"] for line in lines if line["event"] == "step"] == [*range(stopped_at + 1, 26)]


def test_ctrl_c_ends_a_job_that_has_nothing_to_save(start, folder, library, config):
    library.save_config(MODEL, config)
    process = start("check", MODEL)
    while not list(folder.runs.glob("*/worker.log")):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.parametrize(("done", "total"), [(0, 0), (0, 10), (5, 10), (10, 10)])
@pytest.mark.parametrize("width", [10, 40, 120])
def test_bar_fills_its_line_exactly(done, total, width):
    assert len(bar("training", done, total, "epoch 1 loss 0.1", width)) == width


STEP = {
    "event": "step",
    "step": 3,
    "num_steps": 3,
    "epoch": 1,
    "loss": 0.5,
    "instance_loss": 0.25,
    "prior_loss": None,
    "images_per_second": 2.0,
    "memory_bytes": 1_500_000_000,
}


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, "training 3/3 epoch 1 loss 0.5000 instance 0.2500 2.0 images/s 1.50 GB"),
        ({"prior_loss": 0.125}, "instance 0.2500 prior 0.1250 2.0 images/s"),
        ({"loss": None, "instance_loss": None}, "loss not a number instance not a number 2.0 images/s"),
    ],
)
def test_step_is_a_plain_line_in_a_pipe(capsys, values, line):
    Console(as_json=False).show({**STEP, **values})
    assert line in capsys.readouterr().out
