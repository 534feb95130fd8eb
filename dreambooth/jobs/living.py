"""Which runs of a library have a worker now; found in no time, however many runs there are."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock

from dreambooth.config.folders import RunFolder, find_name_fault
from dreambooth.jobs.library import Library
from dreambooth.jobs.runs import JOBS, is_alive, list_runs

SETTLED_SECONDS = 3.0  # file systems tell times as coarsely as 2 s


@dataclass
class _Runs:
    """A folder of runs at the last look."""

    changed_ns: int
    living: list[RunFolder]


@dataclass
class LivingRuns:
    """Remembers what it saw: a worker that begins changes the time of the folder that its run lies in."""

    library: Library
    _seen: dict[Path, _Runs] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def find(self) -> list[RunFolder]:
        """The runs that are alive, waiting ones too."""
        with self._lock:
            folders = list(self._runs_folders())
            self._seen = {path: runs for path, runs in self._seen.items() if path in folders}
            return [run for path in folders for run in self._look(path)]

    def _runs_folders(self) -> list[Path]:
        try:
            names = sorted(entry.name for entry in os.scandir(self.library.path) if entry.is_dir())
        except OSError:
            return []
        own = [self.library.path / name / "runs" for name in names if find_name_fault(name) is None]
        return [self.library.path / JOBS, *own]

    def _look(self, folder: Path) -> list[RunFolder]:
        try:
            changed_ns = folder.stat().st_mtime_ns
        except OSError:
            return []
        seen = self._seen.get(folder)
        is_settled = seen is not None and seen.changed_ns == changed_ns
        is_settled = is_settled and time.time() - changed_ns / 1e9 > SETTLED_SECONDS
        candidates = seen.living if seen is not None and is_settled else list_runs(folder)
        living = [run for run in candidates if is_alive(run)]
        self._seen[folder] = _Runs(changed_ns, living)
        return living


@lru_cache(maxsize=8)
def _runs_of(library: Library) -> LivingRuns:
    return LivingRuns(library)


def living_runs(library: Library) -> list[RunFolder]:
    """The runs of a library that are alive, waiting ones too."""
    return _runs_of(library).find()
