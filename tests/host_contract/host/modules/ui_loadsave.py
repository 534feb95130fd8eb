"""ui-config.json: what the hosts keep of every labelled component, and force upon it at the next start."""

import json
from pathlib import Path
from typing import Any

import gradio as gr

VISIBLE = (gr.Slider, gr.Radio, gr.Checkbox, gr.Textbox, gr.Number, gr.Dropdown, gr.Button)
VALUED = (gr.Slider, gr.Radio, gr.Checkbox, gr.Textbox, gr.Number, gr.Dropdown)


class UiLoadsave:
    """Reads the file at the start, and writes it when a component is new."""

    def __init__(self, filename: str) -> None:
        self.path = Path(filename)
        self.ui_settings: dict[str, Any] = {}
        if self.path.exists():
            self.ui_settings = json.loads(self.path.read_text(encoding="utf-8"))
        self.before = dict(self.ui_settings)

    def add_block(self, block: Any, path: str) -> None:
        """Every component inside; one without children must have a label, if it is None."""
        if hasattr(block, "children"):
            for child in block.children:
                self.add_block(child, path)
        elif block.label is not None:
            self.add_component(f"{path}/{block.label}", block)
        elif isinstance(block, gr.Button) and block.value is not None:
            self.add_component(f"{path}/{block.value}", block)

    def add_component(self, path: str, component: Any) -> None:
        if type(component) in VISIBLE and component.visible:
            self._apply(path, component, "visible")
        if type(component) in VALUED:
            self._apply(path, component, "value")
        if type(component) is gr.Slider:
            for field in ("minimum", "maximum", "step"):
                self._apply(path, component, field)

    def _apply(self, path: str, component: Any, field: str) -> None:
        if getattr(component, "do_not_save_to_config", False):
            return
        kept = self.ui_settings.get(f"{path}/{field}")
        if kept is None:
            self.ui_settings[f"{path}/{field}"] = getattr(component, field)
        else:
            setattr(component, field, kept)

    def dump_defaults(self) -> None:
        if self.ui_settings != self.before:
            self.path.write_text(json.dumps(self.ui_settings, indent=4), encoding="utf-8")
