"""Captions written by a model: which are there, and the job that does it."""

from __future__ import annotations

from typing import Any

from dreambooth.actions.asked import asked_choice, asked_path, asked_share, asked_text
from dreambooth.actions.places import refusing_bad_data
from dreambooth.actions.starting import begin
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.data.roots.opening import list_root
from dreambooth.jobs.taggers import MODES, find_taggers, prepare_captions

USUAL_THRESHOLD = 0.35


def list_taggers(place: Workplace, _: Values) -> dict[str, Any]:
    """Every model for captions, and what to put where when it ``is_there`` not."""
    taggers = [
        {
            "name": tagger.name,
            "label": tagger.label,
            "is_there": not tagger.advice,
            "advice": tagger.advice,
            "folder": str(tagger.folder),
        }
        for tagger in find_taggers(place.library)
    ]
    return {"taggers": taggers}


def run(place: Workplace, values: Values) -> dict[str, Any]:
    """Begin to write captions for the pictures of ``folder``.

    ``mode``: for those that are ``missing``, ``append`` to what is there, or ``replace`` it. The captions
    before are kept with the model, as those of other changes.
    """
    folder = asked_path(values, "folder")
    with refusing_bad_data():
        list_root(folder)
    asked = {
        "folder": str(folder),
        "mode": asked_choice(values, "mode", MODES),
        "threshold": asked_share(values, "threshold", USUAL_THRESHOLD),
    }
    name, which = asked_text(values, "name"), asked_text(values, "which")
    return begin(place, prepare_captions(place.library, name, which, asked))


ACTIONS: dict[str, Action] = {"tagger.list": list_taggers, "tagger.run": run}
