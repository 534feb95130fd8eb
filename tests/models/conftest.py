import shutil
from pathlib import Path

import pytest
from torch import Tensor

from dreambooth.models.create import create_working, read_source
from dreambooth.models.family import Model
from dreambooth.models.load import load_model
from dreambooth.models.single_file import write_checkpoint
from tests.models.random_checkpoint import METADATA, build_parts, checkpoint_tensors


@pytest.fixture(scope="session")
def tensors() -> dict[str, Tensor]:
    return checkpoint_tensors(build_parts())


@pytest.fixture(scope="session")
def source(tensors, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("source") / "toy.safetensors"
    write_checkpoint(path, tensors, METADATA)
    return path


@pytest.fixture(scope="session")
def shared_working(source, tmp_path_factory) -> Path:
    """A model folder that tests only read."""
    working = tmp_path_factory.mktemp("model") / "working"
    create_working(read_source(source), working)
    return working


@pytest.fixture(scope="session")
def model(shared_working) -> Model:
    """A model that tests leave as it is."""
    return load_model(shared_working)


@pytest.fixture
def working(shared_working, tmp_path) -> Path:
    """A model folder of one's own."""
    return Path(shutil.copytree(shared_working, tmp_path / "working"))
