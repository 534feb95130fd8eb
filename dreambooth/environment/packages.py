"""The commands that put packages into the environment, and what their failures mean."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from dreambooth.environment import place
from dreambooth.environment.stamps import TORCH

XFORMERS = "xformers==0.0.35"

_SIGNS_OF_NO_NETWORK = (
    "connection broken by",
    "Failed to establish a new connection",
    "Max retries exceeded",
    "Could not fetch URL",
    "ReadTimeoutError",
    "ConnectTimeoutError",
    "ProxyError",
)


class EnvironmentProblem(Exception):
    """The environment cannot be made; the text says why and what to do."""


class UnsupportedPython(EnvironmentProblem):
    """The Python that runs this is too old or too new for the lock."""


class NoNetwork(EnvironmentProblem):
    """The packages cannot be downloaded."""


class InstallFailed(EnvironmentProblem):
    """A command that installs packages ended with an error."""


class ForeignFolder(EnvironmentProblem):
    """The folder holds something that we did not put there."""


@dataclass(frozen=True)
class Installer:
    """Runs commands one after the other while the environment is held."""

    report: Callable[[str], None]
    # The open file that keeps other processes away. Commands inherit it: should we be killed, the last one
    # goes on writing, and nobody may touch the environment until it has ended.
    hold: int

    def make_venv(self) -> None:
        """An environment with nothing but pip, of the Python that runs this."""
        # In the environment of a host that is the Python behind it.
        base_python = getattr(sys, "_base_executable", None) or sys.executable
        self.run([base_python, "-m", "venv", str(place.environment_folder())])

    def install(self, *arguments: str) -> None:
        """``pip install`` with only the packages named; the lock is complete."""
        self.run([str(place.environment_python()), "-m", "pip", "install", "--no-deps", *arguments])

    def try_xformers(self) -> None:
        """An extra that saves memory; torch's own attention does the same work without it."""
        self.report("Installing xformers")
        try:
            self.install("--only-binary", ":all:", XFORMERS)
        except EnvironmentProblem as problem:
            self.report(f"Warning: xformers is left out, training works without it. {problem}")

    def run(self, command: list[str]) -> None:
        """Run to the end, reporting large downloads."""
        last_lines: deque[str] = deque(maxlen=200)
        with subprocess.Popen(
            command,
            env=place.variables_without_paths(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            # Windows cannot hand a file down like this.
            pass_fds=() if sys.platform == "win32" else (self.hold,),
        ) as process:
            assert process.stdout is not None
            is_retrying = False
            for line in process.stdout:
                last_lines.append(line.strip())
                if "Downloading" in line and ("MB" in line or "GB" in line):
                    self.report(line.strip())
                if "Retrying" in line and not is_retrying:
                    is_retrying = True
                    self.report("The package index does not answer; trying again")
        if process.returncode:
            raise explain_failure(command, list(last_lines))


def torch_command() -> list[str]:
    """The command that installs torch, in which TORCH_COMMAND and TORCH_INDEX_URL are honoured."""
    given = os.environ.get("TORCH_COMMAND")
    index = os.environ.get("TORCH_INDEX_URL")
    # That index alone: with several, pip takes another build from elsewhere when this one lacks ours.
    words = ["pip", "install", TORCH, *(["-i", index] if index else [])]
    if given:
        words = [word.strip("\"'") for word in shlex.split(given, posix=sys.platform != "win32")]
    if words[:1] != ["pip"]:
        raise EnvironmentProblem(
            f'TORCH_COMMAND must begin with "pip install", as the webuis have it, but it is: {given}'
        )
    return [str(place.environment_python()), "-m", *words]


def has_cuda() -> bool:
    """Whether the environment's torch finds a CUDA device."""
    question = "import sys, torch; sys.exit(not torch.cuda.is_available())"
    command = [str(place.environment_python()), "-c", question]
    answer = subprocess.run(command, env=place.child_variables(), capture_output=True, check=False)
    return answer.returncode == 0


def explain_unused_card() -> str | None:
    """What to do when there is an NVIDIA card and torch cannot use it; None when there is no card."""
    if shutil.which("nvidia-smi") is None:
        return None
    return (
        "an NVIDIA card is here, but this torch cannot use it: check the driver, set TORCH_INDEX_URL to "
        f"torch's index for CUDA, delete {place.environment_folder()} and start again"
    )


def explain_failure(command: list[str], lines: list[str]) -> EnvironmentProblem:
    """The right exception for a command that failed after printing these lines."""
    errors = [line for line in lines if line.lower().startswith("error")] or [line for line in lines if line]
    said = errors[-1] if errors else "nothing"
    if any(sign in line for sign in _SIGNS_OF_NO_NETWORK for line in lines):
        return NoNetwork(
            "The training environment cannot be made because the package index cannot be reached. Connect "
            "this machine to the network and run the same command again. Behind a proxy set HTTPS_PROXY, "
            f"with a mirror set PIP_INDEX_URL. The last word was: {said}"
        )
    if command[1:3] == ["-m", "venv"]:
        advice = (
            "This Python cannot make environments; on Debian and Ubuntu install the package python3-venv."
        )
    else:
        advice = "Run the same command again once the cause is gone."
    return InstallFailed(f"The command {shlex.join(command)} failed and said: {said} -- {advice}")
