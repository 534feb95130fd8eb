"""Many captions changed at once, and put back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_choice, asked_flag, asked_mapping, asked_text
from dreambooth.actions.asked_pictures import asked_root, find_sources
from dreambooth.actions.background import LOOKING, Progress, Work
from dreambooth.actions.places import asked_pictures, refusing_bad_data
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.store import ConfigError
from dreambooth.data.caption_journal import Journal, find_last, plan_change, undo
from dreambooth.data.roots.caption_place import find_caption_file
from dreambooth.data.roots.reading import read_words
from dreambooth.data.roots.source import Source
from dreambooth.data.tags import KINDS, Edit, apply_edit, split_tags

MOST_SHOWN = 200


@dataclass(frozen=True)
class Rewrite:
    """A picture whose caption becomes another."""

    picture: Path
    file: Path  # that holds the caption
    before: str
    after: str


def journals(place: Workplace, name: str) -> Path:
    """Where the changes of captions are kept that were made with a model."""
    return place.library.folder(name).backups / "captions"


def bulk(place: Workplace, values: Values) -> dict[str, Any]:
    """Change the captions of ``paths``, or without them of the whole ``folder``, by one rule.

    With ``dry_run`` nothing is written. Of the changes the first are told.
    """
    name, edit = asked_text(values, "name"), _asked_edit(asked_mapping(values, "change"))
    place.library.load(name)
    with refusing_bad_data():
        rewrites = _plan(_asked_sources(place, values), edit)
        told = {"changed": len(rewrites), "changes": [_tell(each) for each in rewrites[:MOST_SHOWN]]}
        if asked_flag(values, "dry_run") or not rewrites:
            return {"complete": True, **told}
        folder = journals(place, name)
        return begin_work(lambda progress: {**told, **_write(folder, rewrites, progress)})


def _asked_edit(values: Values) -> Edit:
    kind = asked_choice(values, "kind", KINDS)
    text, by = asked_text(values, "text", ""), asked_text(values, "by", "")
    is_needed = kind != "dedupe_tags"
    if is_needed and (not text if kind in ("prefix", "suffix", "replace") else not split_tags(text)):
        raise ConfigError("text: say what to put there, or what to look for")
    return Edit(kind=kind, text=text, by=by, in_front=asked_flag(values, "in_front"))  # type: ignore[arg-type]


def _asked_sources(place: Workplace, values: Values) -> Sequence[Source]:
    if "paths" in values:
        return find_sources(values, asked_pictures(place, values))
    return asked_root(values).sources


def _plan(sources: Sequence[Source], edit: Edit) -> list[Rewrite]:
    """What the rule changes; raises DataError when one of those captions cannot be changed here."""
    rewrites = {}
    for source in sources:
        words = read_words(source)
        after = apply_edit(words.caption, edit)
        if after != words.caption:
            file = find_caption_file(source, words)
            rewrites[source.path] = Rewrite(source.path, file, words.caption, after)
    return list(rewrites.values())


def _tell(rewrite: Rewrite) -> dict[str, str]:
    return {"path": str(rewrite.picture), "before": rewrite.before, "after": rewrite.after}


def _write(folder: Path, rewrites: Sequence[Rewrite], progress: Progress) -> dict[str, Any]:
    changes = [plan_change(rewrite.file, rewrite.after) for rewrite in rewrites]
    try:
        Journal(folder).write(changes, lambda done: progress.say(done, len(changes)))
    finally:
        LOOKING.forget()
    return {"complete": True}


def take_back(place: Workplace, values: Values) -> dict[str, Any]:
    """Put the captions back that the last change of many changed; those changed since are ``left``."""
    name = asked_text(values, "name")
    place.library.load(name)
    journal = find_last(journals(place, name))
    if journal is None:
        raise ConfigError("there is no change of captions to take back")

    def work(_: Progress) -> dict[str, Any]:
        undone = undo(journal)
        LOOKING.forget()
        left = [str(path.name) for path in undone.left]
        return {"complete": True, "restored": undone.num_restored, "left": left}

    with refusing_bad_data():
        return begin_work(work)


def begin_work(work: Work) -> dict[str, Any]:
    """Begin to change files; the result, or the number of the ``work`` that goes on."""
    number = uuid.uuid4().hex
    LOOKING.start(number, work)
    return follow_work(number)


def follow_work(number: str) -> dict[str, Any]:
    """What came of it, else how far it is."""
    answer = LOOKING.follow(number)
    if isinstance(answer, Progress):
        return {"complete": False, "work": number, "done": answer.done, "total": answer.total}
    return answer


def follow(_: Workplace, values: Values) -> dict[str, Any]:
    """How far the ``work`` is that an action said it had begun, or what came of it."""
    with refusing_bad_data():
        return follow_work(asked_text(values, "work"))


ACTIONS: dict[str, Action] = {
    "dataset.bulk": bulk,
    "dataset.undo": take_back,
    "dataset.follow": follow,
}
