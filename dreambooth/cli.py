"""The command line, ``python -m dreambooth COMMAND``: gives jobs, follows them, says how they ended."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from dreambooth import commands, setting_commands, tool_commands
from dreambooth.bucket_command import buckets
from dreambooth.config.concept import Concept
from dreambooth.config.forms.create import CreateForm, ImportForm
from dreambooth.config.forms.export import ExportForm
from dreambooth.config.forms.sample import SampleForm
from dreambooth.config.machines import MachinesConfig
from dreambooth.config.option import describe_settings
from dreambooth.config.store import ConfigError
from dreambooth.console import REFUSED, Console
from dreambooth.events import REQUESTS
from dreambooth.form_arguments import Shape, add_form, as_help
from dreambooth.jobs.library import Library
from dreambooth.setting_sources import add_sources

DEFAULT_MODELS_DIR = Path("models") / "dreambooth"

Command = Callable[[Library, argparse.Namespace, Console], int]


def _add_globals(parser: argparse.ArgumentParser, *, is_outer: bool) -> None:
    """Options that may stand before or after the command."""
    parser.add_argument(
        "--models-dir",
        type=Path,
        default=DEFAULT_MODELS_DIR if is_outer else argparse.SUPPRESS,
        help="folder of the models (default models/dreambooth)",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        default=False if is_outer else argparse.SUPPRESS,
        help="one JSON object a line, the last one is the result",
    )


def _add_concept_fields(parser: argparse.ArgumentParser) -> None:
    for setting in describe_settings(Concept):
        option = "--" + setting.name.replace("_", "-")
        told = f"{setting.description.help} (default {setting.default!r})".replace("%", "%%")
        parser.add_argument(option, dest=f"field_{setting.name}", metavar="VALUE", help=told)


def _add_concept(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name")
    actions = parser.add_subparsers(dest="action", required=True)
    for action, told in (
        ("add", "one more"),
        ("set", "change fields of one"),
        ("list", "show them"),
        ("remove", "take one away; its pictures stay"),
    ):
        sub = actions.add_parser(action, help=told)
        _add_globals(sub, is_outer=False)
        if action in ("set", "remove"):
            sub.add_argument("index", type=int, help="its number in the list, from 0")
        if action in ("add", "set"):
            _add_concept_fields(sub)


def _add_lora(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    for action, tool in tool_commands.LORA_TOOLS.items():
        sub = actions.add_parser(action, help=tool.told, description=tool.told)
        _add_globals(sub, is_outer=False)
        tool.add_arguments(sub)


def _add_set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="change settings by name, e.g. lora.rank=8; they stay changed",
    )


def _add_create(parser: argparse.ArgumentParser) -> None:
    add_form(
        parser,
        CreateForm,
        Shape(
            positional=("name",),
            flags={"use_ema": "--ema"},
            metavars={"hub": "OWNER/MODEL[/FILE]"},
            one_of=("source", "hub"),
        ),
    )


def _add_import(parser: argparse.ArgumentParser) -> None:
    add_form(parser, ImportForm, Shape(positional=("source",), metavars={"source": "folder"}))


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name")
    _add_set(parser)


def _add_check(parser: argparse.ArgumentParser) -> None:
    _add_name(parser)
    parser.add_argument("--prompts", action="store_true", help="tell the final prompt of every picture")


def _add_buckets(parser: argparse.ArgumentParser) -> None:
    _add_name(parser)
    parser.add_argument("--to", type=Path, metavar="FILE.png", help="draw them, and how pictures are cut")


def _add_train(parser: argparse.ArgumentParser) -> None:
    _add_name(parser)
    parser.add_argument("--resume", action="store_true", help="go on with the training that was interrupted")
    for setting in describe_settings(MachinesConfig, "machines."):
        told = as_help(setting) + "; stays changed"
        flag = "--" + setting.name.removeprefix("machines.").replace("_", "-")
        parser.add_argument(flag, dest=setting.name, metavar="VALUE", help=told)
    parser.add_argument(
        "--machine-rank",
        type=int,
        default=0,
        metavar="NUMBER",
        help="join the training that the first machine has begun, as the machine of this number, from 1",
    )


def _add_ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name")
    parser.add_argument("request", choices=(*REQUESTS, "resume", "change"))
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        help="with change: settings by name, e.g. optimizer.unet_lr=1e-6 concepts.0.save_sample_prompt=…",
    )
    parser.add_argument("--keep", action="store_true", help="with change: they become the model's, too")


def _add_saves(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name")


def _add_restore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name")
    parser.add_argument("weights", help="its path, e.g. checkpoints/dog_500.safetensors, or the step: 500")


def _add_sample(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name")
    add_form(parser, SampleForm, Shape(required=("to",)))


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name")
    add_form(parser, ExportForm, Shape(required=("to",), left_out=("overwrite",), flags={"use_ema": "--ema"}))


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="a model: show its values, too")
    _add_set(parser)
    add_sources(parser)


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--method", choices=("full", "lora"), default="full", help="what learns the subject")
    parser.add_argument(
        "--compare",
        choices=("prior", "preservation"),
        default="prior",
        help="training with and without class images, or all ways of preservation",
    )
    parser.add_argument(
        "--steps", type=int, default=600, help="of each training; fewer are quicker, and learn less"
    )
    parser.add_argument("--to", type=Path, default=Path("demo"), help="folder for everything that it makes")


def _add_test(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "What follows goes to pytest, e.g. -k buckets."


def _add_ui(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=7861, help="default 7861")
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(),
        help="folder of a webui or like it: checkpoints in models/Stable-diffusion, LoRAs in models/Lora",
    )
    parser.add_argument("--listen", action="store_true", help="let other machines in, too; needs --auth")
    parser.add_argument("--auth", metavar="USER:PASSWORD", default="", help="ask for these")
    parser.add_argument("--callback-url", metavar="URL", default="", help="where to post how each job ended")


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None], Command]] = {
    "ui": ("the page, served by ourselves", _add_ui, commands.ui),
    "create": ("make a model from a checkpoint", _add_create, commands.create),
    "import": ("make a model from one of the old extension", _add_import, commands.import_old),
    "concept": ("what a model is to learn", _add_concept, setting_commands.concept),
    "settings": ("all settings, or those of a model", _add_settings, setting_commands.settings),
    "check": ("the plan, before anything runs", _add_check, commands.check),
    "buckets": ("sizes and batches of an epoch, as a table and a picture", _add_buckets, buckets),
    "classes": ("generate the class images that are missing", _add_name, commands.classes),
    "train": ("train", _add_train, commands.train),
    "ask": ("ask something of a training that is under way", _add_ask, commands.ask_run),
    "sample": ("draw pictures with a model", _add_sample, commands.sample),
    "saves": ("which steps were saved, and which is good", _add_saves, commands.saves),
    "restore": ("go back to a saved step: it becomes the model", _add_restore, commands.restore),
    "export": ("write a model for use elsewhere", _add_export, commands.export),
    "convert": (tool_commands.CONVERT.told, tool_commands.CONVERT.add_arguments, tool_commands.convert),
    "merge": (tool_commands.MERGE.told, tool_commands.MERGE.add_arguments, tool_commands.merge),
    "lora": ("merge, bake in, extract, resize or convert LoRA files", _add_lora, tool_commands.lora),
    "demo": ("see it work: a subject learnt in minutes", _add_demo, commands.demo),
    "test": ("run the tests", _add_test, commands.test),
}


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="python -m dreambooth", description="Personal models from a few pictures."
    )
    _add_globals(parser, is_outer=True)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (told, add_arguments, _) in COMMANDS.items():
        sub = subparsers.add_parser(name, help=told, description=told)
        if name not in ("concept", "lora"):
            _add_globals(sub, is_outer=False)
        add_arguments(sub)
    # Performed by __main__, before anything that needs the environment is loaded.
    subparsers.add_parser("doctor", help="what is there, what is missing, what to do")
    told = "the training environment's own Python, with what follows"
    # Nothing begins an option of ours here.
    python = subparsers.add_parser("python", help=told, prefix_chars="\0", add_help=False)
    python.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run a command; the exit code is 0 done, 1 failed, 2 refused, 130 stopped by the user."""
    for_pytest: list[str] = []
    if "test" in arguments[:1]:  # everything behind it is pytest's
        arguments, for_pytest = arguments[:1], list(arguments[1:])
    asked = build_parser().parse_args(arguments, argparse.Namespace(pytest_arguments=for_pytest))
    console = Console(as_json=asked.json)
    try:
        return COMMANDS[asked.command][2](Library(asked.models_dir), asked, console)
    except ConfigError as error:
        return console.end({"event": "end", "outcome": "refused", "message": str(error)})
    except BrokenPipeError:  # whoever read our output has gone
        return REFUSED
