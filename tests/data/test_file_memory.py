"""What is remembered of files, and when it is found out again."""

import os
import time

import pytest

from dreambooth.data.file_memory import FileMemory

LONG_AGO_NS = time.time_ns() - 3_600 * 10**9


@pytest.fixture
def write(tmp_path):
    """Writes a file that seems to be older than a moment."""

    def write_file(name, text, seconds_later=0):
        path = tmp_path / name
        path.write_text(text)
        time_ns = LONG_AGO_NS + seconds_later * 10**9
        os.utime(path, ns=(time_ns, time_ns))
        return path

    return write_file


def test_file_is_looked_at_once_while_it_stays_as_it_is(write):
    memory, path, looks = FileMemory(10), write("a", "one"), []
    for _ in range(3):
        assert memory.recall(path, lambda: looks.append(1) or path.read_text()) == "one"
    assert len(looks) == 1


@pytest.mark.parametrize(("text", "seconds_later"), [("two", 1), ("three", 0)])
def test_other_time_or_length_is_another_content(write, text, seconds_later):
    memory, path = FileMemory(10), write("a", "one")
    memory.recall(path, path.read_text)
    write("a", text, seconds_later)
    assert memory.recall(path, path.read_text) == text


def test_file_of_this_moment_is_looked_at_again(tmp_path):
    memory, path = FileMemory(10), tmp_path / "a"
    path.write_text("one")
    memory.recall(path, path.read_text)
    status = path.stat()
    path.write_text("two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # as where the clock of a disk is coarse
    assert memory.recall(path, path.read_text) == "two"


def test_one_file_is_known_about_several_things(write):
    memory, path = FileMemory(10), write("a", "one")
    assert memory.recall(path, path.read_text, about="text") == "one"
    assert memory.recall(path, lambda: 3, about="length") == 3
    assert memory.recall(path, lambda: 4, about="length") == 3


def test_what_was_used_longest_ago_goes_when_it_becomes_too_much(write):
    memory = FileMemory(6, weigh=len)
    paths = [write(name, f"{name}bc") for name in "xyz"]
    for path in (paths[0], paths[1], paths[0], paths[2]):
        memory.recall(path, path.read_text)
    assert [memory.recall(path, lambda: "new") for path in paths] == ["xbc", "new", "new"]


def test_what_is_wrong_with_a_file_is_not_remembered(write):
    memory, path = FileMemory(10), write("a", "one")
    with pytest.raises(ZeroDivisionError):
        memory.recall(path, lambda: 1 / 0)
    assert memory.recall(path, path.read_text) == "one"
