"""Thousands of requests that nobody would think of, made from the document; every answer is as it says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dreambooth.actions.workplace import Workplace
from dreambooth.api.job_ids import id_of_place
from dreambooth.config.folders import RunFolder
from dreambooth.jobs.library import Library
from tests.actions.workshop import workplace
from tests.api.server import client_of

EXAMPLES = os.environ.get("DREAMBOOTH_FUZZ_EXAMPLES", "4")  # of each kind; by hand, some hundreds
# By hand also "coverage,fuzzing": the first tries every setting by itself, which takes minutes.
PHASES = os.environ.get("DREAMBOOTH_FUZZ_PHASES", "fuzzing")
TAKE_MODELS_AWAY = "DELETE /v1/models/{name}|POST /v1/models/{name}/rename"
# What begins something that outlives the test: making an environment, TensorBoard, a window of the desktop.
NOT_TRIED = (
    "environment.make",
    "environment.remove",
    "tensorboard.start",
    "models.open_folder",
    "doctor.run",
)
# A schema cannot say that a file must be there, a name is taken, jobs cannot start here, or all is refused.
CONFIG = """
warnings = false
[parameters]
name = "toy"
job = "{job}"
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "404", "409", "410", "422", "503"]
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "503"]
"""


@pytest.fixture
def place(library, monkeypatch, tmp_path) -> Workplace:
    """A library where no job can be started."""
    monkeypatch.setenv("DREAMBOOTH_ENV", str(tmp_path / "none"))
    return workplace(library)


def write_config(library: Library, folder: Path) -> Path:
    """With names that are there, or most requests would find nothing."""
    run = next((library.path / ".jobs").iterdir())
    path = folder / "fuzz.toml"
    path.write_text(CONFIG.format(job=id_of_place(library.run_place(RunFolder(run)))), encoding="utf-8")
    return path


def write_document(document: dict, folder: Path) -> Path:
    """The document without what outlives the test."""
    action = document["paths"]["/v1/actions/{action}"]["post"]["parameters"][0]["schema"]
    action["enum"] = [name for name in action["enum"] if name not in NOT_TRIED]
    path = folder / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize("which", ["--exclude-name", "--include-name"])
def test_every_answer_is_as_the_document_says(place, tmp_path, which):
    with client_of(place) as client:
        document = write_document(client.get("/openapi.json").json(), tmp_path)
        config = write_config(place.library, tmp_path)
        options = {
            "--url": str(client.base_url).rstrip("/"),
            "--checks": "all",
            "--mode": "all",
            "--phases": PHASES,
            "--max-examples": EXAMPLES,
            "--seed": "1",
            f"{which}-regex": TAKE_MODELS_AWAY.replace("{", r"\{"),
        }
        command = [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "--config-file",
            str(config),
            "run",
            str(document),
        ]
        command += [word for option in options.items() for word in option]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
