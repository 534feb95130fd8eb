"""What ``install.py`` finds out about the command line of the webui, and the options that the webui gets."""

import argparse
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from dreambooth.environment.host_options import find_option

ROOT = Path(__file__).resolve().parents[2]
FIND = "from dreambooth.environment.host_options import find_option; print(find_option())"


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        ("--xformers --dreambooth-env /data/envs --api", "/data/envs"),
        ("--dreambooth-env=/data/envs", "/data/envs"),
        ("--dreambooth-env '/my data/envs'", "/my data/envs"),
        ('--dreambooth-env "C:/My Webui/envs"', "C:/My Webui/envs"),
        ("--dreambooth-env /one --dreambooth-env /two", "/two"),
        ("--dreambooth-env", None),
        ("--dreambooth-environment /other", None),
        ("--dreambooth-env '/without its end", None),
        ("", None),
    ],
)
def test_option_is_read_as_the_webui_reads_it(line, folder, monkeypatch):
    monkeypatch.setenv("COMMANDLINE_ARGS", line)
    assert find_option() == folder


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a process what its parent was started with"
)
@pytest.mark.parametrize("words", [["--dreambooth-env", "/my data/envs"], ["--dreambooth-env=/my data/envs"]])
def test_option_of_the_command_line_that_started_the_webui_is_found(words, monkeypatch):
    monkeypatch.delenv("COMMANDLINE_ARGS", raising=False)
    # A webui in small: it runs its extensions' installers through a shell.
    webui = f"import subprocess; subprocess.run({f'{sys.executable} -c {FIND!r}; true'!r}, shell=True)"
    command = [sys.executable, "-c", webui, "--api", *words, "--xformers"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "/my data/envs"


def preload(parser: argparse.ArgumentParser) -> None:
    runpy.run_path(str(ROOT / "preload.py"))["preload"](parser)


def test_webui_gets_both_options():
    parser = argparse.ArgumentParser()
    preload(parser)
    options = parser.parse_args(["--dreambooth-env", "envs", "--dreambooth-models-path", "models"])
    assert (options.dreambooth_env, options.dreambooth_models_path) == ("envs", "models")
    assert vars(parser.parse_args([])) == {"dreambooth_env": None, "dreambooth_models_path": None}


def test_second_copy_of_the_extension_does_no_harm():
    parser = argparse.ArgumentParser()
    preload(parser)
    preload(parser)
    assert parser.parse_args(["--dreambooth-env", "envs"]).dreambooth_env == "envs"


def test_preload_loads_nothing_that_takes_time():
    code = "import sys, runpy; runpy.run_path('preload.py'); print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not [name for name in answer.stdout.split() if name.split(".")[0] in ("dreambooth", "subprocess")]
