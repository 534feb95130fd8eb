"""Captions changed and put back."""

import pytest

from dreambooth.data.caption_journal import KEPT, Journal, find_last, plan_change, undo
from dreambooth.data.errors import DataError


@pytest.fixture
def journals(tmp_path):
    """The folder of journals."""
    return tmp_path / "journals"


def write(journals, tmp_path, **captions):
    Journal(journals).write(plan_change(tmp_path / f"{name}.txt", text) for name, text in captions.items())


@pytest.mark.parametrize(
    "before",
    [b"a dog", b"two\nlines\r\n", "größer 🐕".encode(), b"gr\xf6\xdfer", b"\xff\xfea\x00", b"", None],
)
def test_file_is_put_back_byte_for_byte(tmp_path, journals, before):
    path = tmp_path / "a.txt"
    if before is not None:
        path.write_bytes(before)
    write(journals, tmp_path, a="ein größerer Hund")
    assert path.read_text(encoding="utf-8") == "ein größerer Hund"
    assert undo(find_last(journals)).num_restored == 1
    assert (path.read_bytes() if path.exists() else None) == before


def test_caption_that_was_changed_again_is_left_and_told(tmp_path, journals):
    write(journals, tmp_path, a="one", b="two")
    (tmp_path / "a.txt").write_text("by hand")
    undone = undo(find_last(journals))
    assert (undone.num_restored, undone.left) == (1, (tmp_path / "a.txt",))
    assert (tmp_path / "a.txt").read_text() == "by hand"


def test_changes_are_taken_back_one_after_the_other(tmp_path, journals):
    for text in ("one", "two", "three"):
        write(journals, tmp_path, a=text)
    texts = []
    while journal := find_last(journals):
        undo(journal)
        texts.append((tmp_path / "a.txt").read_text() if (tmp_path / "a.txt").exists() else None)
    assert texts == ["two", "one", None]


def test_kill_in_the_middle_can_be_taken_back(tmp_path, journals):
    def die(number):
        if number == 1:
            raise KeyboardInterrupt

    changes = [plan_change(tmp_path / f"{name}.txt", "new") for name in "abc"]
    with pytest.raises(KeyboardInterrupt):
        Journal(journals).write(changes, die)
    journal = find_last(journals)
    journal.write_text(journal.read_text() + '{"path": "torn')
    assert undo(journal).num_restored == 1
    assert list(tmp_path.glob("*.txt")) == []


def test_journal_that_names_other_files_is_refused(journals):
    journals.mkdir()
    (journals / "20260101-000000-000.jsonl").write_text(
        '{"path": "/etc/passwd", "before": "x", "after": "y"}\n'
    )
    with pytest.raises(DataError, match="passwd is none"):
        undo(find_last(journals))


def test_old_journals_go(tmp_path, journals):
    for number in range(KEPT + 3):
        write(journals, tmp_path, a=str(number))
    assert len(list(journals.iterdir())) == KEPT
    assert '"after": "52"' in find_last(journals).read_text()


def test_without_changes_there_is_nothing_to_take_back(tmp_path, journals):
    write(journals, tmp_path)
    assert find_last(journals) is None
