"""Personal Stable Diffusion models from a few pictures: an extension for the webuis and a command line."""
