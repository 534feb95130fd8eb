"""The doctor, asked from a page."""

import pytest

from dreambooth.actions import doctor
from dreambooth.actions.waiting import Answers
from dreambooth.config.store import ConfigError
from tests.actions.workshop import workplace


def test_findings_are_those_of_the_command_and_kept(library, tmp_path, monkeypatch):
    monkeypatch.setenv("DREAMBOOTH_ENV", str(tmp_path / "none"))  # what needs torch is not tried
    place = workplace(library)
    told = doctor.run(place, {"again": True})
    while told == {"pending": True}:
        told = doctor.run(place, {})
    assert [finding["name"] for finding in told["findings"]][:2] == ["Python", "environment"]
    assert (told["possible"], told["missing"]) == (False, ["environment"])
    assert doctor.run(place, {}) is told


def test_answer_is_worked_out_once_and_anew_when_asked_again():
    answers, asked = Answers(), []

    def work():
        asked.append(1)
        return {"number": len(asked)}

    told = [answers.find("a", 1, work, again=again)["number"] for again in (False, False, True)]
    assert told == [1, 1, 2]
    assert answers.find("a", 2, work, again=False)["number"] == 3
    assert answers.find("b", 2, work, again=False)["number"] == 4


def test_refusal_is_told_once_and_then_tried_anew():
    answers, asked = Answers(), []

    def work():
        asked.append(1)
        raise ConfigError("no")

    for number in (1, 2):
        with pytest.raises(ConfigError, match="no"):
            answers.find("a", 1, work, again=False)
        assert len(asked) == number
