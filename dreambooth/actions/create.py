"""Making models: what they can be made of, what a source is, and the making."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dreambooth.actions.starting import begin
from dreambooth.actions.workplace import Action, Host, SourceFile, Values, Workplace
from dreambooth.config.forms.create import CreateForm, InspectForm
from dreambooth.config.forms.filling import fill
from dreambooth.config.store import Conflict
from dreambooth.jobs.asking import prepare_create, prepare_inspect
from dreambooth.toybox import WEIGHTS_FILE

TOYBOX = SourceFile("Toybox: the small model that ships with the trainer", WEIGHTS_FILE)


def start(place: Workplace, values: Values) -> dict[str, Any]:
    """Make a model; the values are those of its form."""
    form = fill(CreateForm, values)
    if place.library.folder(form.name).is_model():
        raise Conflict(f"name: there is a model {form.name} already; choose another name or delete it first")
    return begin(place, prepare_create(place.library, form))


def sources(place: Workplace, _: Values) -> dict[str, Any]:
    """The toybox, and the checkpoints that the host knows."""
    return {"sources": [{"label": each.label, "path": str(each.path)} for each in find_sources(place.host)]}


def find_sources(host: Host) -> list[SourceFile]:
    """What models can be made from; each once."""
    toybox = TOYBOX.path.resolve()
    return [TOYBOX, *(source for source in host.sources() if source.path.resolve() != toybox)]


def inspect(place: Workplace, values: Values) -> dict[str, Any]:
    """Look at a source before a model is made of it; the values are those of its form."""
    return begin(place, prepare_inspect(place.library, fill(InspectForm, values)))


ACTIONS: Mapping[str, Action] = {
    "create.start": start,
    "create.sources": sources,
    "create.inspect": inspect,
}
