"""Environments on a tiny lock: real venvs, real pip, no network."""

import json
import shutil
from pathlib import Path

import pytest

from dreambooth import environment
from dreambooth.environment import place, stamps

NOTHING = "pip --version"  # in the place of torch


def use_tree(root: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(place, "ROOT", root)
    patch.delenv("DREAMBOOTH_ENV", raising=False)
    patch.delenv("DREAMBOOTH_TORCH_INDEX_URL", raising=False)
    patch.setenv("DREAMBOOTH_TORCH_COMMAND", NOTHING)
    patch.setenv("PIP_RETRIES", "1")


@pytest.fixture(scope="session")
def made_tree(tmp_path_factory):
    """A folder with an empty lock and the environment made from it, for copying."""
    root = tmp_path_factory.mktemp("made")
    for name in (stamps.LOCK, stamps.DEV_LOCK):
        (root / name).write_text("# nothing\n")
    with pytest.MonkeyPatch.context() as patch:
        use_tree(root, patch)
        environment.make_environment(print)
    return root


@pytest.fixture
def tree(made_tree, tmp_path, monkeypatch):
    """A ready environment of one's own."""
    root = tmp_path / "a tree"
    shutil.copytree(made_tree, root, symlinks=True)
    use_tree(root, monkeypatch)
    stamp_file = environment.find_ready().folder / stamps.BASE.stamp_file
    stamp_file.write_text(json.dumps({**json.loads(stamp_file.read_text()), "root": str(root)}))
    return root


@pytest.fixture
def empty_tree(tree):
    """The same before anything was made."""
    shutil.rmtree(environment.environment_folder())
    return tree
