"""Main memory that is free again."""

import subprocess
import sys

import pytest

from dreambooth.environment.place import ROOT

# Many small pieces, of which the last holds the others' place, as what a webui keeps does.
FREE_ALL_BUT_ONE = """
from pathlib import Path
from dreambooth.host.heap import give_freed_memory_back

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

pieces = [bytearray(60_000) for _ in range(4000)]
del pieces[:-1]
before = resident_mib()
give_freed_memory_back()
print(before - resident_mib())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux is asked to take memory back")
def test_freed_memory_is_the_systems_again():
    command = [sys.executable, "-c", FREE_ALL_BUT_ONE]
    freed_mib = int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert freed_mib > 150
