"""Models: what is known of them, and keeping house."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from dreambooth.actions.asked import asked_text
from dreambooth.actions.starting import begin
from dreambooth.actions.workplace import Action, Values, Workplace
from dreambooth.config.folders import is_folder
from dreambooth.config.forms.create import ImportForm
from dreambooth.config.forms.filling import fill
from dreambooth.config.store import ConfigError, Conflict, NotFound
from dreambooth.jobs.asking import prepare_import
from dreambooth.jobs.desktop import open_folder
from dreambooth.jobs.model_card import model_card
from dreambooth.jobs.model_list import list_models
from dreambooth.jobs.restoring import prepare_restore
from dreambooth.jobs.shelf import delete_model, prepare_duplicate, rename_model
from dreambooth.migration.outline import outline_old_model


def show_list(place: Workplace, _: Values) -> dict[str, Any]:
    """All models, the one that was trained last first."""
    return {"models": list_models(place.library)}


def show_card(place: Workplace, values: Values) -> dict[str, Any]:
    """Everything that is known of ``name``."""
    return model_card(place.library, asked_text(values, "name"))


def rename(place: Workplace, values: Values) -> dict[str, Any]:
    """Give ``name`` the name ``new_name``."""
    new_name = asked_text(values, "new_name")
    rename_model(place.library, asked_text(values, "name"), new_name)
    return {"name": new_name}


def duplicate(place: Workplace, values: Values) -> dict[str, Any]:
    """Copy ``name`` to ``new_name``."""
    run = prepare_duplicate(place.library, asked_text(values, "name"), asked_text(values, "new_name"))
    return begin(place, run)


def delete(place: Workplace, values: Values) -> dict[str, Any]:
    """Delete ``name``; ``confirmation`` is the name again."""
    name = asked_text(values, "name")
    return {"name": name, "bytes": delete_model(place.library, name, asked_text(values, "confirmation"))}


def inspect_old(_: Workplace, values: Values) -> dict[str, Any]:
    """What the folder ``source`` of the old extension holds, before it is imported."""
    source = asked_text(values, "source").strip()
    if not source or not is_folder(source):
        raise ConfigError(f"source: {source} is not a folder" if source else "source: must be given")
    try:
        return asdict(outline_old_model(Path(source)))
    except ConfigError as error:
        raise ConfigError(f"source: {error}") from None


def import_old(place: Workplace, values: Values) -> dict[str, Any]:
    """Make a model of a folder of the old extension; the values are those of its form."""
    form = fill(ImportForm, values)
    folder = place.library.folder(form.name or Path(form.source).resolve().name)
    if folder.path.exists():
        raise Conflict(f"name: {folder.name} is taken; choose another name")
    return begin(place, prepare_import(place.library, form))


def restore(place: Workplace, values: Values) -> dict[str, Any]:
    """Make the weights of a saved step, ``weights``, those of ``name`` again."""
    run = prepare_restore(place.library, asked_text(values, "name"), asked_text(values, "weights"))
    return begin(place, run)


def show_folder(place: Workplace, values: Values) -> dict[str, Any]:
    """Open the folder of ``name`` where this server runs, if somebody sits there."""
    folder = place.library.folder(asked_text(values, "name"))
    if not folder.path.is_dir():
        raise NotFound(f"there is no model {folder.name} any more")
    open_folder(folder.path, is_local=place.host.is_local())
    return {"path": str(folder.path)}


ACTIONS: dict[str, Action] = {
    "models.list": show_list,
    "models.card": show_card,
    "models.rename": rename,
    "models.duplicate": duplicate,
    "models.delete": delete,
    "models.inspect_old": inspect_old,
    "models.import": import_old,
    "models.restore": restore,
    "models.open_folder": show_folder,
}
