import pytest

from dreambooth.models.create import create_working
from dreambooth.models.load import load_model
from dreambooth.toybox import WEIGHTS_FILE


@pytest.fixture(scope="session")
def toybox(tmp_path_factory):
    """The model that ships with us."""
    working = tmp_path_factory.mktemp("toybox") / "working"
    create_working(WEIGHTS_FILE, working, source_name=WEIGHTS_FILE.name)
    return load_model(working)
