"""Stable Diffusion as modules: load, detect, encode, predict; single files and diffusers folders."""
