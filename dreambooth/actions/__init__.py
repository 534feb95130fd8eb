"""What may be asked of the trainer, by name: the page, and later HTTP, ask the same things.

An action takes values by name and returns values by name, both plain JSON. It refuses with ConfigError.
"""
