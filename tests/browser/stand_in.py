"""What a webui does with a tab: shows it beside its own, in its own Blocks. Run in each of the Gradios."""

import argparse
import inspect
import json
import os

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PADDING = "x" * 600_000
PAGE = f"""
<div id="stand_in" data-values='{{"a": 1}}'>
  <p id="text">${{value}} {{{{value}}}} &lt;script&gt; 😀</p>
  <label for="rank">Rank</label>
  <input id="rank" type="number" min="1" max="9" value="3" data-setting="lora.rank">
  <button type="button" id="unnamed"></button>
  <dialog id="dialog"><form method="dialog"><button>Close</button></form></dialog>
  <svg id="drawing" viewBox="0 0 10 10"><path d="M0 0L10 10" stroke="currentColor"></path></svg>
  <style>#stand_in {{ --ours: 7px }}</style>
  <template id="template"><i>inside</i></template>
  <p hidden id="padding">{PADDING}</p>
</div>
"""
SCRIPT = b"<script>window.readyWhenOursRan = document.readyState</script></head>"


def answer(asked: str) -> str:
    """A JSON text for a JSON text."""
    return json.dumps({"asked": json.loads(asked), "uploads": os.environ["GRADIO_TEMP_DIR"]})


def build_tab() -> gr.Blocks:
    with gr.Blocks(analytics_enabled=False) as tab:
        gr.HTML(PAGE)
        asked, told = gr.Textbox(visible=False), gr.Textbox(visible=False)
        gr.Button(visible=False).click(answer, asked, told, api_name="stand_in_call", queue=False)
        shown = gr.Textbox(label="Shown")
        gr.Button("An event of the host").click(lambda: "seen", None, shown)
    return tab


def build_host() -> gr.Blocks:
    tab = build_tab()
    with gr.Blocks(analytics_enabled=False) as host, gr.Tabs():
        with gr.Tab("Text to image"):
            gr.Markdown("The tab of the host.")
        with gr.Tab("Training"):
            tab.render()
    host.queue()
    return host


def mount(host: gr.Blocks, auth: tuple[str, str] | None) -> FastAPI:
    known = inspect.signature(gr.mount_gradio_app).parameters
    if "auth" not in known:
        host.auth, host.auth_message = [auth] if auth else None, None
    wanted = {"auth": auth, "ssr_mode": False}
    named = {name: value for name, value in wanted.items() if name in known}
    return gr.mount_gradio_app(FastAPI(), host, path="/", **named)


class WithScript:
    """Puts a script into the head of the page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != "/":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def rewrite(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                body = body.replace(b"</head>", SCRIPT, 1)
                headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
                await send({**start, "headers": headers})
                await send({"type": "http.response.body", "body": body})

        headers = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        await self.app({**scope, "headers": headers}, receive, rewrite)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--auth")
    parser.add_argument("port", type=int)
    chosen = parser.parse_args()
    login = tuple(chosen.auth.split(":")) if chosen.auth else None
    uvicorn.run(
        WithScript(mount(build_host(), login)), host="127.0.0.1", port=chosen.port, log_level="warning"
    )
