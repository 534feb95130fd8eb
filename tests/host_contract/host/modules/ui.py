"""The host's page: its own tabs as far as others reach into them, and those of extensions between them."""

from typing import Any

import gradio as gr
from fastapi import FastAPI
from flavour import FLAVOUR

from modules import call_queue, script_callbacks, shared, txt2img
from modules.infotext_utils import parse_generation_parameters
from modules.ui_gradio_extensions import reload_javascript
from modules.ui_loadsave import UiLoadsave
from modules.ui_settings import UiSettings


def _draw_txt2img() -> gr.Blocks:
    """The fields by the ids that they have in the real pages."""
    with gr.Blocks(analytics_enabled=False) as interface:
        task = gr.Textbox("task(stand_in)", visible=False)
        prompt = gr.Textbox(label="Prompt", elem_id="txt2img_prompt", lines=3)
        negative = gr.Textbox(label="Negative prompt", elem_id="txt2img_neg_prompt", lines=3)
        generate = gr.Button("Generate", elem_id="txt2img_generate")
        steps = gr.Slider(1, 150, 20, step=1, label="Sampling steps", elem_id="txt2img_steps")
        width = gr.Slider(64, 2048, 512, step=8, label="Width", elem_id="txt2img_width")
        height = gr.Slider(64, 2048, 512, step=8, label="Height", elem_id="txt2img_height")
        cfg_scale = gr.Slider(1.0, 30.0, 7.0, step=0.5, label="CFG Scale", elem_id="txt2img_cfg_scale")
        seed = gr.Number(-1, label="Seed", elem_id="txt2img_seed", precision=0)
        gallery = gr.Gallery(label="Output", elem_id="txt2img_gallery")
        parameters = gr.Textbox(visible=False, elem_id="generation_info_txt2img")
        info = gr.HTML(elem_id="html_info_txt2img")
        generate.click(
            call_queue.wrap_gradio_gpu_call(txt2img.txt2img),
            inputs=[task, prompt, negative, steps, cfg_scale, seed, width, height],
            outputs=[gallery, parameters, info],
            api_name="txt2img",
            queue=False,
        )
    return interface


def _draw_png_info() -> gr.Blocks:
    with gr.Blocks(analytics_enabled=False) as interface:
        picture = gr.Image(type="pil", label="Source", elem_id="pnginfo_image")
        told = gr.JSON(elem_id="pnginfo_parameters")
        picture.change(
            lambda image: parse_generation_parameters(image.info.get("parameters", "")) if image else {},
            inputs=[picture],
            outputs=[told],
        )
    return interface


def create_ui() -> gr.Blocks:
    """Everything; a tab of an extension is guarded by nothing here."""
    reload_javascript()
    loadsave = UiLoadsave(shared.cmd_opts.ui_config_file)
    settings = UiSettings()
    settings.register_settings()
    own = "Text" if FLAVOUR == "SD.Next" else "txt2img"
    interfaces: list[tuple[Any, str, str]] = [
        (_draw_txt2img(), own, "txt2img"),
        (_draw_png_info(), "PNG Info", "pnginfo"),
    ]
    settings_interface = settings.create_ui()
    interfaces += script_callbacks.ui_tabs_callback()
    interfaces += [(settings_interface, "Settings", "settings")]
    shared.tab_names = [label for _, label, _ in interfaces]
    with (
        gr.Blocks(analytics_enabled=False, title="Stable Diffusion") as demo,
        gr.Tabs(elem_id="tabs"),
    ):
        for interface, label, name in interfaces:
            if label in shared.opts.hidden_tabs:
                continue
            with gr.TabItem(label, id=name, elem_id=f"tab_{name}"):
                interface.render()
            if name not in ("extensions", "settings"):
                loadsave.add_block(interface, name)
    loadsave.dump_defaults()
    return demo


def answer_ping() -> dict[str, str]:
    return {}


def setup_ui_api(app: FastAPI) -> None:
    app.add_api_route("/internal/ping", answer_ping, methods=["GET"])
