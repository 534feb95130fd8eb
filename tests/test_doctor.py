"""The trials of ``doctor`` that need torch, one real step each."""

import sys

import pytest

from dreambooth import doctor, environment


@pytest.mark.parametrize("name", ["torch", "device"])
def test_what_training_needs_is_here(name):
    assert doctor.PROBES[name]().state == "ok"


def test_8bit_optimizer_takes_a_real_step():
    assert "steps on" in doctor.PROBES["8-bit optimizer"]().text


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands in for Python")
def test_crash_of_a_trial_is_a_finding(tmp_path, monkeypatch):
    monkeypatch.setenv("DREAMBOOTH_ENV", str(tmp_path))
    python = environment.environment_python()
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nkill -SEGV $$\n")
    python.chmod(0o755)
    assert doctor._probe("8-bit optimizer").state == "warning"
    assert doctor._probe("device").state == "missing"


def test_little_disk_space_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "LEAST_SPACE_BYTES", 10**30)
    assert doctor._check_space(tmp_path).state == "missing"


def test_folder_that_does_not_exist_yet_is_judged_by_its_parent(tmp_path):
    finding = doctor._check_write_access(tmp_path / "models" / "dreambooth")
    assert finding.state == "ok"
    assert not (tmp_path / "models").exists()
