"""Folders as people have them: files by name and text, pictures without a pixel."""

import json
from pathlib import Path

import pytest

from dreambooth.data.roots.opening import list_root
from dreambooth.data.roots.reading import read_words


@pytest.fixture
def lay_out(tmp_path):
    """Writes files below the test's folder; a text for each, an object as JSON. Pictures are empty."""

    def write(files) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def words_of():
    """The words of every picture of a root, by name."""

    def read(place):
        return {source.name: read_words(source) for source in list_root(place).sources}

    return read


@pytest.fixture
def captions_of(words_of):
    """The caption of every picture of a root, by name."""
    return lambda place: {name: words.caption for name, words in words_of(place).items()}
