"""What forms ask of jobs: the one place where their values become what a run is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dreambooth.config.folders import RunFolder
from dreambooth.config.forms.create import CreateForm, ImportForm, InspectForm
from dreambooth.config.forms.export import ExportForm
from dreambooth.config.forms.files import OutputForm
from dreambooth.config.forms.sample import GridForm, SampleForm
from dreambooth.config.option import Setting, describe_settings
from dreambooth.config.store import ConfigError, config_to_json
from dreambooth.jobs.library import Library
from dreambooth.jobs.start import prepare_run, prepare_tool

PATHS = ("file", "folder", "file or folder", "output")


def asked_by(form: object) -> dict[str, Any]:
    """The values of a form, or of a row in one: paths are whole, and None where there is none."""
    return {
        setting.name: _asked(setting, getattr(form, setting.name))
        for setting in describe_settings(type(form))
    }


def _asked(setting: Setting, value: Any) -> Any:  # noqa: ANN401 - whatever a field may hold
    if setting.kind == "rows":
        return [asked_by(row) for row in value]
    if setting.kind == "texts":
        return list(value)
    if setting.entry.role in PATHS:
        return str(Path(value).resolve()) if value or setting.entry.required else None
    return value


def prepare_create(library: Library, form: CreateForm) -> RunFolder:
    """The run that makes a model, of one of two sources; raises ConfigError without any."""
    folder = library.folder(form.name)
    if problems := list(form.problems()):
        raise ConfigError("\n".join(map(str, problems)))
    asked = asked_by(form)
    place = {name: value for name in ("hub", "source") if (value := asked.pop(name))}
    del asked["name"]
    return prepare_run(library, folder, "create", {**place, **asked})


def prepare_inspect(library: Library, form: InspectForm) -> RunFolder:
    """The run that looks at a source and makes nothing."""
    return prepare_tool(library, "inspect", asked_by(form))


def prepare_import(library: Library, form: ImportForm) -> RunFolder:
    """The run that makes a model of an old one."""
    asked = asked_by(form)
    name = asked.pop("name") or Path(asked["source"]).name
    return prepare_run(library, library.folder(name), "import", asked)


def prepare_sample(library: Library, name: str, form: SampleForm | GridForm, to: Path) -> RunFolder:
    """The run that draws with a model into the folder ``to``."""
    config = config_to_json(library.load(name).config)
    asked = {**asked_by(form), "to": str(to.resolve()), "config": config}
    return prepare_run(library, library.folder(name), "sample", asked)


def prepare_export(library: Library, name: str, form: ExportForm, to: Path) -> RunFolder:
    """The run that writes a model to ``to``."""
    library.load(name)
    asked = {**asked_by(form), "to": str(to.resolve())}
    return prepare_run(library, library.folder(name), "export", asked)


def prepare_with_config(library: Library, name: str, job: str) -> RunFolder:
    """The run of a job that goes by the model's settings as they are now."""
    config = config_to_json(library.load(name).config)
    return prepare_run(library, library.folder(name), job, {"config": config})


def prepare_finished(library: Library, job: str, form: OutputForm) -> RunFolder:
    """The run of a tool for finished files."""
    return prepare_tool(library, job, asked_by(form))
