"""Where each webui keeps things, by its command line or its settings, and who can reach it."""

import json

import pytest

from tests.host_contract.conftest import TELLER, TELLER_FOLDER
from tests.host_contract.hosts import NAMES, put_checkpoints, run_host, write_script


def told_by(host, *options: str, variables: dict[str, str] | None = None) -> dict:
    """What our side says of a webui that is started so; its folder is written as HOST."""
    host.add_us("dreams")
    told = write_script(host, "teller", TELLER) / "scripts" / "told.json"
    with run_host(host, *options, variables=variables):
        return json.loads(told.read_text().replace(str(host.path), "HOST"))


def test_folders_are_the_usual_ones(webui, flavour):
    host = webui.folder.path
    told = json.loads((host / "extensions" / TELLER_FOLDER / "scripts" / "told.json").read_text())
    in_host = json.loads(json.dumps(told).replace(str(host), "HOST"))
    assert in_host == {
        "name": NAMES[flavour],
        "is_local": True,
        "checkpoint": "HOST/models/Stable-diffusion",
        "lora": "HOST/models/Lora",
        "embeddings": "HOST/models/embeddings" if flavour == "SD.Next" else "HOST/embeddings",
        "hypernetworks": "HOST/models/hypernetworks",
        "vae": "HOST/models/VAE",
        "models": "HOST/models/dreambooth",
        "library": "HOST/models/dreambooth",
        "uploads": ["HOST/uploads"],
        "sources": {
            "one.safetensors": "HOST/models/Stable-diffusion/one.safetensors",
            "mine/two.ckpt": "HOST/models/Stable-diffusion/mine/two.ckpt",
        },
    }


@pytest.mark.parametrize("flavour", ["A1111"], indirect=True)
def test_command_line_names_other_folders(new_host):
    host = new_host()
    put_checkpoints(host.path / "ck")
    names = {
        "ckpt": "checkpoint",
        "lora": "lora",
        "embeddings": "embeddings",
        "hypernetwork": "hypernetworks",
    }
    options = [word for name in (*names, "vae") for word in (f"--{name}-dir", str(host.path / name[:2]))]
    told = told_by(host, "--models-dir", str(host.path / "m"), "--server-name", "127.0.0.1", *options)
    assert {told[there]: f"HOST/{name[:2]}" for name, there in names.items()} == {
        f"HOST/{name[:2]}": f"HOST/{name[:2]}" for name in names
    }
    assert (told["vae"], told["models"]) == ("HOST/va", "HOST/m/dreambooth")
    assert told["sources"]["mine/two.ckpt"] == "HOST/ck/mine/two.ckpt"
    assert not told["is_local"]


@pytest.mark.parametrize("flavour", ["SD.Next"], indirect=True)
def test_settings_of_sdnext_name_its_folders(new_host):
    host = new_host()
    put_checkpoints(host.path / "ck")
    settings = {f"{name}_dir": str(host.path / name[:2]) for name in ("ckpt", "lora", "vae", "embeddings")}
    (host.path / "config.json").write_text(json.dumps(settings))
    ours = ("--dreambooth-models-path", str(host.path / "ours"))
    told = told_by(host, *ours, variables={"GRADIO_SERVER_NAME": "0.0.0.0"})
    assert told["name"] == "SD.Next"
    found = [told[name] for name in ("checkpoint", "lora", "vae", "embeddings")]
    assert found == ["HOST/ck", "HOST/lo", "HOST/va", "HOST/em"]
    assert told["models"] == told["library"] == "HOST/ours"
    assert told["sources"]["one.safetensors"] == "HOST/ck/one.safetensors"
    assert not told["is_local"]
