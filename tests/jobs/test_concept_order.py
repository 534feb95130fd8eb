"""Concepts change their places, and generated class images stay with theirs."""

from dataclasses import replace

import pytest

from dreambooth.config.concept import Concept
from dreambooth.config.editing import StaleSettings
from dreambooth.config.folders import ModelFolder, RunFolder
from dreambooth.config.settings import TrainConfig
from dreambooth.config.store import ConfigError, ModelRecord, save_record
from dreambooth.jobs.concept_order import duplicate_concept, move_concept, remove_concept
from dreambooth.jobs.library import Library
from dreambooth.locks import file_lock

NAME = "dog"


@pytest.fixture
def library(tmp_path) -> Library:
    """A model that was never loaded, of four concepts; all but the second have class images."""
    concepts = tuple(Concept(instance_token=token) for token in "abcd")
    folder = ModelFolder(tmp_path / NAME)
    save_record(folder.config_file, ModelRecord(config=TrainConfig(concepts=concepts)))
    for index, token in enumerate("abcd"):
        if token != "b":
            folder.classifiers(index).mkdir()
            (folder.classifiers(index) / f"of_{token}").touch()
    return Library(tmp_path)


def look(library: Library) -> list[tuple[str, list[str]]]:
    """The token of each concept, and whose class images it has."""
    folder = library.folder(NAME)
    return [
        (concept.instance_token, sorted(path.name for path in folder.classifiers(index).glob("*")))
        for index, concept in enumerate(library.load(NAME).config.concepts)
    ]


def as_it_should_be(tokens: str) -> list[tuple[str, list[str]]]:
    return [(token, [] if token == "b" else [f"of_{token}"]) for token in tokens]


@pytest.mark.parametrize(
    ("index", "to", "tokens"),
    [(0, 3, "bcda"), (3, 0, "dabc"), (1, 2, "acbd"), (2, 1, "acbd"), (2, 2, "abcd"), (0, 1, "bacd")],
)
def test_moved_concept_takes_its_class_images_along(library, index, to, tokens):
    move_concept(library, NAME, index, to)
    assert look(library) == as_it_should_be(tokens)


@pytest.mark.parametrize(("index", "tokens"), [(0, "bcd"), (1, "acd"), (3, "abc")])
def test_removed_concept_leaves_its_class_images_among_the_backups(library, index, tokens):
    removed = library.load(NAME).config.concepts[index].instance_token
    remove_concept(library, NAME, index)
    assert look(library) == as_it_should_be(tokens)
    kept = [path.name for path in library.folder(NAME).backups.glob(f"classifiers_{index}-*/*")]
    assert kept == ([] if removed == "b" else [f"of_{removed}"])


def test_concepts_removed_in_one_moment_are_all_kept(library):
    for _ in range(4):
        remove_concept(library, NAME, 0)
    kept = {path.name for path in library.folder(NAME).backups.glob("classifiers_0-*/*")}
    assert kept == {"of_a", "of_c", "of_d"}


def test_copy_stands_behind_its_concept_and_has_no_class_images(library):
    duplicate_concept(library, NAME, 0)
    assert look(library) == [("a", ["of_a"]), ("a", []), *as_it_should_be("bcd")]


def test_class_images_of_no_concept_do_not_become_those_of_a_new_one(library):
    config = library.load(NAME).config
    library.save_config(NAME, replace(config, concepts=config.concepts[:2]))
    duplicate_concept(library, NAME, 1)
    assert look(library) == [("a", ["of_a"]), ("b", []), ("b", [])]


def test_place_that_is_not_there_is_refused(library):
    with pytest.raises(ConfigError, match="there is no place 4; there are 4"):
        move_concept(library, NAME, 0, 4)
    with pytest.raises(ConfigError, match="there is no concept 4"):
        duplicate_concept(library, NAME, 4)
    assert look(library) == as_it_should_be("abcd")


def test_stale_page_changes_nothing(library):
    revision = library.load(NAME).revision
    move_concept(library, NAME, 0, 3, expected_revision=revision)
    with pytest.raises(StaleSettings):
        move_concept(library, NAME, 0, 3, expected_revision=revision)
    with pytest.raises(StaleSettings):
        remove_concept(library, NAME, 0, expected_revision=revision)
    assert look(library) == as_it_should_be("bcda")


def test_class_images_that_a_job_uses_stay_where_they_are(library):
    run = RunFolder(library.folder(NAME).runs / "20260101-000000-000-train")
    run.path.mkdir(parents=True)
    with file_lock(run.lock_file, waiting=lambda: None), pytest.raises(ConfigError, match="a job is at work"):
        move_concept(library, NAME, 0, 3)
    assert look(library) == as_it_should_be("abcd")
