"""Which of the three webuis the stand-in is in what they do differently: STAND_IN_HOST names it."""

import os
from typing import Literal, cast

Flavour = Literal["A1111", "Forge", "SD.Next"]
FLAVOUR = cast(Flavour, os.environ.get("STAND_IN_HOST", "A1111"))
