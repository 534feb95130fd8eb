"""Every family, method and adapter learns as it did; a change of numbers must be meant.

When it is, ``python -m tests.training.make_golden`` pins the new curves. Most of them are followed for their
first steps only; with ``--check`` it follows all to their ends.
"""

import pytest

from tests.training.golden import CASES, NUM_STEPS, Golden, read_pins
from tests.training.make_golden import TOLERANCE

FIRST_STEPS = 2
TO_THE_END = ("sd1 dreambooth none", "sdxl hybrid lokr")


@pytest.fixture(scope="module")
def golden(tmp_path_factory) -> Golden:
    return Golden(tmp_path_factory.mktemp("golden"))


def test_every_case_is_pinned():
    assert {name: len(losses) for name, losses in read_pins().items()} == {
        case.name: NUM_STEPS for case in CASES
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_curve_is_the_pinned_one(golden, case):
    count = NUM_STEPS if case.name in TO_THE_END else FIRST_STEPS
    assert golden.losses(case, count) == pytest.approx(read_pins()[case.name][:count], rel=TOLERANCE)
