"""The host's settings: described one by one, kept in config.json, shown on its Settings page."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from modules.shared_cmd_options import cmd_opts

_OWN = {"data_labels", "data"}


class OptionInfo:
    """One setting."""

    def __init__(
        self,
        default: Any = None,
        label: str = "",
        component: Callable[..., Any] | None = None,
        component_args: Any = None,
        onchange: Callable[[], Any] | None = None,
        section: tuple[str, str] | None = None,
        refresh: Callable[[], Any] | None = None,
        **named: Any,
    ) -> None:
        self.default = default
        self.label = label
        self.component = component
        self.component_args = component_args
        self.onchange = onchange
        self.section = section
        self.refresh = refresh
        self.comment_before = named.pop("comment_before", "")
        self.comment_after = named.pop("comment_after", "")
        self.do_not_save = False
        assert set(named) <= {"infotext", "restrict_api", "category_id"}, named

    def info(self, info: str) -> "OptionInfo":
        self.comment_after += f"<span class='info'>({info})</span>"
        return self

    def html(self, html: str) -> "OptionInfo":
        self.comment_after += html
        return self

    def needs_restart(self) -> "OptionInfo":
        self.comment_after += " <span class='info'>(requires restart)</span>"
        return self

    def needs_reload_ui(self) -> "OptionInfo":
        self.comment_after += " <span class='info'>(requires Reload UI)</span>"
        return self


class OptionHTML(OptionInfo):
    """Words between settings."""

    def __init__(self, text: str) -> None:
        super().__init__(str(text).strip(), component=lambda **named: gr.HTML(**named))
        self.do_not_save = True


def options_section(section: tuple[str, str], options: dict[str, OptionInfo]) -> dict[str, OptionInfo]:
    """The same settings, in that section."""
    for option in options.values():
        option.section = section
    return options


class Options:
    """Settings are attributes."""

    def __init__(self, data_labels: dict[str, OptionInfo]) -> None:
        self.data_labels = data_labels
        self.data = {name: info.default for name, info in data_labels.items() if not info.do_not_save}

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _OWN and name in self.data_labels:
            assert not cmd_opts.freeze_settings, "changing settings is disabled"
            self.data[name] = value
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name in _OWN:
            raise AttributeError(name)
        if name in self.data:
            return self.data[name]
        if name in self.data_labels:
            return self.data_labels[name].default
        raise AttributeError(name)

    def add_option(self, name: str, info: OptionInfo) -> None:
        self.data_labels[name] = info
        if name not in self.data and not info.do_not_save:
            self.data[name] = info.default

    def set(self, name: str, value: Any, *, run_callbacks: bool = True) -> bool:
        """Change one; whether it was another before."""
        if self.data.get(name) == value:
            return False
        setattr(self, name, value)
        if run_callbacks and self.data_labels[name].onchange is not None:
            self.data_labels[name].onchange()
        return True

    def onchange(self, name: str, call: Callable[[], Any]) -> None:
        self.data_labels[name].onchange = call

    def save(self, filename: str) -> None:
        Path(filename).write_text(json.dumps(self.data, indent=4), encoding="utf-8")

    def load(self, filename: str) -> None:
        if Path(filename).exists():
            self.data = json.loads(Path(filename).read_text(encoding="utf-8"))
