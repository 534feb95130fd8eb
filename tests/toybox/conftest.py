import pytest

from dreambooth.models.create import create_working, read_source
from dreambooth.models.load import load_model
from dreambooth.toybox import WEIGHTS_FILE


@pytest.fixture(scope="session")
def toybox(tmp_path_factory):
    """The model that ships with us."""
    working = tmp_path_factory.mktemp("toybox") / "working"
    create_working(read_source(WEIGHTS_FILE), working)
    return load_model(working)
