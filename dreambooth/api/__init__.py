"""The same things as on the page, over HTTP: an ASGI app that a host mounts under ``/dreambooth``.

Plain Starlette, so that it is the same beside every FastAPI and pydantic. It leaves the host's app alone.
"""
