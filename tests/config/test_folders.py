"""Names of models, and files that appear whole."""

import pytest

from dreambooth.config.folders import ModelFolder, find_name_fault, is_file, is_folder, written_whole


@pytest.mark.parametrize("name", ["robot", "Mein Röboter 2", "a.b", "子犬", "x" * 100])
def test_name_is_allowed(name):
    assert find_name_fault(name) is None


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "end.", " a", "a ", "x" * 101])
def test_name_that_is_empty_long_or_dotted_is_refused(name):
    assert "1 to 100 characters" in find_name_fault(name)


@pytest.mark.parametrize("name", ["a/b", "a\\b", "a:b", "a?", "a*", "<a>", 'a"', "a|b", "a\nb", "a\0"])
def test_name_with_a_character_that_files_cannot_have_is_refused(name):
    assert "cannot contain" in find_name_fault(name)


def test_everything_of_a_model_lies_in_its_folder(tmp_path):
    model = ModelFolder(tmp_path / "toy")
    paths = [model.working, model.samples, model.logging, model.backups, model.checkpoints, model.runs]
    assert all(path.is_relative_to(model.path) for path in [*paths, model.classifiers(1), model.cache])
    assert (model.name, model.config_file.name) == ("toy", "db_config.json")
    assert not model.is_model()


def test_file_is_written_with_its_folder(tmp_path):
    with written_whole(tmp_path / "a" / "b.txt") as file:
        file.write("ü\n")
        assert not (tmp_path / "a" / "b.txt").exists()
    assert (tmp_path / "a" / "b.txt").read_bytes() == "ü\n".encode()


@pytest.mark.parametrize("mode", ["w", "wb"])
def test_file_stays_as_it_was_after_an_exception(tmp_path, mode):
    path = tmp_path / "file"
    path.write_text("before")

    def write_half() -> None:
        with written_whole(path, mode) as file:
            file.write("half" if mode == "w" else b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("typed", ["x" * 5000, "a\0b", "", "/nowhere/at all"])
def test_what_is_no_path_is_no_folder_and_no_file(typed):
    assert not is_file(typed)
    assert not is_folder(typed or "\0")


def test_folders_and_files_are_told_apart(tmp_path):
    (tmp_path / "a").write_text("")
    assert (is_folder(str(tmp_path)), is_file(str(tmp_path))) == (True, False)
    assert (is_folder(str(tmp_path / "a")), is_file(str(tmp_path / "a"))) == (False, True)
