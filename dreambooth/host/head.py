"""Puts our scripts and style into the head of the page that Gradio makes."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadWriter:
    """An ASGI layer: every HTML answer gets ``tags`` before the end of its head."""

    def __init__(self, app: ASGIApp, tags: str) -> None:
        self.app = app
        self.tags = tags.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on all but HTML as it comes; HTML is held back until it is whole."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def rewrite(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
            elif not start:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    body = body.replace(b"</head>", self.tags + b"</head>", 1)
                    kept = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
                    start["headers"] = [*kept, (b"content-length", str(len(body)).encode())]
                    await send(start)
                    await send({"type": "http.response.body", "body": body})

        await self.app(_plain(scope), receive, rewrite)


def _is_page(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in message["headers"]
    )


def _plain(scope: Scope) -> Scope:
    """The request without its wish for a compressed answer, which could not be read here."""
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]}
