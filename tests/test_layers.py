"""Who may import whom: read from the source of every file, imports inside functions too."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PLAIN = {"config", "events", "environment", "migration"}
CONSOLE = {"cli", "bucket_command", "commands", "console", "form_arguments", "running"}
CONSOLE |= {"prompt_command", "setting_commands", "setting_sources", "tool_commands"}
PARTS = {"config", "data", "models", "adapters", "text"}
TRAINER = PARTS | {"events", "training", "methods"}

# A name is a file or folder of the package, or one of the entries beside it.
ARROWS = {
    "scripts": {"ui", "api", "host"},
    "install": {"environment"},
    "preload": set(),
    "__init__": set(),
    "__main__": {"cli", "doctor", "environment"},
    "cli": {"jobs", "demo", "doctor", "toybox", "tool_commands"} | PLAIN | CONSOLE,
    "commands": {
        "callback",
        "jobs",
        "host",
        "console",
        "form_arguments",
        "prompt_command",
        "running",
        "setting_commands",
    }
    | PLAIN,
    "prompt_command": {"actions", "config", "console", "jobs", "setting_commands"},
    "bucket_command": {"actions", "config", "console", "jobs", "setting_commands"},
    "setting_commands": {"config", "console", "jobs", "setting_sources"},
    "setting_sources": {"config", "jobs", "migration"},
    "tool_commands": {"config", "console", "form_arguments", "jobs", "running"},
    "running": {"config", "console", "events", "jobs"},
    "form_arguments": {"config"},
    "console": {"events"},
    "actions": {"jobs", "data", "locks", "text", "toybox"} | PLAIN,
    "ui": {"actions", "jobs", "visitors"} | PLAIN,
    "api": {"actions", "data", "jobs"} | PLAIN,
    "callback": {"api", "config", "events", "jobs"},  # of api, the ids of jobs
    "client": set(),
    "host": {"actions", "api", "jobs", "lending", "locks", "ui", "visitors"} | PLAIN,
    "jobs": PLAIN | {"launching", "locks", "verdict"},
    "verdict": set(),
    "doctor": {"environment"},
    "config": {"locks"},
    "events": {"config"},
    "migration": {"config"},
    "environment": set(),
    "locks": set(),
    "visitors": set(),
    "lending": {"config", "locks"},
    "turns": {"config", "locks"},
    "launching": {"config", "environment"},
    "worker": {"callback", "config", "events", "launching", "locks", "tasks"},
    "tasks": TRAINER
    | {"captioning", "launching", "lending", "locks", "migration", "tools", "turns", "verdict"},
    "training": PARTS | {"events"},
    "methods": PARTS | {"events", "training"},
    "data": {"config", "text"},
    "captioning": {"data"},
    "models": {"config", "text"},
    "text": set(),
    "adapters": {"config", "models"},
    "tools": {"config", "models", "adapters"},
    "toybox": PARTS | {"training"},
    "demo": TRAINER | {"toybox"},
}

LEFT = (
    {
        "scripts",
        "install",
        "preload",
        "__init__",
        "__main__",
        "ui",
        "api",
        "host",
        "actions",
        "jobs",
        "launching",
        "locks",
        "text",
        "turns",
    }
    | {"callback", "client", "lending", "verdict", "visitors"}
    | PLAIN
    | CONSOLE
)
HEAVY = {"torch", "diffusers", "transformers", "accelerate", "peft", "bitsandbytes", "xformers"}
# The script draws a tab of its own when nothing of ours can be imported.
ONLY_IN = {"gradio": {"ui", "scripts"}, "modules": {"host", "scripts"}}
STANDARD_LIBRARY_ONLY = {"install", "preload", "__main__", "doctor", "environment", "client"}


def find_files() -> list[Path]:
    entries = [ROOT / "install.py", ROOT / "preload.py", *(ROOT / "scripts").rglob("*.py")]
    return [*entries, *sorted((ROOT / "dreambooth").rglob("*.py"))]


def unit_of(path: Path) -> str:
    """The name in ARROWS that a file belongs to."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "dreambooth" else parts[0]


def find_imports(node: ast.AST, package: list[str]) -> Iterator[str]:
    """Dotted names of all imports under ``node``; ``package`` is the one that relative imports start from."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            start = package[: len(package) - child.level + 1] if child.level else []
            module = ".".join([*start, *([child.module] if child.module else [])])
            is_ours = module == "dreambooth"
            yield from (f"{module}.{alias.name}" if is_ours else module for alias in child.names)


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return set(find_imports(tree, list(path.relative_to(ROOT).parts[:-1])))


def imports_at_start(path: Path) -> set[str]:
    """Imports that run when the file is loaded: those outside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = list(path.relative_to(ROOT).parts[:-1])
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        name for node in tree.body if not isinstance(node, functions) for name in find_imports(node, package)
    }


def outside_names(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names} - {"dreambooth"}


def find_forbidden(path: Path) -> set[str]:
    """What the file imports and must not, of ours and of others."""
    unit, names = unit_of(path), imports_of(path)
    ours = {name.split(".")[1] for name in names if name.startswith("dreambooth.")}
    forbidden = HEAVY if unit in LEFT else set()
    forbidden = forbidden | {name for name, units in ONLY_IN.items() if unit not in units}
    return (ours - ARROWS.get(unit, set()) - {unit}) | (outside_names(names) & forbidden)


def test_every_file_has_its_place():
    assert {unit_of(path) for path in find_files()} <= ARROWS.keys()


def test_imports_follow_the_arrows():
    found = {str(path.relative_to(ROOT)): find_forbidden(path) for path in find_files()}
    assert {name: forbidden for name, forbidden in found.items() if forbidden} == {}


def test_entry_needs_nothing_but_the_standard_library():
    entry_files = [path for path in find_files() if unit_of(path) in STANDARD_LIBRARY_ONLY]
    outside = set().union(*(outside_names(imports_at_start(path)) for path in entry_files))
    assert outside <= sys.stdlib_module_names


def test_command_line_starts_without_torch():
    # Through whatever it imports; -S leaves out all packages but the standard library and ours.
    code = "import dreambooth.__main__, dreambooth.cli"
    answer = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr


def test_relative_imports_are_resolved():
    tree = ast.parse("from . import one\nfrom ..data import two\nfrom .. import three")
    names = set(find_imports(tree, ["dreambooth", "training"]))
    assert names == {"dreambooth.training", "dreambooth.data", "dreambooth.three"}
