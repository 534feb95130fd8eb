"""The doctor, asked from a page."""

from dreambooth.actions import doctor
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
    assert doctor.run(place, {"again": True}) is not told
