"""Makes and updates the environment, one process at a time; nothing half made is ever used."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from dreambooth.environment import in_use, place
from dreambooth.environment.holding import hold, require_ours
from dreambooth.environment.packages import Installer, explain_unused_card, has_cuda
from dreambooth.environment.problems import EnvironmentProblem, InstallFailed
from dreambooth.environment.progress import Teller, telling
from dreambooth.environment.pythons import choose_python
from dreambooth.environment.removing import remove_folder, remove_unused
from dreambooth.environment.stamps import (
    BASE,
    DEV,
    DEV_LOCK,
    LOCK,
    Layer,
    lock_digest,
    remove_stamp,
    write_stamp,
)
from dreambooth.environment.versions import (
    Environment,
    find_ready,
    is_ready,
    name_of_environment,
)


def make_environment(report: Callable[[str], None], *, dev: bool = False) -> None:
    """Make what is missing, and remove what nothing runs in any more."""
    if is_ready(dev=dev):
        remove_unused(report)
        return
    folder = place.environment_folder()
    try:
        require_ours(folder)
        folder.mkdir(parents=True, exist_ok=True)
        told = "Another process is making the training environment; waiting for it"
        with hold(folder, lambda: report(told)) as held:
            if not is_ready(dev=dev):  # else another process has made it while we waited
                _make_layers(folder, held, report, dev=dev)
    except OSError as error:
        raise EnvironmentProblem(
            f"The training environment in {folder} cannot be written: {error}. Make room or allow writing "
            f"there, or name another folder in the variable {place.VARIABLE}; then try again."
        ) from error
    remove_unused(report)


def _make_layers(folder: Path, held: int, report: Callable[[str], None], *, dev: bool) -> None:
    with telling(folder, report) as teller:
        environment = find_ready() or _make_base(folder, held, teller)
        if environment.find_fault(dev=dev) is not None:
            installer = Installer(environment, teller.tell, teller.log, held)
            installer.report("Installing what the tests need")
            remove_stamp(environment.folder, DEV)
            installer.install("-r", str(place.ROOT / DEV_LOCK))
            _write_stamp(environment, DEV, lock_digest(DEV))


def _make_base(folder: Path, held: int, teller: Teller) -> Environment:
    lock, python = lock_digest(BASE), choose_python()
    environment = Environment(folder / name_of_environment(python.version))
    installer = Installer(environment, teller.tell, teller.log, held)
    teller.tell(f"Making the training environment in {environment.folder}: once, and it takes some minutes")
    remove_folder(environment.folder)  # what was half made
    installer.make_venv(python.path)
    _let_it_tell_of_use(environment)
    installer.report(f"Installing torch with Python {python.version}")
    installer.install_torch()
    installer.report("Installing the locked packages")
    installer.install("-r", str(place.ROOT / LOCK))
    if has_cuda(environment):
        installer.try_xformers()
    elif advice := explain_unused_card():
        installer.report(f"Warning: {advice}")
    if lock_digest(BASE) != lock:
        raise InstallFailed(f"{LOCK} changed while its packages were installed; try again")
    _write_stamp(environment, BASE, lock)
    installer.report("The training environment is ready")
    return environment


def _let_it_tell_of_use(environment: Environment) -> None:
    """From now on a process that runs in the environment keeps it from being removed."""
    for packages in environment.site_packages():
        shutil.copyfile(in_use.__file__, packages / "dreambooth_in_use.py")
        line = "import dreambooth_in_use; dreambooth_in_use.hold()\n"
        (packages / "dreambooth_in_use.pth").write_text(line, encoding="utf-8")


def _write_stamp(environment: Environment, layer: Layer, lock: str) -> None:
    stamp = {"lock": lock, "python": environment.real_python or "", "root": str(place.ROOT)}
    write_stamp(environment.folder, layer, stamp)
