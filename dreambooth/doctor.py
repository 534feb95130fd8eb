"""``python -m dreambooth doctor``: what is there, what is missing, and what to do about it.

Runs with any Python and without the environment. What needs torch is tried in a child process, one real step
each, so that a crash in a driver is a finding and not the end.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from dreambooth import environment
from dreambooth.environment.pythons import choose_python
from dreambooth.environment.sizes import environment_bytes

GIB = 1024**3
# A full SD 1.5 model with optimizer state and two checkpoints; the toybox needs a hundredth.
COMFORTABLE_SPACE_BYTES = 20 * GIB
LEAST_SPACE_BYTES = GIB
ENVIRONMENT_SPACE_BYTES = 10 * GIB
PROBE_SECONDS = 180
TRAINING_IS_IMPOSSIBLE = 3


# Not kw_only, which Python 3.9 cannot read: there too we want to say which Python is needed.
@dataclass(frozen=True)
class Finding:
    """One line of the answer; ``missing`` makes training impossible, ``warning`` does not."""

    name: str
    state: Literal["ok", "warning", "missing"]
    text: str
    advice: str = ""


def find_all(models_dir: Path) -> Iterator[Finding]:
    """Everything that decides whether training can work, quick things first."""
    yield _check_python()
    yield _check_environment()
    yield from _check_other_environments()
    yield _check_space(models_dir)
    yield _check_write_access(models_dir)
    if environment.is_ready():
        torch_finding = _probe("torch")
        yield torch_finding
        if torch_finding.state != "missing":
            yield from map(_probe, ("device", "8-bit optimizer", "xformers"))


def main(arguments: Sequence[str]) -> int:
    """Print all findings; 0 when training is possible, 3 when not."""
    parser = argparse.ArgumentParser(prog="python -m dreambooth doctor", description=__doc__)
    parser.add_argument("--models-dir", type=Path, default=Path("models/dreambooth"))
    parser.add_argument("--json", action="store_true", help="one JSON object a line, the last one the result")
    options = parser.parse_args(arguments)
    missing = []
    for finding in find_all(options.models_dir):
        _print_finding(finding, as_json=options.json)
        if finding.state == "missing":
            missing.append(finding.name)
    if options.json:
        print(json.dumps({"result": {"possible": not missing, "missing": missing}}))
    elif missing:
        print(f"Training is not possible yet: see {', '.join(missing)}.")
    else:
        print("Training is possible.")
    return TRAINING_IS_IMPOSSIBLE if missing else 0


def _print_finding(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(finding)), flush=True)
        return
    print(f"{finding.state:8} {finding.name:16} {finding.text}", flush=True)
    if finding.advice:
        print(f"{'':8} {'':16} -> {finding.advice}", flush=True)


def _check_python() -> Finding:
    text = f"{platform.python_version()} ({sys.executable})"
    if environment.is_supported_python() or environment.is_ready():
        return Finding(name="Python", state="ok", text=text)
    try:
        return Finding(name="Python", state="ok", text=f"{text}; training takes {choose_python().path}")
    except environment.EnvironmentProblem as problem:
        return Finding(name="Python", state="missing", text=text, advice=str(problem))


def _check_environment() -> Finding:
    folder = environment.environment_folder()
    fault = environment.find_fault()
    if fault:
        advice = "any command but doctor makes it, for example: python -m dreambooth demo"
        return Finding(name="environment", state="missing", text=f"{folder}: {fault}", advice=advice)
    tests = "" if environment.is_ready(dev=True) else ", without the packages for tests"
    ready = environment.find_ready()
    assert ready is not None
    return Finding(name="environment", state="ok", text=f"{_describe(ready)}{tests}")


def _check_other_environments() -> Iterator[Finding]:
    """What earlier locks left behind, or somebody did not finish."""
    ready = environment.find_ready()
    for each in environment.find_environments():
        if each != ready:
            advice = "the next start removes it when nothing runs in it any more"
            if not each.is_versioned:
                advice = "an earlier release made it: delete it when nothing runs in it any more"
            text = f"{_describe(each)}: {each.find_fault() or 'ready, too'}"
            yield Finding(name="old environment", state="ok", text=text, advice=advice)


def _describe(each: environment.Environment) -> str:
    return f"{each.folder} ({environment_bytes(each) / GIB:.1f} GiB)"


def _existing_parent(path: Path) -> Path:
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _check_space(models_dir: Path) -> Finding:
    free_bytes = shutil.disk_usage(_existing_parent(models_dir)).free
    text = f"{free_bytes / GIB:.1f} GiB free for {models_dir.absolute()}"
    if free_bytes < LEAST_SPACE_BYTES:
        return Finding(name="disk space", state="missing", text=text, advice="free at least 1 GiB")
    if free_bytes < COMFORTABLE_SPACE_BYTES:
        advice = "a full model of SD 1.5 size wants 20 GiB, an adapter much less"
        return Finding(name="disk space", state="warning", text=text, advice=advice)
    for_environment = shutil.disk_usage(_existing_parent(environment.environment_folder())).free
    if not environment.is_ready() and for_environment < ENVIRONMENT_SPACE_BYTES:
        text = f"{for_environment / GIB:.1f} GiB free for {environment.environment_folder()}"
        advice = "the environment takes up to 10 GiB; DREAMBOOTH_ENV may name a folder on another disk"
        return Finding(name="disk space", state="warning", text=text, advice=advice)
    return Finding(name="disk space", state="ok", text=text)


def _check_write_access(models_dir: Path) -> Finding:
    folder = _existing_parent(models_dir)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        advice = "allow writing there, or name another folder with --models-dir"
        return Finding(name="models folder", state="missing", text=f"{folder}: {error}", advice=advice)
    text = f"{models_dir.absolute()} can be " + ("written" if folder == models_dir.absolute() else "made")
    return Finding(name="models folder", state="ok", text=text)


def _probe(name: str) -> Finding:
    """Ask a child process in the environment, which may crash without harm."""
    command = [str(environment.environment_python()), "-m", "dreambooth.doctor", "--probe", name]
    try:
        child = subprocess.run(
            command,
            env=environment.child_variables(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Finding(name=name, state=_when_absent(name), text=f"no answer in {PROBE_SECONDS} seconds")
    if child.returncode == 0:
        return Finding(**json.loads(child.stdout.splitlines()[-1]))
    said = [line.strip() for line in child.stderr.splitlines() if line.strip()] or ["nothing"]
    text = f"the trial ended with code {child.returncode} and said: {said[-1]}"
    return Finding(name=name, state=_when_absent(name), text=text, advice=_ADVICE[name])


def _when_absent(name: str) -> Literal["warning", "missing"]:
    return "missing" if name in ("torch", "device") else "warning"


def _torch_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def probe_torch() -> Finding:
    """The packages that training stands on can be imported together."""
    import diffusers
    import torch
    import transformers

    others = f"diffusers {diffusers.__version__}, transformers {transformers.__version__}"
    # With a torch that is too old for them both packages show hollow classes.
    for part in (transformers.CLIPTextModel, diffusers.UNet2DConditionModel):
        if not issubclass(part, torch.nn.Module):
            text = f"torch {torch.__version__} does not go with {others}"
            return Finding(name="torch", state="missing", text=text, advice=_ADVICE["torch"])
    return Finding(name="torch", state="ok", text=f"{torch.__version__}, {others}")


def probe_device() -> Finding:
    """The device multiplies, and has this much memory."""
    import psutil
    import torch

    device = _torch_device()
    square = torch.randn(256, 256, device=device)
    if not (square @ square).isfinite().all():
        return Finding(name="device", state="missing", text=f"{device} multiplies wrongly")
    if device == "cuda":
        free, total = torch.cuda.mem_get_info()
        text = f"{torch.cuda.get_device_name()}, {free / GIB:.1f} of {total / GIB:.1f} GiB free"
        return Finding(name="device", state="ok", text=text)
    memory = psutil.virtual_memory()
    text = f"{device}, {memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB memory free"
    if advice := environment.explain_unused_card():
        return Finding(name="device", state="warning", text=text, advice=advice)
    advice = "this works and is slow; a CUDA card is many times faster" if device == "cpu" else ""
    return Finding(name="device", state="ok", text=text, advice=advice)


def probe_8bit_optimizer() -> Finding:
    """One step of 8-bit AdamW changes a weight, with its state in bytes."""
    import torch
    from bitsandbytes import __version__ as version
    from bitsandbytes.optim import AdamW8bit

    device = _torch_device()
    # Smaller tensors keep their state in 32 bits.
    weight = torch.nn.Parameter(torch.ones(128, 128, device=device))
    optimizer = AdamW8bit([weight], lr=0.1)
    (weight**2).sum().backward()
    optimizer.step()
    has_bytes = optimizer.state[weight]["state1"].dtype == torch.uint8
    if has_bytes and weight.isfinite().all() and (weight < 1).all():
        return Finding(name="8-bit optimizer", state="ok", text=f"bitsandbytes {version} steps on {device}")
    text = f"bitsandbytes {version} steps wrongly on {device}"
    return Finding(name="8-bit optimizer", state="warning", text=text, advice=_ADVICE["8-bit optimizer"])


def probe_xformers() -> Finding:
    """One forward and backward pass of its attention; only CUDA has one."""
    import torch

    if _torch_device() != "cuda":
        return Finding(name="xformers", state="ok", text="not needed: only for CUDA")
    from xformers import __version__ as version
    from xformers.ops import memory_efficient_attention

    query = torch.randn(1, 64, 8, 40, device="cuda", dtype=torch.float16, requires_grad=True)
    memory_efficient_attention(query, query, query).sum().backward()
    if query.grad is not None and query.grad.isfinite().all():
        return Finding(name="xformers", state="ok", text=f"xformers {version} steps")
    text = f"xformers {version} steps wrongly"
    return Finding(name="xformers", state="warning", text=text, advice=_ADVICE["xformers"])


PROBES: dict[str, Callable[[], Finding]] = {
    "torch": probe_torch,
    "device": probe_device,
    "8-bit optimizer": probe_8bit_optimizer,
    "xformers": probe_xformers,
}

_ADVICE = {
    "torch": "remove the training environment and set it up again; what DREAMBOOTH_TORCH_COMMAND names, if "
    "it is set, may be too old",
    "device": "check the driver, or hide the device from torch (CUDA_VISIBLE_DEVICES=-1) to train on the CPU",
    "8-bit optimizer": "train with AdamW instead",
    "xformers": "train with torch's own attention instead, it is the default",
}


if __name__ == "__main__":
    print(json.dumps(asdict(PROBES[sys.argv[2]]())))
