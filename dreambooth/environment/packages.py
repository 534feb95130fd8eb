"""The commands that put packages into an environment, and what their failures mean."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event, Thread

from dreambooth.environment import place
from dreambooth.environment.problems import EnvironmentProblem, InstallFailed, NoNetwork
from dreambooth.environment.sizes import DOWNLOADS, downloaded_bytes
from dreambooth.environment.stamps import TORCH
from dreambooth.environment.versions import Environment

XFORMERS = "xformers==0.0.35"
# Not TORCH_COMMAND and TORCH_INDEX_URL, which speak of the torch of the webui that may have started us.
COMMAND_VARIABLE = "DREAMBOOTH_TORCH_COMMAND"
INDEX_VARIABLE = "DREAMBOOTH_TORCH_INDEX_URL"
SIGN_OF_LIFE_SECONDS = 15.0

_SIGNS_OF_NO_NETWORK = (
    "connection broken by",
    "Failed to establish a new connection",
    "Max retries exceeded",
    "Could not fetch URL",
    "ReadTimeoutError",
    "ConnectTimeoutError",
    "ProxyError",
)


@dataclass(frozen=True)
class Installer:
    """Runs commands one after the other while the folder of the environments is held."""

    environment: Environment
    report: Callable[[str], None]
    log: Callable[[str], None]  # gets every line that a command prints
    # The open file that keeps other processes away. Commands inherit it: should we be killed, the last one
    # goes on writing, and nobody may touch the environment until it has ended.
    hold: int

    def make_venv(self, python: str) -> None:
        """An environment with nothing but pip, of this Python."""
        self.run([python, "-m", "venv", str(self.environment.folder)])

    def install_torch(self) -> None:
        """The pinned torch, or what the variables say."""
        self.run(torch_command(self.environment))

    def install(self, *arguments: str) -> None:
        """``pip install`` with only the packages named; the lock is complete."""
        self.run([str(self.environment.python), "-m", "pip", "install", "--no-deps", *arguments])

    def try_xformers(self) -> None:
        """An extra that saves memory; torch's own attention does the same work without it."""
        self.report("Installing xformers")
        try:
            self.install("--only-binary", ":all:", XFORMERS)
        except EnvironmentProblem as problem:
            self.report(f"Warning: xformers is left out, training works without it. {problem}")

    def run(self, command: list[str]) -> None:
        """Run to the end, reporting large downloads and, now and then, how much of them is here."""
        last_lines: deque[str] = deque(maxlen=200)
        with ExitStack() as stack:
            downloads = stack.enter_context(downloads_folder(self.environment))
            stack.enter_context(self._signs_of_life())
            process = stack.enter_context(self._start(command, downloads))
            assert process.stdout is not None
            is_retrying = False
            for line in process.stdout:
                last_lines.append(line.strip())
                self.log(line.rstrip())
                if "Downloading" in line and ("MB" in line or "GB" in line):
                    self.report(line.strip())
                if "Retrying" in line and not is_retrying:
                    is_retrying = True
                    self.report("The package index does not answer; trying again")
        if process.returncode:
            raise explain_failure(command, list(last_lines))

    def _start(self, command: list[str], downloads: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            env={**place.variables_without_paths(), **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), downloads)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            # Windows cannot hand a file down like this.
            pass_fds=() if sys.platform == "win32" else (self.hold,),
        )

    @contextmanager
    def _signs_of_life(self) -> Iterator[None]:
        is_over = Event()

        def tell() -> None:
            told = 0
            while not is_over.wait(SIGN_OF_LIFE_SECONDS):
                fetched = downloaded_bytes(self.environment)
                if fetched != told:
                    self.report(f"{fetched / 1e6:.0f} MB of packages are here")
                told = fetched

        thread = Thread(target=tell, daemon=True, name="tells of downloads")
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()


@contextmanager
def downloads_folder(environment: Environment) -> Iterator[str]:
    """Where pip fetches packages to: beside what it installs, since the system's folder may be small."""
    folder = environment.folder / DOWNLOADS
    if environment.folder.exists():
        folder.mkdir(exist_ok=True)
        yield str(folder)
        shutil.rmtree(folder, ignore_errors=True)
    else:
        yield str(environment.folder.parent)


def torch_command(environment: Environment) -> list[str]:
    """The command that installs torch, in which our two variables are honoured."""
    given = os.environ.get(COMMAND_VARIABLE)
    index = os.environ.get(INDEX_VARIABLE)
    # That index alone: with several, pip takes another build from elsewhere when this one lacks ours.
    words = ["pip", "install", TORCH, *(["-i", index] if index else [])]
    if given:
        words = [word.strip("\"'") for word in shlex.split(given, posix=sys.platform != "win32")]
    if words[:1] != ["pip"]:
        raise EnvironmentProblem(
            f'{COMMAND_VARIABLE} must begin with "pip install", as the webuis have it, but it is: {given}'
        )
    return [str(environment.python), "-m", *words]


def has_cuda(environment: Environment) -> bool:
    """Whether the environment's torch finds a CUDA device."""
    question = "import sys, torch; sys.exit(not torch.cuda.is_available())"
    command = [str(environment.python), "-c", question]
    answer = subprocess.run(command, env=place.child_variables(), capture_output=True, check=False)
    return answer.returncode == 0


def explain_unused_card() -> str | None:
    """What to do when there is an NVIDIA card and torch cannot use it; None when there is no card."""
    if shutil.which("nvidia-smi") is None:
        return None
    return (
        f"an NVIDIA card is here, but this torch cannot use it: check the driver, set {INDEX_VARIABLE} to "
        f"torch's index for CUDA, remove the training environment in {place.environment_folder()} and set it "
        "up again"
    )


def explain_failure(command: list[str], lines: list[str]) -> EnvironmentProblem:
    """The right exception for a command that failed after printing these lines."""
    errors = [line for line in lines if line.lower().startswith("error")] or [line for line in lines if line]
    said = errors[-1] if errors else "nothing"
    if any(sign in line for sign in _SIGNS_OF_NO_NETWORK for line in lines):
        return NoNetwork(
            "The training environment cannot be made because the package index cannot be reached. Connect "
            "this machine to the network and try again. Behind a proxy set HTTPS_PROXY, "
            f"with a mirror set PIP_INDEX_URL. The last word was: {said}"
        )
    if command[1:3] == ["-m", "venv"]:
        advice = (
            "This Python cannot make environments; on Debian and Ubuntu install the package python3-venv."
        )
    else:
        advice = "Try again once the cause is gone."
    return InstallFailed(f"The command {shlex.join(command)} failed and said: {said} -- {advice}")
