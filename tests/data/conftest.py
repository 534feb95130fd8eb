"""Small pictures on disk, and examples without any."""

from pathlib import Path

import pytest
from hypothesis import settings
from PIL import Image

from dreambooth.data.buckets import Size
from dreambooth.data.examples import Example
from dreambooth.data.picture_options import PictureOptions

# The same examples every time, however busy the machine is.
settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")


@pytest.fixture
def save_picture(tmp_path):
    """Saves a picture below the test's folder, with a caption beside it when one is given."""

    def save(name, size=(32, 32), colour="red", caption=None, **options):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, colour).save(path, **options)
        if caption is not None:
            path.with_suffix(".txt").write_text(caption, encoding="utf-8")
        return path

    return save


@pytest.fixture(scope="session")
def make_example():
    """An example that exists in memory only."""

    def make(name, *, side=64, concept=0, is_class=False, repeats=1, prompt="a, b, c, d", **options):
        return Example(
            image=Path(f"{name}.png"),
            original_size=Size(side, 64),
            size=Size(side, 64),
            content_hash=str(name),
            caption=prompt,
            prompt=prompt,
            concept=concept,
            is_class=is_class,
            loss_weight=0.5 if is_class else 1.0,
            repeats=repeats,
            options=PictureOptions(**options),
        )

    return make
