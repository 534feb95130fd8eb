"""The page: drawn from ``config`` as HTML of our own, alive by the scripts in ``javascript``.

Gradio gives it a place, a way to call Python, and the host's login; see docs/architecture.md.
"""
