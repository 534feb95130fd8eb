"""Takes settings out of a file that somebody has: of this trainer, the old extension, or kohya's scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dreambooth.actions.asked import asked_text
from dreambooth.actions.settings import change_settings
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.migration.report import describe_report
from dreambooth.migration.settings_file import read_settings


def take(place: Workplace, values: Values) -> dict[str, Any]:
    """Give a model the settings in ``text``, the content of a file; tells what became of each line."""
    read = read_settings(asked_text(values, "text"), place.library.load(asked_text(values, "name")).config)
    told = change_settings(place, values, lambda _: read.config)
    report = read.report.to_json()
    words = "" if read.kind == "trainer" else describe_report(report)
    return {**told, "kind": read.kind, "report": report, "words": words}


ACTIONS: Mapping[str, Action] = {"settings.take_file": take}
