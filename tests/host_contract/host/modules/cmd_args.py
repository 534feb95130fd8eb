"""The options of the command line that an extension can meet."""

import argparse
from pathlib import Path

from flavour import FLAVOUR

from modules.paths_internal import data_path, models_path, normalized_filepath

parser = argparse.ArgumentParser()
parser.add_argument("--data-dir", type=normalized_filepath, default=data_path)
parser.add_argument("--models-dir", type=normalized_filepath)
parser.add_argument("--ckpt-dir", type=normalized_filepath)
parser.add_argument("--vae-dir", type=normalized_filepath)
parser.add_argument("--embeddings-dir", type=normalized_filepath, default=str(Path(data_path) / "embeddings"))
parser.add_argument(
    "--hypernetwork-dir", type=normalized_filepath, default=str(Path(models_path) / "hypernetworks")
)
parser.add_argument("--lora-dir", type=normalized_filepath, default=str(Path(models_path) / "Lora"))
parser.add_argument("--ui-settings-file", default=str(Path(data_path) / "config.json"))
parser.add_argument("--ui-config-file", default=str(Path(data_path) / "ui-config.json"))
parser.add_argument("--listen", action="store_true")
parser.add_argument("--share", action="store_true")
parser.add_argument("--ngrok")
parser.add_argument("--server-name")
parser.add_argument("--port", type=int)
parser.add_argument("--subpath", default="")
parser.add_argument("--api", action="store_true")
parser.add_argument("--api-auth")
parser.add_argument("--api-server-stop", action="store_true")
parser.add_argument("--nowebui", action="store_true")
parser.add_argument("--gradio-auth")
parser.add_argument("--no-gradio-queue", action="store_true")
parser.add_argument("--freeze-settings", action="store_true")
parser.add_argument("--skip-load-model-at-start", action="store_true")
parser.add_argument("--no-prompt-history", action="store_true")
if FLAVOUR == "SD.Next":
    parser.add_argument("--auth")
    parser.add_argument("--auth-file")
    parser.add_argument("--insecure", action="store_true")
    parser.set_defaults(embeddings_dir=None, hypernetwork_dir=None, lora_dir=None)  # settings name them
