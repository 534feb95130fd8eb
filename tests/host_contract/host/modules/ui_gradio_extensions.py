"""Puts the scripts and styles of all extensions into the page that Gradio answers with."""

from pathlib import Path

import gradio as gr

from modules import extensions, paths

_original = gr.routes.templates.TemplateResponse


def webpath(path: str) -> str:
    """As the host asks for it: seen from its own folder where the file lies in it."""
    file = Path(path)
    inside = file.is_relative_to(paths.script_path)
    name = file.relative_to(paths.script_path) if inside else file
    return f"file={name.as_posix()}?{file.stat().st_mtime}"


def reload_javascript() -> None:
    """Scripts of the host, then those of the extensions in the order of their names; styles in the body."""
    scripts = [str(Path(paths.script_path) / "script.js")]
    scripts += [file.path for file in extensions.list_files("javascript", ".js")]
    head = "".join(f'<script type="text/javascript" src="{webpath(path)}"></script>\n' for path in scripts)
    styles = [Path(extension) / "style.css" for extension in extensions.active()]
    links = "".join(
        f'<link rel="stylesheet" property="stylesheet" href="{webpath(str(style))}">'
        for style in styles
        if style.exists()
    )

    def answer(*arguments, **named):
        answered = _original(*arguments, **named)
        answered.body = answered.body.replace(b"</head>", f"{head}</head>".encode())
        answered.body = answered.body.replace(b"</body>", f"{links}</body>".encode())
        answered.init_headers()
        return answered

    gr.routes.templates.TemplateResponse = answer
