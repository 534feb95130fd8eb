"""The Settings page: a part for each section, a component for each option."""

from typing import Any

import gradio as gr

from modules import script_callbacks, shared
from modules.shared import opts

COMPONENTS = {str: gr.Textbox, int: gr.Number, float: gr.Number, bool: gr.Checkbox, list: gr.JSON}


class UiSettings:
    """Drawn from the options as they are once all extensions have added theirs."""

    def __init__(self) -> None:
        self.component_dict: dict[str, Any] = {}
        shared.settings_components = self.component_dict

    def register_settings(self) -> None:
        script_callbacks.ui_settings_callback()

    def create_ui(self) -> gr.Blocks:
        sections: dict[tuple[str, str], list[str]] = {}
        for name, info in opts.data_labels.items():
            sections.setdefault(tuple(info.section), []).append(name)
        with gr.Blocks(analytics_enabled=False) as interface:
            submit = gr.Button("Apply settings", elem_id="settings_submit")
            reload = gr.Button("Reload UI", elem_id="settings_restart_gradio")
            self.result = gr.HTML(elem_id="settings_result")
            with gr.Tabs(elem_id="settings"):
                for (name, title), options in sections.items():
                    with gr.TabItem(title, elem_id=f"settings_{name}"):
                        for option in options:
                            self.component_dict[option] = self._draw(option)
            reload.click(
                shared.state.request_restart, inputs=[], outputs=[], api_name="reload_ui", queue=False
            )
            kept = [name for name in self.component_dict if not opts.data_labels[name].do_not_save]
            submit.click(
                lambda *values: self._apply(dict(zip(kept, values, strict=True))),
                inputs=[self.component_dict[name] for name in kept],
                outputs=[self.result],
                api_name="apply_settings",
                queue=False,
            )
        return interface

    def _draw(self, name: str) -> Any:
        info = opts.data_labels[name]
        component = info.component or COMPONENTS[type(info.default if info.default is not None else "")]
        value = info.default if info.do_not_save else opts.data.get(name, info.default)
        arguments = info.component_args() if callable(info.component_args) else info.component_args or {}
        return component(label=info.label, value=value, elem_id=f"setting_{name}", **arguments)

    def _apply(self, values: dict[str, Any]) -> str:
        changed = [name for name, value in values.items() if opts.set(name, value)]
        opts.save(shared.config_filename)
        return f"{len(changed)} settings changed: {', '.join(changed)}."
